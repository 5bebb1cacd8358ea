//! Session tokens: what a viewer shows for every URL below the entry.
//!
//! ```text
//! token = BASE64URL(body mac)              100 characters, 75 bytes, no padding bits to vary
//! body  = version                          1 byte, 2
//!         key tag                          2 bytes, the start of SHA-256(kid) of the session key
//!         expiry                           4 bytes, Unix seconds, big-endian: then it is renewed
//!         end                              4 bytes, Unix seconds: no renewal goes beyond it
//!         session id                       8 bytes, random
//!         scope tag                        8 bytes, the start of SHA-256(title id), or of SHA-256(title id "/" folder)
//!                                          where the viewer token is for a folder of the title
//!         class                            4 bytes
//!         greatest height                  2 bytes, of the viewer token; 0: it limits none
//!         subject tag                      8 bytes, the start of SHA-256(issuer NUL sub), zeros without `sub`
//!         token tag                        4 bytes, the start of SHA-256(issuer NUL token id), zeros without
//!         issuer key tag                   4 bytes, the start of SHA-256(issuer NUL kid)
//!         generation                       4 bytes, of the site's revocations when it was opened
//!         lock                             1 byte: 1 country, 2 network, 4 ASN, 8 address, 16 subdivision;
//!                                          32: its streams are counted
//!         lock tag                         5 bytes, the start of SHA-256 over what it is locked to
//! mac   = HMAC-SHA256(key, "stagedoor session" NUL host NUL body), truncated to 16 bytes
//! ```
//!
//! Opening one takes no look-up but the site's session keys. The host is part of what is signed, so a token of
//! one site is worth nothing on another even where they share a key. Truncation to half of the hash is what
//! [RFC 2104 section 5] allows at most.
//!
//! [RFC 2104 section 5]: https://www.rfc-editor.org/rfc/rfc2104#section-5

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Grant, Lock};
use crate::catalog::{Algorithm, CountryCode, Issuer, Jwk, KeyMaterial, KeySet, TitleId};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::rights::Class;
use crate::route::MediaRequest;
use crate::time::UnixTime;

/// What a session token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// From this second on, it has to be renewed.
    pub expires_at: UnixTime,
    /// From this second on, it has ended for good.
    pub ends_at: UnixTime,
    /// Its own name, for logs and revocation.
    pub id: SessionId,
    /// The class of the permit that it was opened for.
    pub class: Class,
    /// The greatest height of a picture that the viewer token allowed, in pixels.
    pub max_height: Option<u16>,
    /// The generation of the site's revocations when it was opened.
    pub generation: u32,
    /// The title that it is good for.
    scope: Tag,
    /// Whose it is, if the viewer token said so.
    pub subject: Option<Tag>,
    /// The viewer token that it was opened with, if that had a name.
    pub token: Option<ShortTag>,
    /// The issuer's key that had signed the viewer token.
    pub issuer_key: ShortTag,
    /// It is one of a viewer's streams of which only so many may be on.
    pub counted: bool,
    lock: Lock,
    locked_to: [u8; 5],
}

/// A session's own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 8]);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SessionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || "expected a session id: 16 hexadecimal digits".to_owned();
        if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(error());
        }
        u64::from_str_radix(text, 16).map(|id| Self(id.to_be_bytes())).map_err(|_| error())
    }
}

/// The start of a hash that names something.
pub type Tag = [u8; 8];

/// A shorter one.
pub type ShortTag = [u8; 4];

const VERSION: u8 = 2;
const BODY_LEN: usize = 1 + 2 + 4 + 4 + 8 + 8 + 4 + 2 + 8 + 4 + 4 + 4 + 1 + 5;
const MAC_LEN: usize = 16;
const TOKEN_LEN: usize = (BODY_LEN + MAC_LEN) * 4 / 3;

/// The bit of the lock byte of a session that is counted.
const COUNTED: u8 = 32;

