//! Session tokens: what a viewer shows for every URL below the entry.
//!
//! ```text
//! token = BASE64URL(body mac)              68 characters, 51 bytes, no padding bits to vary
//! body  = version                          1 byte, 1
//!         key tag                          2 bytes, the start of SHA-256(kid)
//!         expiry                           4 bytes, Unix seconds, big-endian
//!         session id                       8 bytes, random
//!         title tag                        8 bytes, the start of SHA-256(title id)
//!         class                            4 bytes
//!         subject tag                      8 bytes, the start of SHA-256(issuer NUL sub), zeros without `sub`
//! mac   = HMAC-SHA256(key, "stagedoor session" NUL host NUL body), truncated to 16 bytes
//! ```
//!
//! Opening one takes no look-up but the site's session keys. The host is part of what is signed, so a token of
//! one site is worth nothing on another even where they share a key. Truncation to half of the hash is what
//! [RFC 2104 section 5] allows at most.
//!
//! [RFC 2104 section 5]: https://www.rfc-editor.org/rfc/rfc2104#section-5

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::Grant;
use crate::catalog::{Algorithm, Jwk, KeyMaterial, KeySet, TitleId};
use crate::denial::{Denial, Reason};
use crate::rights::Class;
use crate::time::UnixTime;

/// What a session token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// From this second on, it has ended.
    pub expires_at: UnixTime,
    /// Its own name, for logs and revocation.
    pub id: SessionId,
    /// The class of the permit that it was opened for.
    pub class: Class,
    title: Tag,
    subject: Tag,
}

/// A session's own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 8]);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

type Tag = [u8; 8];

const VERSION: u8 = 1;
const BODY_LEN: usize = 1 + 2 + 4 + 8 + 8 + 4 + 8;
const MAC_LEN: usize = 16;
const TOKEN_LEN: usize = (BODY_LEN + MAC_LEN) * 4 / 3;

impl Session {
    /// Opens a session for a grant. It ends after `expires_at`, which the wire limits to the year 2106.
    pub fn new(id: SessionId, title: &TitleId, class: Class, grant: &Grant, expires_at: UnixTime) -> Self {
        Self { expires_at, id, class, title: title_tag(title), subject: subject_tag(grant) }
    }

    /// 0 to 99: which part of the audience a roll-out has reached. Always the same for a subject; for a grant without
    /// one, the same for a session.
    pub fn bucket(&self) -> u8 {
        bucket(self.subject, self.id)
    }

    /// The bucket of the session that is to be opened for a grant.
    pub fn bucket_of(id: SessionId, grant: &Grant) -> u8 {
        bucket(subject_tag(grant), id)
    }

