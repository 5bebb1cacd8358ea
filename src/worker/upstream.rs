//! Requests to the media origin. It sees no token and no cookie, and of the headers of a viewer's request `Range` and
//! conditions alone.

use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::pin_mut;
use worker::{AbortController, Delay, Fetch, Headers, Method, Request, RequestInit, Response};

use super::platform;
use crate::cache::{PASSED_HEADERS, Source};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};

/// How long the media origin may take to begin its reply.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the media origin.
pub(super) async fn ask(
    source: &Source,
    method: Method,
    headers: Headers,
    patience: Duration,
) -> Result<Response, Fault> {
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers);
    let request = Request::new_with_init(source.url.as_str(), &init).map_err(|error| platform(&error))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let reply = fetch.send_with_signal(&signal);
    let delay = Delay::from(patience);
    pin_mut!(reply, delay);
    match select(reply, delay).await {
        Either::Left((reply, _)) => reply.map_err(|error| unreachable(source, &error)),
        Either::Right(_) => {
            controller.abort();
            Err(late(source, patience))
        }
    }
}

/// The fault of a media origin that takes too long.
pub(super) fn late(source: &Source, patience: Duration) -> Fault {
    let kind =
        if source.directives.is_blocking() { FaultKind::PlaylistHeld } else { FaultKind::UpstreamTimeout };
    Fault::new(kind, format!("{} did not answer within {} ms", source.place(), patience.as_millis()))
}

/// The fault of a media origin that cannot be reached, or whose reply breaks off.
pub(super) fn unreachable(source: &Source, error: &worker::Error) -> Fault {
    Fault::new(FaultKind::UpstreamUnreachable, format!("{}: {error}", source.place()))
}

/// A header of a reply.
pub(super) fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// The headers of a viewer's request that go to the media origin.
pub(super) fn conditions(facts: &Facts) -> Result<Headers, Fault> {
    let sent = &facts.headers;
    let headers = Headers::new();
    let values = [&sent.range, &sent.if_range, &sent.if_none_match, &sent.if_modified_since];
    for (name, value) in PASSED_HEADERS.into_iter().zip(values) {
        if let Some(value) = value {
            headers.set(name, value).map_err(|error| platform(&error))?;
        }
    }
    Ok(headers)
}
