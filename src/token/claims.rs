//! The claims of a JSON Web Token. A claim that cannot be read refuses the token, since it may be a restriction.

use serde_json::{Map, Value};

use super::compact::short;
use crate::denial::{Denial, Reason};
use crate::facts::Geography;
use crate::time::UnixTime;

/// The payload of a token.
pub(super) struct Claims(Value);

impl Claims {
    pub(super) const fn new(members: Map<String, Value>) -> Self {
        Self(Value::Object(members))
    }

    /// The claim of this name, or at this JSON Pointer ([RFC 6901]) if it begins with `/`; null counts as absent.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub(super) fn find(&self, name: &str) -> Option<&Value> {
        let found = if name.starts_with('/') { self.0.pointer(name) } else { self.0.get(name) };
        found.filter(|value| !value.is_null())
    }

    /// Whether a claim is null. A null claim whose value would be a restriction must not count as absent.
    pub(super) fn is_null(&self, name: &str) -> bool {
        let found = if name.starts_with('/') { self.0.pointer(name) } else { self.0.get(name) };
        found.is_some_and(Value::is_null)
    }

    /// A claim that is a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Denial> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(unreadable(name, "a text")),
        }
    }

    /// A claim that is true or false; absent is false.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Denial> {
        match self.find(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(unreadable(name, "true or false")),
        }
    }

    /// A claim that is a list of texts, or one text.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Denial> {
        let texts = match self.find(name) {
            None => return Ok(None),
            Some(Value::String(text)) => Some(vec![text.as_str()]),
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
            Some(_) => None,
        };
        texts.map(Some).ok_or_else(|| unreadable(name, "a text or a list of texts"))
    }

    /// The end of a period: a fraction of a second is cut off.
    pub(super) fn end(&self, name: &str) -> Result<Option<UnixTime>, Denial> {
        self.find(name)
            .map(|value| seconds(value, f64::floor))
            .map_or(Ok(None), |found| found.map(Some).ok_or_else(|| unreadable(name, DATE)))
    }

    /// The start of a period: a fraction of a second is rounded up.
    pub(super) fn start(&self, name: &str) -> Result<Option<UnixTime>, Denial> {
        self.find(name)
            .map(|value| seconds(value, f64::ceil))
            .map_or(Ok(None), |found| found.map(Some).ok_or_else(|| unreadable(name, DATE)))
    }

    /// When the token ends, `leeway_s` included; it has to say so, and it has to be alive ([RFC 7519 section 4.1.4] to
    /// [section 4.1.6]).
    ///
    /// [RFC 7519 section 4.1.4]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
    /// [section 4.1.6]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.6
    pub(super) fn alive(&self, now: UnixTime, leeway_s: u64) -> Result<UnixTime, Denial> {
        let expires_at = self
            .end("exp")?
            .ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `exp`"))?
            .plus_secs(leeway_s);
        if now >= expires_at {
            return Err(Denial::new(
                Reason::TokenExpired,
                format!("expired {} s ago", now.secs_since(expires_at)),
            ));
        }
        for name in ["nbf", "iat"] {
            if let Some(start) = self.start(name)?.filter(|start| now.plus_secs(leeway_s) < *start) {
                let early = start.secs_since(now);
                return Err(Denial::new(Reason::TokenNotYetValid, format!("`{name}` is {early} s ahead")));
            }
        }
        Ok(expires_at)
    }
}

const DATE: &str = "seconds since 1970 before the year 10000";

/// The end of the year 9999. A greater value is in other units than seconds.
const LATEST: u64 = 253_402_300_799;

/// A NumericDate: whole or decimal seconds ([RFC 7519 section 2]).
///
/// [RFC 7519 section 2]: https://www.rfc-editor.org/rfc/rfc7519#section-2
pub(super) fn seconds(value: &Value, round: fn(f64) -> f64) -> Option<UnixTime> {
    let whole = match (value.as_u64(), value.as_f64()) {
        (Some(whole), _) => whole,
        (None, Some(decimal)) => {
            let whole = round(decimal);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked, and a NaN is in none"
            )]
            let seconds = (0.0..1e12).contains(&decimal).then_some(whole as u64);
            seconds?
        }
        (None, None) => return None,
    };
    (whole <= LATEST).then(|| UnixTime::from_secs(whole))
}

pub(super) fn unreadable(name: &str, expected: &str) -> Denial {
    Denial::new(Reason::TokenClaims, format!("`{}`: expected {expected}", short(name)))
}

/// Whether a viewer is in one of the places that a token names: `*`, a country, or a subdivision such as `AE-DU`. An
/// unknown place is in no country.
pub(super) fn inside(geography: &Geography, places: &[String]) -> bool {
    places.iter().any(|place| {
        let (country, subdivision) = match place.split_once('-') {
            Some((country, subdivision)) => (country, Some(subdivision)),
            None => (place.as_str(), None),
        };
        let same = geography.country.is_some_and(|known| known.as_str().eq_ignore_ascii_case(country));
        let within = subdivision.is_none_or(|wanted| {
            geography.subdivision.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(wanted))
        });
        place == "*" || (same && within)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numeric_dates() {
        for (value, end, start) in [
            (json!(7), Some(7), Some(7)),
            (json!(7.0), Some(7), Some(7)),
            (json!(7.5), Some(7), Some(8)),
            (json!(1.5e9), Some(1_500_000_000), Some(1_500_000_000)),
            (json!(0), Some(0), Some(0)),
            (json!(LATEST), Some(LATEST), Some(LATEST)),
            (json!(LATEST + 1), None, None),
            (json!(1_795_370_400_000_u64), None, None),
            (json!(1e300), None, None),
            (json!(-1), None, None),
            (json!(-0.5), None, None),
            (json!(u64::MAX), None, None),
            (json!("7"), None, None),
            (json!([7]), None, None),
        ] {
            let claims = Claims::new(Map::from_iter([("a".to_owned(), value.clone())]));
            let secs = |found: Result<Option<UnixTime>, Denial>| found.ok().flatten().map(UnixTime::as_secs);
            assert_eq!((secs(claims.end("a")), secs(claims.start("a"))), (end, start), "{value}");
        }
    }

    #[test]
    fn claims_by_name_and_by_pointer() {
        let json = json!({ "https://x/y": 1, "/z": 2, "a": { "b": [{ "c/d": 3 }] }, "n": null });
        let claims = Claims::new(json.as_object().unwrap().clone());
        for (name, expected) in [
            ("https://x/y", Some(json!(1))),
            ("/a/b/0/c~1d", Some(json!(3))),
            ("/~1z", Some(json!(2))),
            ("/z", None),
            ("a/b", None),
            ("n", None),
        ] {
            assert_eq!(claims.find(name).cloned(), expected, "{name}");
        }
    }

    #[test]
    fn places() {
        for (place, viewer, expected) in [
            ("AE", "AE-DU", true),
            ("ae", "AE", true),
            ("AE-DU", "AE-DU", true),
            ("AE-DU", "AE-AZ", false),
            ("AE-DU", "AE", false),
            ("AE", "SA", false),
            ("AE", "", false),
            ("*", "", true),
            ("", "", false),
        ] {
            assert_eq!(inside(&viewer.parse().unwrap(), &[place.to_owned()]), expected, "{place} {viewer}");
        }
    }
}