/// What a session is opened for.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Its name.
    pub id: SessionId,
    /// The title.
    pub title: &'a TitleId,
    /// The class of the viewer's permit.
    pub class: Class,
    /// What the viewer token proved.
    pub grant: &'a Grant,
    /// What it is bound to.
    pub lock: Lock,
    /// The request, for what it is bound to.
    pub facts: &'a Facts,
    /// The generation of the site's revocations.
    pub generation: u32,
    /// It is one of a viewer's streams of which only so many may be on.
    pub counted: bool,
    /// When it has to be renewed; the wire limits it to the year 2106.
    pub expires_at: UnixTime,
    /// When it ends.
    pub ends_at: UnixTime,
}

impl Session {
    /// Opens a session.
    pub fn new(opening: &Opening<'_>) -> Self {
        let Opening { id, title, class, grant, lock, facts, generation, counted, expires_at, ends_at } =
            *opening;
        Self {
            expires_at,
            ends_at,
            id,
            class,
            max_height: grant.max_height.map(|height| u16::try_from(height).unwrap_or(u16::MAX)),
            generation,
            scope: scope_tag(title, grant.folder.as_deref().unwrap_or_default()),
            subject: grant.subject.as_ref().map(|subject| subject_tag(&grant.issuer, subject)),
            token: grant.token_id.as_ref().map(|id| token_tag(&grant.issuer, id)),
            issuer_key: issuer_key_tag(&grant.issuer, grant.key.as_str()),
            counted,
            lock,
            locked_to: locked_to(lock, facts),
        }
    }

    /// The same session with a later expiry, no later than its end.
    #[must_use]
    pub fn renewed(self, expires_at: UnixTime) -> Self {
        Self { expires_at: expires_at.min(self.ends_at), ..self }
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

    /// Reads a token and verifies it in constant time. Whether it is alive, for whom and for what, is asked
    /// separately, of [`Session::check`].
    pub fn open<'a>(token: &str, keys: &'a KeySet, host: &str) -> Result<(Self, &'a Jwk), Denial> {
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
        let genuine = |key: &&Jwk| {
            key_tag(key) == named
                && mac(key, host, body).is_some_and(|mac| mac.verify_truncated_left(tail).is_ok())
        };
        let key = keys.keys.iter().find(genuine).ok_or_else(|| {
            Denial::new(Reason::SessionSignature, "no session key of the site made this token")
        })?;
        let counted = matches!(body, [.., bits, _, _, _, _, _] if bits & COUNTED != 0);
        let seconds = |field: [u8; 4]| UnixTime::from_secs(u32::from_be_bytes(field).into());
        let session = Self {
            expires_at: seconds(fields.take()),
            ends_at: seconds(fields.take()),
            id: SessionId(fields.take()),
            scope: fields.take(),
            class: Class(fields.take()),
            max_height: Some(u16::from_be_bytes(fields.take())).filter(|height| *height != 0),
            subject: Some(fields.take()).filter(|tag| *tag != Tag::default()),
            token: Some(fields.take()).filter(|tag| *tag != ShortTag::default()),
            issuer_key: fields.take(),
            generation: u32::from_be_bytes(fields.take()),
            counted,
            lock: Lock::from_bits(fields.take()),
            locked_to: fields.take(),
        };
        Ok((session, key))
    }

    /// Checks that the session is alive at `now`, with `grace_s` seconds beyond its expiry but none beyond its end,
    /// that it is good for the title, and that the viewer is where it was locked to.
    pub fn check(
        &self,
        request: &MediaRequest,
        facts: &Facts,
        now: UnixTime,
        grace_s: u64,
    ) -> Result<(), Denial> {
        let dead = self.expires_at.plus_secs(grace_s).min(self.ends_at);
        if now >= dead {
            let ago = now.secs_since(dead);
            return Err(Denial::new(Reason::SessionExpired, format!("the session ended {ago} s ago")));
        }
        if !self.covers(request) {
            let detail = format!("the session is not for `{}/{}`", request.title, request.resource);
            return Err(Denial::new(Reason::SessionTitle, detail));
        }
        if !self.lock.is_open() && self.locked_to != locked_to(self.lock, facts) {
            return Err(Denial::new(
                Reason::SessionMoved,
                format!("the session is bound to the {} in which it was opened", self.lock),
            ));
        }
        Ok(())
    }

