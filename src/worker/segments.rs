//! Segments, keys, subtitles and other files: from the data centre's cache, else from the media origin.
//!
//! What is small is fetched once for all requests of an isolate that want it at the same time, whole, and ranges are cut
//! out of it; the first request has it streamed as it comes in. What is large, or does not tell its length, is streamed
//! to each, and a range of it is the media origin's to cut.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot;
use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Headers, Method as HttpMethod, Response, ResponseBody};

use super::memory::{MOST_BYTES, Memory, Slot};
use super::store::{self, Stored};
use super::turn::{self, UnderWay};
use super::{now_ms, platform, respond, upstream};
use crate::cache::{
    ByteRange, Freshness, Kind, Lifetime, OriginControl, Source, Stamp, missing_ms, whole_length,
};
use crate::facts::{Facts, Method};
use crate::fault::{Fault, FaultKind};
use crate::pipeline::{self, Stop};
use crate::reply::Reply;

type Answer = Result<(Reply, Response), Stop>;

/// The longest file that is shared, and kept whole for a range of it, in bytes: 6 s of 10 Mbit/s.
const LONGEST_SHARED: u64 = 8 * 1024 * 1024;

/// For how long a file stays in memory, in milliseconds: until the cache has it.
const SHARED_MS: u64 = 3_000;

/// Files of this length, in bytes, stay in memory when they were asked for: asking the cache for them takes longer than
/// sending them. Keys, init segments and subtitles, and the sound of a few seconds.
const SMALL: u64 = 64 * 1024;

/// For how long such a file stays in memory, in milliseconds; after that, the cache is asked again.
const SMALL_MS: u64 = 60_000;

/// For how long requests for a file that cannot be shared do not wait for one another, in milliseconds.
const ALONE_MS: u64 = 10_000;

/// For how long it is remembered that a file is too large to be kept for a range of it, in milliseconds.
const LARGE_MS: u64 = 3_600_000;

/// For how long a media origin that has failed is not asked again for what can be served without it, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// How long the others wait for a file.
const WORK_PATIENCE: Duration = Duration::from_secs(15);

/// A whole file that is in memory and fresh: there is nothing to await, and nothing to fetch.
pub(super) fn whole_at_hand(source: &Source) -> Option<(Reply, Uint8Array)> {
    let File { head, bytes, stamp } = peek(source, Shared::file).flatten()?;
    Some((with_age(Reply::clone(&head), &stamp), bytes))
}

/// A segment, key or subtitle file, as it comes in.
pub(super) async fn stream(facts: &Facts, source: &Source, context: &Context) -> Answer {
    // The Cache API knows no If-Range: the media origin answers such a request.
    if facts.headers.if_range.is_some() {
        return passed_through(facts, source).await;
    }
    if let Some(file) = at_hand(source)?.filter(|_| !is_conditional(facts)) {
        return file.answer(facts);
    }
    let (response, stamp) = match store::find(source, &upstream::conditions(facts)?).await {
        Some(Stored::File(response, stamp)) => (response, stamp),
        Some(Stored::Missing(until_ms)) if now_ms() < until_ms => {
            return Err(pipeline::upstream_stop(source, 404));
        }
        _ => return missed(facts, source, context).await,
    };
    let old = match stamp.freshness(now_ms()) {
        Freshness::Fresh => return fresh(facts, source, response, stamp).await,
        Freshness::Stale => {
            if !peek(source, Shared::is_failing).unwrap_or_default() {
                // Nobody waits for it.
                drop(begin(source, context, Wants::Nothing));
            }
            return aged(source, response, &stamp);
        }
        Freshness::Over => return missed(facts, source, context).await,
        Freshness::OnError => aged(source, response, &stamp),
    };
    if peek(source, Shared::is_failing).unwrap_or_default() {
        return old;
    }
    match missed(facts, source, context).await {
        Err(Stop::Failed(Fault { kind, detail })) if kind != FaultKind::MediaMissing => {
            let detail = format!("{detail}; the file of {} s ago serves on", stamp.age_s(now_ms()));
            respond::log(None, &Fault::new(kind, detail).into());
            with_slot(source, |slot, now| slot.failing_until_ms = now + RETRY_MS);
            old
        }
        answer => answer,
    }
}

