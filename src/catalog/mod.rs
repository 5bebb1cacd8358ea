//! The KV documents and their keys: the contract between the edge and `origin/`.
//!
//! Every document is self-contained, lives under one key and carries its `revision`, so a change is one atomic write,
//! and an older write can be told from a newer one. The edge ignores members that it does not know, so an edge that is
//! one version behind keeps serving. The origin service, where an editor can still correct a typing error, refuses
//! them.

mod ads;
mod algorithm;
mod base64_url;
mod blackout;
mod cache;
mod caps;
mod cors;
mod crowd;
mod device;
mod document;
mod edition;
mod entitlement;
mod foreign;
mod frame_rate;
mod geography;
mod hdcp;
mod host;
mod id;
mod jwk;
mod key_material;
mod keys;
mod kv_document;
mod lock;
mod media;
mod media_path;
mod memo;
mod offer;
mod playlists;
pub(crate) mod published;
mod range;
mod rating;
mod revocations;
mod rules;
mod session_id;
mod sessions;
mod site;
mod steering;
mod sync;
mod territory;
mod title;
mod tokens;
mod variance;
mod window;

pub use ads::{
    AdPolicy, AdServer, AdTemplate, BreakId, BreakIdError, Campaign, CampaignUse, Campaigns, Creative,
    CreativeKind, CreativeMedia, Frequency, Insertion, Join, Layout, MidRolls, Place, Restriction, Roll,
    SkipControl, TitleAds, TrackingEvent, Unfilled, UniversalAdId, WantedAnswer, WantedCreative, WantedFile,
    WantedOfSite, WantedQuestion, WantedSighting, WantedSince,
};
pub use algorithm::Algorithm;
pub use base64_url::Base64Url;
pub use blackout::{Blackout, BlackoutAction, Replacement, UnknownPlace};
pub use cache::{CachePolicy, KeepPolicy, MissingPolicy};
pub use caps::Caps;
pub use cors::CorsPolicy;
pub use device::{DeviceClass, DevicePolicy, UnknownDevice, UserAgent};
pub use document::{
    Document, DocumentError, DocumentKey, DocumentKeyError, DocumentKind, Stored, stored_revision, tombstone,
};
pub use edition::Edition;
pub use entitlement::{AdsMode, Entitlement, Model, OfferAds};
pub use foreign::{ForeignPolicy, HostPattern};
pub use frame_rate::FrameRate;
pub use geography::{Anonymised, GeographyPolicy, Hosting, UnknownGeography};
pub use hdcp::HdcpLevel;
pub use host::{Host, host_name};
pub use id::{
    BlackoutId, CampaignId, CreativeId, EntitlementId, GroupName, IdError, Issuer, KeyId, Label, OfferId,
    ParameterName, ParameterValue, PathwayId, Plan, StableId, TitleId, VarianceId,
};
pub use jwk::{Jwk, KeySetError};
pub use key_material::{Curve, KeyMaterial, OctetCurve};
pub use keys::{KeySet, PublishedKeys};
pub use kv_document::KvDocument;
pub use lock::Lock;
pub(crate) use media::KEPT_SEGMENT;
pub use media::{BaseUrl, MediaPolicy, is_kept_by_edges, leads_to};
pub use media_path::MediaPath;
pub use memo::Memo;
pub use offer::{Offer, Premiere};
pub use playlists::{MOST_MPD_BYTES, PlaylistBounds, PlaylistPolicy, Start};
pub use published::{PublishedError, SkippedKey};
pub use rating::{
    Ageless, Bbfc, Fsk, Ksa, Kuwait, Mpaa, Rated, RatingPolicy, RatingSystem, Ratings, Tvpg, Uae, Unrated,
};
pub use revocations::{
    Disorder, Moment, PackedRevocations, Records, Revocation, Revocations, Revoked, RevokedSession,
};
pub use rules::{Enforcement, Mode, OfferRules, Rule, SiteRules};
pub use session_id::SessionId;
pub use sessions::{SESSION_PARAMETER, SessionPolicy, SigningStyle, Unrenewed};
pub use site::Site;
pub use steering::{
    CloneUri, ExistingSteering, PathwayClone, PathwayPriority, Reach, SteeringError, SteeringPolicy,
};
pub use sync::{
    Change, Outcome, ReceivedBatch, ReceivedChange, SignedHead, SyncBatch, SyncReport, SyncResult,
    SyncSignature, SyncSignatureError, WantedState,
};
pub use territory::{Code, CountryCode, Nearness, Territories, Territory, TerritoryError};
pub use title::Title;
pub use tokens::{
    Acceptance, CatPolicy, Claim, ClaimMapping, CloudFrontPolicy, EdgeAuthAlgorithm, EdgeAuthPolicy,
    JwtPolicy, MappedClaim, MediaCdnPolicy, PathPlacement, Placement, ReplayPolicy, SecureLinkExpression,
    SecureLinkExpressionError, SecureLinkPart, SecureLinkPolicy, SecureMediaPolicy, StreamPolicy,
    TimedHmacPolicy, TokenPolicy, UnknownName, UriSigningPolicy,
};
pub use variance::Variance;
pub use window::Window;

/// The longest time, in seconds, between a write that the edge has confirmed and the moment when every edge location
/// decides by it.
///
/// Workers KV makes a write visible in other locations "in 60 seconds or more", and a location may keep a value for
/// `cacheTtl` ([`KV_CACHE_TTL_S`]). An isolate then serves its own parsed copy for [`MEMORY_STALE_S`] at most.
///
/// [How KV works](https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency)
pub const VISIBLE_WITHIN_S: u64 = KV_PROPAGATION_S + KV_CACHE_TTL_S + MEMORY_STALE_S;

/// Seconds until a KV write is visible in other locations, according to Cloudflare.
pub const KV_PROPAGATION_S: u64 = 60;

/// The `cacheTtl` of every KV read, in seconds; KV refuses less than 30.
pub const KV_CACHE_TTL_S: u64 = 30;

/// Seconds for which an isolate's parsed copy is fresh, before jitter of up to a fifth less.
pub const MEMORY_FRESH_S: u64 = 10;

/// Seconds after which an isolate's parsed copy is no longer served. From the end of its freshness until then, it is
/// served while it is refreshed.
pub const MEMORY_STALE_S: u64 = 30;
