//! Addresses of pods and of ads, below any folder of a title.
//!
//! ```text
//! _stagedoor/break/{sealed}.json                        the asset list of a break (HLS)
//! _stagedoor/break/{sealed}.mpd                         the list MPD of a break (DASH)
//! _stagedoor/ad/{break}/{slot}/{creative}/{path}        a file of a creative that fills a slot
//! ```
//!
//! `{sealed}` is a break's [`Opening`] as base64url JSON, a full stop, and 16 characters of a MAC. It is the same for all viewers
//! of a title, and nobody but the edge can make it: so nobody can ask for pods of breaks that no manifest has. The session that
//! stands in front of the path says who asks.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{BreakId, Opening};
use crate::catalog::{Algorithm, CreativeId, Host, Jwk, KeyMaterial, KeySet, TitleId};

/// The folder of addresses of pods.
pub const BREAK_FOLDER: &str = "_stagedoor/break/";

/// The folder of addresses of ads.
pub const AD_FOLDER: &str = "_stagedoor/ad/";

/// The bytes of a MAC that stand in an address.
const MAC_BYTES: usize = 12;

/// Makes and opens the sealed part of the address of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    /// The site's session keys. The first seals, any opens.
    pub keys: &'a KeySet,
    /// The site.
    pub host: &'a Host,
    /// The title.
    pub title: &'a TitleId,
}

impl Seal<'_> {
    /// Seals a break. `None` if the first key is not an HS256 key, or its JSON cannot be written.
    pub fn seal(&self, opening: &Opening) -> Option<String> {
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(opening).ok()?);
        let mac = self.mac(self.keys.keys.first()?, &body)?.finalize().into_bytes();
        Some(format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.split_at_checked(MAC_BYTES)?.0)))
    }

    /// Opens a sealed break, in constant time. `None`: no key of the site made it for this title.
    pub fn open(&self, sealed: &str) -> Option<Opening> {
        let (body, mac) = sealed.split_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok().filter(|mac| mac.len() == MAC_BYTES)?;
        let is_genuine = |key: &Jwk| {
            self.mac(key, body).is_some_and(|expected| expected.verify_truncated_left(&mac).is_ok())
        };
        self.keys.keys.iter().find(|key| is_genuine(key))?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }

    fn mac(&self, key: &Jwk, body: &str) -> Option<Hmac<Sha256>> {
        let KeyMaterial::Symmetric { k } = &key.material else { return None };
        if !key.permits(Algorithm::HS256) {
            return None;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&k.expose().0).ok()?;
        for part in ["break", self.host.as_str(), self.title.as_str(), body] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        Some(mac)
    }
}

/// The format in which a pod is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listing {
    /// An asset list (HLS).
    Assets,
    /// A list MPD (DASH).
    Mpd,
}

impl Listing {
    /// The file extension.
    const fn extension(self) -> &'static str {
        match self {
            Self::Assets => ".json",
            Self::Mpd => ".mpd",
        }
    }

    /// The address of the pod of a sealed break, relative to any folder of its title.
    pub fn address(self, sealed: &str) -> String {
        [BREAK_FOLDER, sealed, self.extension()].concat()
    }

    /// The sealed break of a path, and the format that is asked for. `None`: the path is not the address of a pod.
    pub fn of_path(path: &str) -> Option<(Self, &str)> {
        let name = behind_folder(path, BREAK_FOLDER)?;
        let found = [Self::Assets, Self::Mpd]
            .into_iter()
            .find_map(|listing| Some((listing, name.strip_suffix(listing.extension())?)));
        found.filter(|(_, sealed)| !sealed.contains('/'))
    }
}

/// The address of a file of a creative that fills a slot of a break.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AdAddress {
    /// The break.
    pub break_id: BreakId,
    /// The number of the slot, from 0.
    pub slot: u16,
    /// The creative.
    pub creative: CreativeId,
}