    /// Writes the token, signed with the first of the site's session keys. `None` if that is not an HS256 key.
    pub fn mint(&self, keys: &KeySet, host: &str) -> Option<String> {
        let key = keys.keys.first()?;
        let body = self.body(key_tag(key));
        let mac = mac(key, host, &body)?.finalize().into_bytes();
        let mut token = [0; BODY_LEN + MAC_LEN];
        for (to, from) in token.iter_mut().zip(body.iter().chain(mac.iter())) {
            *to = *from;
        }
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// Reads a token, verifies it in constant time, and checks that it is alive and good for the title.
    pub fn open(
        token: &str,
        keys: &KeySet,
        host: &str,
        title: &TitleId,
        now: UnixTime,
    ) -> Result<Self, Denial> {
        let malformed = |detail: String| Denial::new(Reason::SessionMalformed, detail);
        if token.len() != TOKEN_LEN {
            return Err(malformed(format!("expected {TOKEN_LEN} characters, found {}", token.len())));
        }
        let mut bytes = [0; BODY_LEN + MAC_LEN];
        URL_SAFE_NO_PAD
            .decode_slice(token, &mut bytes)
            .map_err(|error| malformed(format!("expected base64url: {error}")))?;
        let (body, tail) = bytes.split_at(BODY_LEN);
        let mut fields = Fields(body);
        let [version] = fields.take();
        if version != VERSION {
            return Err(malformed(format!("expected version {VERSION}, found {version}")));
        }
        let named: [u8; 2] = fields.take();
        let genuine = keys
            .keys
            .iter()
            .filter(|key| key_tag(key) == named)
            .filter_map(|key| mac(key, host, body))
            .any(|mac| mac.verify_truncated_left(tail).is_ok());
        if !genuine {
            return Err(Denial::new(Reason::SessionSignature, "no session key of the site made this token"));
        }
        let session = Self {
            expires_at: UnixTime::from_secs(u32::from_be_bytes(fields.take()).into()),
            id: SessionId(fields.take()),
            title: fields.take(),
            class: Class(fields.take()),
            subject: fields.take(),
        };
        if now >= session.expires_at {
            let ago = now.secs_since(session.expires_at);
            return Err(Denial::new(Reason::SessionExpired, format!("the session ended {ago} s ago")));
        }
        if session.title != title_tag(title) {
            return Err(Denial::new(Reason::SessionTitle, format!("the session is not for `{title}`")));
        }
        Ok(session)
    }

    fn body(&self, key_tag: [u8; 2]) -> [u8; BODY_LEN] {
        let expiry = u32::try_from(self.expires_at.as_secs()).unwrap_or(u32::MAX).to_be_bytes();
        let fields: [&[u8]; 7] =
            [&[VERSION], &key_tag, &expiry, &self.id.0, &self.title, &self.class.0, &self.subject];
        let mut body = [0; BODY_LEN];
        for (to, from) in body.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        body
    }
}

/// The rest of a body whose length was checked.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Invariant: the fields taken in `open` add up to `BODY_LEN`, so none of them falls back to zeros.
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => [0; N],
        }
    }
}

fn subject_tag(grant: &Grant) -> Tag {
    match &grant.subject {
        Some(subject) => tag(&[grant.issuer.as_str().as_bytes(), &[0], subject.as_bytes()]),
        None => Tag::default(),
    }
}

fn bucket(subject: Tag, id: SessionId) -> u8 {
    let number = u64::from_be_bytes(if subject == Tag::default() { id.0 } else { subject });
    // Invariant: below 100.
    u8::try_from(number % 100).unwrap_or_default()
}

fn title_tag(title: &TitleId) -> Tag {
    tag(&[title.as_str().as_bytes()])
}

fn key_tag(key: &Jwk) -> [u8; 2] {
    tag(&[key.kid.as_str().as_bytes()])
}

fn tag<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    let mut tag = [0; N];
    for (to, from) in tag.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    tag
}

