//! The web pages that may play a site.

use serde::{Deserialize, Serialize};

/// The web pages that may play a site's media ([CORS]). Pages that are listed by name may send credentials, such as
/// cookies.
///
/// [CORS]: https://fetch.spec.whatwg.org/#http-cors-protocol
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CorsPolicy {
    /// The origins of the pages, such as `https://www.example.com`. `*` stands for any page, which then sends no
    /// credentials.
    pub origins: Vec<String>,
}

/// Any page.
const ANY_PAGE: &str = "*";

/// The `Origin` that browsers send for pages without an origin of their own, such as a sandboxed frame.
const NO_ORIGIN: &str = "null";

impl CorsPolicy {
    /// Whether any page may read the site's replies.
    pub fn allows_any(&self) -> bool {
        self.origins.iter().any(|listed| listed == ANY_PAGE)
    }

    /// Whether some page is listed by name, so that a reply depends on the page that asks.
    pub fn lists_some(&self) -> bool {
        self.origins.iter().any(|listed| listed != ANY_PAGE)
    }

    /// The page that asks, by the request's `Origin`, if the policy lists it by name. A reply names no other page, and
    /// no other page is remembered.
    pub fn listed(&self, origin: Option<&str>) -> Option<&str> {
        let origin = origin.filter(|origin| *origin != ANY_PAGE)?;
        self.origins.iter().find(|listed| *listed == origin).map(String::as_str)
    }

    /// Whether a page may send credentials and read the reply. `null` may not: any sandboxed page sends it.
    pub fn allows_credentials(&self, origin: &str) -> bool {
        origin != NO_ORIGIN && self.listed(Some(origin)).is_some()
    }
}

impl Default for CorsPolicy {
    fn default() -> Self {
        Self { origins: vec!["*".to_owned()] }
    }
}
