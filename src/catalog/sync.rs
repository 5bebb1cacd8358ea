//! How documents travel from the origin to the edge: one signed request with a batch of changes.
//!
//! ```text
//! POST /_stagedoor/sync
//! Stagedoor-Signature: t=1795370400,v1=<64 hex digits>
//! Stagedoor-Signed-Head: n=181,h=<64 hex digits>
//!
//! {"changes":[{"key":"v1/title/harbour","revision":1795370400123,"document":{...}},
//!             {"key":"v1/title/old","revision":1795370400124,"document":null}]}
//! ```
//!
//! `v1` is the HMAC-SHA256 of `t`, a full stop and the body, and `n` the body's length in bytes. `h` is the HMAC-SHA256
//! of `head.`, `t`, `n` and `v1` with full stops between them. It is verified before a byte of the body is read, so a
//! sender without the secret cannot make the edge read a body, nor keep the edge from reading other senders' bodies. A
//! change is applied when its revision is greater than the edge's, so repeating a batch, or sending an old one again,
//! does no harm.
//!
//! The head has a header of its own, because edges before it accept nothing but `t` and `v1` in the other one: so they
//! accept batches of a newer origin. A newer edge reads no body without it, so the origin is updated before the edge.
//!
//! Each change gets a result of its own. A change that the edge cannot read is `invalid`, and does not hold up the
//! others. Older edges refuse such a batch as a whole; then the origin sends its parts until it has found the change
//! that is refused. An empty batch asks whether the edge accepts batches at all.

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::kv_document::DEEPEST;
use super::{Campaigns, DocumentKey, DocumentKind, Revocations};
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// A batch of changes, in the order in which they are to be applied, as the origin sends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SyncBatch {
    /// At most [`SyncBatch::MAX_CHANGES`].
    pub changes: Vec<Change>,
}

impl SyncBatch {
    /// The path of the edge's sync endpoint, on any of its hosts.
    pub const PATH: &'static str = "/_stagedoor/sync";

    /// The most changes in a batch: well under the 1,000 KV operations that one invocation may make.
    pub const MAX_CHANGES: usize = 100;

    /// The most bytes in a batch's body.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;

    /// The most bytes of one document of most kinds. A batch has room for it and for other changes.
    pub const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

    /// The most bytes of one document of a kind, in its canonical spelling and as sent.
    pub const fn longest_document(kind: DocumentKind) -> usize {
        match kind {
            DocumentKind::Site | DocumentKind::Title | DocumentKind::Keys | DocumentKind::Creative => {
                Self::MAX_DOCUMENT_BYTES
            }
            DocumentKind::Revocations => Revocations::MAX_BYTES,
            DocumentKind::Campaigns => Campaigns::MAX_BYTES,
        }
    }

    /// An upper bound for the bytes of one change besides its document and its identifier: member names, revision, kind
    /// and punctuation.
    pub const ENVELOPE_BYTES: usize = 128;

    /// How deep the arrays and objects of a document may nest. Its own object counts; the three levels that a batch puts
    /// around it do not. A reader may stop at 128 levels, as `serde_json` does, and an edge that reads a batch as one value
    /// meets `DEEPEST + 3`.
    pub const DEEPEST: usize = DEEPEST;
}

const _: () = assert!(SyncBatch::DEEPEST + 3 < 128);
// A batch has room for the longest document of revocations or campaigns, and for a document of most kinds.
const _: () = assert!(Revocations::MAX_BYTES < SyncBatch::MAX_BYTES - SyncBatch::MAX_DOCUMENT_BYTES);
const _: () = assert!(Campaigns::MAX_BYTES < SyncBatch::MAX_BYTES - SyncBatch::MAX_DOCUMENT_BYTES);
const _: () = assert!(2 * (SyncBatch::MAX_DOCUMENT_BYTES + 1024) < SyncBatch::MAX_BYTES);

/// A new state of one document. Its `Debug` omits the document, which may hold keys.
#[derive(Clone, Serialize, Deserialize)]
pub struct Change {
    /// Which document.
    pub key: DocumentKey,
    /// The revision of the new state.
    pub revision: u64,
    /// The document's own members (without `revision`), or null when it was deleted.
    pub document: Option<Box<RawValue>>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, revision, .. } = self;
        f.debug_struct("Change").field("key", key).field("revision", revision).finish_non_exhaustive()
    }
}

