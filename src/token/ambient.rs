//! Cookies in requests that no player makes.
//!
//! A browser sends cookies with every request that a page makes, including an `<img>` on a stranger's page. Such a
//! request would use up a token in a cookie, and begin a viewer's stream, for a person who never sees the token.
//! Browsers state the purpose of a request ([Fetch Metadata]), and pages cannot change that. By it, a cookie counts
//!
//! | `Sec-Fetch-Dest` | `Sec-Fetch-Site` | `Origin` |
//! | --- | --- | --- |
//! | `empty` (a script; but not with `Sec-Fetch-Mode: no-cors`, whose answer no script can read), `video`, `audio`, `track` | `same-origin`, `none` | any |
//! | the same | `same-site` | none, or one that the site's `cors.origins` lists by name |
//! | the same | `cross-site` | one that the site's `cors.origins` lists by name |
//!
//! and in no other request with these headers: no picture, frame, link, style, script or future purpose. Clients that
//! are no browsers send none of these headers, and their cookies count. A page of the same registrable domain can still
//! start a media element with the viewer's cookies, as the site's own pages do.
//!
//! [Fetch Metadata]: https://www.w3.org/TR/fetch-metadata/

use crate::catalog::CorsPolicy;
use crate::facts::Facts;

/// Whether the cookies of a request count.
pub(super) fn cookies_count(facts: &Facts, cors: &CorsPolicy) -> bool {
    let sent = |name| facts.headers.named(name);
    let (dest, site, mode) = (sent("sec-fetch-dest"), sent("sec-fetch-site"), sent("sec-fetch-mode"));
    if dest.is_none() && site.is_none() && mode.is_none() {
        return true;
    }
    let is_a_players = match dest {
        None => true,
        Some("empty") => mode != Some("no-cors"),
        Some(dest) => matches!(dest, "video" | "audio" | "track"),
    };
    let allowed = facts.headers.origin.as_deref().map(|origin| cors.allows_credentials(origin));
    is_a_players
        && match site {
            None | Some("same-origin" | "none") => true,
            Some("same-site") => allowed != Some(false),
            Some("cross-site") => allowed == Some(true),
            Some(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Headers;
    use crate::redacted::Redacted;

    const PAGE: &str = "https://www.example.com";

    fn counts(dest: &str, mode: &str, site: &str, origin: Option<&str>) -> bool {
        let sent = [("sec-fetch-dest", dest), ("sec-fetch-mode", mode), ("sec-fetch-site", site)];
        let sent = sent.into_iter().filter(|(_, value)| !value.is_empty());
        let all = sent.map(|(name, value)| (name.to_owned(), Redacted::new(value.to_owned()))).collect();
        let headers = Headers { origin: origin.map(str::to_owned), all, ..Headers::default() };
        let cors = CorsPolicy { origins: vec!["*".to_owned(), PAGE.to_owned()] };
        cookies_count(&Facts { headers, ..Facts::default() }, &cors)
    }

    #[test]
    fn a_players_cookies_count() {
        for (dest, mode, site, origin) in [
            ("", "", "", None),
            ("", "", "", Some("https://other.example")),
            ("empty", "cors", "same-origin", None),
            ("empty", "cors", "same-site", Some(PAGE)),
            ("empty", "cors", "cross-site", Some(PAGE)),
            ("video", "no-cors", "same-origin", None),
            ("video", "no-cors", "same-site", None),
            ("audio", "cors", "cross-site", Some(PAGE)),
            ("track", "cors", "same-site", Some(PAGE)),
            ("video", "no-cors", "none", None),
            ("", "", "same-origin", None),
        ] {
            assert!(counts(dest, mode, site, origin), "{dest} {mode} {site} {origin:?}");
        }
    }

    #[test]
    fn cookies_of_a_strangers_page_do_not() {
        for (dest, mode, site, origin) in [
            ("image", "no-cors", "cross-site", None),
            ("image", "no-cors", "same-origin", None),
            ("image", "cors", "cross-site", Some(PAGE)),
            ("iframe", "navigate", "cross-site", None),
            ("document", "navigate", "none", None),
            ("script", "no-cors", "same-site", None),
            ("style", "no-cors", "same-site", None),
            ("object", "no-cors", "same-site", None),
            ("something-new", "cors", "same-origin", None),
            ("empty", "no-cors", "same-site", None),
            ("empty", "no-cors", "cross-site", None),
            ("empty", "cors", "cross-site", Some("https://evil.example")),
            ("empty", "cors", "cross-site", Some("null")),
            ("empty", "cors", "same-site", Some("https://evil.example.com")),
            ("video", "no-cors", "cross-site", None),
            ("", "", "cross-site", None),
            ("empty", "cors", "elsewhere", Some(PAGE)),
        ] {
            assert!(!counts(dest, mode, site, origin), "{dest} {mode} {site} {origin:?}");
        }
    }
}
