//! Files that are fetched once for all requests of an isolate.
//!
//! A file is in memory until the cache has it. A file that is large, of unknown length or for one viewer only cannot be shared.
//! That is remembered for a while, so that nobody waits for another request's fetch.

use std::time::Duration;

use futures_channel::oneshot;
use worker::{Context, Headers, Method as HttpMethod, Response};

use super::file::{File, head, judged};
use super::isolate::{self, isolate};
use super::runtime::{now_ms, platform};
use super::{body, respond, single_flight, store, upstream};
use crate::cache::{Source, Stamp, missing_ms};
use crate::fault::{Fault, FaultKind};
use crate::isolate::KnownFile;
use crate::media_origin;
use crate::reply::Reply;
use crate::shelf::{Arrived, Outcome, Policy, Purpose, Reservation, Times, Turn};
use crate::stop::Stop;

/// The longest file that is shared, and kept whole for a range of it, in bytes: 6 s of 10 Mbit/s.
pub(super) const LONGEST: u64 = 8 * 1024 * 1024;

/// For how long a file stays in memory, in milliseconds: until the cache has it.
const SHARED_MS: u64 = 3_000;

/// For how long a file is known to be too large to be kept for a range of it, in milliseconds.
const LARGE_MS: u64 = 3_600_000;

/// After a failure, the media origin is asked again by the next request for a file that the cache does not have. A file that
/// cannot be shared is fetched by each request for itself, until the cache has it.
const POLICY: Policy = Policy { retry_ms: RETRY_MS, retry_without_ms: 0, alone_ms: 3_000 };

/// For how long the media origin is left alone after a failure, in milliseconds, while the cache's older file serves on.
const RETRY_MS: u64 = 1_000;

/// How long other requests wait for a file.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest file, in bytes, that stays in memory after it was sent, since asking the cache for it takes longer than sending
/// it: keys, init segments, subtitles, and a few seconds of sound.
pub(super) const SMALL: u64 = 64 * 1024;

/// The longest file, in bytes, that stays in memory after it was sent out of the cache twice. Streaming 2 MiB out of the cache
/// takes less processor time than a copy out of memory; for 200 KiB, it takes twice as much.
pub(super) const MEDIUM: u64 = 512 * 1024;

/// For how long such files stay in memory, in milliseconds; after that, the cache is asked again.
const KEPT_MS: u64 = 60_000;

/// For how long a file serves out of memory: not longer than the cache's copy is fresh.
fn times(file: &File, now_ms: u64, stays_ms: u64) -> Times {
    Times::fresh_only((now_ms + stays_ms).min(file.stamp.times().fresh_until_ms))
}

/// A fresh file in memory: there is nothing to await, and nothing to fetch.
pub(super) fn fresh(source: &Source) -> Option<File> {
    peek(source, |known, now| known.fetched.fresh(now).cloned()).flatten()
}

/// The fresh file in memory; an error if the media origin is known not to have it.
pub(super) fn fresh_or_missing(source: &Source) -> Result<Option<File>, Stop> {
    let found =
        peek(source, |known, now| (known.fetched.fresh(now).cloned(), known.fetched.missing_until_ms(now)));
    match found {
        Some((_, Some(_))) => Err(media_origin::refusal(source, 404)),
        Some((file, None)) => Ok(file),
        None => Ok(None),
    }
}

/// Until when the media origin is known not to have the file, in Unix milliseconds.
pub(super) fn missing_until_ms(source: &Source) -> Option<u64> {
    peek(source, |known, now| known.fetched.missing_until_ms(now)).flatten()
}

/// Whether the media origin has failed a moment ago.
pub(super) fn is_failing(source: &Source) -> bool {
    peek(source, |known, now| known.fetched.is_failing(now)).unwrap_or_default()
}

/// Whether the file is known to be too large to be kept for a range of it.
pub(super) fn is_large(source: &Source) -> bool {
    peek(source, KnownFile::is_large).unwrap_or_default()
}

/// Takes a file out of the cache into memory.
pub(super) fn keep(source: &Source, file: &File) {
    note(source, |now| Outcome::Value(file.clone(), times(file, now, KEPT_MS)));
}

/// Notes that a file is sent out of the cache. Returns whether that has happened before within a minute.
pub(super) fn mark_in_demand(source: &Source) -> bool {
    with_known(source, |known, now| known.mark_in_demand(now, now + KEPT_MS))
}

/// Remembers that another isolate has found the file missing.
pub(super) fn mark_missing(source: &Source, until_ms: u64) {
    note(source, |_| Outcome::Missing(media_origin::refusal(source, 404), until_ms));
}

