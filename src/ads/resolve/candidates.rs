//! Ads whose media can be shown.
//!
//! An ad is shown from its conditioned creative. Without one, a manifest of a host that the site trusts will do. Any other ad
//! is skipped, its ad server is told (407), and its creative is wanted: the origin has it conditioned.

use std::time::Duration;

use url::Url;

use super::merge::{Film, Resolved};
use super::order::Order;
use super::pod::Resolution;
use super::source::Source;
use super::tree::Ping;
use super::{PINGS_MAX, WANTED_MAX};
use crate::ads::vast::{Family, MediaFile, Needs, best};
use crate::ads::{AdEvent, Candidate, ErrorCode, Format, Happening, Media, NonLinear, Offered};
use crate::catalog::{Creative, CreativeId, CreativeKind, Host, HostPattern, Label, host_name};

/// How media is chosen.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// The format of the list that is asked for.
    pub format: Format,
    /// The site, among whose creatives conditioned ones are. `None`: there are none, as in the command.
    pub site: Option<&'a Host>,
    /// The media that players fetch from ad servers themselves.
    pub direct: Direct<'a>,
    /// The media that the viewer can be shown.
    pub needs: Needs,
}

/// The media that players fetch from ad servers themselves.
#[derive(Clone, Copy, Debug)]
pub enum Direct<'a> {
    /// Manifests of these hosts.
    Hosts(&'a [HostPattern]),
    /// Any media file: to look at what an ad server offers.
    Any,
}

/// Ads whose media can be shown, and what became of the others.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The ads.
    pub offered: Offered,
    /// Creatives that are not conditioned yet.
    pub wanted: Vec<Source>,
    /// URLs that ad servers are told of errors.
    pub pings: Vec<Ping>,
    /// What happened, in order.
    pub events: Vec<Happening>,
    /// The requests that were made.
    pub requests: usize,
    /// How long it took.
    pub took: Duration,
}

impl Resolution {
    /// The creatives by which its ads may be shown: their documents are to be read before [`Resolution::choose`].
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.ads.iter().filter_map(|ad| ad.film.as_ref()?.source.as_ref())
    }

    /// Chooses the media of each ad. `known`: the documents of creatives.
    pub fn choose<'k>(
        self,
        order: &Order<'_>,
        choice: &Choice<'_>,
        known: impl Fn(&CreativeId) -> Option<&'k Creative>,
    ) -> Chosen {
        let Self { ads, mut failed, pings, events, requests, took } = self;
        let mut chosen =
            Chosen { offered: Offered::default(), wanted: Vec::new(), pings, events, requests, took };
        let mut candidates = Vec::new();
        let mut non_linear: Vec<NonLinear> = Vec::new();
        for mut ad in ads {
            non_linear.append(&mut ad.non_linear);
            let Some(film) = ad.film.take() else { continue };
            let interactive = film.interactive;
            match media(&film, choice, &known) {
                Ok(Shown { media, duration, codecs, heights }) => {
                    if interactive {
                        chosen.tell(order, &ad.errors, ErrorCode::Interactive);
                    }
                    candidates.push(Candidate {
                        media,
                        duration,
                        separation: labels(&ad.categories),
                        sequence: ad.sequence,
                        codecs,
                        heights,
                        ad: ad.ad,
                    });
                }
                Err(skipped) => {
                    failed.extend(ad.sequence.filter(|_| ad.falls_back));
                    chosen.skip(order, &ad, film.source, skipped);
                }
            }
        }
        chosen.offered = Offered::of(candidates, &failed, non_linear);
        chosen
    }
}

impl Chosen {
    fn skip(&mut self, order: &Order<'_>, ad: &Resolved, source: Option<Source>, skipped: Skipped) {
        let (event, code, why) = match skipped {
            Skipped::NotConditioned => {
                let Some(source) = source else { return };
                let why = format!("expected the creative `{}`, which is not conditioned yet", source.id);
                if self.wanted.len() < WANTED_MAX && !self.wanted.iter().any(|known| known.id == source.id) {
                    self.wanted.push(source);
                }
                (AdEvent::CreativeUnknown, ErrorCode::NotConditioned, why)
            }
            Skipped::Unfit(why) => (AdEvent::MissingMediaFiles, ErrorCode::MediaFile, why.to_owned()),
            Skipped::NoFiles(code) => (AdEvent::MissingMediaFiles, code, code.meaning().to_owned()),
        };
        self.events.push(Happening::new(event, why).of_ad(&ad.ad.id, Some(code)));
        self.tell(order, &ad.errors, code);
    }

