//! Addresses of pods and of ads, below any folder of a title.
//!
//! ```text
//! _stagedoor/break/{sealed}.json                        the asset list of a break (HLS)
//! _stagedoor/break/{sealed}.mpd                         the list MPD of a break (DASH)
//! _stagedoor/ad/{break}/{slot}/{creative}/{path}        a file of a creative that fills a slot
//! ```
//!
//! `{sealed}` tells the break ([`Seal`](crate::ads::address::Seal)). The session that stands in front of the path says who asks.

use crate::catalog::{BreakId, CreativeId};

/// The folder of addresses of pods.
pub const BREAK_FOLDER: &str = "_stagedoor/break/";

/// The folder of addresses of ads.
pub const AD_FOLDER: &str = "_stagedoor/ad/";

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
        let (_, name) = at_folder(path, BREAK_FOLDER)?;
        let found = [Self::Assets, Self::Mpd]
            .into_iter()
            .find_map(|listing| Some((listing, name.strip_suffix(listing.extension())?)));
        found.filter(|(_, sealed)| !sealed.contains('/'))
    }

    /// The folder of the title in which the address of a pod stands: empty, or ending in `/`.
    pub fn folder_of(path: &str) -> Option<&str> {
        at_folder(path, BREAK_FOLDER).map(|(folder, _)| folder)
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
        let (_, rest) = at_folder(path, AD_FOLDER)?;
        let mut parts = rest.splitn(4, '/');
        let break_id = parts.next()?.parse().ok()?;
        // One spelling for one slot.
        let slot = parts.next().filter(|slot| *slot == "0" || !slot.starts_with(['0', '+']))?.parse().ok()?;
        let creative = parts.next()?.parse().ok()?;
        let path = parts.next().filter(|path| !path.is_empty())?;
        Some((Self { break_id, slot, creative }, path))
    }
}

/// How many of a path's folders are one of these two.
pub(super) fn folders(path: &str) -> usize {
    [BREAK_FOLDER, AD_FOLDER].into_iter().map(|folder| places(path, folder).count()).sum()
}

/// The parts of a path in front of and behind the first `folder` that begins one of its segments.
fn at_folder<'p>(path: &'p str, folder: &str) -> Option<(&'p str, &'p str)> {
    let (front, rest) = path.split_at_checked(places(path, folder).next()?)?;
    Some((front, rest.get(folder.len()..)?))
}

/// Where a folder begins a segment of a path.
fn places<'p>(path: &'p str, folder: &'p str) -> impl Iterator<Item = usize> + use<'p> {
    let found = memchr::memmem::find_iter(path.as_bytes(), folder.as_bytes());
    found.filter(move |at| *at == 0 || path.as_bytes().get(at - 1) == Some(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // A folder of the title whose name ends like the edge's.
        let path = "x_stagedoor/break/_stagedoor/break/e30.AAAA.json";
        assert_eq!(Listing::of_path(path), Some((Listing::Assets, "e30.AAAA")));
        assert_eq!(Listing::folder_of(path), Some("x_stagedoor/break/"));
    }
}
