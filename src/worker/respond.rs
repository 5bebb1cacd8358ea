//! From our replies to the runtime's, and the one line that a refusal or a fault leaves in the log.

use std::borrow::Cow;
use std::cell::RefCell;

use js_sys::Uint8Array;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Headers, Response, ResponseBody, ResponseBuilder};

use crate::cache::Lifetime;
use crate::denial::Denial;
use crate::facts::{Facts, Method};
use crate::pipeline::Stop;
use crate::reply::Reply;
use crate::route;

/// Answers with a body that is at hand.
pub(super) fn whole(facts: &Facts, reply: Reply) -> worker::Result<Response> {
    let reply = if matches!(reply.status, 204 | 304) {
        reply
    } else {
        let length = reply.body.len().to_string();
        reply.with("Content-Length", length)
    };
    let body = if facts.method == Method::Head || reply.body.is_empty() {
        ResponseBody::Empty
    } else {
        ResponseBody::Body(reply.body)
    };
    let headers = headers(reply.headers)?;
    Ok(ResponseBuilder::new().with_status(reply.status).with_headers(headers).body(body))
}

/// Answers with the body of another response, as it comes in.
pub(super) fn streamed(facts: &Facts, reply: Reply, from: Response) -> worker::Result<Response> {
    let body = if facts.method == Method::Head { ResponseBody::Empty } else { from.into_parts().1 };
    let headers = headers(reply.headers)?;
    Ok(ResponseBuilder::new().with_status(reply.status).with_headers(headers).body(body))
}

/// The status and headers of a reply, as JavaScript keeps them, and what they depend on besides the file that they
/// belong to.
#[derive(Default)]
pub(super) struct Prepared(RefCell<Option<(Dependence, JsValue)>>);

/// What the headers of a reply depend on, besides its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependence {
    /// Its age, in seconds, where it tells it.
    pub(super) age_s: Option<u64>,
    /// For how long it is kept.
    pub(super) lifetime: Lifetime,
    /// The revision of the site's document.
    pub(super) site_revision: u64,
    /// The web page that asks.
    pub(super) origin: Option<String>,
    /// Whether something else is shown in place of the title.
    pub(super) replaced: bool,
}

impl Prepared {
    /// Answers with a body that JavaScript holds already: one call, or two where a head is new.
    pub(super) fn answer(
        &self,
        on: Dependence,
        body: &Uint8Array,
        head: impl FnOnce() -> Reply,
    ) -> web_sys::Response {
        let mut prepared = self.0.borrow_mut();
        if let Some((_, init)) = prepared.as_ref().filter(|(known, _)| *known == on) {
            return answer(Some(body), init);
        }
        let init = init(&head(), Some(body));
        let response = answer(Some(body), &init);
        *prepared = Some((on, init));
        response
    }
}

/// Answers in the synchronous lane.
pub(super) fn at_once(reply: &Reply, body: Option<&Uint8Array>) -> web_sys::Response {
    answer(body, &init(reply, body))
}

/// The options of a response.
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

/// One JSON line: a refusal for those who ask why, a fault for those who have to mend it. Neither a token nor a query gets
/// into the log.
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
    let wanted = facts.and_then(route::told);
    json!({
        "kind": kind,
        "reason": reason,
        "detail": detail,
        "host": facts.map(|facts| facts.host.as_str()),
        "resource": wanted,
        "place": facts.map(|facts| facts.geography.to_string()),
    })
}
