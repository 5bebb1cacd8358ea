//! The values of viewer, site and request that the compiler of a manifest may use.
//!
//! A manifest is compiled once for many requests, which have to agree in every value that the compiler uses. So the compiler gets
//! only the manifest's bytes and a [`Variation`], and the variation is the key of the template
//! ([`MemoryKey`](crate::memory_key::MemoryKey)). A new value for the compiler becomes a member here, and is then part of the key.
//!
//! | | |
//! | --- | --- |
//! | the site's settings | all of them, known by host and revision ([`Edition`]) |
//! | the viewer's session token, and the query that the viewer keeps | no member: they are filled in when the template is rendered ([`Own`](crate::manifest::Own)) |
//! | the query of the manifest's URL | no member: [`Query`] records whether the compiler has read it; the template is then valid for this query only |
//! | the folder of an ad's creative below the title | no member, since viewers may write any break and slot into it; a template that has it is valid for this folder only |

use std::cell::Cell;

use url::Url;

use crate::admission::Admission;
use crate::ads::address::Seal;
use crate::ads::{self, Scheduled};
use crate::cache::Source;
use crate::catalog::{Caps, Edition, KeySet, PathwayId, PlaylistBounds, Site, Start, TitleAds, TitleId};
use crate::dash;
use crate::denial::Reason;
use crate::facts::Facts;
use crate::fault::FaultKind;
use crate::hls::{self, List, Skip};
use crate::manifest::{Frame, Query, Signing, Steering, Template};
use crate::resource::{MediaRequest, ResourceKind, ResourcePath};
use crate::steering;
use crate::token::Credentials;

/// The query parameter by which a client asks for the token to be written once: `_SD_define=YES`.
pub const DEFINE_PARAMETER: &str = "_SD_define";

/// The query parameter by which a player asks for a Playlist Delta Update ([section 6.3.7]).
///
/// [section 6.3.7]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.3.7
pub(crate) const SKIP_PARAMETER: &str = "_HLS_skip";

/// The values for which a manifest is compiled.
///
/// `Hash` and `Eq` are derived, here and for all members except the [`Edition`], because they make the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variation<'a> {
    site: Edition<'a, Site>,
    /// The title below which the manifest is served.
    title: &'a TitleId,
    /// Whether the manifest is an ad's.
    is_ad: bool,
    /// The manifest's path below the title or creative.
    resource: &'a ResourcePath,
    kind: ResourceKind,
    /// The folder of the title or creative at the media origin.
    folder: &'a Url,
    /// The scheme and host of the manifest's URL at the edge.
    authority: String,
    /// How its URIs carry the session.
    signing: Signing,
    /// The limits that the viewer's rights put on it.
    caps: &'a Caps,
    /// Which variant comes first.
    start: Option<Start>,
    /// Whether the client asks for the token to be written once.
    define: bool,
    /// The part of a delta update that the client has already.
    skip: Option<Skip>,
    /// The viewer's own order of the site's pathways; `None`: the site's, or the site does not steer.
    order: Option<Vec<&'a PathwayId>>,
    /// The breaks of the title; `None`: the manifest has none.
    breaks: Option<Breaks<'a>>,
}

/// The documents on which the breaks of a manifest depend, besides the site's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breaks<'a> {
    /// The site's session keys, which seal the addresses of breaks.
    pub keys: Edition<'a, KeySet>,
    /// The title's own policy; `None`: the site's.
    pub own: Option<&'a TitleAds>,
    /// The breaks of the VMAP document.
    pub vmap: Option<&'a [Scheduled]>,
}

impl<'a> Breaks<'a> {
    /// The plan of a title of the site. `None`: the site has no advertising.
    fn plan(&self, site: &'a Site, title: &'a TitleId) -> Option<ads::Plan<'a>> {
        let seal = Seal { keys: self.keys.body(), host: &site.host, title };
        Some(ads::Plan::of(site.ads.as_ref()?, self.own, self.vmap, seal))
    }
}

