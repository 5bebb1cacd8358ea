//! Which viewer tokens a site accepts.

mod acceptance;
mod claims;
mod dialects;
mod jwt;
mod placement;
mod policy;
mod secure_link;

pub use acceptance::Acceptance;
pub use claims::{Claim, ClaimMapping, MappedClaim, UnknownName};
pub use dialects::{
    CatPolicy, CloudFrontPolicy, EdgeAuthAlgorithm, EdgeAuthPolicy, MediaCdnPolicy, SecureMediaPolicy,
    StreamPolicy, TimedHmacPolicy, UriSigningPolicy,
};
pub use jwt::JwtPolicy;
pub use placement::{PathPlacement, Placement};
pub use policy::{ReplayPolicy, TokenPolicy};
pub use secure_link::{SecureLinkExpression, SecureLinkExpressionError, SecureLinkPart, SecureLinkPolicy};
