//! Session tokens, which a viewer shows for every URL below the entry.
//!
//! ```text
//! token = BASE64URL(body mac)              100 characters, 75 bytes, no padding bits to vary
//! body  = version and device               1 byte: version 3 in the lower half; in the upper half the device class, in the
//!                                          order of `DeviceClass`, 0 if it is unknown
//!         key tag                          1 byte, the start of SHA-256(kid) of the session key
//!         lock                             1 byte: 1 country, 2 network, 4 ASN, 8 address, 16 subdivision;
//!                                          32: the viewer has a plan that the offer asks for; 64: the viewer has bought or
//!                                          rented what it sells, for as long as the session lasts
//!         age                              1 byte, in years, 254 also stands for more; 255: unknown
//!         streams                          1 byte, the limit of simultaneous streams; 255: that many or more; 0: streams are
//!                                          not counted
//!         expiry                           4 bytes, Unix seconds, big-endian: then it is renewed
//!         end                              4 bytes, Unix seconds: no renewal goes beyond it
//!         session id                       8 bytes, the start of SHA-256 over host, title, viewer token and network; random
//!                                          where the network is not known
//!         scope tag                        8 bytes, the start of SHA-256(title id), or of SHA-256(title id "/" folder)
//!                                          where the viewer token is for a folder of the title
//!         class                            4 bytes
//!         greatest height                  2 bytes, the limit of the viewer token; 0: none
//!         subject tag                      8 bytes, the start of SHA-256(issuer NUL sub), zeros without `sub`
//!         token tag                        4 bytes, the start of SHA-256(issuer NUL token id), zeros without
//!         issuer key tag                   4 bytes, the start of SHA-256(issuer NUL kid)
//!         generation                       4 bytes, the generation of the site's revocations at the opening
//!         lock tag                         4 bytes, the start of SHA-256 over the locked properties
//! mac   = HMAC-SHA256(key, "stagedoor session" NUL host NUL body), truncated to 16 bytes
//! ```
//!
//! Tokens of version 2 continue until their sessions end, and are renewed in the same version. They consist of version,
//! key tag (2 bytes), the fields from `expiry` to `generation`, then lock (32: its streams are counted) and lock tag (5
//! bytes). Of the properties that their viewers have proved, they carry only the class.
//!
//! Opening one needs no look-up but the site's session keys. The signature covers the host, so a token of one site is
//! worthless on another even if they share a key. [RFC 2104 section 5] permits truncation to half of the hash.
//!
//! [RFC 2104 section 5]: https://www.rfc-editor.org/rfc/rfc2104#section-5

mod locked;

use self::locked::locked_to;
use super::base64_fault::base64_fault;
use super::tags::{
    NameTag, ShortNameTag, first, issuer_key_tag, scope_tag, subject_tag, tag, title_tag, token_tag,
};
use super::{Grant, TokenName, network};
use crate::catalog::{Algorithm, Host, Jwk, KeyMaterial, KeySet, Lock, SessionId, SessionPolicy, TitleId};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::resource::MediaRequest;
use crate::rights::{Class, Entitled, Proved};
use crate::time::UnixTime;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeSliceError, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The contents of a session token.
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
    /// The properties that its viewer had proved when it was opened; `None`: its token is of version 2, and does not
    /// carry them.
    pub proved: Option<Proved>,
    /// The greatest height of a picture that the viewer token allowed, in pixels.
    pub max_height: Option<u16>,
    /// The generation of the site's revocations when it was opened.
    pub generation: u32,
    /// The title, or folder of it, that it covers.
    scope: NameTag,
    /// The viewer's subject, if the viewer token named one.
    pub subject: Option<NameTag>,
    /// The viewer token that opened it, if that had a name.
    pub token: Option<ShortNameTag>,
    /// The issuer's key that had signed the viewer token.
    pub issuer_key: ShortNameTag,
    /// The limit of the viewer's simultaneous streams, if they are counted; `u8::MAX`: that many or more.
    pub streams: Option<u8>,
    lock: Lock,
    locked_to: [u8; 5],
}

impl SessionId {
    /// The session of a title that a viewer token opens in a network, the same each time: so that a player which asks for the
    /// entry again is the same stream, and takes no second place. `None` where the network is not known.
    pub fn of(facts: &Facts, host: &Host, title: &TitleId, token: &TokenName) -> Option<Self> {
        let network = network::prefix(Some(facts.address?));
        let (host, title) = (host.as_str().as_bytes(), title.as_str().as_bytes());
        Some(Self(tag(&[b"session\0", host, b"\0", title, b"\0", token.bytes(), &network])))
    }
}

