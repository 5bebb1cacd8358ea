//! Elements of a creative (VAST 4.3 sections 3.7 to 3.15).

use super::document::{Linear, Named, NonLinearItem, Resource, Timed};
use super::layout::layout;
use super::media_file::{Family, MediaFile, Needs, best};
use super::reading::{Reading, extensions, name};
use super::text::{Offset, duration, url};
use super::{CREATIVES_MAX, MEDIA_FILES_MAX, NON_LINEARS_MAX};
use crate::ads::xml::Element;
use crate::ads::{AdEvent, ErrorCode, Identifier, TrackingEvent};
use crate::sorting;

/// The creatives of an ad.
#[derive(Debug, Default)]
pub(super) struct Creatives {
    pub(super) linears: Vec<Linear>,
    pub(super) non_linears: Vec<NonLinearItem>,
    pub(super) non_linear_tracking: Vec<Timed>,
}

/// Reads the creatives of `InLine` or `Wrapper`.
pub(super) fn read(reading: &mut Reading, body: Element<'_, '_>, ad: &str) -> Creatives {
    let is_wrapper = body.is("Wrapper");
    let mut found = Creatives::default();
    let mut companions = 0;
    let mut icons = 0;
    let mut items = 0;
    let in_ad = InAd::of(body);
    let creatives = body.children_named("Creatives").flat_map(|parent| parent.children_named("Creative"));
    for (number, creative) in creatives.take(CREATIVES_MAX).enumerate() {
        let named = named(&in_ad, creative, number == 0);
        if let Some(linear) = creative.child("Linear") {
            icons += linear.children_named("Icons").count();
            found.linears.push(read_linear(reading, named.clone(), linear, ad));
        }
        for parent in creative.children_named("NonLinearAds") {
            for events in parent.children_named("TrackingEvents") {
                found.non_linear_tracking.extend(tracking(reading, events, ad, false));
            }
            for item in parent.children_named("NonLinear") {
                // A wrapper has no items of its own, but URLs for those behind it.
                if is_wrapper {
                    let clicked = |url| Timed { event: TrackingEvent::ClickTracking, offset: None, url };
                    let urls = reading.urls(item, "NonLinearClickTracking", ad);
                    found.non_linear_tracking.extend(urls.into_iter().map(clicked));
                    continue;
                }
                items += 1;
                if items > NON_LINEARS_MAX {
                    break;
                }
                let around = [parent, creative];
                found.non_linears.extend(read_item(reading, &in_ad, &named, item, &around, ad));
            }
        }
        companions += creative.children_named("CompanionAds").count();
    }
    sorting::by_key(&mut found.linears, |linear| linear.named.sequence.unwrap_or(u32::MAX));
    for (count, what) in [(companions, "companions"), (icons, "icons")] {
        if count > 0 {
            let why = format!("{what} are not shown: players that insert pods draw none");
            reading.leave_out(AdEvent::ElementIgnored, None, ad, why);
        }
    }
    found
}

/// Extensions of an ad that tell of its creatives. An ad has many creatives and many extensions, so they are sought once.
struct InAd<'t, 'a> {
    /// The elements `UniversalAdId` of extensions.
    identifiers: Vec<Element<'t, 'a>>,
    /// The layout that an extension names.
    layout: Option<String>,
}

impl<'t, 'a> InAd<'t, 'a> {
    fn of(body: Element<'t, 'a>) -> Self {
        let portfolio = extensions(body).filter(|extension| is_of_type(extension, "ctv_ad_portfolio"));
        let layout = |extension: Element<'_, '_>| {
            extension.attribute("layout").or_else(|| extension.child("Layout")?.some_text())
        };
        let identifiers = extensions(body)
            .filter(|extension| is_of_type(extension, "UniversalAdId"))
            .flat_map(|extension| extension.children_named("UniversalAdId"));
        Self {
            identifiers: identifiers.take(CREATIVES_MAX).collect(),
            layout: { portfolio }.find_map(layout),
        }
    }
}

fn is_of_type(extension: &Element<'_, '_>, name: &str) -> bool {
    extension.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case(name))
}

