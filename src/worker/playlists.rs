//! Manifests, whole: from isolate memory, else from the data centre's cache, else from the media origin.
//!
//! One fetch serves all requests of an isolate that want the same key at the same time, blocking requests of low-latency
//! players among them. What is stale is served while it is fetched anew; what is older, if the media origin fails.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::maybe_done;
use worker::{Context, Headers, ResponseBody};

use super::body::{self, Body};
use super::memory::{self, Memory, Slot};
use super::single_flight::{self, UnderWay};
use super::store::{self, Stored};
use super::{held, now_ms, respond, upstream, within};
use crate::cache::{self, Freshness, Kept, Lifetime, OriginControl, Source, Stamp, hold_ms, missing_ms};
use crate::dash;
use crate::fault::{Fault, FaultKind};
use crate::media_origin;
use crate::reply::Reply;
use crate::resource::ResourceKind;
use crate::shelf::{Purpose, Reservation, Weigh, plan};
use crate::stop::Stop;

type Outcome = Result<Rc<Kept>, Stop>;

/// For how long a media origin that has failed is not asked again for what can be served without it.
const RETRY_MS: u64 = 1_000;

/// How long the media origin may take where there is an old manifest that may serve in its place: a player is to have it
/// before it gives up.
const PATIENCE_WITH_OLD: Duration = Duration::from_secs(3);

/// For how long requests for something that the media origin wants nobody to share do not wait for one another.
const ALONE_MS: u64 = 10_000;

/// A manifest that is at hand and fresh: there is nothing to await, and nothing to fetch.
pub(super) fn fresh(cache_key: &str, now_ms: u64) -> Option<Rc<Kept>> {
    let fresh = |slot: &Manifest| {
        let kept = slot.kept.as_ref()?;
        (kept.stamp.freshness(now_ms) == Freshness::Fresh).then(|| Rc::clone(kept))
    };
    MEMORY.with(|memory| memory.find(cache_key, fresh)).flatten()
}

/// A manifest, whole.
pub(super) async fn whole(source: &Source, context: &Context) -> Outcome {
    if let Some(kept) = fresh(&source.cache_key, now_ms()) {
        return Ok(kept);
    }
    if let Some(until_ms) = peek(source, Manifest::missing_until_ms).flatten() {
        held::until(until_ms).await;
    }
    match peek(source, Manifest::look).unwrap_or(Look::Absent) {
        Look::Held(kept) => return Ok(kept),
        Look::Aged(kept) => {
            // Nobody waits for it: its outcome is in the memory.
            drop(begin(source, context));
            return Ok(kept);
        }
        Look::Failed(stop) => return Err(stop),
        Look::Alone => return fetch(source, patience(source)).await.map(Rc::new),
        Look::Absent => {}
    }
    let asked_at_ms = now_ms();
    let outcome = match begin(source, context) {
        Some(outcome) => outcome.await.ok(),
        None => single_flight::until(work_patience(source), || {
            with_slot(source, |slot, now| slot.outcome(now, asked_at_ms))
        })
        .await
        .flatten(),
    };
    match outcome {
        Some(outcome) => outcome,
        // Whoever was at it was cut off, or brought something for itself alone.
        None => fetch(source, patience(source)).await.map(Rc::new),
    }
}

/// What an isolate knows of a manifest.
#[derive(Default)]
struct Manifest {
    kept: Option<Rc<Kept>>,
    /// When a request brought it, or found that it has to serve on; in Unix milliseconds.
    brought_at_ms: u64,
    under_way: UnderWay,
    patience: Duration,
    failed: Option<Failure>,
    alone_until_ms: u64,
}

struct Failure {
    stop: Stop,
    at_ms: u64,
    /// Until when nobody asks again, in Unix milliseconds.
    until_ms: u64,
}

enum Look {
    Held(Rc<Kept>),
    /// To be fetched anew, behind the reply.
    Aged(Rc<Kept>),
    Failed(Stop),
    /// Each request by itself.
    Alone,
    Absent,
}