const VERSION: u8 = 3;

const VERSION_2: u8 = 2;

const BODY_LEN: usize = 1 + 1 + 1 + 1 + 1 + COMMON_LEN + LOCK_TAG_LEN;

/// The fields common to both versions.
const COMMON_LEN: usize = 4 + 4 + 8 + 8 + 4 + 2 + 8 + 4 + 4 + 4;

const LOCK_TAG_LEN: usize = 4;

const _: () = assert!(BODY_LEN == 1 + 2 + COMMON_LEN + 1 + 5, "a token of version 2 has the same length");

const MAC_LEN: usize = 16;

const TOKEN_LEN: usize = (BODY_LEN + MAC_LEN) * 4 / 3;

/// Whether a segment of a path begins with a mark and a token, whatever follows.
pub(super) fn is_marked(segment: &str) -> bool {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let token = segment.strip_prefix('~').unwrap_or_default();
    token.bytes().take_while(|byte| is_of_token(*byte)).count() == TOKEN_LEN
}

/// Bits of the lock byte besides the lock's own.
const PLAN: u8 = 32;

const ENTITLED: u8 = 64;

/// The bit of the lock byte of a session of version 2 that is counted.
const COUNTED: u8 = 32;

/// The parameters of a new session.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Its name.
    pub id: SessionId,
    /// The title.
    pub title: &'a TitleId,
    /// The class of the viewer's permit.
    pub class: Class,
    /// The properties that the viewer has proved, according to the permit.
    pub proved: Option<Proved>,
    /// The viewer token's grant.
    pub grant: &'a Grant,
    /// Its lock.
    pub lock: Lock,
    /// The request, whose properties it is locked to.
    pub facts: &'a Facts,
    /// The generation of the site's revocations.
    pub generation: u32,
    /// The limit of the viewer's simultaneous streams, if they are counted.
    pub streams: Option<u32>,
    /// When it has to be renewed; the wire limits it to the year 2106.
    pub expires_at: UnixTime,
    /// When it ends.
    pub ends_at: UnixTime,
}

impl Session {
    /// Opens a session.
    pub fn new(opening: &Opening<'_>) -> Self {
        let Opening {
            id,
            title,
            class,
            proved,
            grant,
            lock,
            facts,
            generation,
            streams,
            expires_at,
            ends_at,
        } = *opening;
        let [a, b, c, d, _] = locked_to(lock, facts);
        Self {
            expires_at,
            ends_at,
            id,
            class,
            proved: proved.map(|proved| proved.carried(ends_at)),
            max_height: grant.max_height.map(|height| u16::try_from(height).unwrap_or(u16::MAX)),
            generation,
            scope: scope_tag(title, grant.folder.as_deref().unwrap_or_default()),
            subject: grant.subject.as_ref().map(|subject| subject_tag(&grant.issuer, subject)),
            token: grant.token_id.as_ref().map(|id| token_tag(&grant.issuer, id)),
            issuer_key: issuer_key_tag(&grant.issuer, grant.key.as_str()),
            streams: streams.map(|most| u8::try_from(most).unwrap_or(u8::MAX).max(1)),
            lock,
            locked_to: [a, b, c, d, 0],
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
        let body = self.body(key);
        let mac = mac(key, host, &body)?.finalize().into_bytes();
        let mut token = [0; BODY_LEN + MAC_LEN];
        for (to, from) in token.iter_mut().zip(body.iter().chain(mac.iter())) {
            *to = *from;
        }
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// Reads a token and verifies it in constant time. [`Session::check`] checks its times, title and lock.
    pub fn open<'a>(token: &str, keys: &'a KeySet, host: &str) -> Result<(Self, &'a Jwk), Denial> {
        let read = Read::of(token)?;
        let genuine = |key: &&Jwk| read.names(key) && read.is_of(key, host);
        let key = keys.keys.iter().find(genuine).ok_or_else(|| {
            Denial::new(Reason::SessionSignature, "no session key of the site made this token")
        })?;
        Ok((read.session(), key))
    }

    /// Reads a token that names one of some keys, and verifies nothing: for explanations without the keys' secrets.
    pub fn unverified<'a>(token: &str, mut keys: impl Iterator<Item = &'a Jwk>) -> Option<(Self, &'a Jwk)> {
        let read = Read::of(token).ok()?;
        let key = keys.find(|key| read.names(key))?;
        Some((read.session(), key))
    }

