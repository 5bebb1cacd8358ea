//! The URLs of ad servers.

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use super::bounds::quoted;

/// An `https` or `http` URL of 4,096 bytes at most, with macros (`[CACHEBUSTING]`, `[session.id]`) in its path and query, which
/// are filled in for each request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent, extend("pattern" = r"^https?://[^\[\]@/?#\s]+([/?][!-~]*)?$")))]
#[serde(transparent)]
pub struct AdTemplate(pub String);

impl AdTemplate {
    /// The longest template, in bytes.
    pub const LONGEST: usize = 4_096;

    /// The macros that have the same value for all viewers of a title: those that the URL of a VMAP document may have.
    pub const SHARED: &[&str] = &["title.id", "site.host", "CONTENTID", "CONTENTURI"];

    /// The names of its macros, in order, in each spelling that is filled in.
    pub fn macros(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            loop {
                rest = rest.get(rest.find(['[', '%', '$'])?..)?;
                let found = SPELLINGS.iter().find_map(|(open, close)| name(rest, open, close));
                match found {
                    Some((name, behind)) => {
                        rest = behind;
                        return Some(name);
                    }
                    None => rest = rest.get(1..)?,
                }
            }
        })
    }

    /// Says what is wrong with a template.
    fn check(text: &str) -> Result<(), String> {
        if text.len() > Self::LONGEST {
            return Err(format!("expected {} bytes at most, found {}", Self::LONGEST, text.len()));
        }
        let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
            let found = quoted(text);
            return Err(format!("expected a URL that begins with https:// or http://, found {found}"));
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("expected visible ASCII characters: percent-encode spaces and others".to_owned());
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains(['[', ']', '{', '}', '%']) {
            return Err(format!("expected a host without macros, found {}", quoted(authority)));
        }
        if authority.is_empty() {
            return Err(format!("expected a URL with a host, found {}", quoted(text)));
        }
        if authority.contains('@') {
            return Err("expected a URL without credentials: `user:password@` would stand in logs".to_owned());
        }
        if text.contains('#') {
            return Err("expected a URL without a fragment, `#…`, which is never sent".to_owned());
        }
        let plain = without_macros(text)?;
        match Url::parse(&plain) {
            Ok(url) if url.has_host() => Ok(()),
            _ => Err(format!("expected a URL with a host, found {}", quoted(text))),
        }
    }

    /// Reads a template that is the same for all viewers, or null.
    pub(super) fn optional_shared<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Self>, D::Error> {
        let template = Option::<Self>::deserialize(json)?;
        let own = template.as_ref().and_then(|own| own.macros().find(|name| !Self::SHARED.contains(name)));
        if let Some(name) = own {
            let known: Vec<_> = Self::SHARED.iter().map(|name| format!("[{name}]")).collect();
            let known = known.join(", ");
            return Err(de::Error::custom(format_args!(
                "expected a URL that is the same for all viewers, with no other macros than {known}, found [{name}]"
            )));
        }
        Ok(template)
    }
}

/// The spellings of macros: `[NAME]`, and those that other ad servers and consent frameworks write.
const SPELLINGS: [(&str, &str); 5] = [("[", "]"), ("%%", "%%"), ("%5B", "%5D"), ("%5b", "%5d"), ("${", "}")];

/// The longest name of a macro, in bytes.
const LONGEST_NAME: usize = 64;

/// The name of a macro at the start of a text, and the text behind it.
///
/// ```abnf
/// name = 1*64( ALPHA / DIGIT / "_" / "." / "-" )
/// ```
fn name<'t>(text: &'t str, open: &str, close: &str) -> Option<(&'t str, &'t str)> {
    let (name, behind) = text.strip_prefix(open)?.split_once(close)?;
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    is_name.then_some((name, behind))
}

/// A template with a letter for each macro. Brackets that belong to no macro are refused: they are misspelled macros.
fn without_macros(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', ']', '{', '}', '%', '$']) {
        let (front, behind) = rest.split_at(at);
        plain.push_str(front);
        match SPELLINGS.iter().find_map(|(open, close)| name(behind, open, close)) {
            Some((_, after)) => {
                plain.push('x');
                rest = after;
            }
            None if behind.starts_with(['[', ']', '{', '}']) || behind.starts_with("%%") => {
                let found = quoted(behind);
                return Err(format!("expected macros as [CACHEBUSTING] or [session.id], found {found}"));
            }
            None => {
                let (sign, after) = behind.split_at(1);
                plain.push_str(sign);
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    Ok(plain)
}

impl<'de> Deserialize<'de> for AdTemplate {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let text = String::deserialize(json)?;
        Self::check(&text).map_err(de::Error::custom)?;
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_urls_with_macros_behind_the_host() {
        for good in [
            "https://ads.example.com/vast?cb=[CACHEBUSTING]&s=[session.id]&p=[player_params.x-1]",
            "http://127.0.0.1:8080/vast.xml",
            "https://ads.example.com/[title.id]/vast",
            "https://ads.example.com",
            "https://ads.example.com/a?u=https%3A%2F%2Fa.example&cost=5$",
            "https://ads.example.com/?cb=%%CACHEBUSTER%%&c=%5BCACHEBUSTING%5D&g=${GDPR}",
        ] {
            assert_eq!(AdTemplate::check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("ads.example.com/vast", "begins with"),
            ("ftp://ads.example.com/", "begins with"),
            ("https://[HOST]/vast", "host without macros"),
            ("https://[HOST].example.com/vast", "host without macros"),
            ("https://user:secret@ads.example.com/", "without credentials"),
            ("https:///vast", "with a host"),
            ("https://ads.example.com/#x", "fragment"),
            ("https://ads.example.com/a b", "percent-encode"),
            ("https://ads.example.com/?cb={random}", "expected macros as"),
            ("https://ads.example.com/?cb=%%CACHEBUSTER", "expected macros as"),
            ("https://ads.example.com/?cb=${GDPR", "expected macros as"),
            ("https://ads.example.com/?cb=[CACHE BUSTING]", "percent-encode"),
            ("https://ads.example.com/?cb=[CACHEBUSTING", "expected macros as"),
            ("https://ads.example.com/?cb=CACHEBUSTING]", "expected macros as"),
            ("https://ads.example.com/?cb=[]", "expected macros as"),
            ("https://ads.example.com/?cb=[[A]]", "expected macros as"),
            ("", "begins with"),
        ] {
            let found = AdTemplate::check(bad).unwrap_err();
            assert!(found.contains(why), "{bad}: {found}");
            assert!(!found.contains("secret"), "{found}");
        }
        let long = format!("https://ads.example.com/?{}", "x".repeat(AdTemplate::LONGEST));
        assert!(AdTemplate::check(&long).unwrap_err().contains("4096 bytes at most"));
    }

    #[test]
    fn the_macros_of_a_template_are_listed() {
        let template =
            AdTemplate("https://a.example/[title.id]?a=%20[b c]&d=%%D%%&e=%5Be%5D$f${g}&[x".to_owned());
        assert_eq!(template.macros().collect::<Vec<_>>(), ["title.id", "D", "e", "g"]);
    }

    #[test]
    fn a_vmap_document_is_the_same_for_all_viewers() {
        let read =
            |url: &str| serde_json::from_value::<super::super::TitleAds>(serde_json::json!({ "vmap": url }));
        assert!(read("https://a.example/vmap/[title.id]").is_ok());
        let error = read("https://a.example/vmap?s=[session.id]").unwrap_err().to_string();
        assert!(error.contains("the same for all viewers") && error.contains("[session.id]"), "{error}");
    }
}