/// Why a manifest cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A playlist.
    #[error(transparent)]
    Playlist(#[from] hls::CompileError),
    /// An MPD or a patch.
    #[error(transparent)]
    Mpd(#[from] dash::CompileError),
}

impl<'a> Variation<'a> {
    /// Collects the values of a request.
    pub fn of(
        facts: &Facts,
        request: &'a MediaRequest,
        site: Edition<'a, Site>,
        admission: &'a Admission,
        caps: &'a Caps,
        breaks: Option<Breaks<'a>>,
        source: &'a Source,
    ) -> Self {
        let MediaRequest { title, kind, ad, .. } = request;
        let makes_deltas = site.playlists.delta_updates || caps.rewind_s.is_some() || breaks.is_some();
        let skip = facts.raw_query_parameter(SKIP_PARAMETER).filter(|_| makes_deltas);
        Self {
            site,
            title,
            is_ad: ad.is_some(),
            resource: request.file(),
            kind: *kind,
            folder: &source.folder,
            authority: facts.authority(),
            signing: if *kind == ResourceKind::Playlist {
                admission.signing
            } else {
                admission.signing.of_mpd()
            },
            caps,
            start: admission.start,
            define: facts.raw_query_parameter(DEFINE_PARAMETER) == Some("YES"),
            skip: skip.and_then(Skip::from_directive),
            order: steering::own_order(facts, site.body(), admission),
            breaks,
        }
    }

    /// Compiles a manifest. `folder_below`: the folder of the creative below the title, if the manifest is an ad's; else empty. Also
    /// returns whether the query was read: the template is then valid for this query only.
    pub fn compile(
        &self,
        manifest: &[u8],
        query: &str,
        folder_below: &str,
    ) -> Result<(Template, bool), CompileError> {
        let Self {
            site,
            title,
            is_ad,
            resource,
            kind,
            folder,
            authority,
            signing,
            caps,
            start,
            define,
            skip,
            order,
            breaks,
        } = self;
        let is_query_read = Cell::new(false);
        let frame = Frame {
            folder,
            root: &format!("{title}/{folder_below}"),
            resource,
            query: Query::noted(query, &is_query_read),
            signing: *signing,
            foreign: &site.media.foreign,
            authority,
            credentials: &Credentials::of(site),
        };
        let plan = breaks.as_ref().and_then(|breaks| breaks.plan(site.body(), title));
        let compilation = Compilation {
            kind: *kind,
            site: Some(site.body()),
            caps,
            start: *start,
            define: *define,
            skip: *skip,
            order: order.as_deref(),
            ads: plan.as_ref(),
        };
        let template = match compilation.compile(manifest, Some(&frame)) {
            // An ad of which nothing is within the limits is shown all the same.
            Err(error) if *is_ad && error.refusal() == Ok(Reason::NoVariant) => {
                Compilation { caps: &Caps::default(), ..compilation }.compile(manifest, Some(&frame))?
            }
            compiled => compiled?,
        };
        let is_ahead =
            |plan: &&ads::Plan<'_>| plan.policy.server.as_ref().is_some_and(|server| server.prefetch_s > 0);
        let template = match plan.as_ref().filter(is_ahead) {
            Some(plan) => {
                let breaks = plan.seal.announced(template.parts().0, ads::MOST_BREAKS);
                template.with_breaks(breaks)
            }
            None => template,
        };
        Ok((template, is_query_read.get()))
    }
}

/// The settings of the compiler. A [`Variation`] makes them from a request, the command from its options.
#[derive(Clone, Copy, Debug)]
pub struct Compilation<'a> {
    /// The kind of manifest.
    pub kind: ResourceKind,
    /// The site, for its settings; `None`: the default ones.
    pub site: Option<&'a Site>,
    /// The limits of the viewer's rights.
    pub caps: &'a Caps,
    /// Which variant comes first.
    pub start: Option<Start>,
    /// Whether the token is written once.
    pub define: bool,
    /// The part of a delta update that the client has already.
    pub skip: Option<Skip>,
    /// The order of the site's pathways; `None`: the site's own.
    pub order: Option<&'a [&'a PathwayId]>,
    /// The breaks of the title; `None`: the manifest has none.
    pub ads: Option<&'a ads::Plan<'a>>,
}