    /// The latest end, whatever the token's own: no session lasts longer than [`SessionPolicy::MOST_S`], after which
    /// its revocation may have been dropped.
    ///
    /// A session of version 2 ended with its viewer token. Its session token was made, at the entry or at a renewal, no
    /// longer before its expiry than tokens last, so no token that existed at the revocation outlives the revocation.
    pub fn ends_by(&self, policy: &SessionPolicy) -> UnixTime {
        if self.proved.is_some() {
            return self.ends_at;
        }
        let token_s = policy.lifetime_s.max(policy.unrenewed.lifetime_s);
        self.ends_at.min(self.expires_at.plus_secs(SessionPolicy::MOST_S.saturating_sub(token_s)))
    }

    /// Checks that the session is alive at `now`, with `grace_s` seconds beyond its expiry but none beyond its end;
    /// that it covers the title; and that the viewer still has the locked properties.
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
        if !self.lock.is_open() && !self.is_at_home(facts) {
            return Err(Denial::new(
                Reason::SessionMoved,
                format!("the session is bound to the {} in which it was opened", self.lock),
            ));
        }
        Ok(())
    }

    /// Whether the viewer still has the locked properties.
    fn is_at_home(&self, facts: &Facts) -> bool {
        let here = locked_to(self.lock, facts);
        self.locked_to.first_chunk::<LOCK_TAG_LEN>() == here.first_chunk()
    }

    /// Whether the session covers the request: its title, or a folder of it.
    fn covers(&self, request: &MediaRequest) -> bool {
        if title_tag(&request.title) == self.scope {
            return true;
        }
        // Hashes all folders of the path in one pass.
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

    fn body(&self, key: &Jwk) -> [u8; BODY_LEN] {
        let seconds = |time: UnixTime| u32::try_from(time.as_secs()).unwrap_or(u32::MAX).to_be_bytes();
        let [first, second] = key_tag(key);
        let [a, b, c, d, e] = self.locked_to;
        let bits = self.lock.bits();
        let (head, tail) = match self.proved {
            Some(proved) => {
                let plan = if proved.plan { PLAN } else { 0 };
                let entitled = if proved.entitled == Entitled::No { 0 } else { ENTITLED };
                let streams = self.streams.unwrap_or_default();
                let version = VERSION | proved.device_number() << 4;
                (&[version, first, bits | plan | entitled, proved.age_byte(), streams][..], &[a, b, c, d][..])
            }
            None => {
                let counted = if self.streams.is_some() { COUNTED } else { 0 };
                (&[VERSION_2, first, second][..], &[bits | counted, a, b, c, d, e][..])
            }
        };
        let fields: [&[u8]; 12] = [
            head,
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
            tail,
        ];
        let mut body = [0; BODY_LEN];
        for (to, from) in body.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        body
    }
}

/// [`Session::bucket`] at the entry, when there is no session yet.
pub fn bucket_of(grant: &Grant, id: SessionId) -> u8 {
    let subject = grant.subject.as_ref().map(|subject| subject_tag(&grant.issuer, subject));
    let token = grant.token_id.as_ref().map(|id| token_tag(&grant.issuer, id));
    bucket(subject, token, id)
}

fn bucket(subject: Option<NameTag>, token: Option<ShortNameTag>, id: SessionId) -> u8 {
    let seed = match (subject, token) {
        (Some(tag), _) => u64::from_be_bytes(tag),
        (None, Some(tag)) => u32::from_be_bytes(tag).into(),
        (None, None) => u64::from_be_bytes(id.0),
    };
    u8::try_from(seed % 100).unwrap_or_default()
}

/// A token of a version that is known, decoded.
struct Read([u8; BODY_LEN + MAC_LEN]);

