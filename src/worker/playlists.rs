//! Whole manifests: from isolate memory, else from the data centre's cache, else from the media origin.
//!
//! One fetch serves all requests of an isolate for the same key, also the blocking requests of low-latency players. A stale
//! manifest is served while it is fetched again, an older one if the media origin fails.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{Either, maybe_done, select};
use futures_util::pin_mut;
use worker::{Context, Delay, Headers, ResponseBody};

use super::body::{self, Body};
use super::isolate::{self, isolate};
use super::runtime::{self, left, now_ms, within};
use super::store::{self, Stored};
use super::{delay, inband, respond, single_flight, upstream};
use crate::cache::{self, Kept, Lifetime, OriginControl, Source, Stamp, hold_ms, missing_ms};
use crate::dash;
use crate::fault::{Fault, FaultKind};
use crate::isolate::{KnownManifest, newest};
use crate::media_origin;
use crate::reply::Reply;
use crate::resource::ResourceKind;
use crate::shelf::{Arrived, Freshness, Look, Outcome, Policy, Purpose, Reservation};
use crate::stop::Stop;

type Answer = Result<Rc<Kept>, Stop>;

/// After a failure, the media origin is left alone while an older manifest serves on; without one, the next request asks it
/// again. A manifest that it does not want to be shared is fetched by each request for itself.
const POLICY: Policy = Policy { retry_ms: 1_000, retry_without_ms: 0, alone_ms: 10_000 };

/// How long the media origin may take while an old manifest may serve instead: the player must get it before it gives up.
const PATIENCE_WITH_OLD: Duration = Duration::from_secs(3);

/// A fresh manifest in memory: there is nothing to await, and nothing to fetch.
pub(super) fn fresh(cache_key: &str, now_ms: u64) -> Option<Rc<Kept>> {
    isolate().manifests.find(cache_key, |known| known.fresh(now_ms).cloned()).flatten()
}

/// A whole manifest.
pub(super) async fn whole(source: &Source, context: &Context) -> Answer {
    if let Some(kept) = fresh(&source.cache_key, now_ms()) {
        return Ok(kept);
    }
    if let Some(until_ms) = peek(source, KnownManifest::missing_until_ms).flatten() {
        delay::while_missing(until_ms).await;
    }
    let patience = work_patience(source);
    let arrived = match with_known(source, |known, now| known.look(now, patience).cloned()) {
        Look::Serve(kept) => return Ok(kept),
        Look::Refresh(kept) => {
            // Nobody waits for the answer: it goes into memory.
            drop(begin(source, context));
            return Ok(kept);
        }
        Look::Failed(stop) => return Err(stop),
        Look::Fetch(_) => begin(source, context).await.ok(),
        Look::Wait(ticket) => {
            let arrived = single_flight::arrival(patience, || {
                peek(source, |known, now| known.arrived(ticket, now).map(Arrived::cloned))
            });
            match arrived.await {
                Arrived::Value(kept) => Some(Ok(kept)),
                Arrived::Failed(stop) => Some(Err(stop)),
                Arrived::Nothing => None,
            }
        }
        Look::Alone => None,
    };
    match arrived {
        Some(answer) => answer,
        // The request that fetched was cut off, or its manifest was for itself alone.
        None => fetch(source, origin_patience(source)).await.map(Rc::new),
    }
}

fn peek<T>(source: &Source, look: impl FnOnce(&KnownManifest, u64) -> T) -> Option<T> {
    isolate().manifests.find(source.cache_key.as_str(), |known| look(known, now_ms()))
}

fn with_known<T>(source: &Source, then: impl FnOnce(&mut KnownManifest, u64) -> T) -> T {
    let now = now_ms();
    isolate().manifests.with(source.cache_key.as_str(), now, |known| then(known, now))
}

/// How long the media origin may take for a whole manifest: longer for a request that it is meant to hold.
fn origin_patience(source: &Source) -> Duration {
    if source.directives.is_blocking() {
        let target_ms = isolate().targets.find(source.plain_key(), |target_ms| *target_ms);
        Duration::from_millis(hold_ms(target_ms))
    } else {
        upstream::PATIENCE
    }
}

/// How long other requests wait: a little longer, for the look into the cache.
fn work_patience(source: &Source) -> Duration {
    origin_patience(source) + Duration::from_secs(1)
}

/// Fetches a manifest behind the reply.
fn begin(source: &Source, context: &Context) -> oneshot::Receiver<Answer> {
    let (waiting, answer) = oneshot::channel();
    let source = source.clone();
    context.wait_until(async move { bring(&source, Waiting(Some(waiting))).await });
    answer
}

/// How long a manifest that no request waits for is held back for its segments.
const MOMENT: Duration = Duration::from_millis(300);

/// The request that waits. It is answered once, and may be gone by then.
struct Waiting(Option<oneshot::Sender<Answer>>);

impl Waiting {
    fn tell(&mut self, answer: Answer) {
        if let Some(waiting) = self.0.take() {
            let _ = waiting.send(answer);
        }
    }

