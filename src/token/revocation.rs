//! Whether a session or a viewer token was revoked, in a few look-ups however many revocations there are.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::Grant;
use super::session::{Session, ShortTag, Tag, issuer_key_tag, subject_tag, title_tag, token_tag};
use crate::catalog::{Issuer, Jwk, KvDocument, Revocation, Revocations, Revoked, TitleId};
use crate::denial::{Denial, Reason};
use crate::time::UnixTime;

/// The revocations of a site, by the tags that sessions carry.
///
/// Tags of tokens and keys have four bytes: of a million tokens, with a thousand of them revoked, a fourth of one is
/// refused by chance (1,000,000 x 1,000 / 2^32).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Revocations")]
pub struct RevocationIndex {
    generation: u32,
    sessions: HashMap<Tag, Moment>,
    subjects: HashMap<Tag, Moment>,
    tokens: HashSet<ShortTag>,
    titles: HashMap<Tag, Moment>,
    issuer_keys: HashSet<ShortTag>,
    everything: Option<Moment>,
}

/// Up to when something is revoked: by the generation for sessions, by the time for viewer tokens.
#[derive(Clone, Copy, Debug)]
struct Moment {
    generation: u32,
    at: UnixTime,
}

impl Moment {
    fn later(self, other: Self) -> Self {
        Self { generation: self.generation.max(other.generation), at: self.at.max(other.at) }
    }

    const fn ends_session(self, session: &Session) -> bool {
        session.generation < self.generation
    }

    fn ends_token(self, grant: &Grant) -> bool {
        grant.issued_at.is_none_or(|issued_at| issued_at <= self.at)
    }
}

impl From<Revocations> for RevocationIndex {
    fn from(document: Revocations) -> Self {
        let mut index = Self { generation: document.generation, ..Self::default() };
        for Revocation { what, generation, at, .. } in document.revoked {
            let moment = Moment { generation, at };
            let mark = |moments: &mut HashMap<Tag, Moment>, tag| {
                moments.entry(tag).and_modify(|known| *known = known.later(moment)).or_insert(moment);
            };
            match what {
                // The same viewer token may open it anew: that one is another session of the same name.
                Revoked::Session(id) => mark(&mut index.sessions, id.0.0),
                Revoked::Subject { issuer, subject } => {
                    mark(&mut index.subjects, subject_tag(&issuer, &subject));
                }
                Revoked::Token { issuer, id } => {
                    index.tokens.insert(token_tag(&issuer, &id));
                }
                Revoked::Title(title) => mark(&mut index.titles, title_tag(&title)),
                Revoked::Key { issuer, kid } => {
                    index.issuer_keys.insert(issuer_key_tag(&issuer, kid.as_str()));
                }
                Revoked::Everything {} => {
                    index.everything = Some(index.everything.map_or(moment, |known| known.later(moment)));
                }
            }
        }
        index
    }
}

impl KvDocument for RevocationIndex {}

impl RevocationIndex {
    /// The generation that a session is opened under.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Checks a session of a title, signed with `key` of the document `keys`.
    pub fn session(
        &self,
        session: &Session,
        title: &TitleId,
        keys: &Issuer,
        key: &Jwk,
    ) -> Result<(), Denial> {
        let ended = |moment: Option<&Moment>| moment.is_some_and(|moment| moment.ends_session(session));
        let what = if ended(self.sessions.get(&session.id.0)) {
            "session"
        } else if session.subject.is_some_and(|tag| ended(self.subjects.get(&tag))) {
            "viewer"
        } else if session.token.is_some_and(|tag| self.tokens.contains(&tag)) {
            "viewer token"
        } else if !self.titles.is_empty() && ended(self.titles.get(&title_tag(title))) {
            "title"
        } else if self.issuer_keys.contains(&session.issuer_key)
            || !self.issuer_keys.is_empty()
                && self.issuer_keys.contains(&issuer_key_tag(keys, key.kid.as_str()))
        {
            "key"
        } else if ended(self.everything.as_ref()) {
            "site's every session"
        } else {
            return Ok(());
        };
        Err(revoked(what))
    }