impl Read {
    fn of(token: &str) -> Result<Self, Denial> {
        let malformed = |detail: String| Denial::new(Reason::SessionMalformed, detail);
        if token.len() != TOKEN_LEN {
            return Err(malformed(format!("expected {TOKEN_LEN} characters, found {}", token.len())));
        }
        let mut bytes = [0; BODY_LEN + MAC_LEN];
        URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).map_err(|error| match error {
            DecodeSliceError::DecodeError(error) => {
                malformed(format!("expected base64url: {}", base64_fault(&error)))
            }
            DecodeSliceError::OutputSliceTooSmall => malformed("expected a shorter token".to_owned()),
        })?;
        let [first, ..] = bytes;
        match first & 0x0f {
            VERSION => Ok(Self(bytes)),
            VERSION_2 if first == VERSION_2 => Ok(Self(bytes)),
            found => Err(malformed(format!("expected version {VERSION}, found {found}"))),
        }
    }

    fn is_present(&self) -> bool {
        let [first, ..] = self.0;
        first & 0x0f == VERSION
    }

    /// Whether it says that a key has made it.
    fn names(&self, key: &Jwk) -> bool {
        let [_, first, second, ..] = self.0;
        let tag = key_tag(key);
        if self.is_present() { tag.starts_with(&[first]) } else { tag.starts_with(&[first, second]) }
    }

    /// Whether a key has made it for a host.
    fn is_of(&self, key: &Jwk, host: &str) -> bool {
        let (body, tail) = self.0.split_at(BODY_LEN);
        mac(key, host, body).is_some_and(|mac| mac.verify_truncated_left(tail).is_ok())
    }

    fn session(&self) -> Session {
        let mut fields = Fields(self.0.split_at(BODY_LEN).0);
        let [first] = fields.take();
        if self.is_present() { fields.present(first) } else { fields.version_2() }
    }
}

/// The rest of a body whose length was checked.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// The fields behind the first byte of a body of this version.
    fn present(&mut self, first: u8) -> Session {
        let [_key_tag] = self.take();
        let [bits] = self.take();
        let age = self.take();
        let [streams] = self.take();
        let session = self.common();
        let entitled = if bits & ENTITLED == 0 { Entitled::No } else { Entitled::Until(session.ends_at) };
        let [a, b, c, d] = self.take();
        Session {
            proved: Some(Proved {
                plan: bits & PLAN != 0,
                entitled,
                age: Proved::age_of(age),
                device: Proved::device_of(first >> 4),
            }),
            streams: Some(streams).filter(|most| *most != 0),
            lock: Lock::from_bits([bits]),
            locked_to: [a, b, c, d, 0],
            ..session
        }
    }

    /// The fields behind the first byte of a body of version 2.
    fn version_2(&mut self) -> Session {
        let _key_tag: [u8; 2] = self.take();
        let session = self.common();
        let [bits] = self.take();
        let streams = (bits & COUNTED != 0).then_some(u8::MAX);
        Session { streams, lock: Lock::from_bits([bits]), locked_to: self.take(), ..session }
    }

    /// The fields common to both versions; the other fields are unset.
    fn common(&mut self) -> Session {
        let seconds = |field: [u8; 4]| UnixTime::from_secs(u32::from_be_bytes(field).into());
        Session {
            expires_at: seconds(self.take()),
            ends_at: seconds(self.take()),
            id: SessionId(self.take()),
            scope: self.take(),
            class: Class(self.take()),
            max_height: Some(u16::from_be_bytes(self.take())).filter(|height| *height != 0),
            subject: Some(self.take()).filter(|tag| *tag != NameTag::default()),
            token: Some(self.take()).filter(|tag| *tag != ShortNameTag::default()),
            issuer_key: self.take(),
            generation: u32::from_be_bytes(self.take()),
            proved: None,
            streams: None,
            lock: Lock::default(),
            locked_to: [0; 5],
        }
    }

    /// Invariant: the lengths of a version's fields add up to `BODY_LEN`, so no field falls back to zeros.
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

fn key_tag(key: &Jwk) -> [u8; 2] {
    tag(&[key.kid.as_str().as_bytes()])
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
impl<'a> Opening<'a> {
    /// An opening of an uncounted session without a lock, for tests that change some of its parameters.
    pub(crate) fn plain(title: &'a TitleId, grant: &'a Grant, facts: &'a Facts) -> Self {
        Self {
            id: SessionId([1; 8]),
            title,
            class: Class([2; 4]),
            proved: None,
            grant,
            lock: Lock::default(),
            facts,
            generation: 0,
            streams: None,
            expires_at: UnixTime::from_secs(60),
            ends_at: UnixTime::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests;