    /// Whether it waits no longer.
    fn is_over(&self) -> bool {
        self.0.as_ref().is_none_or(oneshot::Sender::is_canceled)
    }
}

/// Fetches a manifest into memory: from the cache, if another isolate has put it there, else from the media origin.
async fn bring(source: &Source, mut waiting: Waiting) {
    if from_cache(source, &mut waiting).await {
        return;
    }
    let freshness = peek(source, KnownManifest::freshness);
    let patience =
        if freshness == Some(Freshness::OnError) { PATIENCE_WITH_OLD } else { origin_patience(source) };
    match fetch(source, patience).await {
        Ok(kept) => brought(source, kept, waiting).await,
        Err(stop) => failed(source, stop, waiting).await,
    }
}

/// Takes the manifest of the cache; `true`: the media origin need not be asked.
async fn from_cache(source: &Source, waiting: &mut Waiting) -> bool {
    let (response, stamp) = match store::find(source, &Headers::new()).await {
        Some(Stored::File(response, stamp)) => (response, stamp),
        Some(Stored::Missing(until_ms)) if now_ms() < until_ms => {
            let stop = media_origin::refusal(source, 404);
            let outcome = Outcome::Missing(stop.clone(), until_ms);
            with_known(source, |known, now| known.settle(outcome, &POLICY, now));
            waiting.tell(Err(stop));
            return true;
        }
        _ => return false,
    };
    let (bytes, _room) = match body_of(source, response, source.longest_manifest_bytes).await {
        Ok(read) => read,
        Err(fault) => {
            respond::log_for(source.site(), &fault.into());
            return false;
        }
    };
    let bytes = inband::with_known_cues(source, bytes);
    with_known(source, |known, now| {
        let kept = newest(known, Kept { bytes: bytes.into(), stamp });
        let times = kept.stamp.times();
        match times.freshness(now) {
            Freshness::Fresh => {
                known.settle(Outcome::Value(Rc::clone(&kept), times), &POLICY, now);
                waiting.tell(Ok(kept));
                true
            }
            Freshness::Stale => {
                known.bring(Rc::clone(&kept), times);
                waiting.tell(Ok(kept));
                false
            }
            Freshness::OnError | Freshness::Over => {
                known.hold(kept, times);
                false
            }
        }
    })
}

/// Keeps a manifest of the media origin, with what its segments say. Nobody waits for these: a request that waits has the manifest
/// at once, and others after a moment, in which most segments answer, so that it is compiled once.
async fn brought(source: &Source, kept: Kept, mut waiting: Waiting) {
    if kept.stamp.lifetime.whole_ms() == 0 {
        with_known(source, |known, now| known.settle(Outcome::Unshared, &POLICY, now));
        return waiting.tell(Ok(Rc::new(kept)));
    }
    let kept = with_known(source, |known, _| newest(known, kept));
    let moment = Delay::from(if waiting.is_over() { MOMENT } else { Duration::ZERO });
    let looking = inband::looked_into(source, Rc::clone(&kept));
    pin_mut!(looking, moment);
    let looked = match select(looking, moment).await {
        Either::Left((kept, _)) => kept,
        Either::Right(((), looking)) => {
            with_known(source, |known, _| known.bring(Rc::clone(&kept), kept.stamp.times()));
            waiting.tell(Ok(kept));
            looking.await
        }
    };
    // Looking took its time: memory may have a newer manifest by now.
    let kept = with_known(source, |known, now| {
        let kept = newest(known, Kept::clone(&looked));
        known.settle(Outcome::Value(Rc::clone(&kept), kept.stamp.times()), &POLICY, now);
        kept
    });
    waiting.tell(Ok(Rc::clone(&kept)));
    // With its length, so that it can be read in one piece.
    let head = Reply { status: 200, ..Reply::default() }
        .with("Content-Type", source.resource.media_type())
        .with("Content-Length", kept.bytes.len().to_string());
    store::keep(source, &kept.stamp, head, ResponseBody::Body(kept.bytes.to_vec())).await;
}

/// Notes that the media origin has failed. An older manifest serves on, unless the media origin says that the manifest does not
/// exist.
async fn failed(source: &Source, stop: Stop, mut waiting: Waiting) {
    let is_missing = stop.is_media_missing();
    let (Stop::Failed(fault), false) = (&stop, is_missing) else {
        let missing_ms =
            if is_missing { missing_ms(source.kind, source.resource, &source.policy) } else { 0 };
        let until_ms = now_ms() + missing_ms;
        let outcome = Outcome::Missing(stop.clone(), until_ms);
        with_known(source, |known, now| known.settle(outcome, &POLICY, now));
        waiting.tell(Err(stop));
        if is_missing {
            store::keep_missing(source, until_ms).await;
        }
        return;
    };
    let old = with_known(source, |known, now| {
        known.settle(Outcome::Failed(stop.clone()), &POLICY, now);
        known.serving(now).cloned()
    });
    match old {
        Some(kept) => {
            let age_s = kept.stamp.age_s(now_ms());
            let detail = format!("{}; the manifest of {age_s} s ago serves on", fault.detail);
            respond::log_for(source.site(), &Fault::new(fault.kind, detail).into());
            waiting.tell(Ok(kept));
        }
        None => waiting.tell(Err(stop)),
    }
}

