//! Files in memory, and the heads of replies with files.

use std::ops::Range;
use std::rc::Rc;

use js_sys::Uint8Array;
use worker::Response;

use super::prepared::{InJavaScript, PREPARED_BYTES, Prepared};
use super::runtime::{self, now_ms, platform};
use crate::cache::{ByteRange, FileKind, Lifetime, OriginControl, Source, Stamp};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::heading::{Headed, Heading};
use crate::media_origin;
use crate::reply::Reply;
use crate::shelf::Weigh;
use crate::stop::Stop;

/// A file in memory. JavaScript's memory has its bytes, which belong to no request.
#[derive(Clone)]
pub(super) struct File {
    pub(super) head: Rc<Reply>,
    pub(super) bytes: Uint8Array,
    pub(super) stamp: Stamp,
    pub(super) prepared: Rc<Prepared>,
}

impl Weigh for File {
    /// With its bytes and headers, which are in JavaScript's memory.
    fn heap_bytes(&self) -> usize {
        let texts =
            self.head.headers.iter().map(|(name, value)| name.len() + value.len() + size_of_val(value) * 4);
        self.bytes.length() as usize + texts.sum::<usize>() + PREPARED_BYTES
    }
}

impl File {
    pub(super) fn new(head: Reply, bytes: Uint8Array, stamp: Stamp) -> Self {
        Self { head: Rc::new(head), bytes, stamp, prepared: Rc::default() }
    }

    /// Its length, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.bytes.length().into()
    }

    /// Answers a request without conditions.
    pub(super) fn answer(&self, facts: &Facts) -> Result<(Reply, Response), Stop> {
        let length = self.length();
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

    pub(super) fn body(&self, part: &Range<u64>) -> Result<Response, Fault> {
        // Invariant: a part ends with the file, whose length has 32 bits.
        let at = |position: u64| u32::try_from(position).unwrap_or(u32::MAX);
        let bytes = self.bytes.subarray(at(part.start), at(part.end));
        let response = web_sys::Response::new_with_opt_js_u8_array(Some(&bytes));
        response.map(Response::from).map_err(|error| platform(&error.into()))
    }
}

impl Headed for File {
    /// The head of a reply with the whole file.
    fn head(&self, heading: &Heading<'_>) -> Reply {
        heading.with_age(Reply::clone(&self.head))
    }
}

impl InJavaScript for File {
    fn body(&self) -> &Uint8Array {
        &self.bytes
    }
}

/// The head of a reply of the media origin, or of the cache.
pub(super) fn head(source: &Source, response: &Response, lifetime: &Lifetime) -> Result<Reply, Stop> {
    media_origin::file_head(source, response.status_code(), lifetime, |name| runtime::header(response, name))
}

/// Adds the age that players are told to a reply.
pub(super) fn with_age(reply: Reply, stamp: &Stamp) -> Reply {
    match stamp.file_age_s(now_ms()) {
        Some(age_s) => reply.with("Age", age_s.to_string()),
        None => reply,
    }
}

/// How long a reply of the media origin may be kept, and the length of its file where the header can be trusted.
pub(super) fn judged(source: &Source, response: &Response) -> (Stamp, Option<u64>) {
    let origin = OriginControl::read(|name| runtime::header(response, name));
    let lifetime = Lifetime::of_file(source.kind.unwrap_or(FileKind::Segment), &source.policy, &origin);
    let coded = runtime::header(response, "Content-Encoding").is_some();
    let length = runtime::header(response, "Content-Length").filter(|_| !coded);
    (Stamp::new(now_ms(), origin.age_ms, lifetime), length.and_then(|length| length.parse().ok()))
}