    /// Whether what is asked for lies within what the session was opened for: the title, or a folder of it.
    fn covers(&self, request: &MediaRequest) -> bool {
        if title_tag(&request.title) == self.scope {
            return true;
        }
        // The names of its folders in one pass, whatever the path is made of.
        let mut hash = Sha256::new_with_prefix(request.title.as_str());
        hash.update("/");
        request.resource.as_str().split_inclusive('/').filter(|segment| segment.ends_with('/')).any(
            |segment| {
                hash.update(segment);
                first(hash.clone()) == self.scope
            },
        )
    }

    /// A number below 100 that stays the same for one subject (without a subject: for one viewer token, else for the
    /// session), for rules that are rolled out to a percentage of viewers.
    pub fn bucket(&self) -> u8 {
        bucket(self.subject, self.token, self.id)
    }

    fn body(&self, key_tag: [u8; 2]) -> [u8; BODY_LEN] {
        let seconds = |time: UnixTime| u32::try_from(time.as_secs()).unwrap_or(u32::MAX).to_be_bytes();
        let fields: [&[u8]; 14] = [
            &[VERSION],
            &key_tag,
            &seconds(self.expires_at),
            &seconds(self.ends_at),
            &self.id.0,
            &self.scope,
            &self.class.0,
            &self.max_height.unwrap_or_default().to_be_bytes(),
            &self.subject.unwrap_or_default(),
            &self.token.unwrap_or_default(),
            &self.issuer_key,
            &self.generation.to_be_bytes(),
            &[self.lock.bits() | if self.counted { COUNTED } else { 0 }],
            &self.locked_to,
        ];
        let mut body = [0; BODY_LEN];
        for (to, from) in body.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        body
    }
}

/// [`Session::bucket`], before there is a session.
pub fn bucket_of(grant: &Grant, id: SessionId) -> u8 {
    let subject = grant.subject.as_ref().map(|subject| subject_tag(&grant.issuer, subject));
    let token = grant.token_id.as_ref().map(|id| token_tag(&grant.issuer, id));
    bucket(subject, token, id)
}

fn bucket(subject: Option<Tag>, token: Option<ShortTag>, id: SessionId) -> u8 {
    let seed = match (subject, token) {
        (Some(tag), _) => u64::from_be_bytes(tag),
        (None, Some(tag)) => u32::from_be_bytes(tag).into(),
        (None, None) => u64::from_be_bytes(id.0),
    };
    u8::try_from(seed % 100).unwrap_or_default()
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

/// Names a title.
pub fn title_tag(title: &TitleId) -> Tag {
    tag(&[title.as_str().as_bytes()])
}

/// Names a title, or a folder of it that ends in `/`.
fn scope_tag(title: &TitleId, folder: &str) -> Tag {
    if folder.is_empty() {
        title_tag(title)
    } else {
        tag(&[title.as_str().as_bytes(), b"/", folder.as_bytes()])
    }
}

/// Names an issuer's subject.
pub fn subject_tag(issuer: &Issuer, subject: &str) -> Tag {
    tag(&[issuer.as_str().as_bytes(), &[0], subject.as_bytes()])
}

/// Names an issuer's token.
pub fn token_tag(issuer: &Issuer, token_id: &str) -> ShortTag {
    tag(&[issuer.as_str().as_bytes(), &[0], token_id.as_bytes()])
}

/// Names an issuer's key.
pub fn issuer_key_tag(issuer: &Issuer, kid: &str) -> ShortTag {
    tag(&[issuer.as_str().as_bytes(), &[0], kid.as_bytes()])
}

/// What a viewer's place and network are, as far as a lock asks.
fn locked_to(lock: Lock, facts: &Facts) -> [u8; 5] {
    if lock.is_open() {
        return [0; 5];
    }
    let mut hash = Sha256::new();
    if lock.country {
        hash.update(facts.geography.country.map(CountryCode::bytes).unwrap_or_default());
    }
    if lock.subdivision {
        hash.update(facts.geography.subdivision.as_deref().unwrap_or_default());
        hash.update([0]);
    }
    if lock.network {
        hash.update(network(facts.address));
    }
    if lock.asn {
        hash.update(facts.geography.asn.unwrap_or_default().to_be_bytes());
    }
    if lock.address {
        hash.update(octets(facts.address));
    }
    first(hash)
}

/// The /24 of an IPv4 address, the /48 of an IPv6 address.
pub(super) fn network(address: Option<IpAddr>) -> [u8; 7] {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            [4, a, b, c, 0, 0, 0]
        }
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, e, f, ..] = v6.octets();
            [6, a, b, c, d, e, f]
        }
        None => [0; 7],
    }
}