    fn tell(&mut self, order: &Order<'_>, errors: &[String], code: ErrorCode) {
        let room = PINGS_MAX.saturating_sub(self.pings.len());
        self.pings
            .extend(errors.iter().take(room).filter_map(|template| Ping::new(template, code, order.values)));
    }
}

/// The media of an ad.
struct Shown {
    media: Media,
    duration: Duration,
    codecs: Vec<String>,
    heights: Vec<u32>,
}

/// Why an ad is not shown.
#[derive(Clone, Copy)]
enum Skipped {
    NotConditioned,
    Unfit(&'static str),
    NoFiles(ErrorCode),
}

fn media<'k>(
    film: &Film,
    choice: &Choice<'_>,
    known: &impl Fn(&CreativeId) -> Option<&'k Creative>,
) -> Result<Shown, Skipped> {
    let creative = film.source.as_ref().and_then(|source| known(&source.id));
    // A creative of another site only is none of this site, which is not told about it.
    let is_own = |creative: &&Creative| choice.site.is_some_and(|site| creative.sites.contains(site));
    if let Some(creative) = creative.filter(is_own) {
        let CreativeKind::Linear(media) = &creative.kind else {
            return Err(Skipped::Unfit("expected a linear creative, found a non-linear one"));
        };
        let shown = Media::of_creative(&creative.id, media);
        if !shown.is_listed_as(choice.format) {
            return Err(Skipped::Unfit("the creative has no manifest in the format of the player"));
        }
        return Ok(Shown {
            media: shown,
            duration: Duration::from_millis(media.duration_ms),
            codecs: media.codecs.clone(),
            heights: media.heights.clone(),
        });
    }
    let is_direct = |file: &&MediaFile| match choice.direct {
        Direct::Any => true,
        Direct::Hosts(hosts) => {
            let family = match choice.format {
                Format::Hls => Family::Hls,
                Format::Dash => Family::Dash,
            };
            let url = Url::parse(&file.url).ok();
            let host = url.as_ref().and_then(Url::host_str).map(host_name);
            file.family() == Some(family)
                && host.is_some_and(|host| hosts.iter().any(|known| known.matches(host)))
        }
    };
    let Some(file) = best(film.files.iter().filter(is_direct), &choice.needs) else {
        return Err(match (film.no_files, &film.source) {
            (_, Some(Source { url: Some(_), .. })) => Skipped::NotConditioned,
            (Some(code), _) => Skipped::NoFiles(code),
            (None, _) => Skipped::Unfit("expected a media file that can be shown"),
        });
    };
    let url = Url::parse(&file.url).map_err(|_| Skipped::Unfit("expected a media file with a URL"))?;
    let duration = film.duration.ok_or(Skipped::Unfit("expected a `Duration` such as 00:00:15"))?;
    let codecs = file.codec.iter().flat_map(|codecs| codecs.split(',')).map(|codec| codec.trim().to_owned());
    Ok(Shown {
        media: Media::Direct { url, media_type: file.media_type.clone() },
        duration,
        codecs: codecs.filter(|codec| is_rfc_6381(codec)).collect(),
        heights: file.height.into_iter().collect(),
    })
}

/// Whether a codec is named by its sample entry (`avc1.64001f`), as the content's are: others cannot be compared with them.
fn is_rfc_6381(codec: &str) -> bool {
    codec
        .split('.')
        .next()
        .is_some_and(|entry| entry.len() == 4 && entry.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Categories as labels: `IAB1-7` is `iab1-7`. A category that is no label separates nothing.
fn labels(categories: &[String]) -> Vec<Label> {
    categories.iter().filter_map(|category| category.to_ascii_lowercase().parse().ok()).collect()
}
