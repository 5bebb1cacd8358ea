//! Bytes of the media origin, through the Cache API.
//!
//! Only whole 200 replies to GET are kept, under the canonical key. The cache answers ranges and conditions out of
//! what it has kept; what it has not, the media origin answers, and a part or a "not modified" is passed on without
//! being kept.
//!
//! <https://developers.cloudflare.com/workers/runtime-apis/cache/>

use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::pin_mut;
use worker::{
    AbortController, Cache, Context, Delay, Fetch, Headers, Request, RequestInit, Response, ResponseBody,
};

use super::body::{self, Body};
use super::{platform, respond};
use crate::cache::Source;
use crate::facts::{Facts, Method};
use crate::fault::{Fault, FaultKind};
use crate::pipeline;
use crate::reply::Reply;

/// How long the media origin may take to begin its reply.
const PATIENCE: Duration = Duration::from_secs(10);

/// A segment, key or subtitle file, as it comes in.
pub(super) async fn stream(
    facts: &Facts,
    source: &Source,
    context: &Context,
) -> Result<(Reply, Response), Fault> {
    let conditions = conditions(facts)?;
    // The Cache API knows no If-Range: the media origin answers such a request.
    let cacheable = facts.headers.if_range.is_none();
    if cacheable && let Some(response) = cached(source, &conditions).await? {
        return Ok((passed_on(source, &response)?, response));
    }
    let method = if facts.method == Method::Head { worker::Method::Head } else { worker::Method::Get };
    let mut response = ask(source, method, conditions).await?;
    let reply = passed_on(source, &response)?;
    if response.status_code() == 200 && facts.method == Method::Get {
        let copy = response.cloned().map_err(|error| platform(&error))?;
        keep(source, context, reply.clone(), copy.into_parts().1)?;
    }
    Ok((reply, response))
}

/// A manifest, whole.
pub(super) async fn whole(source: &Source, longest: usize, context: &Context) -> Result<Vec<u8>, Fault> {
    if let Some(response) = cached(source, &Headers::new()).await? {
        return bytes(source, longest, response).await;
    }
    let response = ask(source, worker::Method::Get, Headers::new()).await?;
    if response.status_code() != 200 {
        return Err(pipeline::upstream_fault(source, response.status_code()));
    }
    let head = passed_on(source, &response)?;
    let bytes = bytes(source, longest, response).await?;
    // With its length, so that the next one can be read in one piece.
    let head = head.with("Content-Length", bytes.len().to_string());
    keep(source, context, head, ResponseBody::Body(bytes.clone()))?;
    Ok(bytes)
}

async fn bytes(source: &Source, longest: usize, response: Response) -> Result<Vec<u8>, Fault> {
    match body::of_response(response, longest).await.map_err(|error| unreachable(source, &error))? {
        Body::Whole(bytes) => Ok(bytes),
        Body::TooLong(found) => {
            let detail = format!("{}: expected {longest} bytes at most, found {found}", source.place());
            Err(Fault::new(FaultKind::ManifestTooLarge, detail))
        }
    }
}

async fn cached(source: &Source, conditions: &Headers) -> Result<Option<Response>, Fault> {
    let cache = Cache::default();
    let found = if conditions.is_empty() {
        cache.get(&source.cache_key, false).await
    } else {
        let mut init = RequestInit::new();
        init.with_headers(conditions.clone());
        let key = Request::new_with_init(&source.cache_key, &init).map_err(|error| platform(&error))?;
        cache.get(&key, false).await
    };
    found.map_err(|error| platform(&error))
}

async fn ask(source: &Source, method: worker::Method, headers: Headers) -> Result<Response, Fault> {
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers);
    let request = Request::new_with_init(source.url.as_str(), &init).map_err(|error| platform(&error))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let reply = fetch.send_with_signal(&signal);
    let patience = Delay::from(PATIENCE);
    pin_mut!(reply, patience);
    match select(reply, patience).await {
        Either::Left((reply, _)) => reply.map_err(|error| unreachable(source, &error)),
        Either::Right(_) => {
            controller.abort();
            let detail =
                format!("{} did not begin to answer within {} s", source.place(), PATIENCE.as_secs());
            Err(Fault::new(FaultKind::UpstreamTimeout, detail))
        }
    }
}

fn keep(source: &Source, context: &Context, reply: Reply, body: ResponseBody) -> Result<(), Fault> {
    if source.ttl_s == 0 {
        return Ok(());
    }
    let headers = Headers::new();
    for (name, value) in reply.with("Cache-Control", format!("public, max-age={}", source.ttl_s)).headers {
        headers.set(&name, &value).map_err(|error| platform(&error))?;
    }
    let response = Response::builder().with_headers(headers).body(body);
    let key = source.cache_key.clone();
    context.wait_until(async move {
        if let Err(error) = Cache::default().put(key, response).await {
            respond::log(None, &platform(&error).into());
        }
    });
    Ok(())
}

fn passed_on(source: &Source, response: &Response) -> Result<Reply, Fault> {
    pipeline::media(source, response.status_code(), |name| header(response, name))
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

fn conditions(facts: &Facts) -> Result<Headers, Fault> {
    let sent = &facts.headers;
    let headers = Headers::new();
    for (name, value) in [
        ("Range", &sent.range),
        ("If-Range", &sent.if_range),
        ("If-None-Match", &sent.if_none_match),
        ("If-Modified-Since", &sent.if_modified_since),
    ] {
        if let Some(value) = value {
            headers.set(name, value).map_err(|error| platform(&error))?;
        }
    }
    Ok(headers)
}

fn unreachable(source: &Source, error: &worker::Error) -> Fault {
    Fault::new(FaultKind::UpstreamUnreachable, format!("{}: {error}", source.place()))
}
