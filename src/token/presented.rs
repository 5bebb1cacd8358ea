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

    /// The challenges, at least one: the token is genuine if any one of them is met.
    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial>;

    /// The properties that it proves, once `key` is known to have signed it. Checks all of its demands against the
    /// request.
    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial>;

    /// The path that is asked for, `/{title}/{resource}`, where the token stands in the path.
    fn path(&self) -> Option<&str> {
        None
    }
}

/// A reader of the tokens of one dialect, with a site's requirements.
pub(super) trait Reader {
    /// Finds a token in the request and reads it; `None` where the request has nothing in its places.
    fn find(&self, facts: &Facts, policy: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial>;

    /// Every part of a request from which [`Self::find`] takes a token or a part of one.
    fn spots<'a>(&'a self, policy: &'a TokenPolicy) -> Vec<Spot<'a>>;
}

/// The request, requirements and time that a token is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request.
    pub facts: &'a Facts,
    /// The site's requirements.
    pub policy: &'a TokenPolicy,
    /// The time.
    pub now: UnixTime,
}

/// The met challenge, or the denial if there is none.
pub fn genuine<'c, 'a>(met: Option<&'c Challenge<'a>>) -> Result<&'c Challenge<'a>, Denial> {
    met.ok_or_else(|| Denial::new(Reason::TokenSignature, "the signature was not made with the issuer's key"))
}
