//! Turns replies into the runtime's responses, and writes the log line of each refusal and fault.

use std::borrow::Cow;
use std::hash::Hash;

use js_sys::Uint8Array;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Headers, Response, ResponseBody, ResponseBuilder};

use super::isolate::isolate;
use super::prepared::{InJavaScript, Prepared};
use super::runtime::now_ms;
use crate::catalog::SessionId;
use crate::denial::Denial;
use crate::facts::{Facts, Method};
use crate::heading::Heading;
use crate::life::{Decision, Ended, Learned, Note};
use crate::repeats::{Class, Line, Subject};
use crate::reply::Reply;
use crate::route;
use crate::stop::Stop;
use crate::token::{Grant, Seen, Use};

/// Answers with a body in WebAssembly's memory.
pub(super) fn whole(facts: &Facts, reply: Reply) -> worker::Result<Response> {
    let is_bare = reply.is_bare();
    let reply = if is_bare {
        reply
    } else {
        let length = reply.body.len().to_string();
        reply.with("Content-Length", length)
    };
    let body = if is_bare || facts.method == Method::Head || reply.body.is_empty() {
        ResponseBody::Empty
    } else {
        ResponseBody::Body(reply.body)
    };
    let headers = headers(reply.headers)?;
    Ok(ResponseBuilder::new().with_status(reply.status).with_headers(headers).body(body))
}

/// Answers with the body of another response while it comes in.
pub(super) fn streamed(facts: &Facts, reply: Reply, from: Response) -> worker::Result<Response> {
    let body = if facts.method == Method::Head { ResponseBody::Empty } else { from.into_parts().1 };
    let headers = headers(reply.headers)?;
    Ok(ResponseBuilder::new().with_status(reply.status).with_headers(headers).body(body))
}

/// Answers with a body in JavaScript's memory: in one call, or in two where the head is new.
pub(super) fn prepared<T: InJavaScript>(
    prepared: &Prepared,
    thing: &T,
    heading: &Heading<'_>,
    is_head: bool,
) -> web_sys::Response {
    let form = |thing: &T, reply| init(&reply, Some(thing.body()));
    let body = (!is_head).then(|| thing.body());
    prepared.send(thing, heading, form, |init| answer(body, init))
}

/// Answers in the fast lane.
pub(super) fn at_once(reply: &Reply, body: Option<&Uint8Array>, is_head: bool) -> web_sys::Response {
    answer(body.filter(|_| !is_head), &init(reply, body))
}

/// The second argument of JavaScript's `Response`.
fn init(reply: &Reply, body: Option<&Uint8Array>) -> JsValue {
    let own = reply.headers.iter().map(|(name, value)| (&**name, &**value));
    let length = body.map(|body| body.length().to_string());
    let length = length.as_deref().map(|length| ("Content-Length", length));
    let parts: Vec<_> = own.chain(length).flat_map(|(name, value)| [name, value]).collect();
    response_init(reply.status, &parts.join("\0"))
}

#[wasm_bindgen(inline_js = r#"
export function responseInit(status, text) {
  const headers = new Headers();
  const parts = text.split("\0");
  for (let at = 0; at + 1 < parts.length; at += 2) headers.set(parts[at], parts[at + 1]);
  return { status, headers };
}

export function answer(body, init) {
  return new Response(body, init);
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = responseInit)]
    fn response_init(status: u16, text: &str) -> JsValue;

    fn answer(body: Option<&Uint8Array>, init: &JsValue) -> web_sys::Response;
}

fn headers(own: Vec<(Cow<'static, str>, Cow<'static, str>)>) -> worker::Result<Headers> {
    let headers = Headers::new();
    for (name, value) in own {
        headers.set(&name, &value)?;
    }
    Ok(headers)
}

/// Logs a refusal or a fault of a known site as one line of JSON, without tokens and queries. The same line comes once a minute,
/// with its count.
pub(super) fn log(facts: Option<&Facts>, stop: &Stop) {
    let client = Client { site_known: true, verified: true, session: None };
    log_of(facts, client, stop);
}

/// Logs what a life has noted, and its refusal. Returns how often this client has had this refusal within a minute.
pub(super) fn log_life<R>(facts: &Facts, Ended { refusal, learned, .. }: &Ended<R>) -> Option<u32> {
    let Learned { site, is_verified, session, notes } = learned;
    for note in notes {
        match note {
            Note::Rehearsed(denial) => log_rehearsed(facts, denial),
            Note::Overcome(fault) if site.is_some() => log(Some(facts), &fault.clone().into()),
            Note::Overcome(fault) => {
                log_of(Some(facts), Client::default(), &fault.clone().into());
            }
            Note::Ads(decision) => {
                let path = route::logged_path(facts);
                log_ads(&facts.host, path.as_deref().and_then(|path| path.split('/').next()), decision);
            }
            Note::Reused(reused) => log_reused(facts, reused),
        }
    }
    let client = Client { site_known: site.is_some(), verified: *is_verified, session: *session };
    let stop = refusal.as_ref()?;
    let times = log_of(Some(facts), client, stop);
    // The refusal of a missing file was delayed already.
    times.filter(|_| !stop.is_media_missing())
}

