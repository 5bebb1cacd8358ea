//! The facts of a request, read once.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::catalog::CountryCode;
use crate::redacted::Redacted;

/// Everything about a request that a decision may rest on, but the time.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The request's method.
    pub method: Method,
    /// The scheme of the URL: `https`, or `http` in development.
    pub scheme: Scheme,
    /// The host name of the URL, without a port and without the dot of a root ([`host_name`](crate::catalog::host_name)), in lower case.
    pub host: String,
    /// The port, if the URL names one other than the scheme's default.
    pub port: Option<u16>,
    /// The path of the URL as it came, percent-encoded.
    pub path: String,
    /// The query of the URL as it came, without `?`. It may hold a viewer token.
    pub query: Redacted<String>,
    /// The headers that matter.
    pub headers: Headers,
    /// The viewer's address.
    pub address: Option<IpAddr>,
    /// Where the viewer is.
    pub geography: Geography,
    /// The connection that the request came over.
    pub connection: Connection,
}

impl Facts {
    /// The first query parameter of this name, percent-decoded; `+` is a plus sign's usual space.
    pub fn query_parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.expose().as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The first query parameter of this name as it came, neither decoded nor normalised.
    pub fn raw_query_parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.query.expose().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The first cookie of this name, without quotes ([RFC 6265 section 4.2.1]). Nothing in it is decoded.
    ///
    /// [RFC 6265 section 4.2.1]: https://www.rfc-editor.org/rfc/rfc6265#section-4.2.1
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.headers.named("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
        let value = pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.trim())?;
        Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
    }

    /// `scheme://host[:port]`, as a URL begins.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme.name(), self.host),
            None => format!("{}://{}", self.scheme.name(), self.host),
        }
    }
}

/// The scheme of a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `https`
    #[default]
    Https,
    /// `http`
    Http,
}

impl Scheme {
    /// The scheme's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port that the scheme means where a URL names none.
    pub const fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

macro_rules! methods {
    ($($variant:ident $name:literal,)*) => {
        /// Request methods ([RFC 9110 section 9.3], [RFC 5789]). The edge answers the first four; tokens may name
        /// any.
        ///
        /// [RFC 9110 section 9.3]: https://www.rfc-editor.org/rfc/rfc9110#section-9.3
        /// [RFC 5789]: https://www.rfc-editor.org/rfc/rfc5789
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum Method {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
            /// Any other.
            Other,
            /// `GET`
            #[default]
            Get,
        }

        impl Method {
            /// Takes a method by its name, which is case-sensitive ([RFC 9110 section 9.1]).
            ///
            /// [RFC 9110 section 9.1]: https://www.rfc-editor.org/rfc/rfc9110#section-9.1
            pub fn from_name(name: &str) -> Self {
                match name {
                    "GET" => Self::Get,
                    $($name => Self::$variant,)*
                    _ => Self::Other,
                }
            }

            /// The method's name; empty for a method that is not in the list.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Get => "GET",
                    $(Self::$variant => $name,)*
                    Self::Other => "",
                }
            }
        }
    };
}

methods! {
    Head "HEAD",
    Options "OPTIONS",
    Post "POST",
    Put "PUT",
    Patch "PATCH",
    Delete "DELETE",
}

/// The request headers that matter.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// `Authorization`.
    pub authorization: Option<Redacted<String>>,
    /// `Origin`: the web page that asks.
    pub origin: Option<String>,
    /// `Range`, passed on to the media origin.
    pub range: Option<String>,
    /// `If-Range`, compared with the media origin's validators of the file.
    pub if_range: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<String>,
    /// Every header by its name in lower case, for tokens that stand in a cookie or header or bind to one. The
    /// Worker reads them at the entry and for breaks only: elsewhere below a session it is empty.
    pub all: Vec<(String, Redacted<String>)>,
}

impl Headers {
    /// The value of a header out of [`Headers::all`]; `name` is in any case.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.all
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.expose().as_str())
    }
}

