//! The token of a request, in any of the dialects that its site accepts.

use super::presented::{Presented, Reader};
use super::spot::Spot;
use super::{
    Dialect, ambient, cat, cloud_front, edge_auth, jwt, media_cdn, secure_link, secure_media, stream,
    timed_hmac, uri_signing,
};
use crate::catalog::{Acceptance, Site, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;

impl Acceptance {
    /// The reader of the dialect.
    pub(super) fn reader(&self) -> &dyn Reader {
        match self {
            Self::Jwt(own) => &**own,
            Self::Cat(own) => own,
            Self::UriSigning(own) => own,
            Self::EdgeAuth(own) => own,
            Self::SecureMedia(own) => own,
            Self::Stream(own) => own,
            Self::TimedHmac(own) => own,
            Self::MediaCdn(own) => own,
            Self::SecureLink(own) => own,
            Self::CloudFront(own) => own,
        }
    }
}

impl Dialect {
    /// The parts of a request in which the dialect's tokens stand by default.
    pub(super) const fn usual_spots(self) -> &'static [Spot<'static>] {
        match self {
            Self::Jwt => jwt::USUAL,
            Self::Cat => cat::USUAL,
            Self::UriSigning => uri_signing::USUAL,
            Self::EdgeAuth => edge_auth::USUAL,
            Self::SecureMedia => secure_media::USUAL,
            Self::Stream => stream::USUAL,
            Self::TimedHmac => timed_hmac::USUAL,
            Self::MediaCdn => media_cdn::USUAL,
            Self::SecureLink => secure_link::USUAL,
            Self::CloudFront => cloud_front::USUAL,
        }
    }
}

/// Finds the viewer token of a request to a site, as [`present`] does. Cookies are ignored in requests that no player
/// makes (`ambient`), so that no request forced by a stranger's page uses a token up.
pub fn present_to_site(facts: &Facts, site: &Site) -> Result<Box<dyn Presented>, Denial> {
    let (policy, cors) = (&site.tokens, &site.cors);
    let has_cookies = facts.headers.named("cookie").is_some();
    if !has_cookies || ambient::cookies_count(facts, cors) {
        return present(facts, policy);
    }
    let mut without = facts.clone();
    without.headers.all.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
    present(&without, policy).map_err(|denial| {
        let is_missing = |denial: &Denial| denial.reason == Reason::TokenMissing;
        match present(facts, policy) {
            Err(with) if is_missing(&with) => with,
            _ if is_missing(&denial) => Denial::new(
                Reason::TokenCookie,
                "expected a request of a player, by its `Sec-Fetch-Dest`, `Sec-Fetch-Site` and `Origin`",
            ),
            _ => denial,
        }
    })
}

/// Finds the viewer token of a request: the first that is readable in one of the site's dialects.
///
/// If no token is readable, the denial is the first token's.
pub fn present(facts: &Facts, policy: &TokenPolicy) -> Result<Box<dyn Presented>, Denial> {
    let mut first = None;
    for acceptance in &policy.accept {
        match acceptance.reader().find(facts, policy) {
            Ok(Some(presented)) => return Ok(presented),
            Ok(None) => {}
            Err(denial) => first = first.or(Some(denial)),
        }
    }
    Err(first.unwrap_or_else(|| {
        let dialects: Vec<_> =
            policy.accept.iter().map(|acceptance| Dialect::of(acceptance).name()).collect();
        Denial::new(Reason::TokenMissing, format!("expected a viewer token ({})", dialects.join(", ")))
    }))
}

/// The shortest segment that may be a viewer token, in bytes: a token has a hash or a signature, and signed content.
const SHORTEST_SEGMENT: usize = 40;

/// Whether a segment of a path below a title would be taken as a viewer token in the first segment.
pub(crate) fn stands_in_path(path: &str, site: &Site) -> bool {
    path.split('/').filter(|segment| segment.len() >= SHORTEST_SEGMENT).any(|segment| {
        let facts = Facts { path: format!("/{segment}/title/resource"), ..Facts::default() };
        // Any issuer and any claims count.
        let reads = |acceptance: &Acceptance| match acceptance.reader().find(&facts, &site.tokens) {
            Ok(found) => found.is_some(),
            Err(denial) => denial.reason != Reason::TokenMalformed,
        };
        site.tokens.accept.iter().any(reads)
    })
}
