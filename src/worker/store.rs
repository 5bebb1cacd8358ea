//! The data centre's cache, with freshness kept by the edge: <https://developers.cloudflare.com/workers/runtime-apis/cache/>
//!
//! The Cache API drops a file at its `max-age`, and cannot serve a stale file. So `max-age` covers all the time for which the
//! file may serve, and a [`Stamp`] beside the file says until when it is fresh, stale, or kept for outages. A file that the
//! media origin does not have is stored as missing. The cache answers ranges and conditions from a stored file.
//!
//! A failing cache counts as an empty one: the failure is logged, and the media origin is asked.

use worker::{Cache, Headers, Request, RequestInit, Response, ResponseBody};

use super::respond;
use super::runtime::{self, now_ms, platform};
use crate::cache::{FileKind, Lifetime, OriginControl, Source, Stamp};
use crate::fault::Fault;
use crate::reply::Reply;

/// An entry of the cache.
pub(super) enum Stored {
    /// The file, or the 206 or 304 that the request asked for.
    File(Response, Stamp),
    /// The media origin does not have it, until this time in Unix milliseconds.
    Missing(u64),
}

/// Until when a file counts as missing, in Unix milliseconds.
const MISSING: &str = "Stagedoor-Missing";

/// Looks for a file.
pub(super) async fn find(source: &Source, conditions: &Headers) -> Option<Stored> {
    let found = look(source, conditions).await;
    let response = found.unwrap_or_else(|fault| {
        respond::log_for(source.site(), &fault.into());
        None
    })?;
    if let Some(until) = runtime::header(&response, MISSING) {
        return until.parse().ok().map(Stored::Missing);
    }
    let stamp = runtime::header(&response, Stamp::HEADER).and_then(|stamp| Stamp::read(&stamp));
    match (stamp, response.status_code()) {
        (Some(stamp), _) => Some(Stored::File(response, stamp)),
        // The cache may leave headers out of a reply without a body. It is a reply about a file that it has.
        (None, 304 | 416) => {
            let kind = source.kind.unwrap_or(FileKind::Segment);
            let lifetime = Lifetime::of_file(kind, &source.policy, &OriginControl::default());
            Some(Stored::File(response, Stamp::new(now_ms(), 0, lifetime)))
        }
        (None, _) => None,
    }
}

async fn look(source: &Source, conditions: &Headers) -> Result<Option<Response>, Fault> {
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

/// Stores a file with a head, if anybody may keep it.
pub(super) async fn keep(source: &Source, stamp: &Stamp, head: Reply, body: ResponseBody) {
    if let Some(policy) = stamp.for_cache(now_ms()) {
        let head = head.with("Cache-Control", policy).with(Stamp::HEADER, stamp.to_string());
        put(source, head, body).await;
    }
}

/// Stores that the media origin does not have a file. The Cache API counts in whole seconds.
pub(super) async fn keep_missing(source: &Source, until_ms: u64) {
    let left_s = until_ms.saturating_sub(now_ms()).div_ceil(1000);
    if left_s > 0 {
        let head = Reply { status: 404, ..Reply::default() }
            .with("Cache-Control", format!("public, max-age={left_s}"))
            .with(MISSING, until_ms.to_string());
        put(source, head, ResponseBody::Empty).await;
    }
}

async fn put(source: &Source, head: Reply, body: ResponseBody) {
    let stored = async {
        let headers = Headers::new();
        for (name, value) in head.headers {
            headers.set(&name, &value)?;
        }
        let response = Response::builder().with_status(head.status).with_headers(headers).body(body);
        Cache::default().put(&source.cache_key, response).await
    };
    if let Err(error) = stored.await {
        respond::log_for(source.site(), &platform(&error).into());
    }
}
