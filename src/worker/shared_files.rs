//! Files that are fetched once for all requests of an isolate that want them at the same time.
//!
//! A file is in memory until the cache has it. What cannot be shared, since it is large, does not tell its length or is for
//! one viewer alone, is remembered as such for a while, so that nobody waits for it.

use std::time::Duration;

use futures_channel::oneshot;
use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Headers, Method as HttpMethod, Response};

use super::file::{File, head, judged};
use super::memory::{self, Memory, Slot};
use super::single_flight::{self, UnderWay};
use super::{now_ms, platform, respond, store, upstream};
use crate::cache::{Freshness, Source, Stamp, missing_ms};
use crate::fault::{Fault, FaultKind};
use crate::media_origin;
use crate::reply::Reply;
use crate::shelf::{Purpose, Reservation, Weigh, plan};
use crate::stop::Stop;

/// The longest file that is shared, and kept whole for a range of it, in bytes: 6 s of 10 Mbit/s.
pub(super) const LONGEST: u64 = 8 * 1024 * 1024;

/// For how long a file stays in memory, in milliseconds: until the cache has it.
const SHARED_MS: u64 = 3_000;

/// For how long requests for a file that cannot be shared do not wait for one another, in milliseconds: until the cache
/// has it, if anybody may keep it.
const ALONE_MS: u64 = 3_000;

/// For how long it is remembered that a file is too large to be kept for a range of it, in milliseconds.
const LARGE_MS: u64 = 3_600_000;

/// For how long a media origin that has failed is not asked again for what can be served without it, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// How long the others wait for a file.
const WORK_PATIENCE: Duration = Duration::from_secs(15);

/// Files of this length, in bytes, stay in memory when they were asked for: asking the cache for them takes longer than
/// sending them. Keys, init segments and subtitles, and the sound of a few seconds.
pub(super) const SMALL: u64 = 64 * 1024;

/// For how long such a file stays in memory, in milliseconds; after that, the cache is asked again.
const SMALL_MS: u64 = 60_000;

/// How long a file stays in memory, in milliseconds.
fn stays_ms(file: &File) -> u64 {
    if file.length() <= SMALL { SMALL_MS } else { SHARED_MS }
}

/// A whole file that is in memory and fresh: there is nothing to await, and nothing to fetch.
pub(super) fn fresh(source: &Source) -> Option<File> {
    peek(source, Shared::file).flatten()
}

/// Takes a file out of the cache into memory.
pub(super) fn keep(source: &Source, file: &File) {
    with_slot(source, |slot, now| {
        if !slot.under_way.is(now, WORK_PATIENCE) {
            slot.settle(State::Here(file.clone()), now);
        }
    });
}

/// What is in memory: a file, or that there is none.
pub(super) fn at_hand(source: &Source) -> Result<Option<File>, Stop> {
    let (file, missing) =
        peek(source, |slot, now| (slot.file(now), slot.is_missing(now))).unwrap_or_default();
    if missing { Err(media_origin::refusal(source, 404)) } else { Ok(file) }
}

/// Until when it is known that the media origin does not have it, in Unix milliseconds.
pub(super) fn missing_until_ms(source: &Source) -> Option<u64> {
    peek(source, |slot, now| match slot.state {
        State::Missing(until_ms) if now < until_ms => Some(until_ms),
        _ => None,
    })
    .flatten()
}

/// Remembers that another isolate has found it missing.
pub(super) fn is_found_missing(source: &Source, until_ms: u64) {
    with_slot(source, |slot, now| {
        if !slot.under_way.is(now, WORK_PATIENCE) {
            slot.settle(State::Missing(until_ms), now);
        }
    });
}

/// Whether the media origin has failed lately.
pub(super) fn is_failing(source: &Source) -> bool {
    peek(source, Shared::is_failing).unwrap_or_default()
}

/// Remembers that the media origin has failed, and that something else was served.
pub(super) fn has_failed(source: &Source) {
    with_slot(source, |slot, now| slot.failing_until_ms = now + RETRY_MS);
}

/// Whether it is known to be too large to be kept for a range of it.
pub(super) fn is_large(source: &Source) -> bool {
    peek(source, Shared::is_large).unwrap_or_default()
}

/// Remembers that it is.
pub(super) fn is_found_large(source: &Source) {
    with_slot(source, |slot, now| slot.large_until_ms = now + LARGE_MS);
}

