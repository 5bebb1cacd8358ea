//! Requests to the media origin. They carry no token and no cookie; of a viewer's headers they carry `Range` and conditions.

use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::pin_mut;
use wasm_bindgen_futures::JsFuture;
use worker::{
    AbortController, AbortSignal, Delay, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
    Response, ResponseBody,
};

use super::respond;
use super::runtime::{self, platform};
use crate::cache::{PASSED_HEADERS, Source};
use crate::catalog::is_kept_by_edges;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};

/// How long the media origin may take to begin its reply.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The most redirects that are followed for one request.
const MOST_REDIRECTS: usize = 5;

/// Asks the media origin.
pub(super) async fn ask(
    source: &Source,
    method: Method,
    headers: Headers,
    patience: Duration,
) -> Result<Response, Fault> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let reply = follow(source, &method, &headers, &signal);
    let delay = Delay::from(patience);
    pin_mut!(reply, delay);
    match select(reply, delay).await {
        Either::Left((reply, _)) => reply,
        Either::Right(_) => {
            controller.abort();
            Err(late(source, patience))
        }
    }
}

/// Sends a request and follows its redirects. No redirect may lead to the cache keys of an edge, whatever the site, so the
/// runtime does not follow them by itself.
async fn follow(
    source: &Source,
    method: &Method,
    headers: &Headers,
    signal: &AbortSignal,
) -> Result<Response, Fault> {
    let mut url = source.url.clone();
    for _ in 0..=MOST_REDIRECTS {
        let mut init = RequestInit::new();
        init.with_method(method.clone()).with_headers(headers.clone()).with_redirect(RequestRedirect::Manual);
        let request = Request::new_with_init(url.as_str(), &init).map_err(|error| platform(&error))?;
        let reply = Fetch::Request(request).send_with_signal(signal).await;
        let response = reply.map_err(|error| unreachable(source, &error))?;
        let place =
            runtime::header(&response, "Location").filter(|_| REDIRECTS.contains(&response.status_code()));
        let Some(place) = place else { return Ok(response) };
        // The place may hold a signature: it is not told.
        let led = |whither| {
            Fault::new(FaultKind::UpstreamStatus, format!("{} redirects {whither}", source.place()))
        };
        url = url.join(&place).map_err(|error| led(format!("to an invalid URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || is_kept_by_edges(&url) {
            return Err(led("to a URL of no media".to_owned()));
        }
        unread(response).await;
    }
    let detail = format!("{} redirects more than {MOST_REDIRECTS} times", source.place());
    Err(Fault::new(FaultKind::UpstreamStatus, detail))
}

pub(super) const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Cancels the body of a reply, which frees its connection.
pub(super) async fn unread(response: Response) {
    if let ResponseBody::Stream(stream) = response.into_parts().1
        && let Err(error) = JsFuture::from(stream.cancel()).await
    {
        respond::log(None, &platform(&error.into()).into());
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

/// The headers of a viewer's request that go to the media origin.
pub(super) fn conditions(facts: &Facts) -> Result<Headers, Fault> {
    let sent = &facts.headers;
    let headers = Headers::new();
    let values = [&sent.range, &sent.if_none_match, &sent.if_modified_since];
    for (name, value) in PASSED_HEADERS.into_iter().zip(values) {
        if let Some(value) = value {
            headers.set(name, value).map_err(|error| platform(&error))?;
        }
    }
    Ok(headers)
}
