//! A viewer token in a request, whatever its dialect.

use super::spot::Spot;
use super::{Challenge, Dialect, Grant};
use crate::catalog::{Issuer, Jwk, KeySet, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::time::UnixTime;

/// A viewer token that was found in a request and read. Its signature is not verified.
pub trait Presented {
    /// Its dialect.
    fn dialect(&self) -> Dialect;

    /// The document `v1/keys/{…}` with its keys.
    fn keys(&self) -> &Issuer;

    /// The challenges, at least one. The token is genuine if one of them is met.
    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial>;

    /// What the token proves, after `key` was found to have signed it. All its conditions on the request are checked here.
    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial>;

    /// The requested path without the token, `/{title}/{resource}`, if the token is in the path.
    fn path(&self) -> Option<&str> {
        None
    }
}

/// Reads the tokens of a dialect, with a site's settings.
pub(super) trait Reader {
    /// Finds a token in the request and reads it; `None` if the request has none in its placements.
    fn find(&self, facts: &Facts, policy: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial>;

    /// Every part of a request in which [`Self::find`] looks for a token or a part of one.
    fn spots<'a>(&'a self, policy: &'a TokenPolicy) -> Vec<Spot<'a>>;
}

/// The conditions for the claims of a token.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request.
    pub facts: &'a Facts,
    /// The site's policy.
    pub policy: &'a TokenPolicy,
    /// The time.
    pub now: UnixTime,
}

/// The challenge that was met, or a denial if none was.
pub fn genuine<'c, 'a>(met: Option<&'c Challenge<'a>>) -> Result<&'c Challenge<'a>, Denial> {
    met.ok_or_else(|| Denial::new(Reason::TokenSignature, "the signature was not made with the issuer's key"))
}
