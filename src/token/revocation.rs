//! Whether a session or a viewer token was revoked, in a few look-ups however many revocations there are.

use serde::Deserialize;

use super::Grant;
use super::session::Session;
use super::tags::{NameTag, issuer_key_tag, subject_tag, title_tag, token_name};
use crate::catalog::{
    Issuer, Jwk, KvDocument, Moment, PackedRevocations, Records, Revocation, Revocations, Revoked, TitleId,
};
use crate::denial::{Denial, Reason};
use crate::time::UnixTime;

/// The revocations of a site, by the tags that sessions carry.
///
/// A session carries four bytes of the name of its token, so that one with another token may look revoked: of a million
/// sessions, with a hundred thousand tokens revoked, 23 (1,000,000 x 100,000 / 2^32). Such a viewer enters again, with a session
/// of the new generation: the token itself is compared by eight bytes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Revocations")]
pub struct RevocationIndex {
    generation: u32,
    packed: PackedRevocations,
}

impl From<Revocations> for RevocationIndex {
    fn from(document: Revocations) -> Self {
        let packed = match (document.packed, document.revoked) {
            (Some(packed), _) => packed,
            (None, spelled_out) => pack(spelled_out.unwrap_or_default()),
        };
        Self { generation: document.generation, packed }
    }
}