/// Logs a fault of a fetch that a site needed, and no single request caused.
pub(super) fn log_for(site: &str, stop: &Stop) {
    log_at(Some(site), None, Client::default(), stop);
}

/// The known properties of a request's sender. The log counts the refusals of each sender apart.
#[derive(Clone, Copy, Default)]
pub(super) struct Client {
    /// The host has a site. Until that is known, the host may be made up.
    pub(super) site_known: bool,
    /// A token or session was verified. Until that is known, the title may be made up.
    pub(super) verified: bool,
    /// The session of the request.
    pub(super) session: Option<SessionId>,
}

/// Logs a refusal or a fault of a client's request. Returns how often the client has met it for this title within a minute.
/// `None`: the client is not known.
pub(super) fn log_of(facts: Option<&Facts>, client: Client, stop: &Stop) -> Option<u32> {
    let host = facts.filter(|_| client.site_known).map(|facts| facts.host.as_str());
    log_at(host, facts, client, stop)
}

fn log_at(host: Option<&str>, facts: Option<&Facts>, client: Client, stop: &Stop) -> Option<u32> {
    let (kind, class, reason, detail) = match stop {
        Stop::Denied(denial) => ("denial", Class::Denial, denial.reason.code(), &denial.detail),
        Stop::Failed(fault) => ("fault", Class::Fault, fault.kind.code(), &fault.detail),
    };
    let Client { verified, session, .. } = client;
    let told = facts.filter(|_| verified).and_then(route::logged_path);
    let title = told.as_deref().and_then(|told| told.split('/').next());
    let address = facts.and_then(|facts| facts.address);
    // Faults that no request caused are counted by the first part of their detail, which says where they happened.
    let place = facts.is_none().then(|| detail.split(';').next());
    let key = (title, session, address.filter(|_| session.is_none()), place);
    let json = || {
        let mut line = line(facts, kind, reason, detail);
        if let Some(members) = line.as_object_mut() {
            if let Some(session) = session {
                members.insert("session".to_owned(), session.to_string().into());
            }
            if let Some(host) = host {
                members.insert("host".to_owned(), shortened(host).into());
            }
        }
        line
    };
    let times = tell(&Subject { class, host, reason }, &key, json);
    times.filter(|_| session.is_some() || address.is_some())
}

/// Writes a line unless the minute has one for the same subject. Returns how often the subject came in the minute.
pub(super) fn tell(
    subject: &Subject<'_>,
    key: &impl Hash,
    json: impl FnOnce() -> serde_json::Value,
) -> Option<u32> {
    let line = || Line { json: json().to_string(), is_fault: subject.class == Class::Fault };
    let noted = isolate().repeats.borrow_mut().note(subject, key, now_ms(), line);
    for Line { json, is_fault } in noted.lines {
        if is_fault {
            worker::console_error!("{json}");
        } else {
            worker::console_log!("{json}");
        }
    }
    noted.times
}

/// The longest text from a request in a line, in bytes: lines are remembered.
const LONGEST_TEXT: usize = 300;

pub(super) fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default()
}

/// Logs that a rehearsed rule would have refused an entry.
pub(super) fn log_rehearsed(facts: &Facts, denial: &Denial) {
    worker::console_log!("{}", line(Some(facts), "rehearsal", denial.reason.code(), &denial.detail));
}

/// Logs a further use of a token, for a site that counts uses.
fn log_reused(facts: &Facts, (grant, usage, seen): &(Grant, Use, Seen)) {
    worker::console_log!(
        "{}",
        json!({
            "kind": "reuse", "host": shortened(&facts.host), "dialect": grant.dialect.name(), "issuer": grant.issuer,
            "key": grant.key, "token": usage.name, "uses": seen.uses, "elsewhere": seen.elsewhere,
            "place": facts.geography.to_string(),
        })
    );
}

/// Logs what a decision noted that was made ahead, behind a reply.
pub(super) fn log_ahead(site: &str, title: &str, notes: &[Note]) {
    for note in notes {
        match note {
            Note::Ads(decision) => log_ads(site, Some(title), decision),
            Note::Overcome(fault) => log_for(site, &fault.clone().into()),
            Note::Rehearsed(_) | Note::Reused(_) => {}
        }
    }
}

/// Logs the events of the decision on a pod, or of a VMAP document, in one line.
pub(super) fn log_ads(site: &str, title: Option<&str>, decision: &Decision) {
    let Decision { break_id, took, events, rehearsed } = decision;
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let events = events.get(..EVENTS_MAX.min(events.len())).unwrap_or_default();
    worker::console_log!(
        "{}",
        json!({
            "kind": "ads", "site": site, "title": title, "break": break_id, "took_ms": took_ms, "events": events,
            "rehearsed": rehearsed,
        })
    );
}

/// The most events of a line.
const EVENTS_MAX: usize = 64;

fn line(facts: Option<&Facts>, kind: &str, reason: &str, detail: &str) -> serde_json::Value {
    let wanted = facts.and_then(route::logged_path);
    json!({
        "kind": kind,
        "reason": reason,
        "detail": shortened(detail),
        "host": facts.map(|facts| shortened(&facts.host)),
        "resource": wanted.as_deref().map(shortened),
        "place": facts.map(|facts| facts.geography.to_string()),
    })
}
