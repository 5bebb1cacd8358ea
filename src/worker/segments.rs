//! Segments, keys, subtitles and other files: from the data centre's cache, else from the media origin.
//!
//! A file of up to 8 MiB is fetched once, whole, for all requests of an isolate that want it at the same time. Ranges are cut
//! out of it, and the first request has it streamed as it comes in. A larger file, or one without an announced length, is
//! streamed to each request, and the media origin cuts its ranges.
//!
//! Out of the cache, small files go into memory at once, and medium ones when they are in demand. Their bytes stay in
//! JavaScript's memory; WebAssembly's never holds a copy.

use worker::{Context, Method as HttpMethod, Response};

use super::file::{File, head, judged, with_age};
use super::runtime::{self, now_ms, platform};
use super::shared_files::{self, Brought, LONGEST, MEDIUM, SMALL, Wants};
use super::store::{self, Stored};
use super::{body, delay, respond, upstream};
use crate::cache::{ByteRange, Source, Stamp, is_of_known, whole_length};
use crate::facts::{Facts, Method};
use crate::fault::{Fault, FaultKind};
use crate::media_origin;
use crate::reply::Reply;
use crate::shelf::Freshness;
use crate::stop::Stop;

type Answer = Result<(Reply, Response), Stop>;

/// A segment, key or subtitle file, as it comes in.
///
/// `If-Range` is answered here, because the cache and some media origins do not know it. The part is asked for, and if it is of
/// another file than the player knows, or there is no such part, the whole.
pub(super) async fn stream(facts: &Facts, source: &Source, context: &Context) -> Answer {
    let Some(if_range) = &facts.headers.if_range else { return asked(facts, source, context).await };
    let (reply, response) = asked(facts, source, context).await?;
    let is_known = match reply.status {
        206 => is_of_known(if_range, reply.header("ETag"), reply.header("Last-Modified")),
        416 => false,
        _ => true,
    };
    if is_known {
        return Ok((reply, response));
    }
    upstream::unread(response).await;
    let mut whole = facts.clone();
    whole.headers.range = None;
    asked(&whole, source, context).await
}

async fn asked(facts: &Facts, source: &Source, context: &Context) -> Answer {
    if let Some(until_ms) = shared_files::missing_until_ms(source) {
        delay::while_missing(until_ms).await;
    }
    if let Some(file) = shared_files::fresh_or_missing(source)?.filter(|_| !is_conditional(facts)) {
        return file.answer(facts);
    }
    let (response, stamp) = match store::find(source, &upstream::conditions(facts)?).await {
        Some(Stored::File(response, stamp)) => (response, stamp),
        Some(Stored::Missing(until_ms)) if now_ms() < until_ms => {
            shared_files::mark_missing(source, until_ms);
            return Err(media_origin::refusal(source, 404));
        }
        _ => return missed(facts, source, context).await,
    };
    let freshness = stamp.freshness(now_ms());
    // While the cache was looked into, another request may have brought a newer one.
    if freshness != Freshness::Fresh
        && let Some(file) = shared_files::fresh_or_missing(source)?.filter(|_| !is_conditional(facts))
    {
        return file.answer(facts);
    }
    let old = match freshness {
        Freshness::Fresh => return fresh(facts, source, response, stamp).await,
        Freshness::Stale => {
            if !shared_files::is_failing(source) {
                shared_files::refresh(source, &stamp, context);
            }
            return aged(source, response, &stamp);
        }
        Freshness::Over => return missed(facts, source, context).await,
        Freshness::OnError => aged(source, response, &stamp),
    };
    if shared_files::is_failing(source) {
        return old;
    }
    match missed(facts, source, context).await {
        Err(Stop::Failed(Fault { kind, detail })) if kind != FaultKind::MediaMissing => {
            let detail = format!("{detail}; the file of {} s ago serves on", stamp.age_s(now_ms()));
            respond::log_for(source.site(), &Fault::new(kind, detail).into());
            shared_files::mark_failing(source);
            old
        }
        answer => answer,
    }
}

const fn is_conditional(facts: &Facts) -> bool {
    facts.headers.if_none_match.is_some() || facts.headers.if_modified_since.is_some()
}

/// A reply out of the cache. Small files are taken into memory, and medium ones that are in demand.
async fn fresh(facts: &Facts, source: &Source, response: Response, stamp: Stamp) -> Answer {
    let is_whole = facts.method == Method::Get
        && facts.headers.range.is_none()
        && !is_conditional(facts)
        && response.status_code() == 200;
    let length = runtime::header(&response, "Content-Length").and_then(|length| length.parse().ok());
    let room = match length.filter(|length| is_whole && *length <= MEDIUM) {
        // Too small to be counted: a site that asks for a place takes room from the others.
        Some(length) if length <= SMALL => None,
        Some(length) if shared_files::mark_in_demand(source) => {
            let Some(room) = shared_files::reserve(source, length) else {
                return aged(source, response, &stamp);
            };
            Some(room)
        }
        _ => return aged(source, response, &stamp),
    };
    let head = head(source, &response, &stamp.lifetime)?;
    let bytes = body::in_javascript(response).await.map_err(|error| platform(&error))?;
    drop(room);
    let file = File::new(head, bytes, stamp);
    shared_files::keep(source, &file);
    file.answer(facts)
}

/// A reply out of the cache.
fn aged(source: &Source, response: Response, stamp: &Stamp) -> Answer {
    let reply = head(source, &response, &stamp.lifetime)?;
    Ok((with_age(reply, stamp), response))
}

/// A file that the cache does not have.
async fn missed(facts: &Facts, source: &Source, context: &Context) -> Answer {
    let range = facts.headers.range.as_deref();
    let wanted = range.map(ByteRange::read);
    let cut_elsewhere = match wanted {
        None => false,
        Some(None) => true,
        // A range that begins so far into a file belongs to a large file.
        Some(Some(range)) => range.first() >= LONGEST || shared_files::is_large(source),
    };
    if facts.method == Method::Head || is_conditional(facts) || cut_elsewhere {
        return passed_through(facts, source).await;
    }
    // While the cache was looked into, another request may have brought it.
    if let Some(file) = shared_files::fresh_or_missing(source)? {
        return file.answer(facts);
    }
    let wants = if wanted.is_some() { Wants::Whole } else { Wants::Stream };
    match shared_files::fetched(source, context, wants).await? {
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
    let large = runtime::header(&response, "Content-Range").and_then(|range| whole_length(&range));
    if large.is_some_and(|length| length > LONGEST) {
        shared_files::mark_large(source);
    }
    let reply = head(source, &response, &stamp.lifetime)?;
    Ok((reply, response))
}