/// A batch as the edge receives it. Each change is read by itself: a change that this build cannot read, because it is
/// newer, nested too deeply or wrong, is refused alone.
///
/// It borrows from the body, and each change is dropped before the next one is read. So an isolate holds the parsed
/// values of one document at a time, whose length is limited ([`SyncBatch::longest_document`]).
#[derive(Debug, Deserialize)]
pub struct ReceivedBatch<'a> {
    #[serde(borrow, deserialize_with = "at_most")]
    changes: Vec<&'a RawValue>,
}

/// Reads [`SyncBatch::MAX_CHANGES`] values, and stops at the next one: a body of four million bytes may hold two
/// million values.
fn at_most<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<&'de RawValue>, D::Error> {
    struct Changes;
    impl<'de> de::Visitor<'de> for Changes {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an array of {} changes at most", SyncBatch::MAX_CHANGES)
        }

        /// The message that stands here otherwise quotes all of it.
        fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(E::invalid_type(de::Unexpected::Other("a text"), &self))
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
            let mut changes = Vec::new();
            while changes.len() < SyncBatch::MAX_CHANGES {
                match values.next_element()? {
                    Some(change) => changes.push(change),
                    None => return Ok(changes),
                }
            }
            match values.next_element::<de::IgnoredAny>()? {
                Some(_) => Err(de::Error::invalid_length(SyncBatch::MAX_CHANGES + 1, &self)),
                None => Ok(changes),
            }
        }
    }
    // `deserialize_seq` would not ask the visitor what to make of a text.
    json.deserialize_any(Changes)
}

impl<'a> ReceivedBatch<'a> {
    /// Reads the frame of a batch. It fails where the body is not a batch of changes at all.
    pub fn read(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        // A text would be quoted in the error, and an array would be taken for the members in their order.
        match body.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(body),
            _ => Err(de::Error::custom("expected an object with the member `changes`")),
        }
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether the batch has no changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes in their order.
    pub fn changes(&self) -> impl Iterator<Item = ReceivedChange<'a>> + '_ {
        self.changes.iter().map(|change| ReceivedChange::read(change.get()))
    }
}

/// One change as the edge receives it.
#[derive(Debug)]
pub struct ReceivedChange<'a> {
    /// The key, as it was sent; empty where none can be read.
    pub name: Cow<'a, str>,
    /// The change, or why it cannot be read.
    pub change: Result<WantedState<'a>, String>,
}

/// The state that a change asks for.
#[derive(Debug)]
pub struct WantedState<'a> {
    /// Which document.
    pub key: DocumentKey,
    /// The revision of the new state.
    pub revision: u64,
    /// The document's own members, or `None` when it was deleted.
    pub document: Option<&'a RawValue>,
}

impl<'a> ReceivedChange<'a> {
    fn read(json: &'a str) -> Self {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow, default)]
            key: Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Members<'a> {
            // As text, since an error would quote another value whole.
            #[serde(borrow)]
            revision: &'a RawValue,
            // Without `deserialize_with`, a missing member would count as null, which deletes the document.
            #[serde(borrow, deserialize_with = "nullable")]
            document: Option<&'a RawValue>,
        }
        fn nullable<'de, D: Deserializer<'de>>(json: D) -> Result<Option<&'de RawValue>, D::Error> {
            Option::deserialize(json)
        }
        let name = serde_json::from_str::<Named<'a>>(json).map(|named| named.key).unwrap_or_default();
        let change = name.parse::<DocumentKey>().map_err(|error| error.to_string()).and_then(|key| {
            let Members { revision, document } =
                serde_json::from_str(json).map_err(|error| error.to_string())?;
            let revision = number(revision.get()).ok_or("`revision`: expected a whole number of 64 bits")?;
            let (most, found) =
                (SyncBatch::longest_document(key.kind()), document.map_or(0, |own| own.get().len()));
            if found > most {
                return Err(format!("`document`: expected {most} bytes at most, found {found}"));
            }
            Ok(WantedState { key, revision, document })
        });
        Self { name, change }
    }
}