/// Has a file fetched, or waits for the request that does so.
pub(super) async fn fetched(source: &Source, context: &Context, wants: Wants) -> Result<Brought, Stop> {
    let asked_at_ms = now_ms();
    let brought = match begin(source, context, wants) {
        Some(brought) => brought.await.ok(),
        None => {
            let look = || with_slot(source, |slot, now| slot.outcome(source, now, asked_at_ms));
            single_flight::until(WORK_PATIENCE, look).await
        }
    };
    // Whoever was at it was cut off, or took too long.
    brought.unwrap_or(Ok(Brought::Nothing))
}

/// Has a file fetched anew, behind the reply, unless a newer one is on its way into the cache.
pub(super) fn refresh(source: &Source, old: &Stamp, context: &Context) {
    let is_newer = |slot: &Shared, now| slot.made_at_ms > old.made_at_ms && now < slot.at_ms + SHARED_MS;
    if peek(source, is_newer) != Some(true) {
        drop(begin(source, context, Wants::Nothing));
    }
}

/// What came of the work for the request that did it, or waited for it.
pub(super) enum Brought {
    File(File),
    /// The first request's, as it comes in.
    Stream(Reply, Response),
    /// It is for each request to ask by itself.
    Nothing,
}

/// What the request that does the work is after.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// The bytes as they come in.
    Stream,
    /// The whole file, to cut a range out of it.
    Whole,
    /// To have it kept.
    Nothing,
}

/// What an isolate knows of a file.
#[derive(Default)]
struct Shared {
    state: State,
    /// When that came about, in Unix milliseconds.
    at_ms: u64,
    /// The time of the last file that was brought, in Unix milliseconds.
    made_at_ms: u64,
    under_way: UnderWay,
    large_until_ms: u64,
    failing_until_ms: u64,
}

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    Here(File),
    /// It cannot be shared.
    Alone,
    Failed(Stop),
    /// The media origin does not have it, until this time in Unix milliseconds.
    Missing(u64),
}

impl Shared {
    /// The file, while it is in memory.
    fn file(&self, now_ms: u64) -> Option<File> {
        match &self.state {
            State::Here(file)
                if now_ms < self.at_ms + stays_ms(file)
                    && file.stamp.freshness(now_ms) == Freshness::Fresh =>
            {
                Some(file.clone())
            }
            _ => None,
        }
    }

    fn is_failing(&self, now_ms: u64) -> bool {
        now_ms < self.failing_until_ms
    }

    fn is_large(&self, now_ms: u64) -> bool {
        now_ms < self.large_until_ms
    }

    fn is_missing(&self, now_ms: u64) -> bool {
        matches!(self.state, State::Missing(until_ms) if now_ms < until_ms)
    }

    /// What the request that is at it has brought.
    fn outcome(&self, source: &Source, now_ms: u64, asked_at_ms: u64) -> Option<Result<Brought, Stop>> {
        match &self.state {
            _ if self.is_missing(now_ms) => Some(Err(media_origin::refusal(source, 404))),
            State::Here(file) if self.at_ms >= asked_at_ms => Some(Ok(Brought::File(file.clone()))),
            State::Failed(stop) if self.at_ms >= asked_at_ms => Some(Err(stop.clone())),
            State::Alone if now_ms < self.at_ms + ALONE_MS => Some(Ok(Brought::Nothing)),
            _ if self.under_way.is(now_ms, WORK_PATIENCE) => None,
            _ => Some(Ok(Brought::Nothing)),
        }
    }

    fn settle(&mut self, state: State, now_ms: u64) {
        self.state = state;
        self.at_ms = now_ms;
        self.under_way.end();
    }
}

impl Weigh for Shared {
    fn heap_bytes(&self) -> usize {
        match &self.state {
            State::Here(file) => file.heap_bytes(),
            State::Failed(stop) => stop.heap_bytes(),
            State::Nothing | State::Alone | State::Missing(_) => 0,
        }
    }
}

impl Slot for Shared {
    fn is_spent(&self, now_ms: u64) -> bool {
        let idle = match self.state {
            State::Here(ref file) => now_ms >= self.at_ms + stays_ms(file),
            State::Alone => now_ms >= self.at_ms + ALONE_MS,
            State::Missing(until_ms) => now_ms >= until_ms,
            State::Nothing | State::Failed(_) => true,
        };
        idle && !self.is_large(now_ms) && !self.is_failing(now_ms)
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.under_way.is(now_ms, WORK_PATIENCE)
    }
}

