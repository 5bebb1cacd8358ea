//! A manifest, rewritten for a viewer: what a request asks for, and the reply.
//!
//! ```text
//! of         facts, site, admission, source -> what is to become of the manifest
//! template   its bytes -> the template of everybody of whom the same is asked
//! reply      the template -> a viewer's reply
//! ```

use std::fmt::Display;

use crate::cache::{Source, Stamp};
use crate::catalog::Site;
use crate::dash;
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::hls::{self, Edits, Skip};
use crate::manifest::{Frame, Steering, Template};
use crate::pipeline::{Admission, NOT_KEPT, Stop};
use crate::reply::Reply;
use crate::route::{MediaRequest, ResourceKind};
use crate::steering;
use crate::token::Credentials;

/// The query parameter by which a client asks for the token to be written once: `_SD_define=YES`.
pub const DEFINE_PARAMETER: &str = "_SD_define";

/// The query parameter by which a player asks for a Playlist Delta Update ([section 6.3.7]).
///
/// [section 6.3.7]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.3.7
pub(crate) const SKIP_PARAMETER: &str = "_HLS_skip";

/// What is to become of a manifest.
#[derive(Clone, Debug)]
pub struct Rewrite<'a> {
    facts: &'a Facts,
    request: &'a MediaRequest,
    site: &'a Site,
    admission: &'a Admission,
    source: &'a Source,
    edits: Edits<'a>,
    steering: Option<Steering<'a>>,
}

impl<'a> Rewrite<'a> {
    /// Reads what a request asks for.
    pub fn of(
        facts: &'a Facts,
        request: &'a MediaRequest,
        site: &'a Site,
        admission: &'a Admission,
        source: &'a Source,
    ) -> Self {
        let caps = &admission.permit.caps;
        let delta_updates = site.playlists.delta_updates;
        let makes_them = delta_updates || caps.rewind_s.is_some();
        let edits = Edits {
            bounds: site.playlists.bounds(),
            start: admission.start,
            define: facts.raw_query_parameter(DEFINE_PARAMETER) == Some("YES"),
            delta_updates,
            skip: facts
                .raw_query_parameter(SKIP_PARAMETER)
                .filter(|_| makes_them)
                .and_then(Skip::from_directive),
            directives_stop: !site.media.low_latency,
            ..Edits::within(caps)
        };
        let steering = steering::announced(facts, site, admission);
        Self { facts, request, site, admission, source, edits, steering }
    }

    /// A name for everything that its template depends on, but the manifest's bytes and the site's document.
    pub fn key(&self) -> String {
        let Self { facts, request, admission, source, edits, steering, .. } = self;
        let Admission { permit, signing, .. } = admission;
        let Edits { define, start, skip, .. } = edits;
        let start = start.map(|start| format!("{:?}-{:?}", start.max_height, start.max_bitrate_kbps));
        let start = start.unwrap_or_default();
        let skip = skip.map_or("", Skip::name);
        let (key, class) = (&source.cache_key, permit.class);
        // Where the folder ends and the path begins is not in the key of the source.
        let place = format!("{}/{}", request.title, request.resource);
        let authority = facts.authority();
        let key = format!("{key}#{class}#{place}#{authority}#{signing:?}#{define}#{start}#{skip}");
        // At the entry, the order of pathways is the viewer's.
        let order = steering.iter().filter(|_| admission.entered).flat_map(|steering| &steering.order);
        order.fold(key, |key, pathway| key + "#" + pathway.as_str())
    }