/// What is in memory: a file, or that there is none.
fn at_hand(source: &Source) -> Result<Option<File>, Stop> {
    let (file, missing) =
        peek(source, |slot, now| (slot.file(now), slot.is_missing(now))).unwrap_or_default();
    if missing { Err(pipeline::upstream_stop(source, 404)) } else { Ok(file) }
}

const fn is_conditional(facts: &Facts) -> bool {
    facts.headers.if_none_match.is_some() || facts.headers.if_modified_since.is_some()
}

/// A reply out of the cache: what is small is taken into memory.
async fn fresh(facts: &Facts, source: &Source, mut response: Response, stamp: Stamp) -> Answer {
    let length = upstream::header(&response, "Content-Length").and_then(|length| length.parse().ok());
    let small = length.is_some_and(|length: u64| length <= SMALL);
    let whole = facts.method == Method::Get && facts.headers.range.is_none() && !is_conditional(facts);
    if !small || !whole || response.status_code() != 200 {
        return aged(source, response, &stamp);
    }
    let head = head(source, &response, &stamp.lifetime)?;
    let bytes = response.bytes().await.map_err(|error| platform(&error))?;
    let file = File { head: Rc::new(head), bytes: Uint8Array::from(&*bytes), stamp };
    with_slot(source, |slot, now| {
        if !slot.under_way.is(now, WORK_PATIENCE) {
            slot.settle(State::Here(file.clone()), now);
        }
    });
    file.answer(facts)
}

/// A reply out of the cache.
fn aged(source: &Source, response: Response, stamp: &Stamp) -> Answer {
    let reply = head(source, &response, &stamp.lifetime)?;
    Ok((with_age(reply, stamp), response))
}

/// What never changes has no age that matters.
fn with_age(reply: Reply, stamp: &Stamp) -> Reply {
    if stamp.lifetime.immutable { reply } else { reply.with("Age", stamp.age_s(now_ms()).to_string()) }
}

fn head(source: &Source, response: &Response, lifetime: &Lifetime) -> Result<Reply, Stop> {
    pipeline::media(source, response.status_code(), lifetime, |name| upstream::header(response, name))
}

/// A file that the cache does not have.
async fn missed(facts: &Facts, source: &Source, context: &Context) -> Answer {
    let range = facts.headers.range.as_deref();
    let wanted = range.map(ByteRange::read);
    let cut_elsewhere = match wanted {
        None => false,
        Some(None) => true,
        // So far into a file, it is a large one.
        Some(Some(range)) => {
            range.first() >= LONGEST_SHARED || peek(source, Shared::is_large).unwrap_or_default()
        }
    };
    if facts.method == Method::Head || is_conditional(facts) || cut_elsewhere {
        return passed_through(facts, source).await;
    }
    // While the cache was looked into, another request may have brought it.
    if let Some(file) = at_hand(source)? {
        return file.answer(facts);
    }
    let wants = if wanted.is_some() { Wants::Whole } else { Wants::Stream };
    let asked_at_ms = now_ms();
    let brought = match begin(source, context, wants) {
        Some(brought) => brought.await.unwrap_or(Ok(Brought::Nothing)),
        None => turn::until(WORK_PATIENCE, || {
            with_slot(source, |slot, now| slot.outcome(source, now, asked_at_ms))
        })
        .await
        .unwrap_or(Ok(Brought::Nothing)),
    };
    match brought? {
        Brought::File(file) => file.answer(facts),
        Brought::Stream(reply, response) => Ok((reply, response)),
        Brought::Nothing => passed_through(facts, source).await,
    }
}