/// The runtime's facts about the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The protocol by its ALPN identifier ([RFC 7301 section 6]): `http/1.1`, `h2`, `h3`.
    ///
    /// [RFC 7301 section 6]: https://www.rfc-editor.org/rfc/rfc7301#section-6
    pub alpn: Option<String>,
    /// The JA3 fingerprint of the TLS handshake.
    pub ja3: Option<String>,
    /// The JA4 fingerprint of the TLS handshake.
    pub ja4: Option<String>,
}

/// Where a viewer is, as far as it is known.
///
/// Its text form, in `--geo` and in the development override, is a country with an optional subdivision, then
/// `;name=value` pairs: `AE`, `AE-DU`, `US-CA;asn=7922;dma=803;postal=90210`. The names are `asn`, `dma`, `postal`,
/// `continent`, `lat` and `lon`, and `tor` without a value. An empty text is an unknown place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geography {
    /// The country.
    pub country: Option<CountryCode>,
    /// The subdivision's code within the country (ISO 3166-2, the part behind the hyphen).
    pub subdivision: Option<String>,
    /// The continent, in two letters: `AF`, `AN`, `AS`, `EU`, `NA`, `OC`, `SA`.
    pub continent: Option<String>,
    /// The metro code: a Designated Market Area of the United States.
    pub dma: Option<u16>,
    /// The postal code, in capitals and without spaces.
    pub postal: Option<String>,
    /// Latitude and longitude.
    pub coordinates: Option<Coordinates>,
    /// The number of the autonomous system that the request came from.
    pub asn: Option<u32>,
    /// The request came through the Tor network (country `T1`).
    pub tor: bool,
}

/// A point on the Earth (WGS 84), kept as the texts' own precision allows: in millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coordinates {
    /// Millionths of a degree north of the equator, -90,000,000 to 90,000,000.
    pub latitude: i32,
    /// Millionths of a degree east of Greenwich, -180,000,000 to 180,000,000.
    pub longitude: i32,
}

impl Coordinates {
    /// Takes degrees; `None` outside of their range.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Self> {
        let inside = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        #[expect(clippy::cast_possible_truncation, reason = "180 million fits 32 bits")]
        let millionths = |degrees: f64| (degrees * 1_000_000.0).round() as i32;
        inside.then(|| Self { latitude: millionths(latitude), longitude: millionths(longitude) })
    }

    /// Latitude and longitude in degrees.
    pub fn degrees(self) -> (f64, f64) {
        (f64::from(self.latitude) / 1_000_000.0, f64::from(self.longitude) / 1_000_000.0)
    }
}

impl Geography {
    /// Takes a country code as Cloudflare gives it, where `XX` is no information and `T1` the Tor network.
    ///
    /// <https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-ipcountry>
    #[must_use]
    pub fn in_country_of_cloudflare(code: &str) -> Self {
        Self { country: code.parse().ok().filter(|_| code != "XX"), tor: code == "T1", ..Self::default() }
    }

    /// A postal code in the form in which documents have it.
    pub fn canonical_postal(code: &str) -> String {
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    }
}

/// Why a text is not a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a place such as AE, AE-DU or US-CA;asn=7922;dma=803, found `{0}`")]
pub struct GeographyError(String);

impl FromStr for Geography {
    type Err = GeographyError;

