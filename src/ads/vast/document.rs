//! A VAST document.

use std::time::Duration;

use super::MediaFile;
use super::text::Offset;
use crate::ads::xml::Malformed;
use crate::ads::{ErrorCode, Happening, Identifier, Layout, TrackingEvent, Verification};

/// A document: what an ad server answers, or an inline part of a VMAP document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vast {
    /// The version, as it is stated.
    pub version: Option<String>,
    /// URLs that are requested if there is no ad.
    pub errors: Vec<String>,
    /// The ads, in the order of the document.
    pub ads: Vec<VastAd>,
    /// Parts that are left out, with reasons.
    pub left_out: Vec<Happening>,
}

/// An element `Ad`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VastAd {
    /// Its id.
    pub id: Option<String>,
    /// Its place in a pod. Absent: it stands alone, and is a spare for ads of the pod.
    pub sequence: Option<u32>,
    /// The system that served it.
    pub system: Option<String>,
    /// URLs that are requested if it fails.
    pub errors: Vec<String>,
    /// URLs of impressions and viewability.
    pub impressions: Vec<Timed>,
    /// Scripts that verify that it was seen, and URLs that are requested if they do not run.
    pub verifications: Vec<Verification>,
    /// Extensions, as they came.
    pub extensions: Vec<String>,
    /// Why it is not shown whatever it contains.
    pub refused: Option<ErrorCode>,
    /// The ad itself, or the address of another document.
    pub kind: Kind,
}

/// The kinds of ad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The ad itself.
    InLine(InLine),
    /// The address of another document.
    Wrapper(Wrapper),
}

/// An element `InLine`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InLine {
    /// Its title.
    pub title: Option<String>,
    /// The id of the impression (`AdServingId`).
    pub serving_id: Option<String>,
    /// The advertiser.
    pub advertiser: Option<String>,
    /// Its categories, by the authority's codes.
    pub categories: Vec<String>,
    /// Linear creatives.
    pub linears: Vec<Linear>,
    /// Items of non-linear creatives.
    pub non_linears: Vec<NonLinearItem>,
    /// URLs of non-linear creatives.
    pub non_linear_tracking: Vec<Timed>,
}

/// An element `Wrapper`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrapper {
    /// The address of the other document, as it stands: a URL with macros, or a relative one.
    pub uri: String,
    /// Whether the other document may lead to further ones. Absent: it may.
    pub follows: Option<bool>,
    /// Whether the other document's pod may take its place, rather than one ad. Absent: it may not.
    pub allows_pod: Option<bool>,
    /// Whether a spare takes its place if the other document has no ad. Absent: it does.
    pub falls_back: Option<bool>,
    /// The categories of ads that it blocks.
    pub blocked: Vec<String>,
    /// URLs for the linear creative behind it.
    pub linear_tracking: Vec<Timed>,
    /// The page behind the linear creative, if the creative names none.
    pub click_through: Option<String>,
    /// URLs for the non-linear items behind it.
    pub non_linear_tracking: Vec<Timed>,
}

/// The names of a creative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The id of the element `Creative`, or its `adId`.
    pub id: Option<String>,
    /// Its place among the creatives of its ad.
    pub sequence: Option<u32>,
    /// Its universal ad ids; those of unregistered creatives are left out.
    pub identifiers: Vec<Identifier>,
}

/// A linear creative: a film in place of the content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linear {
    /// Its names.
    pub named: Named,
    /// Its duration.
    pub duration: Option<Duration>,
    /// The time after which viewers may skip it.
    pub skip_offset: Option<Offset>,
    /// Its media files that players can show.
    pub files: Vec<MediaFile>,
    /// Files of the best quality, from which others are made.
    pub mezzanines: Vec<MediaFile>,
    /// Why it has no media files, if all of them were left out.
    pub no_files: Option<ErrorCode>,
    /// Whether an interactive part of it is not run.
    pub interactive: bool,
    /// URLs that are requested as it plays.
    pub tracking: Vec<Timed>,
    /// The page behind it.
    pub click_through: Option<String>,
}

/// An item that is shown beside the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonLinearItem {
    /// The names of its creative.
    pub named: Named,
    /// Its place on the screen.
    pub layout: Layout,
    /// The shortest time for which it is shown.
    pub duration: Option<Duration>,
    /// Its picture, page or film.
    pub resource: Resource,
    /// The page behind it.
    pub click_through: Option<String>,
    /// URLs that are requested when the viewer follows it.
    pub clicks: Vec<String>,
}

/// The picture, page or film of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its URL.
    pub url: String,
    /// Its media type.
    pub media_type: String,
}

/// A URL of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The event.
    pub event: TrackingEvent,
    /// The time of `progress`.
    pub offset: Option<Offset>,
    /// The URL, with its macros.
    pub url: String,
}

/// Why a text is not a VAST document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VastError {
    /// It is not XML, or exceeds a limit.
    #[error(transparent)]
    Xml(#[from] Malformed),
    /// Its root is another element.
    #[error("expected the root element `VAST`, found `{0}`")]
    Root(String),
    /// Its version is not supported.
    #[error("expected VAST 2.0 to 4.x, found `{0}`")]
    Version(String),
}

impl VastError {
    /// The code that ad servers are told.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Xml(_) => ErrorCode::Xml,
            Self::Root(_) => ErrorCode::Schema,
            Self::Version(_) => ErrorCode::Version,
        }
    }
}
