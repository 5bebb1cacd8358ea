//! Faults: failures while a request is served, and the side that each is on.

use std::fmt;

/// Something broke while a request was served. It is logged once, where the reply is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault.
    pub kind: FaultKind,
    /// The value that was expected and the value that was found, for ops.
    pub detail: String,
}

impl Fault {
    /// Reports that something broke.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

/// The side that a fault is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The media origin, or an issuer of tokens.
    Upstream,
    /// Our documents, configuration or code.
    Internal,
}

macro_rules! faults {
    ($($variant:ident $code:literal $status:literal $side:ident $meaning:literal;)*) => {
        /// The kinds of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FaultKind {
            $(#[doc = $meaning] $variant,)*
        }

        impl FaultKind {
            /// Every kind of fault.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable code, for programs.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status of the reply.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The side that the fault is on.
            pub const fn side(self) -> Side {
                match self { $(Self::$variant => Side::$side,)* }
            }

            /// One sentence, for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

faults! {
    UpstreamUnreachable "upstream_unreachable" 502 Upstream "The media origin cannot be reached.";
    UpstreamTimeout "upstream_timeout" 504 Upstream "The media origin did not answer in time.";
    UpstreamStatus "upstream_status" 502 Upstream "The media origin answered with an error.";
    PlaylistHeld "playlist_held" 503 Upstream "The media origin did not update the playlist in time for the player's blocking request.";
    MediaMissing "media_missing" 404 Upstream "The media origin has no such file.";
    ManifestInvalid "manifest_invalid" 502 Upstream "The media origin's manifest cannot be read.";
    ManifestTooLarge "manifest_too_large" 502 Upstream "The media origin's manifest exceeds the size limit.";
    ManifestForeignUri "manifest_foreign_uri" 502 Upstream "The manifest contains a URI outside its title, which the edge cannot protect.";
    ManifestUnsupported "manifest_unsupported" 501 Internal "The edge does not serve this kind of manifest.";
    SegmentUnread "segment_unread" 502 Upstream "Messages in the segments of a live stream cannot be read, so breaks may be missing.";
    DocumentMissing "document_missing" 500 Internal "A document to which another document refers is missing.";
    DocumentInvalid "document_invalid" 500 Internal "A document in KV cannot be read.";
    DocumentUnavailable "document_unavailable" 503 Internal "KV did not answer.";
    KeysUnavailable "keys_unavailable" 503 Upstream "The issuer's published keys cannot be fetched.";
    ReplayUnavailable "replay_unavailable" 503 Internal "The store of used tokens did not answer.";
    StreamsUnavailable "streams_unavailable" 503 Internal "The counter of a viewer's streams did not answer. The viewer is admitted.";
    Overloaded "overloaded" 503 Internal "The memory reserved for reading manifests is full.";
    Configuration "configuration" 500 Internal "A setting of the Worker is missing or invalid.";
    Platform "platform" 500 Internal "The Workers runtime refused an operation.";
}

impl FaultKind {
    /// Seconds after which a client may ask again (`Retry-After`): a missing segment of a live stream arrives soon, and
    /// so do files after an outage.
    pub const fn retry_after_s(self) -> Option<u32> {
        match self.status() {
            404 | 502..=504 => Some(1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<_> = FaultKind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), FaultKind::ALL.len());
    }
}