/// Remembers that the media origin has failed, and that an older file was served.
pub(super) fn mark_failing(source: &Source) {
    with_known(source, |known, now| known.fetched.back_off(now + RETRY_MS));
}

/// Remembers that the file is too large to be kept for a range of it.
pub(super) fn mark_large(source: &Source) {
    with_known(source, |known, now| known.mark_large(now + LARGE_MS));
}

/// Fetches a file, or waits for the request that does.
pub(super) async fn fetched(source: &Source, context: &Context, wants: Wants) -> Result<Brought, Stop> {
    let turn = with_known(source, |known, now| {
        (!known.fetched.is_alone(now)).then(|| known.fetched.begin(now, PATIENCE))
    });
    let ticket = match turn {
        Some(Turn::Mine(_)) => return begin(source, context, wants).await.unwrap_or(Ok(Brought::Nothing)),
        Some(Turn::Theirs(ticket)) => ticket,
        None => return Ok(Brought::Nothing),
    };
    let arrived = single_flight::arrival(PATIENCE, || {
        peek(source, |known, now| known.fetched.arrived(ticket, now).map(Arrived::cloned))
    });
    match arrived.await {
        Arrived::Value(file) => Ok(Brought::File(file)),
        Arrived::Failed(stop) => Err(stop),
        Arrived::Nothing => Ok(Brought::Nothing),
    }
}

/// Fetches a file again behind the reply, unless a newer one is on its way into the cache.
pub(super) fn refresh(source: &Source, old: &Stamp, context: &Context) {
    let turn = with_known(source, |known, now| {
        (!known.has_newer(old.made_at_ms, now)).then(|| known.fetched.begin(now, PATIENCE))
    });
    if let Some(Turn::Mine(_)) = turn {
        drop(begin(source, context, Wants::Nothing));
    }
}

/// The outcome of a fetch, for the request that began it or waited for it.
pub(super) enum Brought {
    File(File),
    /// The bytes as they come in, for the request that began the fetch.
    Stream(Reply, Response),
    /// Nothing to share: each request fetches for itself.
    Nothing,
}

/// The form in which the fetching request needs the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// The bytes as they come in.
    Stream,
    /// The whole file, to cut a range out of it.
    Whole,
    /// The file in the cache: nobody waits.
    Nothing,
}

fn peek<T>(source: &Source, look: impl FnOnce(&KnownFile<File>, u64) -> T) -> Option<T> {
    isolate().files.find(source.cache_key.as_str(), |known| look(known, now_ms()))
}

fn with_known<T>(source: &Source, then: impl FnOnce(&mut KnownFile<File>, u64) -> T) -> T {
    let now = now_ms();
    isolate().files.with(source.cache_key.as_str(), now, |known| then(known, now))
}

/// Remembers an answer of the cache, unless the file is being fetched.
fn note(source: &Source, outcome: impl FnOnce(u64) -> Outcome<File, Stop>) {
    with_known(source, |known, now| {
        if !known.fetched.is_under_way(now) {
            known.fetched.settle(outcome(now), &POLICY, now);
        }
    });
}

/// Reserves room for a file that is about to be read. It waits for none: a file without room is streamed.
pub(super) fn reserve(source: &Source, length: u64) -> Option<Reservation> {
    let bytes = usize::try_from(length).ok().filter(|_| length <= LONGEST)?;
    isolate::reserve((Purpose::File, source.site()), bytes, PATIENCE)
}

/// Begins to fetch a file behind the reply.
fn begin(source: &Source, context: &Context, wants: Wants) -> oneshot::Receiver<Result<Brought, Stop>> {
    let (told, brought) = oneshot::channel();
    let source = source.clone();
    context.wait_until(async move { bring(&source, wants, told).await });
    brought
}

/// Fetches a file, and keeps it. The request that waits may be gone by then.
async fn bring(source: &Source, wants: Wants, told: oneshot::Sender<Result<Brought, Stop>>) {
    let asked = upstream::ask(source, HttpMethod::Get, Headers::new(), upstream::PATIENCE).await;
    let checked = asked.map_err(Stop::from).and_then(|response| match response.status_code() {
        200 => Ok(response),
        status => Err(media_origin::refusal(source, status)),
    });
    let response = match checked {
        Ok(response) => response,
        Err(stop) => return failed(source, stop, told).await,
    };
    let (stamp, length) = judged(source, &response);
    let head = match head(source, &response, &stamp.lifetime) {
        Ok(head) => head,
        Err(stop) => return failed(source, stop, told).await,
    };
    let kept = stamp.lifetime.whole_ms() > 0;
    if kept
        && let Some(length) = length
        && let Some(room) = reserve(source, length)
    {
        share(source, wants, response, (head, stamp, length), told, room).await;
    } else {
        with_known(source, |known, now| {
            known.fetched.settle(Outcome::Unshared, &POLICY, now);
            known.mark_on_its_way(stamp.made_at_ms, now + SHARED_MS);
            if length.is_some_and(|length| length > LONGEST) {
                known.mark_large(now + LARGE_MS);
            }
        });
        alone(source, wants, response, head, &stamp, told).await;
    }
}

