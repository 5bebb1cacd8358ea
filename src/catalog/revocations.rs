//! `v1/revocations/{host}`: sessions, viewers, tokens, keys and titles that a site has revoked.
//!
//! The document has one of two forms. A few revocations are spelled out, so that people can look one up. Many are
//! packed: the document then holds nothing but the hashes that the edge compares, sorted, 16 bytes for a viewer. A
//! hundred thousand of them take 2.1 MB, in one value of KV (25 MiB) and one batch (4 MiB), and 1.6 MB of an isolate.
//! Spelled out, they would take 15 MB, and the document could not be changed in one write.
//!
//! An edge that does not know the packed form refuses the document, since `revoked` is missing, and keeps the last one
//! that it could read: it never takes a packed document for an empty list.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Host, Issuer, KeyId, SessionId, SessionPolicy, TitleId};
use crate::time::UnixTime;

/// All revocations of a site in one snapshot. KV caches negative look-ups, so a key for each revocation would take
/// effect too late.
///
/// The `generation` counts the revocations. A session carries the generation that its isolate knew when it opened the
/// session. So an isolate that had not received a revocation yet cannot open a session that escapes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Self")]
pub struct Revocations {
    /// The site.
    pub host: Host,
    /// The generation of the latest revocation. Each revocation raises it.
    pub generation: u32,
    /// The revocations in full. The document has either `revoked` or `packed`. An entry may be dropped at its `until`,
    /// because all sessions and tokens that it affects have then ended. Absent: the document has `packed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Vec<Revocation>>,
    /// The revocations as the hashes that the edge compares. This form is for more than a thousand revocations.
    /// Absent: the document has `revoked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<PackedRevocations>,
}

impl Revocations {
    /// The most revocations of a site that are in force at a time.
    pub const MOST: usize = 100_000;

    /// More revocations than this are packed.
    pub const MOST_SPELLED_OUT: usize = 1_000;

    /// Revocations that take more bytes than this are packed.
    pub const MOST_SPELLED_OUT_BYTES: usize = 512 * 1024;

    /// More bytes than the document takes in either form: packed, the most revocations have 16 bytes each, and 4/3 of that in
    /// base64.
    pub const MAX_BYTES: usize = Self::MOST * 16 * 4 / 3 + 4_096;
}

const _: () = assert!(Revocations::MOST_SPELLED_OUT_BYTES < Revocations::MAX_BYTES);

impl Serialize for Revocations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Revocations {
    /// Neither form would read as "nothing is revoked", and both might disagree.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Self::deserialize(deserializer)?;
        match (&document.revoked, &document.packed) {
            (Some(_), None) | (None, Some(_)) => Ok(document),
            (None, None) => Err(de::Error::missing_field("revoked")),
            (Some(_), Some(_)) => Err(de::Error::custom("expected `revoked` or `packed`, found both")),
        }
    }
}

/// One revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation {
    /// The session, viewer, token, title or key that is revoked.
    pub what: Revoked,
    /// The document's generation when the entry was added. It affects sessions of an earlier generation.
    pub generation: u32,
    /// When the entry was added. It affects viewer tokens that were signed until then, and viewer tokens without a
    /// signing time.
    pub at: UnixTime,
    /// When the entry may be dropped. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
    /// The reason, for people, of at most 500 characters. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Revocation {
    /// The most characters of a note.
    pub const MAX_NOTE_CHARS: usize = 500;
}

/// The target of a revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// One session, by its id of 16 hexadecimal digits, as in logs and traces.
    Session(RevokedSession),
    /// A viewer: the running sessions, and the tokens signed until now. A token that is signed later is valid.
    Subject {
        /// The issuer. For dialects without an issuer, the name of the key document.
        issuer: Issuer,
        /// The `sub`, of at most 1,024 bytes.
        subject: String,
    },
    /// One viewer token, for good, and the sessions that were opened with it.
    Token {
        /// The issuer. For dialects without an issuer, the name of the key document.
        issuer: Issuer,
        /// The `jti`, or `cti` in hexadecimal digits, of at most 1,024 bytes.
        id: String,
    },
    /// A title: the running sessions and the tokens signed until now.
    Title(TitleId),
    /// A key, for good: the viewer tokens that it signed and their sessions, or, for a session key, the sessions.
    Key {
        /// The name of the key document.
        issuer: Issuer,
        /// The id of the key.
        kid: KeyId,
    },
    /// Every running session, and the tokens signed until now.
    Everything {},
}

impl Revoked {
    /// The most bytes of a subject or a token's id.
    pub const MAX_ID_BYTES: usize = 1_024;

