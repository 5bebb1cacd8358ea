//! Names of viewers, tokens and keys, shortened to the start of a hash.

use sha2::{Digest, Sha256};

use crate::catalog::{Issuer, TitleId};

/// The start of a hash that names something.
pub type NameTag = [u8; 8];

/// A shorter one.
pub type ShortNameTag = [u8; 4];

/// Names a title.
pub fn title_tag(title: &TitleId) -> NameTag {
    tag(&[title.as_str().as_bytes()])
}

/// Names a title, or a folder of it that ends in `/`.
pub(super) fn scope_tag(title: &TitleId, folder: &str) -> NameTag {
    if folder.is_empty() {
        title_tag(title)
    } else {
        tag(&[title.as_str().as_bytes(), b"/", folder.as_bytes()])
    }
}

/// Names an issuer's subject.
pub fn subject_tag(issuer: &Issuer, subject: &str) -> NameTag {
    tag(&[issuer.as_str().as_bytes(), &[0], subject.as_bytes()])
}

/// Names an issuer's token, as a session carries it.
pub fn token_tag(issuer: &Issuer, token_id: &str) -> ShortNameTag {
    let [a, b, c, d, ..] = token_name(issuer, token_id);
    [a, b, c, d]
}

/// Names an issuer's token. Its first bytes are the [`token_tag`].
pub fn token_name(issuer: &Issuer, token_id: &str) -> NameTag {
    tag(&[issuer.as_str().as_bytes(), &[0], token_id.as_bytes()])
}

/// Names an issuer's key.
pub fn issuer_key_tag(issuer: &Issuer, kid: &str) -> ShortNameTag {
    tag(&[issuer.as_str().as_bytes(), &[0], kid.as_bytes()])
}

pub(super) fn tag<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    first(hash)
}

pub(super) fn first<const N: usize>(hash: Sha256) -> [u8; N] {
    let mut tag = [0; N];
    for (to, from) in tag.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    tag
}