/// The names of a creative. Universal ad ids stand in it (VAST 4), in an extension of it (3), or in an extension of its ad (2); of
/// the attributes that hold the id, VAST 4.0 has `idValue`.
fn named(in_ad: &InAd<'_, '_>, creative: Element<'_, '_>, is_first: bool) -> Named {
    let id = name(creative.attribute("id"));
    let own = creative.children_named("UniversalAdId");
    let in_creative = creative
        .children_named("CreativeExtensions")
        .flat_map(|parent| parent.children_named("CreativeExtension"))
        .filter(|extension| is_of_type(extension, "UniversalAdId"))
        .flat_map(|extension| extension.children_named("UniversalAdId"));
    let in_ad = in_ad.identifiers.iter().copied().filter(|found| match found.attribute("creativeId") {
        Some(other) => Some(other) == id,
        None => is_first,
    });
    let mut identifiers: Vec<Identifier> = Vec::new();
    for found in own.chain(in_creative).chain(in_ad) {
        let value = name(found.some_text().or_else(|| found.attribute("idValue")));
        let scheme = name(found.attribute("idRegistry")).unwrap_or_else(|| "unknown".to_owned());
        let is_registered = |text: &str| !text.eq_ignore_ascii_case("unknown");
        if let Some(value) = value.filter(|value| is_registered(value) && is_registered(&scheme)) {
            let identifier = Identifier { scheme, value };
            if !identifiers.contains(&identifier) && identifiers.len() < 8 {
                identifiers.push(identifier);
            }
        }
    }
    Named {
        sequence: creative.attribute("sequence").and_then(|text| text.parse().ok()),
        id: id.or_else(|| name(creative.attribute("adId"))),
        identifiers,
    }
}

fn read_linear(reading: &mut Reading, named: Named, element: Element<'_, '_>, ad: &str) -> Linear {
    let mut linear = Linear {
        named,
        duration: element.child("Duration").and_then(|found| duration(found.text())),
        skip_offset: element.attribute("skipoffset").and_then(|text| Offset::read(&text)),
        ..Linear::default()
    };
    for events in element.children_named("TrackingEvents") {
        linear.tracking.extend(tracking(reading, events, ad, true));
    }
    if let Some(clicks) = element.child("VideoClicks") {
        linear.click_through = clicks.child("ClickThrough").and_then(|found| reading.tracker(found, ad));
        let clicked = |url| Timed { event: TrackingEvent::ClickTracking, offset: None, url };
        linear.tracking.extend(reading.urls(clicks, "ClickTracking", ad).into_iter().map(clicked));
    }
    for files in element.children_named("MediaFiles") {
        media_files(reading, &mut linear, files, ad);
    }
    linear
}

fn media_files(reading: &mut Reading, linear: &mut Linear, parent: Element<'_, '_>, ad: &str) {
    let mut left_out = None;
    for file in parent.children_named("MediaFile").take(MEDIA_FILES_MAX) {
        let code = match file.attribute("apiFramework") {
            Some(framework) if framework.eq_ignore_ascii_case("SIMID") => {
                reading.leave_out(AdEvent::InteractiveDropped, None, ad, "a media file needs SIMID");
                ErrorCode::MediaFile
            }
            Some(framework) => {
                let framework: String = framework.chars().take(20).collect();
                let why = format!("a media file needs the framework `{framework}`, which is not run");
                reading.leave_out(AdEvent::VpaidDropped, None, ad, why);
                ErrorCode::Vpaid
            }
            None => match MediaFile::read(file) {
                Some(read) if read.family().is_some() => {
                    linear.files.push(read);
                    continue;
                }
                Some(read) if is_script(&read.media_type) => {
                    let why = format!("a media file of type `{}` is a program", read.media_type);
                    reading.leave_out(AdEvent::VpaidDropped, None, ad, why);
                    ErrorCode::Vpaid
                }
                Some(read) => {
                    let kind: String = read.media_type.chars().take(40).collect();
                    let why = format!("a media file of type `{kind}` cannot be shown");
                    reading.leave_out(AdEvent::InvalidMediaFile, None, ad, why);
                    ErrorCode::MediaFile
                }
                None => {
                    let why = "expected a media file with a type and an http or https URL";
                    reading.leave_out(AdEvent::InvalidMediaFile, None, ad, why);
                    ErrorCode::MediaFile
                }
            },
        };
        left_out = left_out.max(Some(code));
    }
    linear
        .mezzanines
        .extend(parent.children_named("Mezzanine").take(MEDIA_FILES_MAX).filter_map(MediaFile::read));
    if parent.child("InteractiveCreativeFile").is_some() {
        linear.interactive = true;
        reading.leave_out(
            AdEvent::InteractiveDropped,
            None,
            ad,
            "an interactive creative (SIMID) is not run",
        );
    }
    if linear.files.is_empty() {
        linear.no_files = left_out.or(Some(ErrorCode::MediaFile));
    }
}

/// Flash and JavaScript, which VPAID files without a framework have.
fn is_script(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/x-shockwave-flash"
            | "application/javascript"
            | "application/x-javascript"
            | "text/javascript"
    )
}