    /// Compiles a manifest.
    pub fn template(&self, bytes: &[u8]) -> Result<Template, Stop> {
        let Self { facts, request, site, admission, source, edits, steering } = self;
        let edits = Edits { steering: steering.as_ref(), ..*edits };
        let frame = Frame {
            folder: &source.folder,
            root: &format!("{}/", request.title),
            resource: &request.resource,
            query: facts.query.expose(),
            signing: if request.kind == ResourceKind::Playlist {
                admission.signing
            } else {
                admission.signing.of_mpd()
            },
            foreign: &site.media.foreign,
            authority: &facts.authority(),
            credentials: &Credentials::of(site),
        };
        let stop = |kind, error: &dyn Display| match kind {
            Refused::NoVariant => Denial::new(Reason::NoVariant, error.to_string()).into(),
            Refused::Broken(kind) => Fault::new(kind, format!("{}: {error}", source.place())).into(),
        };
        if matches!(request.kind, ResourceKind::Mpd | ResourceKind::Patch) {
            let edits = dash::Edits {
                max_bytes: site.playlists.max_bytes,
                update_within_s: site.sessions.update_within_s(),
                steering: steering.as_ref(),
                ..dash::Edits::within(edits.caps)
            };
            let is_patch = request.kind == ResourceKind::Patch;
            let compile = if is_patch { dash::compile_patch } else { dash::compile };
            return compile(bytes, Some(&frame), &edits).map_err(|error| stop((&error).into(), &error));
        }
        hls::compile(bytes, Some(&frame), &edits).map_err(|error| stop((&error).into(), &error))
    }

    /// The viewer's reply. `stamp` is that of the manifest, `now_ms` the time in Unix milliseconds.
    pub fn reply(&self, template: &Template, stamp: &Stamp, now_ms: u64) -> Reply {
        let head = self.head(template, stamp, now_ms);
        if head.status == 304 {
            return head;
        }
        Reply { body: template.render(self.admission.token.expose()).into_owned(), ..head }
    }

    /// The viewer's reply without its body. `now_ms` is the time in Unix milliseconds.
    pub fn head(&self, template: &Template, stamp: &Stamp, now_ms: u64) -> Reply {
        let Self { facts, admission, request, .. } = self;
        let reply = Reply::new(200, request.kind.media_type(), Vec::new());
        let renewed = admission.renewal.iter().flat_map(|renewal| &renewal.headers);
        let reply =
            renewed.fold(reply, |reply, (name, value)| reply.with(name.clone(), value.expose().clone()));
        if admission.entered {
            // It holds a session of its own: nobody else may have it, and the next request opens another one.
            return reply.with("Cache-Control", NOT_KEPT);
        }
        if admission.renewed {
            // Its URIs change with the time, and none of them is to be used long after it was asked for.
            return reply.with("Cache-Control", NOT_KEPT);
        }
        reply
            .with("Cache-Control", stamp.lifetime.for_player())
            .with("Age", stamp.age_s(now_ms).to_string())
            // The token is in the URL: of one template, one URL has one body.
            .tagged(template.tag(), facts.headers.if_none_match.as_deref())
    }
}

/// What it is when a manifest cannot be compiled.
enum Refused {
    /// Nothing of it is within the viewer's limits.
    NoVariant,
    /// It is broken.
    Broken(FaultKind),
}

impl From<&hls::CompileError> for Refused {
    fn from(error: &hls::CompileError) -> Self {
        use hls::CompileError as Error;
        Self::Broken(match error {
            Error::NoVariant { .. } => return Self::NoVariant,
            Error::NotAPlaylist => FaultKind::ManifestInvalid,
            Error::TooLong { .. } | Error::LineTooLong { .. } => FaultKind::ManifestTooLarge,
            Error::Uncovered { .. } => FaultKind::ManifestForeignUri,
        })
    }
}

impl From<&dash::CompileError> for Refused {
    fn from(error: &dash::CompileError) -> Self {
        use dash::CompileError as Error;
        Self::Broken(match error {
            Error::NoRepresentation { .. } => return Self::NoVariant,
            Error::Malformed(_) | Error::NotAnMpd { .. } => FaultKind::ManifestInvalid,
            Error::TooLong { .. } | Error::TooMuch { .. } => FaultKind::ManifestTooLarge,
            Error::Uncovered { .. } => FaultKind::ManifestForeignUri,
            Error::Unsupported { .. } => FaultKind::ManifestUnsupported,
        })
    }
}