impl Manifest {
    /// Until when it is known that the media origin does not have it, in Unix milliseconds.
    fn missing_until_ms(&self, now_ms: u64) -> Option<u64> {
        let failed = self.failed.as_ref().filter(|failed| now_ms < failed.until_ms)?;
        failed.stop.is_media_missing().then_some(failed.until_ms)
    }

    fn look(&self, now_ms: u64) -> Look {
        let failed = self.failed.as_ref().filter(|failed| now_ms < failed.until_ms);
        let freshness = self.kept.as_ref().map(|kept| kept.stamp.freshness(now_ms));
        match (&self.kept, freshness, failed) {
            (Some(kept), Some(Freshness::Fresh), _)
            | (Some(kept), Some(Freshness::Stale | Freshness::OnError), Some(_)) => {
                Look::Held(Rc::clone(kept))
            }
            (Some(kept), Some(Freshness::Stale), None) => Look::Aged(Rc::clone(kept)),
            (_, _, Some(failed)) => Look::Failed(failed.stop.clone()),
            _ if now_ms < self.alone_until_ms => Look::Alone,
            _ => Look::Absent,
        }
    }

    /// What the request that is at it has brought. `Some(None)`: nothing for others.
    fn outcome(&self, now_ms: u64, asked_at_ms: u64) -> Option<Option<Outcome>> {
        match (&self.kept, &self.failed) {
            // However short its time is, it was fetched for those who waited.
            (Some(kept), _) if self.brought_at_ms >= asked_at_ms => Some(Some(Ok(Rc::clone(kept)))),
            (_, Some(failed)) if failed.at_ms >= asked_at_ms => Some(Some(Err(failed.stop.clone()))),
            _ if self.under_way.is(now_ms, self.patience) => None,
            _ => Some(None),
        }
    }
}

impl Weigh for Manifest {
    fn heap_bytes(&self) -> usize {
        let failed = self.failed.as_ref().map_or(0, |failed| failed.stop.heap_bytes());
        self.kept.heap_bytes() + failed
    }
}

impl Slot for Manifest {
    fn is_spent(&self, now_ms: u64) -> bool {
        let over = self.kept.as_ref().is_none_or(|kept| kept.stamp.freshness(now_ms) == Freshness::Over);
        over && now_ms >= self.alone_until_ms
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.under_way.is(now_ms, self.patience)
    }
}

/// How long a live playlist's segments are.
struct Target(u32);

