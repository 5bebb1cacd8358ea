//! The place of a non-linear item on the screen.
//!
//! VAST 4.4 states the kind of placement as `plcmt` (AdCOM's placement subtypes: 5 pause, 7 overlay, 8 squeezeback). An
//! extension of type `ctv_ad_portfolio` or an attribute `layout` may name a layout of SVTA 2053-2. Otherwise the shape of the
//! item decides, as the
//! [Ad Format Guidelines] draw the formats: an item at least 2.5 times as wide as high is a lower third, others stand in a corner;
//! of squeezebacks, an item that fills the screen is a frame, an upright one stands beside the content.
//!
//! [Ad Format Guidelines]: https://iabtechlab.com/standards/ad-formats-for-digital-video-and-ctv/

use crate::ads::Layout;
use crate::ads::xml::Element;

/// The layouts by their names in SVTA 2053-2.
const NAMES: [(&str, Layout); 6] = [
    ("cornerOverlay", Layout::CornerOverlay),
    ("lowerThirdOverlay", Layout::LowerThirdOverlay),
    ("squeezebackFrame", Layout::SqueezebackFrame),
    ("squeezebackDoubleBox", Layout::SqueezebackDoubleBox),
    ("squeezebackLShape", Layout::SqueezebackLShape),
    ("pause", Layout::Pause),
];

/// The layout of an item. `around`: the elements around it, the nearest first. `None`: its placement is not known here.
pub(super) fn layout(
    item: Element<'_, '_>,
    around: &[Element<'_, '_>],
    portfolio: Option<&str>,
) -> Option<Layout> {
    let nearest = |name: &str| {
        std::iter::once(item).chain(around.iter().copied()).find_map(|element| element.attribute(name))
    };
    if let Some(layout) = nearest("layout").as_deref().or(portfolio).and_then(named) {
        return Some(layout);
    }
    let number = |name| item.attribute(name).and_then(|value| value.parse::<u32>().ok());
    let (width, height) = (number("width").unwrap_or(0), number("height").unwrap_or(0));
    match nearest("plcmt").as_deref() {
        Some("5") => Some(Layout::Pause),
        Some("8") if height > width => Some(Layout::SqueezebackDoubleBox),
        Some("8") => Some(Layout::SqueezebackFrame),
        None | Some("7") if u64::from(width) * 2 >= u64::from(height) * 5 && width > 0 => {
            Some(Layout::LowerThirdOverlay)
        }
        None | Some("7") => Some(Layout::CornerOverlay),
        Some(_) => None,
    }
}

/// A layout by its name.
pub(super) fn named(name: &str) -> Option<Layout> {
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, layout)| *layout)
}
