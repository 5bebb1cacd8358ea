//! The request for the list of a pod, from which the URLs of its ads follow.

use std::time::Duration;

use url::Url;

use super::address::AdAddress;
use super::{Media, Pod, Slot};
use crate::catalog::{CreativeId, SESSION_PARAMETER, SigningStyle, TitleId};

/// The request for the list of a pod.
#[derive(Clone, Copy, Debug)]
pub struct ListRequest<'a> {
    /// The scheme and host of its URL: `https://watch.example.com`.
    pub authority: &'a str,
    /// The title.
    pub title: &'a TitleId,
    /// The folder of the title below which the list was requested, such as `hls/`; empty: the title's own.
    pub folder: &'a str,
    /// The token of the session.
    pub token: &'a str,
    /// Where the site's URLs carry the session.
    pub signing: SigningStyle,
}

impl ListRequest<'_> {
    /// The URL of a file of a creative that fills a slot of a break, below the session. `None`: its path is not the path of a
    /// file.
    pub fn creative(&self, pod: &Pod, slot: usize, creative: &CreativeId, path: &str) -> Option<Url> {
        let address = AdAddress {
            break_id: pod.break_id.clone(),
            slot: u16::try_from(slot).ok()?,
            creative: creative.clone(),
        };
        let Self { authority, title, folder, token, signing } = *self;
        let session = match signing {
            SigningStyle::Path => format!("/~{token}"),
            SigningStyle::Query => String::new(),
        };
        let before = format!("{session}/{title}/{folder}{}", address.folder());
        let mut url = Url::parse(authority).ok()?;
        url.set_path(&[&before, path].concat());
        // A path with `..` would leave the creative's folder.
        url.path().contains(&*address.folder()).then_some(())?;
        if signing == SigningStyle::Query {
            url.query_pairs_mut().append_pair(SESSION_PARAMETER, token);
        }
        Some(url)
    }

    /// The slots that have a manifest of a format, one behind the other: the others are left out, and take no time.
    pub fn listed<'p>(&self, pod: &'p Pod, format: Format) -> Vec<Listed<'p>> {
        let mut start = Duration::ZERO;
        let listed = |(number, slot): (usize, &'p Slot)| {
            let manifest = self.manifest(pod, number, format)?;
            let found = Listed { number, start, slot, manifest };
            start = start.saturating_add(slot.duration);
            Some(found)
        };
        pod.slots.iter().enumerate().filter_map(listed).collect()
    }

    /// The URL of the manifest of a slot. `manifest` tells a creative's path; a manifest that players fetch elsewhere has to be
    /// of this media type. `None`: the slot has no manifest of the format.
    pub fn manifest(&self, pod: &Pod, slot: usize, format: Format) -> Option<Url> {
        match &pod.slots.get(slot)?.media {
            Media::Creative { id, hls, dash } => {
                let path = match format {
                    Format::Hls => hls.as_deref(),
                    Format::Dash => dash.as_deref(),
                };
                self.creative(pod, slot, id, path?)
            }
            Media::Direct { url, media_type } => format.is_of(media_type).then(|| url.clone()),
        }
    }
}

/// A slot in the list of a pod.
#[derive(Clone, Debug)]
pub struct Listed<'p> {
    /// Its number in the pod.
    pub number: usize,
    /// Its start, from the start of the list.
    pub start: Duration,
    /// The slot.
    pub slot: &'p Slot,
    /// The URL of its manifest.
    pub manifest: Url,
}

/// The format of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A multivariant playlist.
    Hls,
    /// An MPD.
    Dash,
}

impl Format {
    /// Whether a media type is of the format.
    pub(super) fn is_of(self, media_type: &str) -> bool {
        let names: &[&str] = match self {
            Self::Hls => &["application/vnd.apple.mpegurl", "application/x-mpegurl"],
            Self::Dash => &["application/dash+xml"],
        };
        let name = media_type.split(';').next().unwrap_or_default().trim();
        names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ads::{Role, Slot};

    fn pod(media: Media) -> Pod {
        let slot = Slot { role: Role::Ad, media, duration: Duration::from_secs(10), ad: None };
        Pod { break_id: "mid-1".parse().unwrap(), slots: vec![slot], non_linear: vec![] }
    }

    #[test]
    fn the_url_of_a_creative_has_the_session_where_the_site_has_it() {
        let title: TitleId = "harbour".parse().unwrap();
        let at = ListRequest {
            authority: "https://watch.example.com",
            title: &title,
            folder: "hls/",
            token: "TOKEN",
            signing: SigningStyle::Path,
        };
        let creative = |dash: &str| {
            pod(Media::Creative { id: "plum".parse().unwrap(), hls: None, dash: Some(dash.to_owned()) })
        };
        let url =
            |at: &ListRequest<'_>, dash| at.manifest(&creative(dash), 0, Format::Dash).map(String::from);
        let below = "https://watch.example.com/~TOKEN/harbour/hls/_stagedoor/ad/mid-1/0/plum/";
        assert_eq!(url(&at, "a b/m.mpd"), Some(format!("{below}a%20b/m.mpd")));
        assert_eq!(
            url(&ListRequest { signing: SigningStyle::Query, folder: "", ..at }, "m.mpd").as_deref(),
            Some("https://watch.example.com/harbour/_stagedoor/ad/mid-1/0/plum/m.mpd?sd_session=TOKEN")
        );
        assert_eq!(url(&at, "../../../m.mpd"), None);
        assert_eq!(at.manifest(&creative("m.mpd"), 0, Format::Hls), None);
        let direct = |media_type: &str| {
            pod(Media::Direct {
                url: "https://ads.example/m.mpd".parse().unwrap(),
                media_type: media_type.to_owned(),
            })
        };
        assert!(at.manifest(&direct("Application/dash+xml; x=1"), 0, Format::Dash).is_some());
        assert!(at.manifest(&direct("video/mp4"), 0, Format::Dash).is_none());
        assert!(at.manifest(&direct("application/dash+xml"), 0, Format::Hls).is_none());
    }
}
