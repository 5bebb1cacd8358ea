//! The token of a request, in any of the dialects that its site accepts.

use std::fmt;

use super::credentials::Spot;
use super::{
    Challenge, Grant, ambient, cat, cloud_front, edge_auth, jwt, media_cdn, secure_link, secure_media,
    stream, timed_hmac, uri_signing,
};
use crate::catalog::{Acceptance, Issuer, Jwk, KeySet, Site, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::time::UnixTime;

/// A viewer token that was found in a request and read. Its signature is not verified.
pub trait Presented {
    /// The dialect that it is written in.
    fn dialect(&self) -> Dialect;

    /// The document `v1/keys/{…}` whose keys are needed.
    fn keys(&self) -> &Issuer;

    /// What has to hold for it to be genuine: any one of the challenges, of which there is at least one.
    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial>;

    /// What it proves, once `key` was found to have signed it. Everything that it demands of the request is held
    /// against the request here.
    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial>;

    /// The path that is asked for, `/{title}/{resource}`, where the token stands in the path.
    fn path(&self) -> Option<&str> {
        None
    }
}

/// Reads the tokens of one dialect, as a site accepts them.
pub(super) trait Reader {
    /// Finds a token in the request and reads it; `None` where the request has nothing in its places.
    fn find(&self, facts: &Facts, policy: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial>;

    /// Every part of a request that [`Self::find`] takes a token, or a part of one, out of.
    fn spots<'a>(&'a self, policy: &'a TokenPolicy) -> Vec<Spot<'a>>;
}

impl Acceptance {
    /// What reads the dialect.
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
    /// The parts of a request in which the dialect's tokens stand where nobody says otherwise.
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

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request.
    pub facts: &'a Facts,
    /// What the site demands.
    pub policy: &'a TokenPolicy,
    /// The time.
    pub now: UnixTime,
}

/// Finds the viewer token of a request to a site, as [`present`] does. A cookie in a request that no player makes is not
/// looked at (`ambient`), so that nothing that a stranger's page makes a browser ask for uses a token up.
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

/// Finds the viewer token of a request: the first that can be read in one of the site's dialects.
///
/// When none can, the denial is that of the first that was there.
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

/// The shortest segment that may be a viewer token, in bytes: it holds a hash or a signature, and what that is of.
const SHORTEST_SEGMENT: usize = 40;

/// Whether a segment of a path below a title reads as a viewer token that the site would take in the first one.
pub(crate) fn stands_in_path(path: &str, site: &Site) -> bool {
    path.split('/').filter(|segment| segment.len() >= SHORTEST_SEGMENT).any(|segment| {
        let facts = Facts { path: format!("/{segment}/title/resource"), ..Facts::default() };
        // Whoever may have signed it, and whatever it says.
        let reads = |acceptance: &Acceptance| match acceptance.reader().find(&facts, &site.tokens) {
            Ok(found) => found.is_some(),
            Err(denial) => denial.reason != Reason::TokenMalformed,
        };
        site.tokens.accept.iter().any(reads)
    })
}

/// The challenge that was met, or the denial when none was.
pub fn genuine<'c, 'a>(met: Option<&'c Challenge<'a>>) -> Result<&'c Challenge<'a>, Denial> {
    met.ok_or_else(|| Denial::new(Reason::TokenSignature, "the signature was not made with the issuer's key"))
}

macro_rules! dialects {
    ($($variant:ident $name:literal $title:literal;)*) => {
        /// The dialects of viewer tokens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Dialect {
            $(#[doc = $title] $variant,)*
        }

        impl Dialect {
            /// Every dialect.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in documents and traces.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its name for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The dialect that a site accepts.
            pub const fn of(acceptance: &Acceptance) -> Self {
                match acceptance { $(Acceptance::$variant(_) => Self::$variant,)* }
            }
        }
    };
}

dialects! {
    Jwt "jwt" "JSON Web Token (RFC 7519)";
    Cat "cat" "Common Access Token (CTA-5007)";
    UriSigning "uri_signing" "URI signing (RFC 9246)";
    EdgeAuth "edge_auth" "Akamai EdgeAuth 2.0";
    SecureMedia "secure_media" "AWS Secure Media Delivery at the Edge";
    Stream "stream" "Cloudflare Stream";
    TimedHmac "timed_hmac" "Cloudflare WAF timed HMAC";
    MediaCdn "media_cdn" "Google Media CDN and Cloud CDN";
    SecureLink "secure_link" "nginx secure_link";
    CloudFront "cloud_front" "CloudFront signed URL or cookies";
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