/// What became of a batch, change by change in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// One result a change.
    pub results: Vec<SyncResult>,
    /// Seconds until every edge location decides by the applied changes: [`super::VISIBLE_WITHIN_S`].
    pub visible_within_s: u64,
}

/// The outcome of one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResult {
    /// Which document, as the batch named it: an edge may be asked for a kind that it does not know.
    pub key: String,
    /// The revision that the edge holds now, if it holds any.
    pub revision: Option<u64>,
    /// What happened.
    pub outcome: Outcome,
    /// For [`Outcome::Invalid`] and [`Outcome::Failed`]: why, in [`SyncResult::MAX_DETAIL_CHARS`] at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl SyncResult {
    /// The longest `detail`. A message may quote the document, and a report has to stay readable.
    pub const MAX_DETAIL_CHARS: usize = 500;

    /// A message, cut to the length of a `detail`. The rest of the message is never formatted.
    pub fn detail_of(message: &dyn fmt::Display) -> String {
        struct Beginning {
            text: String,
            chars: usize,
        }
        impl fmt::Write for Beginning {
            fn write_str(&mut self, more: &str) -> fmt::Result {
                for char in more.chars() {
                    self.chars = self.chars.checked_sub(1).ok_or(fmt::Error)?;
                    self.text.push(char);
                }
                Ok(())
            }
        }
        let mut beginning = Beginning { text: String::new(), chars: Self::MAX_DETAIL_CHARS };
        // An error says that there was more.
        let _ = fmt::write(&mut beginning, format_args!("{message}"));
        beginning.text
    }
}

/// What happened to one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was written.
    Applied,
    /// The edge already holds this revision or a newer one.
    Stale,
    /// The edge cannot read it as a document of its kind. Sending it again will not help.
    Invalid,
    /// KV refused the write. Send it again later.
    Failed,
}

/// The contents of the headers `Stagedoor-Signature` and `Stagedoor-Signed-Head`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncSignature {
    signed_at: UnixTime,
    length: usize,
    body: [u8; 32],
    head: [u8; 32],
}

/// Headers with a valid signature: the sender has the secret. The body is not verified yet.
#[derive(Clone, Debug)]
pub struct SignedHead<'a> {
    signature: SyncSignature,
    secret: &'a Redacted<String>,
}

/// Why a sync request is refused. It says which check failed, never what would have passed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncSignatureError {
    /// The header `Stagedoor-Signature` is absent or not of its form.
    #[error("expected the header Stagedoor-Signature: t=<Unix seconds>,v1=<64 hex digits>")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("expected a signature made within {} s of the edge's clock", SyncSignature::WINDOW_S)]
    OutsideWindow,
    /// The header `Stagedoor-Signed-Head` is absent, as from an origin service that does not know it, or not of its form.
    #[error(
        "expected the header Stagedoor-Signed-Head: n=<bytes>,h=<64 hex digits>; an older origin service sends none: update it"
    )]
    NoHead,
    /// Made with another secret.
    #[error("the head's own signature, `h`, does not fit: compare the secrets")]
    Head,
    /// The body differs from the signed one.
    #[error("the signature does not fit the body")]
    Mismatch,
}

impl SyncSignature {
    /// The name of the header with the body's signature.
    pub const HEADER: &'static str = "Stagedoor-Signature";

    /// The name of the header with the body's length and the signature of both.
    pub const HEAD_HEADER: &'static str = "Stagedoor-Signed-Head";

    /// How far the signature's time may be from the edge's clock, in seconds.
    pub const WINDOW_S: u64 = 300;

    /// Signs a body.
    pub fn sign(secret: &Redacted<String>, body: &[u8], now: UnixTime) -> Self {
        let length = body.len();
        let body = over_body(secret, body, now).finalize().into_bytes().into();
        let head = over_head(secret, now, length, &body).finalize().into_bytes().into();
        Self { signed_at: now, length, body, head }
    }