    /// Checks what a viewer token proves, for a title.
    pub fn grant(&self, grant: &Grant, title: &TitleId) -> Result<(), Denial> {
        let ended = |moment: Option<&Moment>| moment.is_some_and(|moment| moment.ends_token(grant));
        let subject = grant.subject.as_ref().map(|subject| subject_tag(&grant.issuer, subject));
        let token = grant.token_id.as_ref().map(|id| token_tag(&grant.issuer, id));
        let what = if subject.is_some_and(|tag| ended(self.subjects.get(&tag))) {
            "viewer"
        } else if token.is_some_and(|tag| self.tokens.contains(&tag)) {
            "viewer token"
        } else if ended(self.titles.get(&title_tag(title))) {
            "title"
        } else if self.issuer_keys.contains(&issuer_key_tag(&grant.issuer, grant.key.as_str())) {
            "key"
        } else if ended(self.everything.as_ref()) {
            "site's every token"
        } else {
            return Ok(());
        };
        Err(revoked(what))
    }
}

fn revoked(what: &str) -> Denial {
    Denial::new(Reason::Revoked, format!("the {what} was revoked"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::KeySet;
    use crate::facts::Facts;
    use crate::rights::Class;
    use crate::token::session::{Opening, SessionId};
    use crate::token::{Dialect, Lock};

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

    fn index(what: &Value) -> RevocationIndex {
        serde_json::from_value(json!({ "host": "a.example", "generation": 5, "revoked": [
            { "what": what, "generation": 5, "at": "2026-11-22T18:00:00Z" },
        ]}))
        .unwrap()
    }

    fn grant(issued_at: Option<UnixTime>) -> Grant {
        Grant {
            subject: Some("v1".into()),
            token_id: Some("t1".into()),
            issued_at,
            ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k1".parse().unwrap())
        }
    }

    fn session(generation: u32) -> Session {
        Session::new(&Opening {
            id: SessionId([1; 8]),
            title: &"harbour".parse().unwrap(),
            class: Class([0; 4]),
            proved: None,
            grant: &grant(None),
            lock: Lock::default(),
            facts: &Facts::default(),
            generation,
            streams: None,
            expires_at: NOW,
            ends_at: NOW,
        })
    }

    #[test]
    fn each_kind_ends_what_it_names_and_nothing_else() {
        let keys: KeySet = serde_json::from_value(json!({ "issuer": "sessions", "keys": [
            { "kty": "oct", "kid": "s1", "alg": "HS256", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        ]}))
        .unwrap();
        // What is revoked; whether that ends a session of generation 4, one of generation 5, a token signed before, one
        // signed after, and one that does not say.
        for (what, expected) in [
            (json!({ "session": "0101010101010101" }), [true, false, false, false, false]),
            (json!({ "session": "0101010101010102" }), [false; 5]),
            (json!({ "subject": { "issuer": "id", "subject": "v1" } }), [true, false, true, false, true]),
            (json!({ "subject": { "issuer": "id", "subject": "v2" } }), [false; 5]),
            (json!({ "subject": { "issuer": "ix", "subject": "v1" } }), [false; 5]),
            (json!({ "token": { "issuer": "id", "id": "t1" } }), [true; 5]),
            (json!({ "token": { "issuer": "id", "id": "t2" } }), [false; 5]),
            (json!({ "title": "harbour" }), [true, false, true, false, true]),
            (json!({ "title": "other" }), [false; 5]),
            (json!({ "key": { "issuer": "id", "kid": "k1" } }), [true; 5]),
            (json!({ "key": { "issuer": "id", "kid": "k2" } }), [false; 5]),
            (json!({ "key": { "issuer": "sessions", "kid": "s1" } }), [true, true, false, false, false]),
            (json!({ "everything": {} }), [true, false, true, false, true]),
        ] {
            let index = index(&what);
            let title = "harbour".parse().unwrap();
            let ends_session = |generation| {
                index.session(&session(generation), &title, &keys.issuer, &keys.keys[0]).is_err()
            };
            let ends_token = |issued_at| index.grant(&grant(issued_at), &title).is_err();
            let found = [
                ends_session(4),
                ends_session(5),
                ends_token(Some(NOW)),
                ends_token(Some(NOW.plus_secs(1))),
                ends_token(None),
            ];
            assert_eq!(found, expected, "{what}");
        }
    }

    #[test]
    fn the_latest_of_two_counts() {
        let index: RevocationIndex =
            serde_json::from_value(json!({ "host": "a.example", "generation": 7, "revoked": [
                { "what": { "title": "harbour" }, "generation": 7, "at": "2026-11-22T18:00:00Z" },
                { "what": { "title": "harbour" }, "generation": 2, "at": "2026-11-21T18:00:00Z" },
            ]}))
            .unwrap();
        assert_eq!(index.generation(), 7);
        assert!(index.grant(&grant(Some(NOW)), &"harbour".parse().unwrap()).is_err());
    }
}