fn octets(address: Option<IpAddr>) -> [u8; 16] {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => v4.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(v6)) => v6.octets(),
        None => [0; 16],
    }
}

fn key_tag(key: &Jwk) -> [u8; 2] {
    tag(&[key.kid.as_str().as_bytes()])
}

fn tag<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    first(hash)
}

fn first<const N: usize>(hash: Sha256) -> [u8; N] {
    let mut tag = [0; N];
    for (to, from) in tag.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    tag
}

fn mac(key: &Jwk, host: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let KeyMaterial::Symmetric { k } = &key.material else { return None };
    if !key.permits(Algorithm::HS256) {
        return None;
    }
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
    use crate::token::Dialect;

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

    fn facts(place: &str, address: &str) -> Facts {
        Facts {
            geography: place.parse().unwrap(),
            address: Some(address.parse().unwrap()),
            ..Facts::default()
        }
    }

    fn open(id: [u8; 8], lock: Lock, life_s: u64) -> Session {
        let grant = Grant {
            subject: Some("viewer".to_owned()),
            token_id: Some("t1".to_owned()),
            max_height: Some(720),
            ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
        };
        Session::new(&Opening {
            id: SessionId(id),
            title: &title("harbour"),
            class: Class([2; 4]),
            grant: &grant,
            lock,
            facts: &facts("AE;asn=5384", "192.0.2.77"),
            generation: 9,
            counted: false,
            expires_at: NOW.plus_secs(life_s),
            ends_at: NOW.plus_secs(3 * life_s),
        })
    }

    fn wanted(path: &str) -> MediaRequest {
        MediaRequest::at_entry(path).unwrap()
    }

    fn check(session: &Session, id: &str, now: UnixTime, grace_s: u64) -> Option<Reason> {
        let facts = facts("AE;asn=5384", "192.0.2.77");
        session
            .check(&wanted(&format!("/{id}/v/1.m4s")), &facts, now, grace_s)
            .err()
            .map(|denial| denial.reason)
    }

    #[test]
    fn a_token_is_small_and_url_safe() {
        let token = open([1; 8], Lock::default(), 60).mint(&keys(&[("a", 'A')]), HOST).unwrap();
        assert_eq!(token.len(), 100);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }

    #[test]
    fn it_is_good_for_its_host_title_and_time_only() {
        let keys = keys(&[("a", 'A')]);
        let session = open([1; 8], Lock::default(), 60);
        let token = session.mint(&keys, HOST).unwrap();
        assert_eq!(check(&session, "harbour", NOW.plus_secs(59), 0), None);
        assert_eq!(check(&session, "harbour", NOW.plus_secs(60), 0), Some(Reason::SessionExpired));
        assert_eq!(check(&session, "other", NOW, 0), Some(Reason::SessionTitle));
        let elsewhere = Session::open(&token, &keys, "other.example.com").unwrap_err();
        assert_eq!(elsewhere.reason, Reason::SessionSignature);
    }

    #[test]
    fn it_may_be_for_a_folder_alone() {
        let grant = Grant {
            folder: Some("sd/".to_owned()),
            ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
        };
        let session = Session::new(&Opening {
            id: SessionId([1; 8]),
            title: &title("harbour"),
            class: Class([2; 4]),
            grant: &grant,
            lock: Lock::default(),
            facts: &Facts::default(),
            generation: 0,
            counted: false,
            expires_at: NOW.plus_secs(60),
            ends_at: NOW.plus_secs(60),
        });
        for (path, inside) in [
            ("/harbour/sd/main.m3u8", true),
            ("/harbour/sd/v/1.m4s", true),
            ("/harbour/hd/sd/1.m4s", false),
            ("/harbour/sd", false),
            ("/harbour/main.m3u8", false),
            ("/sd/harbour/sd/1.m4s", false),
        ] {
            assert_eq!(session.check(&wanted(path), &Facts::default(), NOW, 0).is_ok(), inside, "{path}");
        }
    }

    #[test]
    fn grace_and_renewal_stop_at_the_end() {
        let session = open([1; 8], Lock::default(), 60);
        assert_eq!(check(&session, "harbour", NOW.plus_secs(89), 30), None);
        assert_eq!(check(&session, "harbour", NOW.plus_secs(90), 30), Some(Reason::SessionExpired));
        let renewed = session.renewed(NOW.plus_secs(1000));
        assert_eq!(renewed.expires_at, NOW.plus_secs(180));
        assert_eq!((renewed.id, renewed.generation), (session.id, session.generation));
        assert_eq!(check(&renewed, "harbour", NOW.plus_secs(179), 30), None);
        assert_eq!(check(&renewed, "harbour", NOW.plus_secs(180), 30), Some(Reason::SessionExpired));
    }

    #[test]
    fn a_locked_session_stays_where_it_was_opened() {
        let open_with = |lock| open([1; 8], lock, 60);
        let country = Lock { country: true, ..Lock::default() };
        let network = Lock { network: true, ..Lock::default() };
        let subdivision = Lock { country: true, subdivision: true, ..Lock::default() };
        let asn = Lock { asn: true, ..Lock::default() };
        let address = Lock { address: true, ..Lock::default() };
        for (lock, place, viewer, stays) in [
            (Lock::default(), "GB", "2001:db8::1", true),
            (country, "AE-DU", "198.51.100.1", true),
            (country, "GB;asn=5384", "192.0.2.77", false),
            (country, "", "192.0.2.77", false),
            (subdivision, "AE-DU", "192.0.2.77", false),
            (subdivision, "AE", "192.0.2.1", true),
            (network, "GB", "192.0.2.1", true),
            (network, "AE", "192.0.3.77", false),
            (network, "AE", "::ffff:192.0.2.9", true),
            (asn, "GB;asn=5384", "198.51.100.1", true),
            (asn, "AE;asn=1", "192.0.2.77", false),
            (address, "GB", "192.0.2.77", true),
            (address, "AE;asn=5384", "192.0.2.78", false),
            (country.and(network), "AE", "192.0.2.1", true),
            (country.and(network), "GB", "192.0.2.1", false),
        ] {
            let found = open_with(lock).check(&wanted("/harbour/a"), &facts(place, viewer), NOW, 0);
            let expected = if stays { None } else { Some(Reason::SessionMoved) };
            assert_eq!(found.err().map(|denial| denial.reason), expected, "{lock:?} {place} {viewer}");
        }
    }

    #[test]
    fn an_ipv6_network_is_a_48() {
        assert_eq!(network("2001:db8:7::1".parse().ok()), network("2001:db8:7:ffff::2".parse().ok()));
        assert_ne!(network("2001:db8:7::1".parse().ok()), network("2001:db8:8::1".parse().ok()));
    }

    #[test]
    fn keys_rotate_with_overlap() {
        let old = keys(&[("a", 'A')]);
        let both = keys(&[("b", 'B'), ("a", 'A')]);
        let new = keys(&[("b", 'B')]);
        let open_with =
            |token: &str, keys: &KeySet| Session::open(token, keys, HOST).map(|(session, _)| session);
        let session = open([1; 8], Lock::default(), 60);
        let before = session.mint(&old, HOST).unwrap();
        let after = session.mint(&both, HOST).unwrap();
        assert_eq!(open_with(&before, &both), Ok(session));
        assert_eq!(open_with(&after, &new), Ok(session));
        assert_eq!(open_with(&before, &new).unwrap_err().reason, Reason::SessionSignature);
        // The same kid with another secret is another key.
        assert_eq!(open_with(&before, &keys(&[("a", 'B')])).unwrap_err().reason, Reason::SessionSignature);
    }

    #[test]
    fn what_is_not_a_token_is_malformed() {
        for bad in [
            "",
            "abc",
            &"A".repeat(68),
            &"A".repeat(99),
            &"A".repeat(101),
            &"=".repeat(100),
            &"A".repeat(100),
            &"\u{e9}".repeat(50),
        ] {
            let denial = Session::open(bad, &keys(&[("a", 'A')]), HOST).unwrap_err();
            assert_eq!(denial.reason, Reason::SessionMalformed, "{bad}");
        }
    }

    #[test]
    fn a_bucket_is_the_subjects_at_the_entry_and_below() {
        let (one, two) = (open([1; 8], Lock::default(), 60), open([2; 8], Lock::default(), 60));
        let grant = |subject: Option<String>, token_id: Option<String>| Grant {
            subject,
            token_id,
            ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
        };
        let viewer = grant(Some("viewer".to_owned()), None);
        assert_eq!([one.bucket(), two.bucket()], [bucket_of(&viewer, SessionId([3; 8])); 2]);
        let named = grant(None, Some("t1".to_owned()));
        assert_eq!(bucket_of(&named, SessionId([1; 8])), bucket_of(&named, SessionId([2; 8])));
        let buckets = |of: &dyn Fn(u64) -> u8| (0..1_000).map(of).collect::<std::collections::BTreeSet<_>>();
        let subjects =
            buckets(&|number| bucket_of(&grant(Some(number.to_string()), None), SessionId([1; 8])));
        let sessions = buckets(&|number| bucket_of(&grant(None, None), SessionId(number.to_be_bytes())));
        assert_eq!((subjects.len(), sessions.len()), (100, 100));
    }

    #[test]
    fn session_ids_read_back() {
        let id = SessionId([0, 1, 2, 3, 4, 5, 0xfe, 0xff]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "0", "+001020304050607", "000102030405060708"] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_was_minted_opens(id: [u8; 8], bits in 0u8..32, counted: bool, life in 1u64..86_400) {
            let keys = keys(&[("a", 'A')]);
            let session = Session { counted, ..open(id, Lock::from_bits([bits]), life) };
            let token = session.mint(&keys, HOST).unwrap();
            prop_assert_eq!(Session::open(&token, &keys, HOST).map(|(session, _)| session), Ok(session));
        }

        #[test]
        fn a_token_with_one_bit_changed_is_refused(id: [u8; 8], bit in 0usize..75 * 8) {
            let keys = keys(&[("a", 'A')]);
            let token = open(id, Lock::default(), 60).mint(&keys, HOST).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert!(Session::open(&changed, &keys, HOST).is_err());
        }
    }
}
