//! The conditions of a campaign, each with the values that it asks for and the value that it found.

use super::Audience;
use crate::catalog::{Campaign, DeviceClass, Mode, Place, Window};
use crate::rights::in_words;

/// A condition of a campaign, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Mode,
    Creatives,
    Flight,
    Place,
    Territory,
    Device,
    Title,
    Genre,
    Language,
    Plan,
}

impl Rule {
    pub(super) const ALL: [Self; 10] = [
        Self::Mode,
        Self::Creatives,
        Self::Flight,
        Self::Place,
        Self::Territory,
        Self::Device,
        Self::Title,
        Self::Genre,
        Self::Language,
        Self::Plan,
    ];

    /// Its name in explanations.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Creatives => "creatives",
            Self::Flight => "window",
            Self::Place => "places",
            Self::Territory => "territories",
            Self::Device => "devices",
            Self::Title => "titles",
            Self::Genre => "genres",
            Self::Language => "languages",
            Self::Plan => "plans",
        }
    }

    /// Whether a campaign states it.
    pub(super) fn is_stated(self, campaign: &Campaign) -> bool {
        match self {
            Self::Mode | Self::Creatives => false,
            Self::Flight => campaign.window != Window::default(),
            Self::Place => !campaign.places.is_empty(),
            Self::Territory => campaign.territories.is_some(),
            Self::Device => !campaign.devices.is_empty(),
            Self::Title => !campaign.titles.is_empty(),
            Self::Genre => !campaign.genres.is_empty(),
            Self::Language => !campaign.languages.is_empty(),
            Self::Plan => !campaign.plans.is_empty(),
        }
    }

    /// Whether a campaign meets it.
    pub(super) fn is_met(self, campaign: &Campaign, audience: &Audience<'_>) -> bool {
        let Audience { title, opening, .. } = audience;
        let meets = |is_open: bool, one: bool| is_open || one;
        match self {
            Self::Mode => campaign.mode != Mode::Off,
            Self::Creatives => !campaign.creatives.is_empty(),
            Self::Flight => campaign.window.is_open(audience.now),
            Self::Place => meets(campaign.places.is_empty(), campaign.places.contains(&opening.place)),
            Self::Territory => {
                campaign.territories.as_ref().is_none_or(|list| audience.whereabouts.is_in(list))
            }
            Self::Device => {
                let known = audience.device.is_some_and(|device| campaign.devices.contains(&device));
                meets(campaign.devices.is_empty(), known)
            }
            Self::Title => meets(campaign.titles.is_empty(), campaign.titles.contains(&title.id)),
            Self::Genre => {
                let shared = title.genres.iter().any(|genre| campaign.genres.contains(genre));
                meets(campaign.genres.is_empty(), shared)
            }
            Self::Language => {
                let is_asked = |language: &String| {
                    ranges(language)
                        .any(|range| campaign.languages.iter().any(|own| own.eq_ignore_ascii_case(&range)))
                };
                meets(campaign.languages.is_empty(), title.languages.iter().any(is_asked))
            }
            Self::Plan => {
                let plans = audience.plans;
                let all = !plans.is_empty() && plans.iter().all(|plan| campaign.plans.contains(plan));
                meets(campaign.plans.is_empty(), all)
            }
        }
    }

    /// The values that it asks for, and the value that it found.
    pub(super) fn in_words(self, campaign: &Campaign, audience: &Audience<'_>) -> (String, String) {
        let Audience { title, opening, .. } = audience;
        let any = |what: &str, list: String| {
            if list.is_empty() { format!("any {what}") } else { format!("a {what} of {list}") }
        };
        match self {
            Self::Mode => ("`log` or `enforce`".to_owned(), format!("`{}`", campaign.mode.name())),
            Self::Creatives => ("at least one creative".to_owned(), campaign.creatives.len().to_string()),
            Self::Flight => (window(&campaign.window), audience.now.to_string()),
            Self::Place => {
                let places = few(campaign.places.iter().map(|place| place_name(*place).to_owned()));
                (any("place", places), place_name(opening.place).to_owned())
            }
            Self::Territory => {
                let wanted = campaign.territories.as_ref().map_or_else(|| "anywhere".to_owned(), in_words);
                (format!("a viewer in {wanted}"), audience.whereabouts.in_words().to_owned())
            }
            Self::Device => {
                let devices = few(campaign.devices.iter().map(|device| device.name().to_owned()));
                let saw = audience.device.map_or("an unrecognised device", DeviceClass::name);
                (any("device", devices), saw.to_owned())
            }
            Self::Title => {
                (any("title", few(campaign.titles.iter().map(ToString::to_string))), title.id.to_string())
            }
            Self::Genre => {
                let saw = few(title.genres.iter().map(ToString::to_string));
                (any("genre", few(campaign.genres.iter().map(ToString::to_string))), or_none(saw))
            }
            Self::Language => {
                let saw = few(title.languages.iter().cloned());
                (any("language", few(campaign.languages.iter().cloned())), or_none(saw))
            }
            Self::Plan => {
                let saw = few(audience.plans.iter().map(ToString::to_string));
                let plans = few(campaign.plans.iter().map(ToString::to_string));
                let wanted = match plans.as_str() {
                    "" => "any plan".to_owned(),
                    plans => format!("an offer all of whose plans are among {plans}"),
                };
                (wanted, or_none(saw))
            }
        }
    }
}

/// The language ranges that match a language tag, the longest first: `en-gb`, `en` ([RFC 4647 section 3.3.1]).
///
/// [RFC 4647 section 3.3.1]: https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1
pub(super) fn ranges(language: &str) -> impl Iterator<Item = String> {
    let mut rest = Some(language.to_ascii_lowercase());
    std::iter::from_fn(move || {
        let range = rest.take()?;
        rest = range.rsplit_once('-').map(|(shorter, _)| shorter.to_owned());
        Some(range)
    })
}

pub(super) const fn place_name(place: Place) -> &'static str {
    match place {
        Place::PreRoll => "pre_roll",
        Place::MidRoll => "mid_roll",
        Place::PostRoll => "post_roll",
    }
}

fn window(window: &Window) -> String {
    match (window.from(), window.until()) {
        (None, None) => "any time".to_owned(),
        (Some(from), None) => format!("a time from {from}"),
        (None, Some(until)) => format!("a time until {until}"),
        (Some(from), Some(until)) => format!("a time from {from} until {until}"),
    }
}

/// The first few of a list.
fn few(items: impl Iterator<Item = String>) -> String {
    const MOST: usize = 8;
    let mut items: Vec<_> = items.take(MOST + 1).collect();
    if items.len() > MOST {
        items.truncate(MOST);
        items.push("…".to_owned());
    }
    items.join(", ")
}

fn or_none(list: String) -> String {
    if list.is_empty() { "none".to_owned() } else { list }
}