/// Takes a file that can be shared into memory, and into the cache.
async fn share(
    source: &Source,
    wants: Wants,
    mut response: Response,
    (head, stamp, length): (Reply, Stamp, u64),
    told: oneshot::Sender<Result<Brought, Stop>>,
    room: Reservation,
) {
    let mut told = Some(told);
    let body = match wants {
        Wants::Stream => match response.cloned() {
            Ok(copy) => {
                let _ = told.take().map(|told| told.send(Ok(Brought::Stream(head.clone(), response))));
                Ok(copy)
            }
            Err(error) => Err(error),
        },
        Wants::Whole | Wants::Nothing => Ok(response),
    };
    let file = match async { body::in_javascript(body?).await }.await {
        Ok(bytes) if u64::from(bytes.length()) == length => File::new(head, bytes, stamp),
        Ok(bytes) => {
            let detail = format!("{}: expected {length} bytes, found {}", source.place(), bytes.length());
            return broken(source, Fault::new(FaultKind::UpstreamUnreachable, detail), told);
        }
        Err(error) => return broken(source, upstream::unreachable(source, &error), told),
    };
    // From here on, the file counts in the memory.
    drop(room);
    with_known(source, |known, now| {
        let stays_ms = if file.length() <= SMALL { KEPT_MS } else { SHARED_MS };
        known.fetched.settle(Outcome::Value(file.clone(), times(&file, now, stays_ms)), &POLICY, now);
        known.mark_on_its_way(stamp.made_at_ms, now + SHARED_MS);
    });
    let _ = told.map(|told| told.send(Ok(Brought::File(file.clone()))));
    match file.body(&(0..length)) {
        Ok(body) => store::keep(source, &stamp, Reply::clone(&file.head), body.into_parts().1).await,
        Err(fault) => respond::log_for(source.site(), &fault.into()),
    }
}

/// Ends the fetch of a file that broke off. Its stream breaks off too; other requests fetch for themselves.
fn broken(source: &Source, fault: Fault, told: Option<oneshot::Sender<Result<Brought, Stop>>>) {
    with_known(source, |known, _| known.fetched.end());
    match told {
        Some(told) => {
            let _ = told.send(Err(fault.into()));
        }
        None => respond::log_for(source.site(), &fault.into()),
    }
}

/// Streams a file that cannot be shared, and puts it into the cache on the way if it may be kept.
async fn alone(
    source: &Source,
    wants: Wants,
    mut response: Response,
    head: Reply,
    stamp: &Stamp,
    told: oneshot::Sender<Result<Brought, Stop>>,
) {
    let kept = stamp.lifetime.whole_ms() > 0;
    match wants {
        Wants::Stream if kept => match response.cloned() {
            Ok(copy) => {
                let _ = told.send(Ok(Brought::Stream(head.clone(), response)));
                store::keep(source, stamp, head, copy.into_parts().1).await;
            }
            Err(error) => {
                let _ = told.send(Err(platform(&error).into()));
            }
        },
        Wants::Stream => {
            let _ = told.send(Ok(Brought::Stream(head, response)));
        }
        Wants::Nothing if kept => store::keep(source, stamp, head, response.into_parts().1).await,
        Wants::Whole | Wants::Nothing => {
            let _ = told.send(Ok(Brought::Nothing));
            upstream::unread(response).await;
        }
    }
}

async fn failed(source: &Source, stop: Stop, told: oneshot::Sender<Result<Brought, Stop>>) {
    let missing = stop.is_media_missing();
    let until_ms = now_ms() + missing_ms(source.kind, source.resource, &source.policy);
    let outcome =
        if missing { Outcome::Missing(stop.clone(), until_ms) } else { Outcome::Failed(stop.clone()) };
    with_known(source, |known, now| known.fetched.settle(outcome, &POLICY, now));
    let _ = told.send(Err(stop));
    if missing {
        store::keep_missing(source, until_ms).await;
    }
}