/// Asks the media origin.
async fn fetch(source: &Source, patience: Duration) -> Result<Kept, Stop> {
    let answer = async {
        let response = upstream::ask(source, worker::Method::Get, Headers::new(), patience).await?;
        if response.status_code() != 200 {
            return Err(media_origin::refusal(source, response.status_code()));
        }
        let origin = OriginControl::read(|name| runtime::header(&response, name));
        Ok((body_of(source, response, source.longest_manifest_bytes).await?, origin))
    };
    let late = || Err(upstream::late(source, patience).into());
    // The room is kept until the manifest is in memory, where it counts by itself.
    let ((bytes, _room), origin) = within(patience, answer).await.unwrap_or_else(late)?;
    let bytes = if source.resource == ResourceKind::Mpd {
        inband::with_known_cues(source, whole_mpd(source, bytes).await?)
    } else {
        bytes
    };
    let timing = cache::timing(&bytes);
    if let Some(target_ms) = timing.target_ms.filter(|_| !timing.ended) {
        isolate().targets.insert(source.plain_key().to_owned(), target_ms, now_ms());
    }
    let lifetime =
        Lifetime::of_read(source.resource, &bytes, &timing, &source.directives, &source.policy, &origin);
    Ok(Kept { bytes: bytes.into(), stamp: Stamp::new(now_ms(), origin.age_ms, lifetime) })
}

/// How many remote parts of an MPD are asked for at a time.
const PARTS_AT_ONCE: usize = 4;

/// An MPD with its remote parts, which are other files of the title, put in. A part that cannot be fetched is left out, as
/// players do.
///
/// All parts together have the room of one manifest. So a few are asked for at a time, and they are read one by one.
async fn whole_mpd(source: &Source, mpd: Vec<u8>) -> Result<Vec<u8>, Stop> {
    let mut parts = dash::remote_parts(&mpd, &source.url, &source.folder).into_iter().peekable();
    if parts.peek().is_none() {
        return Ok(mpd);
    }
    let most = source.longest_manifest_bytes;
    let mut room = dash::Room::beside(&mpd, most);
    let until_ms = now_ms() + u64::try_from(upstream::PATIENCE.as_millis()).unwrap_or(u64::MAX);
    let (mut fetched, mut rooms) = (Vec::new(), Vec::new());
    while parts.peek().is_some() {
        let asked = parts.by_ref().take(PARTS_AT_ONCE).map(|url| {
            let mut part = source.clone();
            part.url = url;
            part
        });
        let mut asked: Vec<_> = asked.map(|part| Box::pin(maybe_done(head_of(part, until_ms)))).collect();
        poll_fn(|context| {
            let polled = asked.iter_mut().map(|part| part.as_mut().poll(context));
            if polled.filter(Poll::is_pending).count() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        for head in asked.iter_mut().filter_map(|part| part.as_mut().take_output()) {
            let part = match head {
                Ok((part, response)) => {
                    let left = left(until_ms);
                    let body = within(left, body_of(&part, response, room.left()));
                    body.await.unwrap_or_else(|| Err(upstream::late(&part, left))).map_err(Stop::from)
                }
                Err(stop) => Err(stop),
            };
            fetched.push(match part {
                Ok((bytes, reserved)) => {
                    room.take(&bytes);
                    rooms.push(reserved);
                    Some(bytes)
                }
                Err(Stop::Failed(fault)) if fault.kind == FaultKind::ManifestTooLarge => {
                    let detail = format!(
                        "{}: expected {most} bytes at most with its parts, found more",
                        source.place()
                    );
                    return Err(Fault::new(fault.kind, detail).into());
                }
                Err(stop) => {
                    respond::log_for(source.site(), &stop);
                    None
                }
            });
        }
    }
    Ok(dash::with_remote_parts(&mpd, &source.url, &source.folder, fetched))
}

/// Asks for a remote part of an MPD.
async fn head_of(part: Source, until_ms: u64) -> Result<(Source, worker::Response), Stop> {
    let response = upstream::ask(&part, worker::Method::Get, Headers::new(), left(until_ms)).await?;
    match response.status_code() {
        200 => Ok((part, response)),
        status => Err(media_origin::refusal(&part, status)),
    }
}

/// The body of a manifest or of a part, with its room for as long as it is worked on.
async fn body_of(
    source: &Source,
    response: worker::Response,
    longest: usize,
) -> Result<(Vec<u8>, Option<Reservation>), Fault> {
    let body = body::of_response(response, (Purpose::Manifest, source.site()), longest, upstream::PATIENCE);
    match body.await.map_err(|error| upstream::unreachable(source, &error))? {
        Body::Whole(bytes, room) => Ok((bytes, room)),
        Body::TooLong(found) => {
            let detail = format!("{}: expected {longest} bytes at most, found {found}", source.place());
            Err(Fault::new(FaultKind::ManifestTooLarge, detail))
        }
        Body::NoRoom => Err(isolate::no_room(source.place())),
    }
}
