//! Identifiers, valid by construction.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::reading::Quoted;

/// The reason why a text is not an identifier of the requested kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct IdError {
    expected: &'static str,
    found: String,
}

impl IdError {
    pub(super) fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: Quoted(found).to_string() }
    }
}

#[cfg(feature = "schema")]
macro_rules! slug {
    () => {
        "[a-z0-9][a-z0-9_.-]{0,63}$"
    };
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident, $expected:literal, $pattern:expr, $valid:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(transparent, extend("pattern" = $pattern)))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::new($expected, text))
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

identifiers! {
    /// A title's identifier: the first path segment of its URLs.
    TitleId,
    "a title id: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit, and not `healthz` or `version`",
    concat!("^(?!(healthz|version)$)", slug!()),
    |text| is_slug(text) && !RESERVED_TITLES.contains(&text);

    /// An offer's identifier, unique within its title.
    OfferId,
    "an offer id: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    concat!("^", slug!()),
    is_slug;

    /// A subscription plan as the token issuer names it.
    Plan,
    "a plan: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    concat!("^", slug!()),
    is_slug;

    /// A product that is bought or rented, as the token issuer names it.
    EntitlementId,
    "an entitlement: 1 to 128 visible ASCII characters",
    "^[!-~]{1,128}$",
    |text| is_visible_ascii(text, 128);

    /// A variance's identifier, unique within its title.
    VarianceId,
    "a variance id: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    concat!("^", slug!()),
    is_slug;

    /// A blackout's identifier, unique within its title.
    BlackoutId,
    "a blackout id: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    concat!("^", slug!()),
    is_slug;

    /// A campaign's identifier, unique within its site.
    CampaignId,
    "a campaign id: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    concat!("^", slug!()),
    is_slug;

    /// A creative's identifier.
    CreativeId,
    "a creative id: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit, and not `wanted`",
    concat!("^(?!wanted$)", slug!()),
    |text| is_slug(text) && text != RESERVED_CREATIVE;

    /// A category of advertisers, genre or kind of content, as the site names it.
    Label,
    "a label: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    concat!("^", slug!()),
    is_slug;

    /// The name of a group of territories, unique within its site.
    GroupName,
    "a group's name: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    concat!("^", slug!()),
    is_slug;

    /// A pathway's identifier, compared byte for byte ([Content Steering section 2]).
    ///
    /// [Content Steering section 2]: https://datatracker.ietf.org/doc/html/draft-pantos-content-steering-05#section-2
    PathwayId,
    "a pathway id: 1 to 64 of a-z, A-Z, 0-9, `.`, `-` and `_`",
    "^[A-Za-z0-9._-]{1,64}$",
    |text| is_of(text, 64, b"._-");

    /// A `STABLE-VARIANT-ID` or `STABLE-RENDITION-ID` ([HLS section 4.4.6.2]).
    ///
    /// [HLS section 4.4.6.2]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.2
    StableId,
    "a stable id: 1 to 128 of a-z, A-Z, 0-9, `+`, `/`, `=`, `.`, `-` and `_`",
    "^[A-Za-z0-9+/=._-]{1,128}$",
    |text| is_of(text, 128, b"+/=._-");

    /// The name of a query parameter that players add to a URI. Some players percent-encode names and others do not, so
    /// only characters that need no encoding are allowed. `_HLS_` and `_DASH_` begin the names of the players' own
    /// parameters.
    ParameterName,
    "a parameter's name: 1 to 128 of a-z, A-Z, 0-9, `.`, `-` and `_`, beginning neither with `_HLS_` nor `_DASH_`",
    "^(?!_HLS_|_DASH_)[A-Za-z0-9._-]{1,128}$",
    |text| is_of(text, 128, b"._-") && !text.starts_with("_HLS_") && !text.starts_with("_DASH_");

    /// The value of a query parameter that players add to a URI.
    ParameterValue,
    "a parameter's value: 1 to 1,024 of a-z, A-Z, 0-9, `.`, `-` and `_`",
    "^[A-Za-z0-9._-]{1,1024}$",
    |text| is_of(text, 1_024, b"._-");

    /// The signer of tokens: the `iss` claim, compared byte for byte ([RFC 7519 section 4.1.1]).
    ///
    /// [RFC 7519 section 4.1.1]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.1
    Issuer,
    "an issuer: 1 to 256 visible ASCII characters",
    "^[!-~]{1,256}$",
    |text| is_visible_ascii(text, 256);

    /// A key's identifier, the `kid` of [RFC 7517 section 4.5].
    ///
    /// [RFC 7517 section 4.5]: https://www.rfc-editor.org/rfc/rfc7517#section-4.5
    KeyId,
    "a key id: 1 to 128 visible ASCII characters",
    "^[!-~]{1,128}$",
    |text| is_visible_ascii(text, 128);
}

impl PathwayId {
    /// The id of variants that name no pathway ([HLS section 4.4.6.2]).
    ///
    /// [HLS section 4.4.6.2]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.2
    pub fn unnamed() -> Self {
        Self(".".to_owned())
    }
}

impl CreativeId {
    /// Takes a text that is valid by construction.
    pub(super) fn from_slug(text: String) -> Self {
        Self(text)
    }
}

impl KeyId {
    /// Names a key by its thumbprint.
    pub(super) fn thumbprint(hash: &[u8; 32]) -> Self {
        // Invariant: base64url is visible ASCII, 43 characters here.
        Self(URL_SAFE_NO_PAD.encode(hash))
    }
}

/// Paths that the edge answers itself.
const RESERVED_TITLES: [&str; 2] = ["healthz", "version"];

/// Beside the creatives, the API of the origin service lists those that ad servers named and that nobody conditioned.
const RESERVED_CREATIVE: &str = "wanted";

fn is_slug(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
}

fn is_of(text: &str, longest: usize, signs: &[u8]) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || signs.contains(&b))
}

fn is_visible_ascii(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_ids() {
        for good in ["a", "harbour", "s01e02", "a.b-c_d", "9lives"] {
            assert_eq!(good.parse::<TitleId>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "~x",
            "_x",
            ".",
            "..",
            "Harbour",
            "a/b",
            "a b",
            "healthz",
            "version",
            "\u{e9}",
            &"a".repeat(65),
        ] {
            assert!(bad.parse::<TitleId>().is_err(), "{bad:?} was taken for a title id");
        }
    }

    #[test]
    fn issuers_may_be_urls() {
        assert!("https://id.example.com/".parse::<Issuer>().is_ok());
        assert!("two words".parse::<Issuer>().is_err());
    }
}