impl Compilation<'_> {
    /// Compiles a manifest. Without a frame, its URIs stay unchanged.
    pub fn compile(&self, manifest: &[u8], frame: Option<&Frame<'_>>) -> Result<Template, CompileError> {
        let Self { kind, site, caps, start, define, skip, order, ads } = *self;
        let steering = site.and_then(steering::of_site).map(|own| match order {
            Some(order) => Steering { order: order.to_vec(), ..own },
            None => own,
        });
        let steering = steering.as_ref();
        let bounds = site.map_or_else(PlaylistBounds::default, |site| site.playlists.bounds());
        if matches!(kind, ResourceKind::Mpd | ResourceKind::Patch) {
            let update_within_s = site.and_then(|site| site.sessions.update_within_s());
            let max_bytes = bounds.playlist_bytes;
            let edits = dash::Edits { caps, max_bytes, update_within_s, steering, inserted: &[], ads };
            let compile = if kind == ResourceKind::Patch { dash::compile_patch } else { dash::compile };
            return Ok(compile(manifest, frame, &edits)?);
        }
        let edits = hls::Edits {
            caps,
            bounds,
            start,
            define,
            delta_updates: site.map_or(skip.is_some(), |site| site.playlists.delta_updates),
            skip,
            directives_stop: site.is_some_and(|site| !site.media.low_latency),
            steering,
            ads,
        };
        Ok(match (kind, frame) {
            (ResourceKind::Assets, Some(frame)) => hls::compile_list(manifest, List::Assets, frame)?,
            (ResourceKind::OriginSteering, Some(frame)) => {
                hls::compile_list(manifest, List::Steering, frame)?
            }
            _ => hls::compile(manifest, frame, &edits)?,
        })
    }
}

impl CompileError {
    /// Why the manifest is not served: nothing in it is within the viewer's limits, or it is broken.
    pub fn refusal(&self) -> Result<Reason, FaultKind> {
        match self {
            Self::Playlist(error) => refusal_of_playlist(error),
            Self::Mpd(error) => refusal_of_mpd(error),
        }
    }
}

fn refusal_of_playlist(error: &hls::CompileError) -> Result<Reason, FaultKind> {
    use hls::CompileError as Error;
    Err(match error {
        Error::NoVariant { .. } => return Ok(Reason::NoVariant),
        Error::NotAPlaylist | Error::NotAList { .. } => FaultKind::ManifestInvalid,
        Error::TooLong { .. } | Error::LineTooLong { .. } | Error::TooMuch { .. } => {
            FaultKind::ManifestTooLarge
        }
        Error::Uncovered { .. } => FaultKind::ManifestForeignUri,
        Error::Misplaced(_) => FaultKind::ManifestUnsupported,
    })
}

fn refusal_of_mpd(error: &dash::CompileError) -> Result<Reason, FaultKind> {
    use dash::CompileError as Error;
    Err(match error {
        Error::NoRepresentation { .. } => return Ok(Reason::NoVariant),
        Error::Malformed(_) | Error::NotAnMpd { .. } => FaultKind::ManifestInvalid,
        Error::TooLong { .. } | Error::TooMuch { .. } | Error::ReadTooOften { .. } => {
            FaultKind::ManifestTooLarge
        }
        Error::Uncovered { .. } => FaultKind::ManifestForeignUri,
        Error::Unsupported { .. } | Error::Misplaced(_) => FaultKind::ManifestUnsupported,
    })
}
