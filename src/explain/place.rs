//! The steps at which a decision ends.

use crate::denial::Reason;
use crate::fault::FaultKind;

/// The step that refuses for a reason.
pub(super) const fn stopped_at(reason: Reason) -> &'static str {
    use Reason as R;
    match reason {
        R::PathInvalid
        | R::PathTooLong
        | R::QueryTooLong
        | R::DirectiveInvalid
        | R::NotFound
        | R::MethodNotAllowed
        | R::GeographyInvalid => "request",
        R::SiteUnknown => "site",
        R::TitleUnknown => "title",
        R::TokenMissing
        | R::TokenMalformed
        | R::TokenIssuer
        | R::TokenKeyUnknown
        | R::TokenAlgorithm
        | R::TokenSignature
        | R::TokenClaims
        | R::TokenExpired
        | R::TokenNotYetValid
        | R::TokenLifetime
        | R::TokenAudience
        | R::TokenTitle
        | R::TokenUrl
        | R::TokenAddress
        | R::TokenPlace
        | R::TokenBinding
        | R::TokenCookie
        | R::TokenReplayed
        | R::TokenReplayStore => "token",
        R::SessionMissing
        | R::SessionMalformed
        | R::SessionSignature
        | R::SessionExpired
        | R::SessionTitle
        | R::SessionMoved => "session",
        R::Revoked => "revocations",
        R::GeographyUnknown
        | R::Territory
        | R::WindowNotOpen
        | R::WindowClosed
        | R::Plan
        | R::Anonymiser
        | R::Embargo
        | R::Blackout
        | R::Device
        | R::Entitlement
        | R::RentalExpired
        | R::Rating
        | R::VarianceUnknown
        | R::OfferChanged
        | R::NoOffer => "rights",
        R::Streams => "streams",
        R::BreakUnknown | R::BreakEmpty | R::AdUnknown => "ads",
        R::NoVariant => "media",
    }
}

/// The step in which something is broken.
pub(super) const fn broken_at(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::DocumentMissing | FaultKind::DocumentInvalid | FaultKind::DocumentUnavailable => {
            "documents"
        }
        FaultKind::KeysUnavailable | FaultKind::ReplayUnavailable => "token",
        FaultKind::StreamsUnavailable => "streams",
        FaultKind::UpstreamUnreachable
        | FaultKind::UpstreamTimeout
        | FaultKind::UpstreamStatus
        | FaultKind::PlaylistHeld
        | FaultKind::MediaMissing
        | FaultKind::ManifestInvalid
        | FaultKind::ManifestTooLarge
        | FaultKind::ManifestForeignUri
        | FaultKind::ManifestUnsupported
        | FaultKind::SegmentUnread => "media",
        FaultKind::Overloaded | FaultKind::Configuration | FaultKind::Platform => "edge",
    }
}
