//! URIs that lead out of a title.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// How the edge treats URIs of a manifest outside the title's folder at the media origin, by their host. A manifest
/// with a URI to a host on neither list is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForeignPolicy {
    /// Hosts whose URIs are passed on unchanged, without a session, such as advertisement and licence servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<HostPattern>,
    /// Hosts whose URIs get the session's token, as the site's own URIs do. They are other edges that verify the token.
    /// The token reaches no host that is not listed here, so `*` is not accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "named")]
    pub sign: Vec<HostPattern>,
}

impl ForeignPolicy {
    /// Every host is refused.
    pub const REFUSE: Self = Self { pass: Vec::new(), sign: Vec::new() };

    /// Every URI is passed on.
    pub fn pass_all() -> Self {
        Self { pass: vec![HostPattern::all()], ..Self::REFUSE }
    }

    /// Every URI gets the token. This is for rehearsals, and no site's document can set it.
    pub fn sign_all() -> Self {
        Self { sign: vec![HostPattern::all()], ..Self::REFUSE }
    }

    /// Whether it is the default.
    pub const fn is_default(&self) -> bool {
        self.pass.is_empty() && self.sign.is_empty()
    }

    /// The cost of checking the lists, in bytes compared: in the worst case, every pattern is compared.
    pub(crate) const fn cost(&self) -> usize {
        (self.pass.len() + self.sign.len()).saturating_mul(8)
    }

    /// Whether URIs of this host, in lower case, get the token; `protected`: nobody on the way can read them.
    pub fn signs(&self, host: &str, protected: bool) -> bool {
        self.sign.iter().any(|pattern| pattern.matches(host) && (protected || *pattern == HostPattern::all()))
    }

    /// Whether URIs of this host, in lower case, are passed on; `None`: URIs that have no host.
    pub fn passes(&self, host: Option<&str>) -> bool {
        self.pass
            .iter()
            .any(|pattern| host.map_or(*pattern == HostPattern::all(), |host| pattern.matches(host)))
    }
}

/// A host name (`cdn.example.com`), every name below a host name (`*.example.com`), or any host (`*`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = "^(\\*|(\\*\\.)?[a-z0-9][a-z0-9.-]*)$")))]
pub struct HostPattern(String);

impl HostPattern {
    fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether a host, in lower case, is meant.
    pub fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.strip_suffix(suffix).is_some_and(|name| !name.is_empty()),
            None => self.0 == host,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let name = text.strip_prefix("*.").unwrap_or(&text);
        let plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
        if plain || text == "*" {
            return Ok(Self(text));
        }
        Err(de::Error::custom(format_args!(
            "expected a host name in lower case, `*.` and one, or `*`, found `{text}`"
        )))
    }
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HostPattern>, D::Error> {
    let patterns = Vec::<HostPattern>::deserialize(deserializer)?;
    if patterns.contains(&HostPattern::all()) {
        return Err(de::Error::custom(
            "expected the hosts that may have session tokens by their names, found `*`",
        ));
    }
    Ok(patterns)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_means_a_name_or_all_below_one() {
        let policy: ForeignPolicy =
            serde_json::from_value(json!({ "pass": ["ads.example.com"], "sign": ["*.cdn.example.com"] }))
                .unwrap();
        for (host, signs, passes) in [
            ("ads.example.com", false, true),
            ("a.ads.example.com", false, false),
            ("a.cdn.example.com", true, false),
            ("a.b.cdn.example.com", true, false),
            ("cdn.example.com", false, false),
            (".cdn.example.com", false, false),
            ("evilcdn.example.com", false, false),
        ] {
            assert_eq!((policy.signs(host, true), policy.passes(Some(host))), (signs, passes), "{host}");
        }
        assert!(!policy.passes(None));
        assert!(ForeignPolicy::pass_all().passes(None) && ForeignPolicy::sign_all().signs("a", false));
        assert!(!policy.signs("a.cdn.example.com", false));
    }

    #[test]
    fn a_token_goes_to_named_hosts_alone() {
        for bad in [
            json!({ "sign": ["*"] }),
            json!({ "pass": ["https://a/"] }),
            json!({ "pass": ["A.example"] }),
            json!({ "pass": ["a*"] }),
            json!({ "pass": [""] }),
            json!({ "pass": ["*."] }),
        ] {
            assert!(serde_json::from_value::<ForeignPolicy>(bad.clone()).is_err(), "{bad}");
        }
        let any: ForeignPolicy = serde_json::from_value(json!({ "pass": ["*"] })).unwrap();
        assert!(any.passes(Some("a.example")));
    }
}