thread_local! {
    static MEMORY: Memory<String, Shared> = memory::of(plan::FILES);
}

fn peek<T>(source: &Source, look: impl FnOnce(&Shared, u64) -> T) -> Option<T> {
    MEMORY.with(|memory| memory.find(source.cache_key.as_str(), |slot| look(slot, now_ms())))
}

fn with_slot<T>(source: &Source, then: impl FnOnce(&mut Shared, u64) -> T) -> T {
    let now = now_ms();
    MEMORY.with(|memory| memory.with(source.cache_key.as_str(), now, |slot| then(slot, now)))
}

/// Makes room for a file that is coming in, if there is some beside the others that are. It keeps nobody waiting: without
/// it, the file is streamed.
fn reserve(source: &Source, length: u64) -> Option<(u64, Reservation)> {
    let bytes = usize::try_from(length).ok().filter(|_| length <= LONGEST)?;
    Some((length, memory::reserve((Purpose::File, source.site()), bytes, WORK_PATIENCE)?))
}

/// Begins to bring a file, behind the reply, unless somebody is at it.
fn begin(
    source: &Source,
    context: &Context,
    wants: Wants,
) -> Option<oneshot::Receiver<Result<Brought, Stop>>> {
    let mine = with_slot(source, |slot, now| match slot.state {
        // Behind a reply, it keeps nobody waiting.
        State::Alone if wants != Wants::Nothing && now < slot.at_ms + ALONE_MS => false,
        _ => slot.under_way.begin(now, WORK_PATIENCE),
    });
    if !mine {
        return None;
    }
    let (told, brought) = oneshot::channel();
    let source = source.clone();
    context.wait_until(async move { bring(&source, wants, told).await });
    Some(brought)
}

/// Fetches a file, and keeps it. The request that waits may have gone: then nobody is told.
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
    if kept && let Some((length, room)) = length.and_then(|length| reserve(source, length)) {
        share(source, wants, response, (head, stamp, length), told, room).await;
    } else {
        with_slot(source, |slot, now| {
            slot.settle(State::Alone, now);
            slot.made_at_ms = stamp.made_at_ms;
            if length.is_some_and(|length| length > LONGEST) {
                slot.large_until_ms = now + LARGE_MS;
            }
        });
        alone(source, wants, response, head, &stamp, told).await;
    }
}

/// A file that is shared: into memory, and into the cache.
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
    let read = async {
        let raw: web_sys::Response = body?.into();
        let bytes = Uint8Array::new(&JsFuture::from(raw.array_buffer()?).await?);
        Ok::<_, worker::Error>(bytes)
    };
    let file = match read.await {
        Ok(bytes) if u64::from(bytes.length()) == length => File::new(head, bytes, stamp),
        Ok(bytes) => {
            let detail = format!("{}: expected {length} bytes, found {}", source.place(), bytes.length());
            return broken(source, Fault::new(FaultKind::UpstreamUnreachable, detail), told);
        }
        Err(error) => return broken(source, upstream::unreachable(source, &error), told),
    };
    // From now on, the memory counts it.
    drop(room);
    with_slot(source, |slot, now| {
        slot.settle(State::Here(file.clone()), now);
        slot.made_at_ms = stamp.made_at_ms;
    });
    let _ = told.map(|told| told.send(Ok(Brought::File(file.clone()))));
    match file.body(&(0..length)) {
        Ok(body) => store::keep(source, &stamp, Reply::clone(&file.head), body.into_parts().1).await,
        Err(fault) => respond::log_for(source.site(), &fault.into()),
    }
}

/// A file that broke off: whoever has it streamed sees that, the others ask by themselves.
fn broken(source: &Source, fault: Fault, told: Option<oneshot::Sender<Result<Brought, Stop>>>) {
    with_slot(source, |slot, now| slot.settle(State::Nothing, now));
    match told {
        Some(told) => {
            let _ = told.send(Err(fault.into()));
        }
        None => respond::log_for(source.site(), &fault.into()),
    }
}

/// A file that is not shared, and kept as it is streamed, where it may be.
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
    with_slot(source, |slot, now| {
        let state = if missing { State::Missing(until_ms) } else { State::Failed(stop.clone()) };
        slot.settle(state, now);
    });
    let _ = told.send(Err(stop));
    if missing {
        store::keep_missing(source, until_ms).await;
    }
}
