//! From our replies to the runtime's, and the one line that a refusal or a fault leaves in the log.

use std::borrow::Cow;

use serde_json::json;
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