    fn from_str(text: &str) -> Result<Self, GeographyError> {
        let error = || GeographyError(text.chars().take(80).collect());
        let mut parts = text.split(';');
        let place = parts.next().unwrap_or_default();
        let (country, subdivision) = match place.split_once('-') {
            Some((country, subdivision)) => (country, Some(subdivision)),
            None => (place, None),
        };
        let mut geography = Self::in_country_of_cloudflare(country);
        // `XX` is Cloudflare's way to say that it does not know.
        if geography.country.is_none() && !geography.tor && !matches!(country, "" | "XX") {
            return Err(error());
        }
        geography.subdivision = match subdivision {
            Some(code)
                if (1..=3).contains(&code.len())
                    && !country.is_empty()
                    && code.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                Some(code.to_owned())
            }
            Some(_) => return Err(error()),
            None => None,
        };
        let (mut latitude, mut longitude) = (None, None);
        let degrees = |value: &str| value.parse::<f64>().map(Some).map_err(|_| error());
        for part in parts {
            match part.split_once('=').unwrap_or((part, "")) {
                ("asn", number) => geography.asn = Some(number.parse().map_err(|_| error())?),
                ("dma", number) => geography.dma = Some(number.parse().map_err(|_| error())?),
                ("postal", code) if !code.is_empty() => {
                    geography.postal = Some(Self::canonical_postal(code));
                }
                ("continent", code) if code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()) => {
                    geography.continent = Some(code.to_owned());
                }
                ("lat", value) => latitude = degrees(value)?,
                ("lon", value) => longitude = degrees(value)?,
                ("tor", "") => geography.tor = true,
                _ => return Err(error()),
            }
        }
        geography.coordinates = match (latitude, longitude) {
            (Some(latitude), Some(longitude)) => {
                Some(Coordinates::from_degrees(latitude, longitude).ok_or_else(error)?)
            }
            (None, None) => None,
            _ => return Err(error()),
        };
        Ok(geography)
    }
}

impl fmt::Display for Geography {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.country, &self.subdivision) {
            (Some(country), Some(subdivision)) => write!(f, "{country}-{subdivision}"),
            (Some(country), None) => country.fmt(f),
            (None, _) if self.tor => f.write_str("the Tor network"),
            (None, _) => f.write_str("an unknown place"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_places() {
        let place: Geography =
            "US-CA;asn=7922;dma=803;postal=sw1a 2aa;continent=NA;lat=34.05;lon=-118.25".parse().unwrap();
        assert_eq!(place.to_string(), "US-CA");
        assert_eq!((place.asn, place.dma, place.postal.as_deref()), (Some(7922), Some(803), Some("SW1A2AA")));
        assert_eq!(place.coordinates.unwrap().degrees(), (34.05, -118.25));
        assert_eq!("".parse(), Ok(Geography::default()));
        assert_eq!("XX".parse(), Ok(Geography::default()));
        assert_eq!(";asn=7".parse::<Geography>().unwrap().asn, Some(7));
        for bad in [
            "usa",
            "US-",
            "US-CALI",
            "-CA",
            "US;asn=x",
            "US;city=LA",
            "US;",
            "US;lat=1",
            "US;lat=91;lon=0",
            "US;lat=NaN;lon=0",
            "US;continent=na",
        ] {
            assert!(bad.parse::<Geography>().is_err(), "{bad:?} was taken for a place");
        }
    }

    #[test]
    fn no_information_and_tor_are_not_countries() {
        let of = Geography::in_country_of_cloudflare;
        assert_eq!(of("XX"), Geography::default());
        assert_eq!((of("T1").country, of("T1").tor), (None, true));
        assert_eq!("T1".parse(), Ok(of("T1")));
        assert_eq!(of("GB").country, "GB".parse().ok());
    }

    #[test]
    fn cookies_and_raw_parameters_come_as_they_are() {
        let all = vec![("cookie".to_owned(), Redacted::new("a=1; CAT=\"x==\"; CAT=y".to_owned()))];
        let facts = Facts {
            query: Redacted::new("x&token=a%7Eb&token=c".to_owned()),
            headers: Headers { all, ..Headers::default() },
            ..Facts::default()
        };
        assert_eq!(
            (facts.cookie("CAT"), facts.cookie("a"), facts.cookie("b")),
            (Some("x=="), Some("1"), None)
        );
        assert_eq!(facts.raw_query_parameter("token"), Some("a%7Eb"));
        assert_eq!(facts.raw_query_parameter("x"), Some(""));
        assert!(!format!("{facts:?}").contains("x=="));
    }

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let facts = Facts { query: Redacted::new("a=1&token=x%2Ey&token=z".to_owned()), ..Facts::default() };
        assert_eq!(facts.query_parameter("token").as_deref(), Some("x.y"));
        assert_eq!(facts.query_parameter("b"), None);
    }
}