impl Weigh for Target {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Slot for Target {}

thread_local! {
    static MEMORY: Memory<String, Manifest> = memory::of(plan::MANIFESTS);
    /// Target Durations by plain key, for how long a blocking request is held.
    static TARGETS: Memory<String, Target> = memory::of(plan::TARGETS);
}

fn peek<T>(source: &Source, look: impl FnOnce(&Manifest, u64) -> T) -> Option<T> {
    MEMORY.with(|memory| memory.find(source.cache_key.as_str(), |slot| look(slot, now_ms())))
}

fn with_slot<T>(source: &Source, then: impl FnOnce(&mut Manifest, u64) -> T) -> T {
    let now = now_ms();
    MEMORY.with(|memory| memory.with(source.cache_key.as_str(), now, |slot| then(slot, now)))
}

/// How long the media origin may take for a whole manifest: longer where it is to hold the request.
fn patience(source: &Source) -> Duration {
    if source.directives.is_blocking() {
        let target_ms = TARGETS.with(|targets| targets.find(source.plain_key(), |Target(ms)| *ms));
        Duration::from_millis(hold_ms(target_ms))
    } else {
        upstream::PATIENCE
    }
}

/// How long the others wait: a little longer, for the look into the cache.
fn work_patience(source: &Source) -> Duration {
    patience(source) + Duration::from_secs(1)
}

/// Begins to bring a manifest, behind the reply, unless somebody is at it.
fn begin(source: &Source, context: &Context) -> Option<oneshot::Receiver<Outcome>> {
    let patience = work_patience(source);
    let mine = with_slot(source, |slot, now| {
        slot.patience = patience;
        slot.under_way.begin(now, patience)
    });
    if !mine {
        return None;
    }
    let (told, outcome) = oneshot::channel();
    let source = source.clone();
    context.wait_until(async move { bring(&source, Told(Some(told))).await });
    Some(outcome)
}

/// The request that waits, which may have gone. It is told once.
struct Told(Option<oneshot::Sender<Outcome>>);

impl Told {
    fn tell(&mut self, outcome: Outcome) {
        if let Some(told) = self.0.take() {
            let _ = told.send(outcome);
        }
    }
}

/// Brings a manifest into memory: out of the cache where another isolate has put it, else from the media origin.
async fn bring(source: &Source, mut told: Told) {
    if from_cache(source, &mut told).await {
        return;
    }
    let has_old = peek(source, |slot, now| {
        slot.kept.as_ref().is_some_and(|kept| kept.stamp.freshness(now) == Freshness::OnError)
    });
    let patience = if has_old == Some(true) { PATIENCE_WITH_OLD } else { patience(source) };
    match fetch(source, patience).await {
        Ok(kept) => brought(source, kept, told).await,
        Err(stop) => failed(source, stop, told).await,
    }
}

/// Takes what the cache has; `true`: there is no need to ask the media origin.
async fn from_cache(source: &Source, told: &mut Told) -> bool {
    let (response, stamp) = match store::find(source, &Headers::new()).await {
        Some(Stored::File(response, stamp)) => (response, stamp),
        Some(Stored::Missing(until_ms)) if now_ms() < until_ms => {
            let stop = media_origin::refusal(source, 404);
            with_slot(source, |slot, now| slot.fail(stop.clone(), now, until_ms));
            told.tell(Err(stop));
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
    with_slot(source, |slot, now| {
        let kept = slot.take(Kept { bytes: bytes.into(), stamp });
        match kept.stamp.freshness(now) {
            Freshness::Fresh => {
                slot.bring(now);
                slot.under_way.end();
                told.tell(Ok(kept));
                true
            }
            Freshness::Stale => {
                slot.bring(now);
                told.tell(Ok(kept));
                false
            }
            Freshness::OnError | Freshness::Over => false,
        }
    })
}

/// The media origin has given it.
async fn brought(source: &Source, kept: Kept, mut told: Told) {
    if kept.stamp.lifetime.whole_ms() == 0 {
        with_slot(source, |slot, now| {
            slot.kept = None;
            slot.alone_until_ms = now + ALONE_MS;
            slot.under_way.end();
        });
        return told.tell(Ok(Rc::new(kept)));
    }
    let kept = with_slot(source, |slot, now| {
        let kept = slot.take(kept);
        slot.bring(now);
        slot.under_way.end();
        kept
    });
    told.tell(Ok(Rc::clone(&kept)));
    // With its length, so that the next one can be read in one piece.
    let head = Reply { status: 200, ..Reply::default() }
        .with("Content-Type", source.resource.media_type())
        .with("Content-Length", kept.bytes.len().to_string());
    store::keep(source, &kept.stamp, head, ResponseBody::Body(kept.bytes.to_vec())).await;
}

/// The media origin has not given it: what there is serves on, unless it says that there is nothing.
async fn failed(source: &Source, stop: Stop, mut told: Told) {
    if stop.is_media_missing() {
        let until_ms = now_ms() + missing_ms(source.kind, source.resource, &source.policy);
        with_slot(source, |slot, now| {
            slot.kept = None;
            slot.fail(stop.clone(), now, until_ms);
        });
        told.tell(Err(stop));
        return store::keep_missing(source, until_ms).await;
    }
    let old = with_slot(source, |slot, now| {
        let is_fault = matches!(stop, Stop::Failed(_));
        let old = slot.kept.clone().filter(|kept| is_fault && kept.stamp.freshness(now) != Freshness::Over);
        slot.fail(stop.clone(), now, if old.is_some() { now + RETRY_MS } else { 0 });
        if old.is_some() {
            slot.brought_at_ms = now;
        }
        old
    });
    match (old, stop) {
        (Some(kept), Stop::Failed(Fault { kind, detail })) => {
            let age_s = kept.stamp.age_s(now_ms());
            let detail = format!("{detail}; the manifest of {age_s} s ago serves on");
            respond::log_for(source.site(), &Fault::new(kind, detail).into());
            told.tell(Ok(kept));
        }
        (_, stop) => told.tell(Err(stop)),
    }
}

impl Manifest {
    /// Takes a manifest, unless there is a newer one. The same bytes stay the same allocation, by which others know them.
    fn take(&mut self, mut kept: Kept) -> Rc<Kept> {
        if let Some(old) = &self.kept {
            if old.stamp.made_at_ms > kept.stamp.made_at_ms {
                return Rc::clone(old);
            }
            if old.bytes == kept.bytes {
                kept.bytes = Rc::clone(&old.bytes);
            }
        }
        let kept = Rc::new(kept);
        self.kept = Some(Rc::clone(&kept));
        kept
    }

    fn bring(&mut self, now_ms: u64) {
        self.brought_at_ms = now_ms;
        self.failed = None;
    }

    fn fail(&mut self, stop: Stop, now_ms: u64, until_ms: u64) {
        self.failed = Some(Failure { stop, at_ms: now_ms, until_ms });
        self.under_way.end();
    }
}

/// Asks the media origin.
async fn fetch(source: &Source, patience: Duration) -> Result<Kept, Stop> {
    let answer = async {
        let response = upstream::ask(source, worker::Method::Get, Headers::new(), patience).await?;
        if response.status_code() != 200 {
            return Err(media_origin::refusal(source, response.status_code()));
        }
        let origin = OriginControl::read(|name| upstream::header(&response, name));
        Ok((body_of(source, response, source.longest_manifest_bytes).await?, origin))
    };
    let late = || Err(upstream::late(source, patience).into());
    // Its room is kept until it is in the memory, where it counts by itself.
    let ((bytes, _room), origin) = within(patience, answer).await.unwrap_or_else(late)?;
    let bytes = if source.resource == ResourceKind::Mpd { whole_mpd(source, bytes).await? } else { bytes };
    let timing = cache::timing(&bytes);
    if let Some(target_ms) = timing.target_ms.filter(|_| !timing.ended) {
        TARGETS.with(|targets| {
            targets.insert(source.plain_key().to_owned(), Target(target_ms), now_ms());
        });
    }
    let lifetime =
        Lifetime::of_read(source.resource, &bytes, &timing, &source.directives, &source.policy, &origin);
    Ok(Kept { bytes: bytes.into(), stamp: Stamp::new(now_ms(), origin.age_ms, lifetime) })
}

/// How many parts of an MPD are asked for at a time.
const PARTS_AT_ONCE: usize = 4;

/// An MPD with the parts that are to be had elsewhere in the title. One that cannot be had is left out, as players do.
///
/// All of them together have the room of one manifest. So some are asked for at a time, and they are read one by one.
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

/// Asks for a part of an MPD.
async fn head_of(part: Source, until_ms: u64) -> Result<(Source, worker::Response), Stop> {
    let response = upstream::ask(&part, worker::Method::Get, Headers::new(), left(until_ms)).await?;
    match response.status_code() {
        200 => Ok((part, response)),
        status => Err(media_origin::refusal(&part, status)),
    }
}

/// How long it is until then.
fn left(until_ms: u64) -> Duration {
    Duration::from_millis(until_ms.saturating_sub(now_ms()))
}

/// A manifest or a part of one, with the room that it takes while it is worked on.
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
        Body::NoRoom => Err(memory::no_room(source.place())),
    }
}
