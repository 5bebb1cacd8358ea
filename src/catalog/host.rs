//! A site's host name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::IdError;

/// A host name in the canonical form of the URL Standard: lower case, Punycode, no port.
///
/// `EXAMPLE.com` and `example.com` are one host, and an internationalised name is kept in its ASCII form. `example.com.`,
/// with the dot of the root, is `example.com`. A `:port` is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
#[serde(transparent)]
pub struct Host(String);

impl Host {
    /// The host name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Host {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match url::Host::parse(host_name(text)).map(|host| host.to_string()) {
            // RFC 1035 section 2.3.4, less the length of the root.
            Ok(host) if host.len() <= 253 && !text.ends_with("..") => Ok(Self(host)),
            _ => Err(IdError::new("a host name without a port, such as watch.example.com", text)),
        }
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A host name without a trailing dot, which stands for the root of the domain name system ([RFC 1034 section 3.1]).
/// Resolvers take `watch.example.com.` and `watch.example.com` for the same host, and clients send either.
///
/// [RFC 1034 section 3.1]: https://www.rfc-editor.org/rfc/rfc1034#section-3.1
pub fn host_name(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_one_host() {
        assert_eq!("EXAMPLE.com".parse::<Host>().unwrap().as_str(), "example.com");
        assert_eq!("Example.com.".parse::<Host>().unwrap().as_str(), "example.com");
        assert_eq!("m\u{fc}nchen.de".parse::<Host>().unwrap().as_str(), "xn--mnchen-3ya.de");
        assert_eq!("[::1]".parse::<Host>().unwrap().as_str(), "[::1]");
        for bad in ["", ".", "example.com..", "example.com:8080", "a b", "https://example.com"] {
            assert!(bad.parse::<Host>().is_err(), "{bad:?} was taken for a host");
        }
    }
}