fn read_item(
    reading: &mut Reading,
    in_ad: &InAd<'_, '_>,
    named: &Named,
    item: Element<'_, '_>,
    around: &[Element<'_, '_>],
    ad: &str,
) -> Option<NonLinearItem> {
    let Some(layout) = layout(item, around, in_ad.layout.as_deref()) else {
        let why = "expected a placement that is a pause, an overlay or a squeezeback (plcmt 5, 7, 8)";
        reading.leave_out(AdEvent::MissingOverlays, Some(ErrorCode::NonLinear), ad, why);
        return None;
    };
    if item.attribute("apiFramework").is_some() {
        let why = "a non-linear item needs a framework, which is not run";
        reading.leave_out(AdEvent::VpaidDropped, Some(ErrorCode::Vpaid), ad, why);
        return None;
    }
    let Some(resource) = resource(item) else {
        let why = "expected a picture, a film or a page with an http or https URL";
        reading.leave_out(AdEvent::MissingOverlays, Some(ErrorCode::NonLinearResource), ad, why);
        return None;
    };
    Some(NonLinearItem {
        named: named.clone(),
        layout,
        duration: item.attribute("minSuggestedDuration").and_then(|text| duration(&text)),
        resource,
        click_through: item.child("NonLinearClickThrough").and_then(|found| reading.tracker(found, ad)),
        clicks: reading.urls(item, "NonLinearClickTracking", ad),
    })
}

/// A film (VAST 4.4), else a picture, else a page.
fn resource(item: Element<'_, '_>) -> Option<Resource> {
    let files: Vec<_> = item
        .children_named("MediaFiles")
        .flat_map(|parent| parent.children_named("MediaFile"))
        .take(MEDIA_FILES_MAX)
        .filter(|file| file.attribute("apiFramework").is_none())
        .filter_map(MediaFile::read)
        .filter(|file| matches!(file.family(), Some(Family::Progressive | Family::Hls)))
        .collect();
    if let Some(film) = best(&files, &Needs::default()) {
        return Some(Resource { url: film.url.clone(), media_type: film.media_type.clone() });
    }
    let picture = item.children_named("StaticResource").find_map(|found| {
        let media_type = name(found.attribute("creativeType"))?.to_ascii_lowercase();
        let is_picture = media_type.starts_with("image/");
        is_picture.then_some(Resource { url: url(found.text())?, media_type })
    });
    let page = || {
        let found = item.child("IFrameResource")?;
        Some(Resource { url: url(found.text())?, media_type: "text/html".to_owned() })
    };
    picture.or_else(page)
}

/// The elements `Tracking` of `TrackingEvents`.
pub(super) fn tracking(
    reading: &mut Reading,
    events: Element<'_, '_>,
    ad: &str,
    is_linear: bool,
) -> Vec<Timed> {
    let mut found = Vec::new();
    for element in events.children_named("Tracking") {
        let name = element.attribute("event").unwrap_or_default();
        let Some(event) = event(&name, is_linear) else {
            let name: String = name.chars().take(40).collect();
            let why = format!("expected an event of VAST, found `{name}`");
            reading.leave_out(AdEvent::ElementIgnored, None, ad, why);
            continue;
        };
        // Only `progress` has a time; others that state one happen when they happen.
        let offset = match event {
            TrackingEvent::Progress => match element.attribute("offset").and_then(|text| Offset::read(&text))
            {
                Some(offset) => Some(offset),
                None => {
                    let why = "expected a time or a percentage as the offset of `progress`";
                    reading.leave_out(AdEvent::ElementIgnored, None, ad, why);
                    continue;
                }
            },
            _ => None,
        };
        found.extend(reading.tracker(element, ad).map(|url| Timed { event, offset, url }));
    }
    found
}

/// An event by its name, today's or an older version's.
fn event(name: &str, is_linear: bool) -> Option<TrackingEvent> {
    let older = match name {
        "fullscreen" => Some(TrackingEvent::PlayerExpand),
        "exitFullscreen" => Some(TrackingEvent::PlayerCollapse),
        "expand" if is_linear => Some(TrackingEvent::PlayerExpand),
        "collapse" if is_linear => Some(TrackingEvent::PlayerCollapse),
        "expand" => Some(TrackingEvent::AdExpand),
        "collapse" => Some(TrackingEvent::AdCollapse),
        "close" if is_linear => Some(TrackingEvent::CloseLinear),
        "acceptInvitationLinear" => Some(TrackingEvent::AcceptInvitation),
        _ => None,
    };
    older.or_else(|| TrackingEvent::ALL.iter().copied().find(|event| event.name().eq_ignore_ascii_case(name)))
}