/// Asks the media origin for this request alone. Nothing of it is kept.
async fn passed_through(facts: &Facts, source: &Source) -> Answer {
    let method = if facts.method == Method::Head { HttpMethod::Head } else { HttpMethod::Get };
    let response = upstream::ask(source, method, upstream::conditions(facts)?, upstream::PATIENCE).await?;
    let (stamp, _) = judged(source, &response);
    let large = upstream::header(&response, "Content-Range").and_then(|range| whole_length(&range));
    if large.is_some_and(|length| length > LONGEST_SHARED) {
        with_slot(source, |slot, now| slot.large_until_ms = now + LARGE_MS);
    }
    let reply = head(source, &response, &stamp.lifetime)?;
    Ok((reply, response))
}

/// For how long a reply of the media origin may be kept, and how long the file is, where that can be trusted.
fn judged(source: &Source, response: &Response) -> (Stamp, Option<u64>) {
    let origin = OriginControl::read(|name| upstream::header(response, name));
    let lifetime = Lifetime::of_file(source.kind.unwrap_or(Kind::Segment), &source.policy, &origin);
    let coded = upstream::header(response, "Content-Encoding").is_some();
    let length = upstream::header(response, "Content-Length").filter(|_| !coded);
    let made_at_ms = now_ms().saturating_sub(origin.age_ms);
    (Stamp { made_at_ms, lifetime }, length.and_then(|length| length.parse().ok()))
}

/// A file at hand. Its bytes are in the memory of JavaScript, and are no object of a request.
#[derive(Clone)]
struct File {
    head: Rc<Reply>,
    bytes: Uint8Array,
    stamp: Stamp,
}

impl File {
    /// How long it stays in memory, in milliseconds.
    fn stays_ms(&self) -> u64 {
        if u64::from(self.bytes.length()) <= SMALL { SMALL_MS } else { SHARED_MS }
    }

    /// Answers a request without conditions.
    fn answer(&self, facts: &Facts) -> Answer {
        let length = u64::from(self.bytes.length());
        let range = facts.headers.range.as_deref().and_then(ByteRange::read);
        let Some(part) = range.map_or(Some(0..length), |range| range.of(length)) else {
            let reply = Reply { status: 416, ..Reply::default() }
                .with("Content-Range", format!("bytes */{length}"))
                .with("Cache-Control", "no-store");
            return Ok((reply, self.body(&(0..0))?));
        };
        let reply = with_age(Reply::clone(&self.head), &self.stamp)
            .with("Content-Length", (part.end - part.start).to_string());
        let reply = if range.is_some() {
            let place = format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1));
            Reply { status: 206, ..reply }.with("Content-Range", place)
        } else {
            reply
        };
        Ok((reply, self.body(&part)?))
    }

    fn body(&self, part: &Range<u64>) -> Result<Response, Fault> {
        // Invariant: a part ends with the file, whose length has 32 bits.
        let at = |position: u64| u32::try_from(position).unwrap_or(u32::MAX);
        let bytes = self.bytes.subarray(at(part.start), at(part.end));
        let response = web_sys::Response::new_with_opt_js_u8_array(Some(&bytes));
        response.map(Response::from).map_err(|error| platform(&error.into()))
    }
}

/// What came of the work for the request that did it, or waited for it.
enum Brought {
    File(File),
    /// The first request's, as it comes in.
    Stream(Reply, Response),
    /// It is for each request to ask by itself.
    Nothing,
}

/// What the request that does the work is after.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
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
    at_ms: u64,
    under_way: UnderWay,
    large_until_ms: u64,
    failing_until_ms: u64,
}

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    /// It is coming in: so many bytes.
    Filling(usize),
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
                if now_ms < self.at_ms + file.stays_ms()
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
            _ if self.is_missing(now_ms) => Some(Err(pipeline::upstream_stop(source, 404))),
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

impl Slot for Shared {
    fn bytes(&self) -> usize {
        match &self.state {
            State::Filling(bytes) => *bytes,
            State::Here(file) => usize::try_from(file.bytes.length()).unwrap_or(usize::MAX),
            _ => 0,
        }
    }

    fn is_spent(&self, now_ms: u64) -> bool {
        let idle = match self.state {
            State::Here(ref file) => now_ms >= self.at_ms + file.stays_ms(),
            State::Alone => now_ms >= self.at_ms + ALONE_MS,
            State::Missing(until_ms) => now_ms >= until_ms,
            State::Nothing | State::Filling(_) | State::Failed(_) => true,
        };
        idle && !self.is_large(now_ms) && !self.is_failing(now_ms)
    }

