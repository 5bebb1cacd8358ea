//! Sessions that tokens opened.

use crate::catalog::{Document, Issuer, Jwk, KeySet, Site};
use crate::denial::Denial;
use crate::shelf::{Memory, Slot, Weigh, allocation};
use crate::token::session::Session;

/// Sessions by their tokens.
pub type OpenedSessions = Memory<String, OpenedSession>;

/// The session that a token opened, and by which key.
#[derive(Debug)]
pub struct OpenedSession {
    session: Session,
    /// The number of the key that verified it.
    key: usize,
    /// The revision of the document that holds the keys.
    revision: u64,
    issuer: Issuer,
    host: String,
}

impl Weigh for OpenedSession {
    fn heap_bytes(&self) -> usize {
        allocation(self.issuer.as_str().len()) + self.host.heap_bytes()
    }
}

impl Slot for OpenedSession {}

/// Opens a session. A viewer's token comes with each of their requests, so the session that it opened is remembered: a
/// fact about the token and the site's keys. Whether the session is good for a request is not decided here.
pub fn open_session<'a>(
    memory: &OpenedSessions,
    token: &str,
    site: &Site,
    keys: &'a Document<KeySet>,
    now_ms: u64,
) -> Result<(Session, &'a Jwk), Denial> {
    let host = site.host.as_str();
    let Document { revision, body: KeySet { keys: known_keys, .. } } = keys;
    let of_these = |known: &OpenedSession| {
        let same = known.revision == *revision && known.issuer == site.sessions.keys && known.host == host;
        same.then_some((known.session, known.key))
    };
    let known = memory.find(token, of_these).flatten();
    if let Some((session, key)) = known.and_then(|(session, at)| Some((session, known_keys.get(at)?))) {
        return Ok((session, key));
    }
    let (session, key) = Session::open(token, &keys.body, host)?;
    if let Some(at) = known_keys.iter().position(|known| std::ptr::eq(known, key)) {
        let issuer = site.sessions.keys.clone();
        let opened = OpenedSession { session, key: at, revision: *revision, issuer, host: host.to_owned() };
        memory.insert(token.to_owned(), opened, now_ms);
    }
    Ok((session, key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::Facts;
    use crate::shelf::{Budget, Rooms};
    use crate::token::session::Opening;
    use crate::token::{Dialect, Grant};

    fn site(host: &str, issuer: &str) -> Site {
        let site = json!({
            "host": host, "media": { "origin": "https://m.example/" }, "tokens": {},
            "sessions": { "keys": issuer },
        });
        serde_json::from_value(site).unwrap()
    }

    fn keys(revision: u64, fill: &str) -> Document<KeySet> {
        let key = json!({ "kty": "oct", "kid": "a", "alg": "HS256", "k": fill.repeat(42) + "A" });
        let body = json!({ "issuer": "sessions", "keys": [key] });
        Document { revision, body: serde_json::from_value(body).unwrap() }
    }

    fn token(keys: &KeySet) -> String {
        let grant = Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap());
        let (title, facts) = ("harbour".parse().unwrap(), Facts::default());
        Session::new(&Opening::plain(&title, &grant, &facts)).mint(keys, "watch.example.com").unwrap()
    }

    #[test]
    fn a_token_opens_its_session_by_the_keys_and_the_site_of_now() {
        let budget = Budget::new(64 * 1024, Rooms::default(), 1);
        let memory: OpenedSessions = budget.memory("sessions", 64 * 1024);
        let (own, withdrawn) = (keys(1, "a"), keys(2, "b"));
        let token = token(&own.body);
        let opens = |keys: &Document<KeySet>, site: &Site| {
            let opened = open_session(&memory, &token, site, keys, 0);
            opened.ok().map(|(session, key)| (session.id, key.kid.clone()))
        };
        let watch = site("watch.example.com", "sessions");
        let first = opens(&own, &watch);
        assert!(first.is_some() && memory.len() == 1);
        assert_eq!(opens(&own, &watch), first, "out of memory");
        assert_eq!(opens(&withdrawn, &watch), None, "the key is gone");
        assert_eq!(opens(&own, &site("other.example.com", "sessions")), None, "it is another site's token");
        assert_eq!(opens(&own, &watch), first);
    }

    #[test]
    fn a_token_that_opens_nothing_leaves_nothing_behind() {
        let budget = Budget::new(64 * 1024, Rooms::default(), 1);
        let memory: OpenedSessions = budget.memory("sessions", 64 * 1024);
        let watch = site("watch.example.com", "sessions");
        assert!(open_session(&memory, &"A".repeat(100), &watch, &keys(1, "a"), 0).is_err());
        assert!(memory.is_empty());
    }
}
