//! An ad with its wrappers: their URLs come before its own, the outermost first (VAST 4.3 section 2.3.5).

use std::time::Duration;

use super::source::Source;
use crate::ads::vast::{
    InLine, Kind, Linear, MediaFile, NonLinearItem, Timed, VERIFICATIONS_MAX, VastAd, Wrapper,
};
use crate::ads::{Ad, ErrorCode, NonLinear, Tracking, TrackingEvent, Verification};

/// An ad with its wrappers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The ad. Its URLs are those of its linear creative.
    pub ad: Ad,
    /// Its place in the pod, from 1. Absent: it stands alone, and is a spare.
    pub sequence: Option<u32>,
    /// Its linear creative.
    pub film: Option<Film>,
    /// Its non-linear items.
    pub non_linear: Vec<NonLinear>,
    /// URLs that are requested if it fails.
    pub errors: Vec<String>,
    /// Its categories.
    pub categories: Vec<String>,
    /// Whether a spare takes its place if it fails.
    pub falls_back: bool,
    /// The category of it that a wrapper blocks.
    pub(super) blocked: Option<String>,
}

/// A linear creative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// Its duration, as the ad server states it.
    pub duration: Option<Duration>,
    /// Its media files that players can show.
    pub files: Vec<MediaFile>,
    /// Files of the best quality.
    pub mezzanines: Vec<MediaFile>,
    /// Why it has no media files.
    pub no_files: Option<ErrorCode>,
    /// Whether an interactive part of it is not run.
    pub interactive: bool,
    /// The conditioned creative.
    pub source: Option<Source>,
}

/// The duration of a non-linear item that states none.
const ITEM_LASTS: Duration = Duration::from_secs(15);

/// Merges an ad with its wrappers, the outermost first. `number`: its place in the decision, which names an ad without an id. `site`:
/// the site for which its creative is conditioned.
pub(super) fn merge(
    wrappers: &[(&VastAd, &Wrapper)],
    ad: &VastAd,
    inline: &InLine,
    number: usize,
    site: &str,
) -> Resolved {
    let chain = || wrappers.iter().map(|(ad, _)| *ad).chain([ad]);
    // The first that has media files; the others are alternatives of the same ad.
    let linear = inline.linears.iter().find(|linear| !linear.files.is_empty()).or(inline.linears.first());
    let duration = linear.and_then(|linear| linear.duration);
    let shown: Vec<Tracking> =
        chain().flat_map(|ad| &ad.impressions).filter_map(|timed| timed.tracking(duration)).collect();
    let failed: Vec<String> = chain().flat_map(|ad| &ad.errors).cloned().collect();
    let mut merged = Ad {
        id: ad
            .id
            .clone()
            .or_else(|| inline.serving_id.clone())
            .unwrap_or_else(|| format!("ad-{}", number + 1)),
        serving_id: inline.serving_id.clone(),
        system: ad.system.clone(),
        title: inline.title.clone(),
        sequence: ad.sequence,
        verifications: verifications(chain()),
        extensions: chain().flat_map(|ad| &ad.extensions).cloned().collect(),
        tracking: shown,
        ..Ad::default()
    };
    let error = |url: &String| Tracking { event: TrackingEvent::Error, offset: None, url: url.clone() };
    merged.tracking.extend(failed.iter().map(error));
    let items =
        inline.non_linears.iter().filter_map(|item| non_linear(wrappers, inline, &merged, item)).collect();
    if let Some(linear) = linear {
        let played = wrappers
            .iter()
            .flat_map(|(_, wrapper)| &wrapper.linear_tracking)
            .chain(&linear.tracking)
            .filter_map(|timed| timed.tracking(duration));
        merged.tracking.extend(played);
        merged.creative_id.clone_from(&linear.named.id);
        merged.identifiers.clone_from(&linear.named.identifiers);
        merged.click_through = linear
            .click_through
            .clone()
            .or_else(|| wrappers.iter().rev().find_map(|(_, wrapper)| wrapper.click_through.clone()));
        merged.skip_offset = linear.skip_offset.and_then(|offset| offset.time(duration));
    }
    let is_blocked =
        |category: &&String| wrappers.iter().any(|(_, wrapper)| wrapper.blocked.contains(*category));
    Resolved {
        ad: merged,
        sequence: None,
        film: linear.map(|linear| film(linear, site)),
        non_linear: items,
        errors: failed,
        categories: inline.categories.clone(),
        falls_back: wrappers.iter().all(|(_, wrapper)| wrapper.falls_back != Some(false)),
        blocked: inline.categories.iter().find(is_blocked).cloned(),
    }
}

