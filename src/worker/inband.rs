//! Messages in the segments of live MPDs ([`dash::unread_segments`]): the beginnings of new segments are read behind the reply, once
//! for all requests of an isolate.
//!
//! What they say is kept with the MPD, in memory and in the data centre's cache.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use worker::{Headers, Method};

use super::isolate::{self, isolate};
use super::runtime::{left, now_ms, platform, within};
use super::{body, respond, upstream};
use crate::cache::{Kept, Source};
use crate::dash::{self, Beginning, SegmentHead};
use crate::fault::{Fault, FaultKind};
use crate::media_origin;
use crate::shelf::Purpose;
use crate::stop::Stop;

/// The bytes of a segment that are read. Messages stand in front of the media, and take some hundred bytes each.
const BEGINNING: usize = 16 * 1024;

/// How long all segments of one MPD may take: the next fetch of the MPD waits for them.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many segments are asked for at a time.
const AT_ONCE: usize = 4;

/// The MPD with what memory has of its segments.
pub(super) fn with_known_cues(source: &Source, mpd: Vec<u8>) -> Vec<u8> {
    if !source.reads_segments {
        return mpd;
    }
    let held = isolate().manifests.find(source.cache_key.as_str(), |known| known.held().cloned()).flatten();
    match held {
        Some(held) => dash::with_known_cues(mpd, &held.bytes, source.longest_manifest_bytes),
        None => mpd,
    }
}

/// The MPD with what its newest segments say.
pub(super) async fn looked_into(source: &Source, kept: Rc<Kept>) -> Rc<Kept> {
    if !source.reads_segments {
        return kept;
    }
    let heads = dash::unread_segments(&kept.bytes, &source.url, &source.folder, now_ms());
    let whose = (Purpose::Manifest, source.site());
    if heads.is_empty() {
        return kept;
    }
    let Some(_room) = isolate::reserve(whose, heads.len() * BEGINNING, PATIENCE) else { return kept };
    let until_ms = now_ms() + u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
    let mut read = Vec::new();
    for heads in heads.chunks(AT_ONCE) {
        // Those that there was no time for are asked for with the next version of the MPD.
        if left(until_ms).is_zero() {
            break;
        }
        let asked = heads.iter().map(async |head| (head.clone(), beginning(source, head, until_ms).await));
        read.extend(join_all(asked).await);
    }
    let (mpd, flaw) = dash::with_segments(&kept.bytes, read, source.longest_manifest_bytes);
    if let Some(flaw) = flaw {
        tell(source, &flaw);
    }
    Rc::new(Kept { bytes: mpd.into(), stamp: kept.stamp })
}

/// The beginning of a segment. The log has a failure if the segment is not asked for again.
async fn beginning(source: &Source, head: &SegmentHead, until_ms: u64) -> Beginning {
    let mut segment = source.clone();
    segment.url = head.url.clone();
    let left = left(until_ms);
    let answer = async {
        let headers = Headers::new();
        // A media origin that does not know ranges sends the whole, of which no more is read.
        headers.set("Range", &format!("bytes=0-{}", BEGINNING - 1)).map_err(|error| platform(&error))?;
        let response = upstream::ask(&segment, Method::Get, headers, left).await?;
        let status = response.status_code();
        if !matches!(status, 200 | 206) {
            upstream::unread(response).await;
            if head.may_come && matches!(status, 404 | 416) {
                return Ok(Beginning::NotYet);
            }
            return Err(media_origin::refusal(&segment, status));
        }
        let read = body::beginning(response, BEGINNING).await;
        read.map(Beginning::Read).map_err(|error| upstream::unreachable(&segment, &error).into())
    };
    let read = within(left, answer).await.unwrap_or_else(|| Err(upstream::late(&segment, left).into()));
    match read {
        Ok(beginning) => return beginning,
        Err(_) if !head.is_tried => {}
        Err(Stop::Denied(denial)) => tell(source, &denial.detail),
        Err(Stop::Failed(fault)) => tell(source, &fault.detail),
    }
    Beginning::Failed
}

/// Writes a line of the log: once a minute for an MPD, whatever its segments.
fn tell(source: &Source, what: &str) {
    let fault = Fault::new(FaultKind::SegmentUnread, format!("{}; {what}", source.place()));
    respond::log_for(source.site(), &fault.into());
}
