//! The time, for players of live MPDs.

use crate::reply::{NOT_KEPT, Reply};
use crate::resource::ResourceKind;
use crate::time::UnixTime;

/// Answers with the time of the edge's own clock, in Unix milliseconds. Nobody may keep the reply: a player's clock would be
/// late by the age of a cached answer.
pub(super) fn reply(now_ms: u64) -> Reply {
    // 2026-11-22T16:11:53.042Z (ISO/IEC 23009-1 section 5.8.5.7)
    let mut text = UnixTime::from_secs(now_ms / 1000).to_string();
    text.truncate(text.trim_end_matches('Z').len());
    let text = format!("{text}.{:03}Z", now_ms % 1000);
    Reply::new(200, ResourceKind::Time.media_type(), text.into_bytes()).with("Cache-Control", NOT_KEPT)
}
