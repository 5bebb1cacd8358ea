//! What a request says, read once.

use std::fmt;
use std::str::FromStr;

use crate::catalog::CountryCode;
use crate::redacted::Redacted;

/// Everything about a request that a decision may rest on, but the time.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The request's method.
    pub method: Method,
    /// The host name of the URL, without a port, in lower case.
    pub host: String,
    /// The path of the URL as it came, percent-encoded.
    pub path: String,
    /// The query of the URL as it came, without `?`. It may hold a viewer token.
    pub query: Redacted<String>,
    /// The headers that matter.
    pub headers: Headers,
    /// Where the viewer is.
    pub geography: Geography,
}

impl Facts {
    /// The first query parameter of this name, percent-decoded; `+` is a plus sign's usual space.
    pub fn query_parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.expose().as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// Request methods, as far as they make a difference here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    #[default]
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `POST`
    Post,
    /// Any other, which nothing here answers.
    Other,
}

impl Method {
    /// Takes a method by its name, which is case-sensitive ([RFC 9110 section 9.1]).
    ///
    /// [RFC 9110 section 9.1]: https://www.rfc-editor.org/rfc/rfc9110#section-9.1
    pub fn from_name(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            "POST" => Self::Post,
            _ => Self::Other,
        }
    }
}

/// The request headers that matter; all others stay at the edge.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// `Authorization`.
    pub authorization: Option<Redacted<String>>,
    /// `Origin`: the web page that asks.
    pub origin: Option<String>,
    /// `Range`, passed on to the media origin.
    pub range: Option<String>,
    /// `If-Range`, passed on with it.
    pub if_range: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<String>,
}

/// Where a viewer is, as far as it is known.
///
/// Its text form, in `--geo` and in the development override, is a country with an optional subdivision,
/// then `;name=value` pairs: `AE`, `AE-DU`, `US-CA;asn=7922`. An empty text is an unknown place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geography {
    /// The country.
    pub country: Option<CountryCode>,
    /// The subdivision's code within the country (ISO 3166-2, the part behind the hyphen).
    pub subdivision: Option<String>,
    /// The number of the autonomous system that the request came from.
    pub asn: Option<u32>,
}

impl Geography {
    /// Takes a country code as Cloudflare gives it, where `XX` (no information) and `T1` (Tor) are not
    /// countries.
    ///
    /// <https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-ipcountry>
    pub fn country_from_cloudflare(code: &str) -> Option<CountryCode> {
        code.parse().ok().filter(|_| code != "XX")
    }
}

/// Why a text is not a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a place such as AE, AE-DU or US-CA;asn=7922, found `{0}`")]
pub struct GeographyError(String);

impl FromStr for Geography {
    type Err = GeographyError;

    fn from_str(text: &str) -> Result<Self, GeographyError> {
        let error = || GeographyError(text.chars().take(80).collect());
        let mut parts = text.split(';');
        let place = parts.next().unwrap_or_default();
        let mut geography = Self::default();
        if !place.is_empty() {
            let (country, subdivision) = match place.split_once('-') {
                Some((country, subdivision)) => (country, Some(subdivision)),
                None => (place, None),
            };
            // `XX` is Cloudflare's way to say that it does not know.
            geography.country = match country {
                "XX" => None,
                _ => Some(country.parse().map_err(|_| error())?),
            };
            geography.subdivision = match subdivision {
                Some(code)
                    if (1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric()) =>
                {
                    Some(code.to_owned())
                }
                Some(_) => return Err(error()),
                None => None,
            };
        }
        for part in parts {
            match part.split_once('=') {
                Some(("asn", number)) => geography.asn = Some(number.parse().map_err(|_| error())?),
                _ => return Err(error()),
            }
        }
        Ok(geography)
    }
}

impl fmt::Display for Geography {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.country, &self.subdivision) {
            (Some(country), Some(subdivision)) => write!(f, "{country}-{subdivision}"),
            (Some(country), None) => country.fmt(f),
            (None, _) => f.write_str("an unknown place"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_places() {
        let place: Geography = "US-CA;asn=7922".parse().unwrap();
        assert_eq!(place.to_string(), "US-CA");
        assert_eq!(place.asn, Some(7922));
        assert_eq!("".parse(), Ok(Geography::default()));
        assert_eq!("XX".parse(), Ok(Geography::default()));
        for bad in ["usa", "US-", "US-CALI", "US;asn=x", "US;city=LA", "US;"] {
            assert!(bad.parse::<Geography>().is_err(), "{bad:?} was taken for a place");
        }
    }

    #[test]
    fn no_information_and_tor_are_not_countries() {
        assert_eq!(Geography::country_from_cloudflare("XX"), None);
        assert_eq!(Geography::country_from_cloudflare("T1"), None);
        assert_eq!(Geography::country_from_cloudflare("GB"), "GB".parse().ok());
    }

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let facts = Facts { query: Redacted::new("a=1&token=x%2Ey&token=z".to_owned()), ..Facts::default() };
        assert_eq!(facts.query_parameter("token").as_deref(), Some("x.y"));
        assert_eq!(facts.query_parameter("b"), None);
    }
}