    fn filled_at_ms(&self) -> Option<u64> {
        (!self.under_way.is(now_ms(), WORK_PATIENCE)).then_some(self.at_ms)
    }
}

thread_local! {
    static MEMORY: RefCell<Memory<Shared>> = RefCell::default();
}

fn peek<T>(source: &Source, look: impl FnOnce(&Shared, u64) -> T) -> Option<T> {
    MEMORY.with_borrow(|memory| memory.find(&source.cache_key).map(|slot| look(slot, now_ms())))
}

fn with_slot<T>(source: &Source, then: impl FnOnce(&mut Shared, u64) -> T) -> T {
    let now = now_ms();
    MEMORY.with_borrow_mut(|memory| memory.with(&source.cache_key, now, |slot| then(slot, now)))
}

/// Makes room for a file that is coming in, if there is some beside the others that are.
fn reserve(source: &Source, length: u64) -> bool {
    let Some(length) = usize::try_from(length).ok().filter(|_| length <= LONGEST_SHARED) else {
        return false;
    };
    let filling = MEMORY.with_borrow(|memory| {
        let filling = memory.slots().filter(|slot| slot.filled_at_ms().is_none()).map(Slot::bytes);
        filling.sum::<usize>()
    });
    let fits = filling + length <= MOST_BYTES;
    if fits {
        with_slot(source, |slot, _| slot.state = State::Filling(length));
    }
    fits
}

/// Begins to bring a file, behind the reply, unless somebody is at it.
fn begin(
    source: &Source,
    context: &Context,
    wants: Wants,
) -> Option<oneshot::Receiver<Result<Brought, Stop>>> {
    let mine = with_slot(source, |slot, now| match slot.state {
        State::Alone if now < slot.at_ms + ALONE_MS => false,
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
        status => Err(pipeline::upstream_stop(source, status)),
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
    if kept && let Some(length) = length.filter(|length| reserve(source, *length)) {
        share(source, wants, response, (head, stamp, length), told).await;
    } else {
        with_slot(source, |slot, now| {
            slot.settle(State::Alone, now);
            if length.is_some_and(|length| length > LONGEST_SHARED) {
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
        Ok(bytes) if u64::from(bytes.length()) == length => File { head: Rc::new(head), bytes, stamp },
        Ok(bytes) => {
            let detail = format!("{}: expected {length} bytes, found {}", source.place(), bytes.length());
            return broken(source, Fault::new(FaultKind::UpstreamUnreachable, detail), told);
        }
        Err(error) => return broken(source, upstream::unreachable(source, &error), told),
    };
    with_slot(source, |slot, now| slot.settle(State::Here(file.clone()), now));
    let _ = told.map(|told| told.send(Ok(Brought::File(file.clone()))));
    match file.body(&(0..length)) {
        Ok(body) => store::keep(source, &stamp, Reply::clone(&file.head), body.into_parts().1).await,
        Err(fault) => respond::log(None, &fault.into()),
    }
}

/// A file that broke off: whoever has it streamed sees that, the others ask by themselves.
fn broken(source: &Source, fault: Fault, told: Option<oneshot::Sender<Result<Brought, Stop>>>) {
    with_slot(source, |slot, now| slot.settle(State::Nothing, now));
    match told {
        Some(told) => {
            let _ = told.send(Err(fault.into()));
        }
        None => respond::log(None, &fault.into()),
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
            // Its bytes are not read: the connection is free again.
            if let ResponseBody::Stream(stream) = response.into_parts().1
                && let Err(error) = JsFuture::from(stream.cancel()).await
            {
                respond::log(None, &platform(&error.into()).into());
            }
        }
    }
}

async fn failed(source: &Source, stop: Stop, told: oneshot::Sender<Result<Brought, Stop>>) {
    let missing = matches!(&stop, Stop::Failed(fault) if fault.kind == FaultKind::MediaMissing);
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