/// Packs revocations: the hashes that the edge compares, in order. Of several revocations of one thing, the latest
/// counts.
pub fn pack(revoked: impl IntoIterator<Item = Revocation>) -> PackedRevocations {
    let (mut sessions, mut subjects, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    let (mut titles, mut keys, mut everything) = (Vec::new(), Vec::new(), None::<Moment>);
    for Revocation { what, generation, at, .. } in revoked {
        let moment = Moment { generation, at };
        match what {
            // The same viewer token may open the session again: then it is another session with the same name.
            Revoked::Session(id) => sessions.push(joined(id.0.0, generation.to_be_bytes())),
            Revoked::Subject { issuer, subject } => {
                subjects.push(with_moment(subject_tag(&issuer, &subject), moment));
            }
            Revoked::Token { issuer, id } => {
                tokens.push(joined(token_name(&issuer, &id), generation.to_be_bytes()));
            }
            Revoked::Title(title) => titles.push(with_moment(title_tag(&title), moment)),
            Revoked::Key { issuer, kid } => keys.push(issuer_key_tag(&issuer, kid.as_str())),
            Revoked::Everything {} => {
                everything = Some(everything.map_or(moment, |known| known.later(moment)));
            }
        }
    }
    let later =
        |one: [u8; 16], other: [u8; 16]| with_moment(tag_of(&one), moment(&one).later(moment(&other)));
    PackedRevocations {
        // Of two records with one name, the one of the later generation is greater.
        sessions: Records::gathered(sessions, Ord::max),
        subjects: Records::gathered(subjects, later),
        tokens: Records::gathered(tokens, Ord::max),
        titles: Records::gathered(titles, later),
        keys: Records::gathered(keys, |one, _| one),
        everything,
    }
}

/// A tag and a moment as one record.
fn with_moment(tag: NameTag, Moment { generation, at }: Moment) -> [u8; 16] {
    let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
    let [a, b, c, d] = generation.to_be_bytes();
    let [e, f, g, h] = seconds.to_be_bytes();
    joined(tag, [a, b, c, d, e, f, g, h])
}

/// A tag and what follows it as one record.
fn joined<const M: usize, const N: usize>(tag: NameTag, more: [u8; M]) -> [u8; N] {
    const { assert!(N == 8 + M) };
    let mut record = [0; N];
    for (to, from) in record.iter_mut().zip(tag.into_iter().chain(more)) {
        *to = from;
    }
    record
}

fn tag_of(record: &[u8; 16]) -> NameTag {
    let [a, b, c, d, e, f, g, h, ..] = *record;
    [a, b, c, d, e, f, g, h]
}

fn moment(record: &[u8; 16]) -> Moment {
    let [.., a, b, c, d, e, f, g, h] = *record;
    Moment {
        generation: u32::from_be_bytes([a, b, c, d]),
        at: UnixTime::from_secs(u32::from_be_bytes([e, f, g, h]).into()),
    }
}

fn generation(record: &[u8; 12]) -> u32 {
    let [.., a, b, c, d] = *record;
    u32::from_be_bytes([a, b, c, d])
}

/// Whether a session was opened before something was revoked.
const fn ends_session(moment: Moment, session: &Session) -> bool {
    session.generation < moment.generation
}

/// Whether a viewer token was signed before something was revoked, or does not say when.
fn ends_token(moment: Moment, grant: &Grant) -> bool {
    grant.issued_at.is_none_or(|issued_at| issued_at <= moment.at)
}

fn moment_in(records: &Records<16>, tag: NameTag) -> Option<Moment> {
    records.beginning(&tag).next().map(moment)
}

impl KvDocument for RevocationIndex {}

impl RevocationIndex {
    /// The generation that a session is opened under.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// How many bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        self.packed.bytes()
    }

    /// Checks a session of a title, signed with `key` of the document `keys`.
    pub fn session(
        &self,
        session: &Session,
        title: &TitleId,
        keys: &Issuer,
        key: &Jwk,
    ) -> Result<(), Denial> {
        let PackedRevocations { sessions, subjects, tokens, titles, keys: issuer_keys, everything } =
            &self.packed;
        let ended = |moment: Option<Moment>| moment.is_some_and(|moment| ends_session(moment, session));
        let since = |record: &[u8; 12]| session.generation < generation(record);
        let what = if sessions.beginning(&session.id.0).any(since) {
            "session"
        } else if session.subject.is_some_and(|tag| ended(moment_in(subjects, tag))) {
            "viewer"
        } else if session.token.is_some_and(|tag| {
            // A session of the revocation's generation was opened by an isolate that knew the revocation, with another
            // token.
            tokens.beginning(&tag).any(since)
        }) {
            "viewer token"
        } else if !titles.is_empty() && ended(moment_in(titles, title_tag(title))) {
            "title"
        } else if issuer_keys.beginning(&session.issuer_key).next().is_some()
            || !issuer_keys.is_empty()
                && issuer_keys.beginning(&issuer_key_tag(keys, key.kid.as_str())).next().is_some()
        {
            "key"
        } else if ended(*everything) {
            "site's every session"
        } else {
            return Ok(());
        };
        Err(revoked(what))
    }

    /// Checks a viewer token's grant for a title.
    pub fn grant(&self, grant: &Grant, title: &TitleId) -> Result<(), Denial> {
        let PackedRevocations { subjects, tokens, titles, keys, everything, .. } = &self.packed;
        let ended = |moment: Option<Moment>| moment.is_some_and(|moment| ends_token(moment, grant));
        // Nothing is hashed that is not looked up.
        let subject = grant.subject.as_ref().filter(|_| !subjects.is_empty());
        let subject = subject.map(|subject| subject_tag(&grant.issuer, subject));
        let token = grant.token_id.as_ref().filter(|_| !tokens.is_empty());
        let token = token.map(|id| token_name(&grant.issuer, id));
        let what = if subject.is_some_and(|tag| ended(moment_in(subjects, tag))) {
            "viewer"
        } else if token.is_some_and(|name| tokens.beginning(&name).next().is_some()) {
            "viewer token"
        } else if !titles.is_empty() && ended(moment_in(titles, title_tag(title))) {
            "title"
        } else if !keys.is_empty()
            && keys.beginning(&issuer_key_tag(&grant.issuer, grant.key.as_str())).next().is_some()
        {
            "key"
        } else if ended(*everything) {
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
    use crate::catalog::{KeySet, SessionId};
    use crate::facts::Facts;
    use crate::token::{Dialect, session::Opening};

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

    fn index(what: &Value) -> RevocationIndex {
        serde_json::from_value(json!({ "host": "a.example", "generation": 5, "revoked": [
            { "what": what, "generation": 5, "at": "2026-11-22T18:00:00Z" },
        ]}))
        .unwrap()
    }

    /// The same in the packed form, as it comes through JSON.
    fn packed(what: &Value) -> RevocationIndex {
        let entry = json!({ "what": what, "generation": 5, "at": "2026-11-22T18:00:00Z" });
        let packed = pack([serde_json::from_value(entry).unwrap()]);
        serde_json::from_value(json!({ "host": "a.example", "generation": 5, "packed": packed })).unwrap()
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
        let (title, grant, facts) = ("harbour".parse().unwrap(), grant(None), Facts::default());
        Session::new(&Opening { generation, ..Opening::plain(&title, &grant, &facts) })
    }

    #[test]
    fn each_kind_ends_what_it_names_and_nothing_else() {
        let keys: KeySet = serde_json::from_value(json!({ "issuer": "sessions", "keys": [
            { "kty": "oct", "kid": "s1", "alg": "HS256", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        ]}))
        .unwrap();
        // The revoked thing, and whether that ends: a session of generation 4, one of generation 5, a token signed
        // before, one signed after, and one without a time of signing.
        for (what, expected) in [
            (json!({ "session": "0101010101010101" }), [true, false, false, false, false]),
            (json!({ "session": "0101010101010102" }), [false; 5]),
            (json!({ "subject": { "issuer": "id", "subject": "v1" } }), [true, false, true, false, true]),
            (json!({ "subject": { "issuer": "id", "subject": "v2" } }), [false; 5]),
            (json!({ "subject": { "issuer": "ix", "subject": "v1" } }), [false; 5]),
            (json!({ "token": { "issuer": "id", "id": "t1" } }), [true, false, true, true, true]),
            (json!({ "token": { "issuer": "id", "id": "t2" } }), [false; 5]),
            (json!({ "title": "harbour" }), [true, false, true, false, true]),
            (json!({ "title": "other" }), [false; 5]),
            (json!({ "key": { "issuer": "id", "kid": "k1" } }), [true; 5]),
            (json!({ "key": { "issuer": "id", "kid": "k2" } }), [false; 5]),
            (json!({ "key": { "issuer": "sessions", "kid": "s1" } }), [true, true, false, false, false]),
            (json!({ "everything": {} }), [true, false, true, false, true]),
        ] {
            for index in [index(&what), packed(&what)] {
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
    }

    #[test]
    fn a_hundred_thousand_revocations_are_a_value_that_edge_and_batch_can_hold() {
        let at = NOW;
        let revocation = |n: u32| Revocation {
            what: match n % 4 {
                0 => Revoked::Session(crate::catalog::RevokedSession(SessionId(u64::from(n).to_be_bytes()))),
                1 => Revoked::Token { issuer: "id".parse().unwrap(), id: format!("t{n}") },
                _ => Revoked::Subject { issuer: "id".parse().unwrap(), subject: format!("v{n}") },
            },
            generation: n,
            at,
            until: None,
            note: None,
        };
        let most = u32::try_from(Revocations::MOST).unwrap();
        let packed = pack((0..most).map(revocation));
        let document = Revocations {
            host: "a.example".parse().unwrap(),
            generation: most,
            revoked: None,
            packed: Some(packed),
        };
        let json = serde_json::to_string(&document).unwrap();
        assert!(
            json.len() < 2_200_000 && json.len() < crate::catalog::SyncBatch::MAX_BYTES,
            "{}",
            json.len()
        );
        let index: RevocationIndex = serde_json::from_str(&json).unwrap();
        assert!(index.bytes() <= 1_600_000, "{} bytes", index.bytes());
        let title = "harbour".parse().unwrap();
        let refused = |subject: &str, token: &str| {
            let grant =
                Grant { subject: Some(subject.into()), token_id: Some(token.into()), ..grant(Some(NOW)) };
            index.grant(&grant, &title).is_err()
        };
        for n in (0..most).step_by(977) {
            assert_eq!(refused(&format!("v{n}"), "t"), n % 4 > 1, "v{n}");
            assert_eq!(refused("v", &format!("t{n}")), n % 4 == 1, "t{n}");
        }
    }

    #[test]
    fn a_viewer_whose_session_looks_revoked_by_chance_enters_again() {
        // A revoked token that has the first four bytes of its name in common with the viewer's own.
        let session_of = |generation| session(generation);
        let mut name = crate::token::tags::token_name(&"id".parse().unwrap(), "t1");
        name[7] ^= 1;
        let record = joined(name, 5_u32.to_be_bytes());
        let packed = PackedRevocations { tokens: Records::new(vec![record]).unwrap(), ..Default::default() };
        let index = RevocationIndex { generation: 5, packed };
        let keys: KeySet = serde_json::from_value(json!({ "issuer": "sessions", "keys": [
            { "kty": "oct", "kid": "s1", "alg": "HS256", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        ]}))
        .unwrap();
        let title = "harbour".parse().unwrap();
        let check =
            |generation| index.session(&session_of(generation), &title, &keys.issuer, &keys.keys[0]).is_ok();
        assert!(index.grant(&grant(None), &title).is_ok(), "the viewer's token is not the revoked one");
        assert_eq!((check(4), check(5)), (false, true));
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