    /// The headers, by name.
    pub fn headers(&self) -> [(&'static str, String); 2] {
        let Self { signed_at, length, body, head } = self;
        [
            (Self::HEADER, format!("t={},v1={}", signed_at.as_secs(), Hex(body))),
            (Self::HEAD_HEADER, format!("n={length},h={}", Hex(head))),
        ]
    }

    /// Checks the values of [`Self::HEADER`] and [`Self::HEAD_HEADER`] by themselves, before anything is read of the body. The
    /// comparison takes the same time wherever they differ.
    pub fn open<'a>(
        header: Option<&str>,
        head_header: Option<&str>,
        secret: &'a Redacted<String>,
        now: UnixTime,
    ) -> Result<SignedHead<'a>, SyncSignatureError> {
        let (signed_at, body) = header.and_then(parse_signature).ok_or(SyncSignatureError::Malformed)?;
        if now.secs_since(signed_at).max(signed_at.secs_since(now)) > Self::WINDOW_S {
            return Err(SyncSignatureError::OutsideWindow);
        }
        let (length, head) = head_header.and_then(parse_head).ok_or(SyncSignatureError::NoHead)?;
        match over_head(secret, signed_at, length, &body).verify_slice(&head) {
            Ok(()) => Ok(SignedHead { signature: Self { signed_at, length, body, head }, secret }),
            Err(_) => Err(SyncSignatureError::Head),
        }
    }

    /// Checks the values of both headers against a body that was read.
    pub fn verify(
        header: Option<&str>,
        head_header: Option<&str>,
        secret: &Redacted<String>,
        body: &[u8],
        now: UnixTime,
    ) -> Result<(), SyncSignatureError> {
        Self::open(header, head_header, secret, now)?.verify(body)
    }
}

/// ```abnf
/// signature = "t=" 1*DIGIT ",v1=" 64HEXDIG
/// ```
fn parse_signature(header: &str) -> Option<(UnixTime, [u8; 32])> {
    let (secs, body) = header.strip_prefix("t=")?.split_once(",v1=")?;
    Some((UnixTime::from_secs(number(secs)?), mac_of(body)?))
}

/// ```abnf
/// head = "n=" 1*DIGIT ",h=" 64HEXDIG
/// ```
fn parse_head(header: &str) -> Option<(usize, [u8; 32])> {
    let (length, head) = header.strip_prefix("n=")?.split_once(",h=")?;
    Some((number(length)?, mac_of(head)?))
}

/// Without the sign that `parse` alone would take.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

impl SignedHead<'_> {
    /// How many bytes the body has.
    pub const fn length(&self) -> usize {
        self.signature.length
    }

    /// Checks the body. The comparison takes the same time wherever they differ.
    pub fn verify(&self, body: &[u8]) -> Result<(), SyncSignatureError> {
        let SyncSignature { signed_at, length, body: mac, .. } = &self.signature;
        let fits = over_body(self.secret, body, *signed_at).verify_slice(mac).is_ok();
        if fits && body.len() == *length { Ok(()) } else { Err(SyncSignatureError::Mismatch) }
    }
}

fn over_body(secret: &Redacted<String>, body: &[u8], signed_at: UnixTime) -> Hmac<Sha256> {
    mac(secret, &[signed_at.as_secs().to_string().as_bytes(), b".", body])
}

/// Its first word is no number, so that it is never the HMAC of a body.
fn over_head(secret: &Redacted<String>, signed_at: UnixTime, length: usize, body: &[u8; 32]) -> Hmac<Sha256> {
    let head = format!("head.{}.{length}.{}", signed_at.as_secs(), Hex(body));
    mac(secret, &[head.as_bytes()])
}