fn mac(key: &Jwk, host: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let (Algorithm::HS256, KeyMaterial::Symmetric { k }) = (key.alg, &key.material) else { return None };
    let mut mac = Hmac::<Sha256>::new_from_slice(&k.expose().0).ok()?;
    for part in [b"stagedoor session\0", host.as_bytes(), b"\0", body] {
        mac.update(part);
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);
    const HOST: &str = "watch.example.com";

    fn keys(kids: &[(&str, char)]) -> KeySet {
        let keys: Vec<_> = kids
            .iter()
            .map(|(kid, fill)| {
                serde_json::json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": fill.to_string().repeat(42) + "A" })
            })
            .collect();
        serde_json::from_value(serde_json::json!({ "issuer": "sessions", "keys": keys })).unwrap()
    }

    fn title(id: &str) -> TitleId {
        id.parse().unwrap()
    }

    fn session(id: [u8; 8], class: [u8; 4], expires_at: UnixTime) -> Session {
        let grant = Grant {
            issuer: "id".parse().unwrap(),
            subject: Some("viewer".to_owned()),
            expires_at,
            plans: Vec::new(),
            titles: None,
        };
        Session::new(SessionId(id), &title("harbour"), Class(class), &grant, expires_at)
    }

    #[test]
    fn a_bucket_is_the_subjects_at_the_entry_and_below() {
        let grant = |subject: Option<&str>| Grant {
            issuer: "id".parse().unwrap(),
            subject: subject.map(str::to_owned),
            expires_at: NOW,
            plans: Vec::new(),
            titles: None,
        };
        let below = |id, grant: &Grant| {
            Session::new(SessionId(id), &title("harbour"), Class([0; 4]), grant, NOW).bucket()
        };
        let mut buckets = std::collections::BTreeSet::new();
        for number in 0..1_000 {
            let grant = grant(Some(&number.to_string()));
            let bucket = Session::bucket_of(SessionId([1; 8]), &grant);
            assert_eq!((below([1; 8], &grant), below([2; 8], &grant)), (bucket, bucket));
            buckets.insert(bucket);
        }
        assert_eq!((buckets.len(), buckets.last()), (100, Some(&99)));
        assert_eq!(below([1; 8], &grant(None)), Session::bucket_of(SessionId([1; 8]), &grant(None)));
        assert_ne!(below([1; 8], &grant(None)), below([2; 8], &grant(None)));
    }

    #[test]
    fn a_token_is_small_and_url_safe() {
        let token = session([1; 8], [2; 4], NOW.plus_secs(60)).mint(&keys(&[("a", 'A')]), HOST).unwrap();
        assert_eq!(token.len(), 68);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }

    #[test]
    fn it_is_good_for_its_host_title_and_time_only() {
        let keys = keys(&[("a", 'A')]);
        let token = session([1; 8], [2; 4], NOW.plus_secs(60)).mint(&keys, HOST).unwrap();
        let reason = |host: &str, id: &str, now| {
            Session::open(&token, &keys, host, &title(id), now).err().map(|d| d.reason)
        };
        assert_eq!(reason(HOST, "harbour", NOW.plus_secs(59)), None);
        assert_eq!(reason(HOST, "harbour", NOW.plus_secs(60)), Some(Reason::SessionExpired));
        assert_eq!(reason(HOST, "other", NOW), Some(Reason::SessionTitle));
        assert_eq!(reason("other.example.com", "harbour", NOW), Some(Reason::SessionSignature));
    }

    #[test]
    fn keys_rotate_with_overlap() {
        let old = keys(&[("a", 'A')]);
        let both = keys(&[("b", 'B'), ("a", 'A')]);
        let new = keys(&[("b", 'B')]);
        let open = |token: &str, keys: &KeySet| Session::open(token, keys, HOST, &title("harbour"), NOW);
        let session = session([1; 8], [2; 4], NOW.plus_secs(60));
        let before = session.mint(&old, HOST).unwrap();
        let after = session.mint(&both, HOST).unwrap();
        assert_eq!(open(&before, &both), Ok(session));
        assert_eq!(open(&after, &new), Ok(session));
        assert_eq!(open(&before, &new).unwrap_err().reason, Reason::SessionSignature);
        // The same kid with another secret is another key.
        assert_eq!(open(&before, &keys(&[("a", 'B')])).unwrap_err().reason, Reason::SessionSignature);
    }

    #[test]
    fn what_is_not_a_token_is_malformed() {
        for bad in [
            "",
            "abc",
            &"A".repeat(67),
            &"A".repeat(69),
            &"=".repeat(68),
            &"A".repeat(68),
            &"\u{e9}".repeat(34),
        ] {
            let denial = Session::open(bad, &keys(&[("a", 'A')]), HOST, &title("harbour"), NOW).unwrap_err();
            assert_eq!(denial.reason, Reason::SessionMalformed, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_was_minted_opens(id: [u8; 8], class: [u8; 4], life in 1u64..86_400) {
            let keys = keys(&[("a", 'A')]);
            let session = session(id, class, NOW.plus_secs(life));
            let token = session.mint(&keys, HOST).unwrap();
            prop_assert_eq!(Session::open(&token, &keys, HOST, &title("harbour"), NOW), Ok(session));
        }

        #[test]
        fn a_token_with_one_bit_changed_is_refused(id: [u8; 8], bit in 0usize..51 * 8) {
            let keys = keys(&[("a", 'A')]);
            let token = session(id, [2; 4], NOW.plus_secs(60)).mint(&keys, HOST).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert!(Session::open(&changed, &keys, HOST, &title("harbour"), NOW).is_err());
        }
    }
}