    /// When everything that a revocation concerns has ended, if that is known. `tokens_end` is the expiry of the last
    /// viewer token signed before the revocation, if the site limits the life of tokens.
    ///
    /// No session outlives [`SessionPolicy::MOST_S`], nor its viewer token. A key is revoked for good, since its thief
    /// goes on signing.
    pub fn ends(&self, at: UnixTime, tokens_end: Option<UnixTime>) -> Option<UnixTime> {
        match self {
            Self::Session(_) => Some(at.plus_secs(SessionPolicy::MOST_S)),
            Self::Key { .. } => None,
            Self::Subject { .. } | Self::Token { .. } | Self::Title(_) | Self::Everything {} => {
                tokens_end.map(|end| end.max(at).plus_secs(Self::MARGIN_S))
            }
        }
    }

    /// Clocks may disagree, and a site may accept a token for a while after it has expired (`leeway_s`).
    const MARGIN_S: u64 = 3_600;
}

/// The id of a revoked session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = "^[0-9a-f]{16}$")))]
pub struct RevokedSession(pub SessionId);

impl Serialize for RevokedSession {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RevokedSession {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}

/// Revocations as the edge compares them. Numbers within a record are big-endian: a generation, and a time in Unix seconds, of
/// four bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackedRevocations {
    /// Sessions: their ids, the generation. Absent: none.
    #[serde(default, skip_serializing_if = "Records::is_empty")]
    pub sessions: Records<12>,
    /// Viewers: eight bytes of a hash over issuer and subject, the generation, the time. Absent: none.
    #[serde(default, skip_serializing_if = "Records::is_empty")]
    pub subjects: Records<16>,
    /// Viewer tokens: eight bytes of a hash over issuer and id, the generation. Absent: none.
    #[serde(default, skip_serializing_if = "Records::is_empty")]
    pub tokens: Records<12>,
    /// Titles: eight bytes of a hash over the id, the generation, the time. Absent: none.
    #[serde(default, skip_serializing_if = "Records::is_empty")]
    pub titles: Records<16>,
    /// Keys: four bytes of a hash over the document of keys and the key's id. Absent: none.
    #[serde(default, skip_serializing_if = "Records::is_empty")]
    pub keys: Records<4>,
    /// The limits up to which everything is revoked. Absent: not everything is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everything: Option<Moment>,
}

impl PackedRevocations {
    /// How many bytes they take in memory.
    pub fn bytes(&self) -> usize {
        self.sessions.bytes()
            + self.subjects.bytes()
            + self.tokens.bytes()
            + self.titles.bytes()
            + self.keys.bytes()
    }
}

/// The limits up to which a target is revoked: the generation for sessions, the time for viewer tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Moment {
    /// It affects sessions of an earlier generation.
    pub generation: u32,
    /// It affects viewer tokens that were signed until then, and viewer tokens without a signing time.
    pub at: UnixTime,
}

impl Moment {
    /// The later of both, in each respect.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        Self { generation: self.generation.max(other.generation), at: self.at.max(other.at) }
    }
}

/// Records of `N` bytes: 12 for a session or a token, 16 for a viewer or a title, 4 for a key. They stand in the order of
/// their names, which are the first eight bytes of each, or all of them where there are fewer.
/// No two have the same name. In JSON they are base64url without padding.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = "^[A-Za-z0-9_-]*$")))]
pub struct Records<const N: usize>(Vec<[u8; N]>);

/// Records that are not in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected records in the order of their names, each name once")]
pub struct Disorder;

impl<const N: usize> Records<N> {
    const NAME_BYTES: usize = if N < 8 { N } else { 8 };

    /// Takes records in order. The search would not find a record out of order, and its revocation would have no
    /// effect.
    pub fn new(records: Vec<[u8; N]>) -> Result<Self, Disorder> {
        let name = |record: &[u8; N]| record.first_chunk::<8>().map_or_else(|| padded(record), |name| *name);
        if records.is_sorted_by(|one, next| name(one) < name(next)) {
            Ok(Self(records))
        } else {
            Err(Disorder)
        }
    }

    /// Puts records in order. Of those with one name, `merge` makes one.
    pub fn gathered(mut records: Vec<[u8; N]>, merge: impl Fn([u8; N], [u8; N]) -> [u8; N]) -> Self {
        records.sort_unstable();
        records.dedup_by(|next, kept| {
            let same = next.get(..Self::NAME_BYTES) == kept.get(..Self::NAME_BYTES);
            if same {
                *kept = merge(*kept, *next);
            }
            same
        });
        Self(records)
    }

    /// The records whose names begin with these bytes.
    pub fn beginning(&self, name: &[u8]) -> impl Iterator<Item = &[u8; N]> {
        let from = self.0.partition_point(|record| record.as_slice() < name);
        self.0.get(from..).unwrap_or_default().iter().take_while(move |record| record.starts_with(name))
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no records.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes they take in memory.
    pub const fn bytes(&self) -> usize {
        self.0.capacity() * N
    }
}

/// The bytes of a record that is shorter than a name.
fn padded(record: &[u8]) -> [u8; 8] {
    let mut name = [0; 8];
    for (to, from) in name.iter_mut().zip(record) {
        *to = *from;
    }
    name
}

impl<const N: usize> fmt::Debug for Records<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records of {N} bytes", self.0.len())
    }
}