impl AdAddress {
    /// The folder of the creative, relative to any folder of the title. It ends in `/`.
    pub fn folder(&self) -> String {
        let Self { break_id, slot, creative } = self;
        format!("{AD_FOLDER}{break_id}/{slot}/{creative}/")
    }

    /// The address of a path, and the rest of the path, below the creative's folder. `None`: the path is not the address of an ad.
    pub fn of_path(path: &str) -> Option<(Self, &str)> {
        let rest = behind_folder(path, AD_FOLDER)?;
        let mut parts = rest.splitn(4, '/');
        let break_id = parts.next()?.parse().ok()?;
        // One spelling for one slot.
        let slot = parts.next().filter(|slot| *slot == "0" || !slot.starts_with(['0', '+']))?.parse().ok()?;
        let creative = parts.next()?.parse().ok()?;
        let path = parts.next().filter(|path| !path.is_empty())?;
        Some((Self { break_id, slot, creative }, path))
    }
}

/// The rest of a path behind the first `folder` that begins one of its segments.
fn behind_folder<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let at = memchr::memmem::find_iter(path.as_bytes(), folder.as_bytes())
        .find(|at| *at == 0 || path.as_bytes().get(at - 1) == Some(&b'/'))?;
    path.get(at + folder.len()..)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ads::Place;
    use crate::catalog::KvDocument;

    fn keys(secret: &str) -> KeySet {
        let json =
            format!(r#"{{"issuer":"s","keys":[{{"kid":"a","kty":"oct","alg":"HS256","k":"{secret}"}}]}}"#);
        KeySet::read(json.as_bytes()).unwrap().0
    }

    #[test]
    fn a_sealed_break_opens_for_its_own_title_only() {
        let (keys, others) = (keys(&"AA".repeat(22)), keys(&"BB".repeat(22)));
        let host: Host = "watch.example.com".parse().unwrap();
        let (title, other): (TitleId, TitleId) = ("harbour".parse().unwrap(), "quay".parse().unwrap());
        let opening = Opening {
            id: "mid-600000".parse().unwrap(),
            place: Place::MidRoll,
            start: Some(Duration::from_secs(600)),
            date: None,
            planned: Some(Duration::from_secs(60)),
            event_id: None,
            tag: None,
        };
        let seal = Seal { keys: &keys, host: &host, title: &title };
        let sealed = seal.seal(&opening).unwrap();
        assert_eq!(seal.open(&sealed), Some(opening));
        assert_eq!(Seal { title: &other, ..seal }.open(&sealed), None);
        assert_eq!(Seal { keys: &others, ..seal }.open(&sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] ^= 1;
            assert_eq!(seal.open(&String::from_utf8(changed).unwrap()), None, "byte {at}");
        }
        assert_eq!(seal.open(&sealed[..sealed.len() - 4]), None);
    }

    #[test]
    fn addresses_read_back_below_any_folder() {
        let address =
            AdAddress { break_id: "mid-1".parse().unwrap(), slot: 2, creative: "plum".parse().unwrap() };
        let path = format!("hls/720p/{}v/seg_1.m4s", address.folder());
        assert_eq!(AdAddress::of_path(&path), Some((address, "v/seg_1.m4s")));
        assert_eq!(
            Listing::of_path("hls/_stagedoor/break/e30.AAAA.json"),
            Some((Listing::Assets, "e30.AAAA"))
        );
        assert_eq!(Listing::of_path("_stagedoor/break/e30.AAAA.mpd"), Some((Listing::Mpd, "e30.AAAA")));
        for other in [
            "x_stagedoor/ad/mid-1/2/plum/a",
            "_stagedoor/ad/mid-1/02/plum/a",
            "_stagedoor/ad/mid-1/2/plum/",
            "_stagedoor/ad/mid-1/2/plum",
            "_stagedoor/ad/mid 1/2/plum/a",
            "_stagedoor/ad/mid-1/70000/plum/a",
        ] {
            assert_eq!(AdAddress::of_path(other), None, "{other}");
        }
        assert_eq!(Listing::of_path("_stagedoor/break/a/b.json"), None);
    }
}
