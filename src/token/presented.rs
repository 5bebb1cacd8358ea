//! A viewer token in a request, whatever its dialect.

use super::spot::Spot;
use super::{Challenge, Dialect, Grant};
use crate::catalog::{Issuer, Jwk, KeySet, TokenPolicy};
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

/// The challenge that was met, or the denial when none was.
pub fn genuine<'c, 'a>(met: Option<&'c Challenge<'a>>) -> Result<&'c Challenge<'a>, Denial> {
    met.ok_or_else(|| Denial::new(Reason::TokenSignature, "the signature was not made with the issuer's key"))
}