impl<const N: usize> Serialize for Records<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0.as_flattened()))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Records<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<const N: usize>;
        impl<const N: usize> de::Visitor<'_> for Text<N> {
            type Value = Records<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "records of {N} bytes in base64url without padding")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Records<N>, E> {
                let wrong = || E::invalid_value(de::Unexpected::Other("another text"), &self);
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
                let (records, rest) = bytes.as_chunks::<N>();
                if !rest.is_empty() {
                    return Err(wrong());
                }
                Records::new(records.to_vec()).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_by_the_beginning_of_their_names() {
        let record = |name: u64, more: u32| {
            let mut record = [0; 12];
            record[..8].copy_from_slice(&name.to_be_bytes());
            record[8..].copy_from_slice(&more.to_be_bytes());
            record
        };
        let latest = |one: [u8; 12], other: [u8; 12]| one.max(other);
        let many = (0..1_000_u64).rev().map(|n| record(n << 32, 1)).chain([record(7 << 32, 9)]).collect();
        let records = Records::gathered(many, latest);
        assert_eq!(records.len(), 1_000);
        let found = |name: &[u8]| records.beginning(name).copied().collect::<Vec<_>>();
        assert_eq!(found(&7_u32.to_be_bytes()), [record(7 << 32, 9)], "the latest of two counts");
        assert_eq!(found(&(999_u64 << 32).to_be_bytes()), [record(999 << 32, 1)]);
        assert!(
            found(&1_000_u32.to_be_bytes()).is_empty() && found(&(7_u64 << 32 | 1).to_be_bytes()).is_empty()
        );
        let json = serde_json::to_string(&records).unwrap();
        assert_eq!(json.len(), 2 + 1_000 * 12 * 4 / 3);
        assert_eq!(serde_json::from_str::<Records<12>>(&json).unwrap(), records);
    }

    #[test]
    fn records_in_disorder_are_refused() {
        let text = |bytes: &[u8]| format!("\"{}\"", URL_SAFE_NO_PAD.encode(bytes));
        let read = |bytes: &[u8]| serde_json::from_str::<Records<4>>(&text(bytes)).map_err(|e| e.to_string());
        assert!(read(&[0, 0, 0, 1, 0, 0, 0, 2]).is_ok());
        assert!(read(&[0, 0, 0, 2, 0, 0, 0, 1]).unwrap_err().contains("in the order"));
        assert!(read(&[0, 0, 0, 1, 0, 0, 0, 1]).unwrap_err().contains("each name once"));
        assert!(read(&[0, 0, 0, 1, 0]).unwrap_err().contains("records of 4 bytes"));
        assert!(serde_json::from_str::<Records<4>>("\"AAAA====\"").is_err());
        // Two longer records with one name contradict each other, whatever their other bytes.
        let twice = [[[1; 8], [0; 8]].concat(), [[1; 8], [9; 8]].concat()].concat();
        assert!(serde_json::from_str::<Records<16>>(&text(&twice)).is_err());
    }

    #[test]
    fn a_document_without_revocations_says_so() {
        let read = |more: &str| {
            let json = format!(r#"{{"host":"a.example","generation":1{more}}}"#);
            serde_json::from_str::<Revocations>(&json).map_err(|error| error.to_string())
        };
        assert!(read(r#","revoked":[]"#).is_ok() && read(r#","packed":{}"#).is_ok());
        assert!(read("").unwrap_err().contains("missing field `revoked`"));
        assert!(read(r#","revoked":[],"packed":{}"#).unwrap_err().contains("found both"));
    }

    #[test]
    fn a_revocation_ends_with_what_it_concerns() {
        let at = UnixTime::from_secs(1_000_000);
        let end = at.plus_secs(500);
        let read = |json: &str| serde_json::from_str::<Revoked>(json).unwrap();
        for (what, known, unknown) in [
            (r#"{"session":"0123456789abcdef"}"#, Some(at.plus_secs(604_800)), Some(at.plus_secs(604_800))),
            (r#"{"subject":{"issuer":"i","subject":"s"}}"#, Some(end.plus_secs(3_600)), None),
            (r#"{"token":{"issuer":"i","id":"t"}}"#, Some(end.plus_secs(3_600)), None),
            (r#"{"title":"harbour"}"#, Some(end.plus_secs(3_600)), None),
            (r#"{"everything":{}}"#, Some(end.plus_secs(3_600)), None),
            (r#"{"key":{"issuer":"i","kid":"k"}}"#, None, None),
        ] {
            let found = (read(what).ends(at, Some(end)), read(what).ends(at, None));
            assert_eq!(found, (known, unknown), "{what}");
        }
    }
}
