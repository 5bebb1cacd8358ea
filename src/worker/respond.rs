//! From our replies to the runtime's, and the one line that a refusal or a fault leaves in the log.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use js_sys::Uint8Array;
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Headers, Response, ResponseBody, ResponseBuilder};

use crate::denial::Denial;
use crate::facts::{Facts, Method};
use crate::pipeline::Stop;
use crate::reply::Reply;
use crate::route::{MediaRequest, Route, route};

type Added = Vec<(&'static str, String)>;

/// Answers with a body that is at hand.
pub(super) fn whole(facts: &Facts, reply: Reply, added: Added) -> worker::Result<Response> {
    let length =
        (!matches!(reply.status, 204 | 304)).then(|| ("Content-Length", reply.body.len().to_string()));
    let body = if facts.method == Method::Head || reply.body.is_empty() {
        ResponseBody::Empty
    } else {
        ResponseBody::Body(reply.body)
    };
    let headers = headers(reply.headers, added.into_iter().chain(length))?;
    Ok(ResponseBuilder::new().with_status(reply.status).with_headers(headers).body(body))
}

/// Answers with the body of another response, as it comes in.
pub(super) fn streamed(
    facts: &Facts,
    reply: Reply,
    from: Response,
    added: Added,
) -> worker::Result<Response> {
    let body = if facts.method == Method::Head { ResponseBody::Empty } else { from.into_parts().1 };
    let headers = headers(reply.headers, added)?;
    Ok(ResponseBuilder::new().with_status(reply.status).with_headers(headers).body(body))
}

/// Answers in the synchronous lane: one call to JavaScript, or two where the headers are new.
pub(super) fn at_once(
    reply: &Reply,
    body: Option<&Uint8Array>,
    added: &[(&'static str, String)],
) -> web_sys::Response {
    let mut text = String::with_capacity(512);
    let own = reply.headers.iter().map(|(name, value)| (name.as_ref(), value.as_str()));
    let length = body.filter(|_| reply.status == 200).map(|body| body.length().to_string());
    let length = length.as_deref().map(|length| ("Content-Length", length));
    let added = added.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in own.chain(added).chain(length) {
        for part in [name, "\0", value, "\0"] {
            text.push_str(part);
        }
    }
    HEADERS.with_borrow_mut(|known| {
        if let Some(headers) = known.get(&text) {
            return answer(reply.status, body, headers);
        }
        if known.len() >= MOST_HEADERS {
            known.clear();
        }
        let headers = headers_of(&text);
        let response = answer(reply.status, body, &headers);
        known.insert(text, headers);
        response
    })
}

thread_local! {
    /// Headers of JavaScript's by their text, which replies of a template have in common for a second or more.
    static HEADERS: RefCell<HashMap<String, web_sys::Headers>> = RefCell::default();
}

/// The most headers that are remembered. When they are so many, it starts anew.
const MOST_HEADERS: usize = 500;

#[wasm_bindgen(inline_js = r#"
export function headersOf(text) {
  const headers = new Headers();
  const parts = text.split("\0");
  for (let at = 0; at + 1 < parts.length; at += 2) headers.set(parts[at], parts[at + 1]);
  return headers;
}

export function answer(status, body, headers) {
  return new Response(body, { status, headers });
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = headersOf)]
    fn headers_of(text: &str) -> web_sys::Headers;

    fn answer(status: u16, body: Option<&Uint8Array>, headers: &web_sys::Headers) -> web_sys::Response;
}

fn headers(
    own: Vec<(Cow<'static, str>, String)>,
    added: impl IntoIterator<Item = (&'static str, String)>,
) -> worker::Result<Headers> {
    let headers = Headers::new();
    let added = added.into_iter().map(|(name, value)| (name.into(), value));
    for (name, value) in own.into_iter().chain(added) {
        headers.set(&name, &value)?;
    }
    Ok(headers)
}

/// One JSON line: a refusal for those who ask why, a fault for those who have to mend it. The path is taken from
/// the route, so that neither a session token nor a query gets into the log.
pub(super) fn log(facts: Option<&Facts>, stop: &Stop) {
    match stop {
        Stop::Denied(denial) => {
            worker::console_log!("{}", line(facts, "denial", denial.reason.code(), &denial.detail));
        }
        Stop::Failed(fault) => {
            worker::console_error!("{}", line(facts, "fault", fault.kind.code(), &fault.detail));
        }
    }
}

/// The same line for a rule that is being rehearsed, and would have refused, once a session: at its entry.
pub(super) fn log_rehearsed(facts: &Facts, denial: &Denial) {
    worker::console_log!("{}", line(Some(facts), "rehearsal", denial.reason.code(), &denial.detail));
}

fn line(facts: Option<&Facts>, kind: &str, reason: &str, detail: &str) -> serde_json::Value {
    let wanted = facts.and_then(|facts| match route(facts) {
        Ok(Route::Below(request, _)) => Some(format!("{}/{}", request.title, request.resource)),
        Ok(Route::Entry) => MediaRequest::at_entry(&facts.path).ok().map(|request| plain(&request)),
        _ => None,
    });
    json!({
        "kind": kind,
        "reason": reason,
        "detail": detail,
        "host": facts.map(|facts| facts.host.as_str()),
        "resource": wanted,
        "place": facts.map(|facts| facts.geography.to_string()),
    })
}

/// The path of an entry without what may be a token: a segment that is long, or has parameters.
fn plain(request: &MediaRequest) -> String {
    let hidden = |segment: &str| segment.len() > 64 || segment.contains([';', '=']);
    let segments = request.resource.as_str().split('/');
    let plain: Vec<_> = segments.map(|segment| if hidden(segment) { "[…]" } else { segment }).collect();
    format!("{}/{}", request.title, plain.join("/"))
}
