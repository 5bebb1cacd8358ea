//! The sealed part of the addresses of pods ([`Listing`]).
//!
//! It is a break's [`Opening`] as base64url JSON, a full stop, and 16 characters of a MAC. It is the same for all viewers
//! of a title, and nobody but the edge can make it: so nobody can ask for pods of breaks that no manifest has. The session that
//! stands in front of the path says who asks.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Opening;
use crate::catalog::{Algorithm, Host, Jwk, KeyMaterial, KeySet, TitleId};

pub use crate::resource::{AD_FOLDER, AdAddress, BREAK_FOLDER, Listing};

/// The longest address of a pod, in bytes: with the folders of a title in front it is still a path that the edge serves. A source of
/// ads that a break names itself may make it longer.
const LONGEST: usize = 768;

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
    /// The address of the pod of a break, relative to any folder of its title. `None`: it cannot be sealed, or the address would be
    /// longer than the edge serves.
    pub fn address(&self, opening: &Opening, listing: Listing) -> Option<String> {
        Some(listing.address(&self.seal(opening)?)).filter(|address| address.len() <= LONGEST)
    }

    /// Seals a break. `None` if the first key is not an HS256 key, or its JSON cannot be written.
    pub fn seal(&self, opening: &Opening) -> Option<String> {
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(opening).ok()?);
        let mac = self.mac(self.keys.keys.first()?, &body)?.finalize().into_bytes();
        Some(format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.split_at_checked(MAC_BYTES)?.0)))
    }

    /// Opens a sealed break, in constant time. `None`: no key of the site made it for this title.
    pub fn open(&self, sealed: &str) -> Option<Opening> {
        self.open_by(&self.keys.keys, sealed)
    }

    fn open_by<'k>(&self, keys: impl IntoIterator<Item = &'k Jwk>, sealed: &str) -> Option<Opening> {
        let (body, mac) = sealed.split_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok().filter(|mac| mac.len() == MAC_BYTES)?;
        let is_genuine = |key: &Jwk| {
            self.mac(key, body).is_some_and(|expected| expected.verify_truncated_left(&mac).is_ok())
        };
        keys.into_iter().find(|key| is_genuine(key))?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }

    /// The breaks whose addresses a manifest has, in order, as far as the first key has sealed them.
    ///
    /// It costs a MAC for each, and manifests may have look-alikes. So of all different addresses, the first `most` are looked at.
    pub fn announced(&self, manifest: &[u8], most: usize) -> Vec<Opening> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let mut known = HashSet::new();
        let addresses = memchr::memmem::find_iter(manifest, BREAK_FOLDER).filter_map(|at| {
            let address = manifest.get(at..)?;
            let name = address.get(BREAK_FOLDER.len()..)?;
            let length = BREAK_FOLDER.len() + name.iter().take_while(|byte| is_part(byte)).count();
            str::from_utf8(address.get(..length)?).ok().filter(|address| address.len() <= LONGEST)
        });
        let Some(key) = self.keys.keys.first() else { return Vec::new() };
        let sealed = addresses.filter_map(|address| Some(Listing::of_path(address)?.1));
        let different = sealed.filter(|sealed| known.insert(*sealed)).take(most);
        different.filter_map(|sealed| self.open_by([key], sealed)).collect()
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
    fn a_manifest_tells_its_breaks() {
        let (keys, others) = (keys(&"AA".repeat(22)), keys(&"BB".repeat(22)));
        let host: Host = "watch.example.com".parse().unwrap();
        let title: TitleId = "harbour".parse().unwrap();
        let opening = |id: &str| Opening {
            id: id.parse().unwrap(),
            place: Place::MidRoll,
            start: Some(Duration::from_secs(600)),
            date: None,
            planned: None,
            event_id: None,
            tag: None,
        };
        let seal = Seal { keys: &keys, host: &host, title: &title };
        let [a, b] = ["mid-a", "mid-b"].map(|id| seal.seal(&opening(id)).unwrap());
        let forged = Seal { keys: &others, ..seal }.seal(&opening("mid-c")).unwrap();
        let manifest = format!(
            "#EXT-X-DATERANGE:ID=\"p\",X-URI=\"{}?x\"\nX-ASSET-LIST=\"{}?y\"\n<A uri=\"/~s/t/{}\"/>{BREAK_FOLDER}{}",
            Listing::Assets.address(&a),
            Listing::Assets.address(&a),
            Listing::Mpd.address(&b),
            Listing::Assets.address(&forged),
        );
        assert_eq!(seal.announced(manifest.as_bytes(), 3), [opening("mid-a"), opening("mid-b")]);
        assert_eq!(seal.announced(b"", 3), []);
        // Look-alikes cost no more MACs than breaks would.
        let after = |number: usize| {
            let alike = (0..number).map(|at| format!("_stagedoor/break/{at}.AAAAAAAAAAAAAAAA.json "));
            format!("{}{manifest}", alike.collect::<String>())
        };
        let found = |number: usize| seal.announced(after(number).as_bytes(), 500).len();
        assert_eq!((found(497), found(499), found(500)), (2, 1, 0));
        // The manifest has just been compiled, and its addresses were sealed by the first key.
        let both = KeySet { keys: [others.keys.clone(), keys.keys.clone()].concat(), ..keys.clone() };
        let rotated = Seal { keys: &both, ..seal };
        assert_eq!(rotated.open(&a), Some(opening("mid-a")));
        assert_eq!(rotated.announced(manifest.as_bytes(), 3), [opening("mid-c")]);
    }
}