fn film(linear: &Linear, site: &str) -> Film {
    Film {
        duration: linear.duration.filter(|duration| !duration.is_zero()),
        files: linear.files.clone(),
        mezzanines: linear.mezzanines.clone(),
        no_files: linear.no_files,
        interactive: linear.interactive,
        source: Source::of(linear, site),
    }
}

/// An item with the URLs of its ad, but not those of the linear creative.
fn non_linear(
    wrappers: &[(&VastAd, &Wrapper)],
    inline: &InLine,
    ad: &Ad,
    item: &NonLinearItem,
) -> Option<NonLinear> {
    let duration = item.duration.filter(|duration| !duration.is_zero()).unwrap_or(ITEM_LASTS);
    let own = wrappers
        .iter()
        .flat_map(|(_, wrapper)| &wrapper.non_linear_tracking)
        .chain(&inline.non_linear_tracking)
        .filter_map(|timed: &Timed| timed.tracking(Some(duration)));
    let clicks = item.clicks.iter().map(|url| Tracking {
        event: TrackingEvent::ClickTracking,
        offset: None,
        url: url.clone(),
    });
    Some(NonLinear {
        start: Duration::ZERO,
        duration,
        layout: item.layout,
        url: url::Url::parse(&item.resource.url).ok()?,
        media_type: item.resource.media_type.clone(),
        ad: Ad {
            creative_id: item.named.id.clone(),
            identifiers: item.named.identifiers.clone(),
            click_through: item.click_through.clone(),
            tracking: ad.tracking.iter().cloned().chain(own).chain(clicks).collect(),
            id: ad.id.clone(),
            campaign: ad.campaign.clone(),
            serving_id: ad.serving_id.clone(),
            system: ad.system.clone(),
            title: ad.title.clone(),
            sequence: ad.sequence,
            verifications: ad.verifications.clone(),
            skip_offset: ad.skip_offset,
            extensions: ad.extensions.clone(),
        },
    })
}

/// Every script once.
fn verifications<'v>(chain: impl Iterator<Item = &'v VastAd>) -> Vec<Verification> {
    let mut found: Vec<Verification> = Vec::new();
    for verification in chain.flat_map(|ad| &ad.verifications) {
        if !found.contains(verification) && found.len() < VERIFICATIONS_MAX {
            found.push(verification.clone());
        }
    }
    found
}

/// The bytes that [`merge`] takes, measured before it takes them: each non-linear item has a copy of what its ad and the wrappers
/// have.
pub(super) fn bytes(wrappers: &[(&VastAd, &Wrapper)], ad: &VastAd, inline: &InLine) -> usize {
    let of_urls = |urls: &[Timed]| urls.iter().map(|timed| timed.url.len() + URL_COSTS).sum::<usize>();
    let of_ad = |ad: &VastAd| {
        // An error URL is a URL of the ad, and is kept beside it.
        let errors: usize = ad.errors.iter().map(|url| 2 * (url.len() + URL_COSTS)).sum();
        let extensions: usize = ad.extensions.iter().map(|text| text.len() + URL_COSTS).sum();
        let verifications: usize = ad
            .verifications
            .iter()
            .map(|found| {
                let parameters = found.parameters.as_ref().map_or(0, String::len);
                found.vendor.len() + found.resource.len() + parameters + URL_COSTS
            })
            .sum();
        of_urls(&ad.impressions) + errors + extensions + verifications
    };
    let chain: usize = wrappers.iter().map(|(ad, _)| of_ad(ad)).sum();
    let linear: usize = wrappers.iter().map(|(_, wrapper)| of_urls(&wrapper.linear_tracking)).sum();
    let beside: usize = wrappers.iter().map(|(_, wrapper)| of_urls(&wrapper.non_linear_tracking)).sum();
    let films: usize = inline.linears.iter().map(|linear| of_urls(&linear.tracking)).sum();
    let items = inline.non_linears.len();
    let for_each = chain + of_ad(ad);
    let for_each_item = for_each + beside + of_urls(&inline.non_linear_tracking);
    for_each + linear + films + items * for_each_item
}

/// The bytes of a URL beside its text, in memory and in a list.
const URL_COSTS: usize = 96;

/// The wrapper of an ad; `None`: it is the ad itself.
pub(super) const fn wrapper(ad: &VastAd) -> Option<&Wrapper> {
    match &ad.kind {
        Kind::Wrapper(wrapper) => Some(wrapper),
        Kind::InLine(_) => None,
    }
}