#[expect(clippy::expect_used, reason = "Invariant: HMAC takes a key of any length (RFC 2104 section 3)")]
fn mac(secret: &Redacted<String>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes any key");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

fn mac_of(digits: &str) -> Option<[u8; 32]> {
    let mut mac = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in mac.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(mac)
}

struct Hex<'a>(&'a [u8; 32]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

    #[test]
    fn a_change_that_cannot_be_read_spoils_no_other() {
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        let body = format!(
            r#"{{"changes":[
                {{"key":"v1/title/a","revision":1,"document":{{"id":"a"}}}},
                {{"key":"v1/title/deep","revision":2,"document":{{"x":{deep}}}}},
                {{"key":"v1/channel/news","revision":3,"document":{{}}}},
                {{"key":"v1/title/late","revision":-4,"document":{{}}}},
                {{"key":"v1/title/no-document","revision":5}},
                {{"revision":6,"document":null}},
                7,
                {{"key":"v1/title/gone","revision":8,"document":null,"later":"member"}}]}}"#
        );
        let batch = ReceivedBatch::read(body.as_bytes()).unwrap();
        let read: Vec<_> = batch.changes().collect();
        assert_eq!((batch.len(), batch.is_empty()), (8, false));
        let names: Vec<_> = read.iter().map(|change| change.name.as_ref()).collect();
        assert_eq!(names[1..4], ["v1/title/deep", "v1/channel/news", "v1/title/late"]);
        let readable: Vec<_> = read.iter().map(|change| change.change.is_ok()).collect();
        // Deep nesting is found when the document is read, not before.
        assert_eq!(readable, [true, true, false, false, false, false, false, true]);
        assert!(read[7].change.as_ref().unwrap().document.is_none());
        assert_eq!(read[0].change.as_ref().unwrap().document.unwrap().get(), r#"{"id":"a"}"#);
        for bad in ["", "[]", "[[]]", "{}", r#"{"changes":{}}"#, r#"{"changes":"a"}"#, r#"{"changes":[1}"#] {
            assert!(ReceivedBatch::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_batch_has_a_hundred_changes_at_most() {
        let batch = |count: usize| format!(r#"{{"changes":[{}]}}"#, vec!["1"; count].join(","));
        assert_eq!(ReceivedBatch::read(batch(100).as_bytes()).unwrap().len(), 100);
        let error = ReceivedBatch::read(batch(101).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("expected an array of 100 changes at most"), "{error}");
    }

    #[test]
    fn a_document_that_is_too_long_is_refused_alone() {
        let change = |key: &str, bytes: usize| {
            let document = format!("\"{}\"", "x".repeat(bytes - 2));
            format!(r#"{{"key":"{key}","revision":1,"document":{document}}}"#)
        };
        let most = SyncBatch::MAX_DOCUMENT_BYTES;
        let changes = [
            change("v1/title/long", most),
            change("v1/title/longer", most + 1),
            change("v1/revocations/a.example", most + 1),
        ];
        let body = format!(r#"{{"changes":[{}]}}"#, changes.join(","));
        let batch = ReceivedBatch::read(body.as_bytes()).unwrap();
        let read: Vec<_> = batch.changes().map(|change| change.change.map(drop)).collect();
        let why = "`document`: expected 1048576 bytes at most, found 1048577".to_owned();
        assert_eq!(read, [Ok(()), Err(why), Ok(())]);
        let longest = Revocations::MAX_BYTES;
        assert!(longest + SyncBatch::MAX_DOCUMENT_BYTES < SyncBatch::MAX_BYTES, "{longest}");
    }

    #[test]
    fn a_detail_is_the_beginning_of_a_message() {
        assert_eq!(SyncResult::detail_of(&"short"), "short");
        let long = "\u{e9}".repeat(10_000);
        assert_eq!(SyncResult::detail_of(&long), "\u{e9}".repeat(SyncResult::MAX_DETAIL_CHARS));
    }

    fn secret() -> Redacted<String> {
        Redacted::new("s".repeat(32))
    }

    /// The values of both headers.
    fn signed(body: &[u8]) -> (String, String) {
        let [(_, header), (_, head)] = SyncSignature::sign(&secret(), body, NOW).headers();
        (header, head)
    }

    #[test]
    fn a_signature_verifies_for_its_secret_body_and_time() {
        let (header, head) = signed(b"{}");
        let verify = |header: &str, head: &str, secret: &Redacted<String>, body: &[u8], now| {
            SyncSignature::verify(Some(header), Some(head), secret, body, now)
        };
        let at = |body: &[u8], now| verify(&header, &head, &secret(), body, now);
        assert_eq!(at(b"{}", NOW.plus_secs(300)), Ok(()));
        assert_eq!(at(b"{}", UnixTime::from_secs(NOW.as_secs() - 300)), Ok(()));
        assert_eq!(at(b"{}", NOW.plus_secs(301)), Err(SyncSignatureError::OutsideWindow));
        assert_eq!(at(b"[]", NOW), Err(SyncSignatureError::Mismatch));
        assert_eq!(at(b"{} ", NOW), Err(SyncSignatureError::Mismatch));
        let another = Redacted::new(String::new());
        assert_eq!(verify(&header, &head, &another, b"{}", NOW), Err(SyncSignatureError::Head));
        for bad in [
            "",
            "t=1,v1=",
            "v1=00",
            &header[..header.len() - 1],
            &header.replace("v1", "v2"),
            &header.replace("t=1", "t=+1"),
            &format!("{header},{head}"),
        ] {
            let verified = verify(bad, &head, &secret(), b"{}", NOW);
            assert_eq!(verified, Err(SyncSignatureError::Malformed), "{bad}");
        }
        for bad in ["", "n=2", "n=2,h=", &head[..head.len() - 1], &head.replace("n=2", "n=+2"), &header] {
            let verified = verify(&header, bad, &secret(), b"{}", NOW);
            assert_eq!(verified, Err(SyncSignatureError::NoHead), "{bad}");
        }
        let without = SyncSignature::verify(None, Some(&head), &secret(), b"{}", NOW);
        assert_eq!(without, Err(SyncSignatureError::Malformed));
    }

    /// How an edge reads the header that came before there were signed heads: as its code stood.
    fn older_edge_takes(header: &str, secret: &Redacted<String>, body: &[u8]) -> Option<bool> {
        let (secs, hex) = header.strip_prefix("t=")?.split_once(",v1=")?;
        let mut mac = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in mac.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        }
        let secs: u64 = secs.parse().ok()?;
        let mut signed = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
        signed.update(secs.to_string().as_bytes());
        signed.update(b".");
        signed.update(body);
        Some(signed.verify_slice(&mac).is_ok())
    }

    #[test]
    fn an_older_edge_takes_what_a_newer_origin_signs() {
        let body = br#"{"changes":[]}"#;
        let (header, _) = signed(body);
        assert_eq!(older_edge_takes(&header, &secret(), body), Some(true));
        assert_eq!(older_edge_takes(&header, &secret(), b"{}"), Some(false));
    }

    /// It would have to read the body to know who sent it.
    #[test]
    fn a_newer_edge_takes_nothing_from_an_older_origin_and_says_what_to_do() {
        let (header, _) = signed(b"{}");
        let refused = SyncSignature::open(Some(&header), None, &secret(), NOW).unwrap_err();
        assert_eq!(refused, SyncSignatureError::NoHead);
        assert!(refused.to_string().contains("an older origin service sends none: update it"), "{refused}");
    }

    /// A sender without the secret is known by the headers alone, and so are headers that were changed in any part.
    /// Their bodies are not read.
    #[test]
    fn a_head_is_verified_without_the_body() {
        let secret = secret();
        let open = |header: &str, head: &str| {
            SyncSignature::open(Some(header), Some(head), &secret, NOW).map(|head| head.length())
        };
        let (header, head) = signed(b"{}");
        assert_eq!(open(&header, &head), Ok(2));
        let (another, another_head) = signed(b"[]");
        for (header, head) in [
            (header.replace("t=1795370400", "t=1795370401"), head.clone()),
            (header.clone(), head.replace("n=2", "n=4194304")),
            (header.clone(), format!("n=2,h={}", "0".repeat(64))),
            (header.clone(), another_head),
            (another, head.clone()),
            // A body has another signature than a head.
            (header.clone(), format!("n=2,h={}", header.split("v1=").nth(1).unwrap())),
        ] {
            assert_eq!(open(&header, &head), Err(SyncSignatureError::Head), "{header} {head}");
        }
    }

    #[test]
    fn the_macs_are_those_that_openssl_computes() {
        // printf '1795370400.{}' | openssl dgst -sha256 -hmac ssssssssssssssssssssssssssssssss
        // printf 'head.1795370400.2.12505aaadc9e762d5e1095844c4099ac1155edb869032f13eb8c5d1b34b62df7' | openssl dgst …
        let body = "12505aaadc9e762d5e1095844c4099ac1155edb869032f13eb8c5d1b34b62df7";
        let head = "729cb081be1d7f3aae5f695b65cd3827c2d5444b25448ddeaa9de8f6598994fc";
        assert_eq!(signed(b"{}"), (format!("t=1795370400,v1={body}"), format!("n=2,h={head}")));
    }
}
