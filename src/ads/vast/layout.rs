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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::vast::{Kind, Vast};

    /// The layouts of the items of an ad.
    fn layouts(extensions: &str, creative: &str, parent: &str, items: &[&str]) -> Vec<Layout> {
        let item = |attributes: &&str| {
            format!(
                "<NonLinear {attributes}><StaticResource creativeType='image/png'>https://a.example/a.png</StaticResource></NonLinear>"
            )
        };
        let items: String = items.iter().map(item).collect();
        let text = format!(
            "<VAST version='4.4'><Ad><InLine>{extensions}<Creatives><Creative {creative}><NonLinearAds {parent}>{items}</NonLinearAds>\
             </Creative></Creatives></InLine></Ad></VAST>"
        );
        let Kind::InLine(inline) = Vast::read(text.as_bytes()).unwrap().ads.remove(0).kind else {
            panic!("expected an InLine")
        };
        inline.non_linears.into_iter().map(|item| item.layout).collect()
    }

    #[test]
    fn a_placement_and_the_shape_of_an_item_make_its_layout() {
        for (item, expected) in [
            ("plcmt='5'", Some(Layout::Pause)),
            ("plcmt='7' width='300' height='250'", Some(Layout::CornerOverlay)),
            ("plcmt='7' width='1920' height='300'", Some(Layout::LowerThirdOverlay)),
            ("width='750' height='300'", Some(Layout::LowerThirdOverlay)),
            ("width='749' height='300'", Some(Layout::CornerOverlay)),
            ("", Some(Layout::CornerOverlay)),
            ("plcmt='8' width='1920' height='1080'", Some(Layout::SqueezebackFrame)),
            ("plcmt='8' width='600' height='1080'", Some(Layout::SqueezebackDoubleBox)),
            ("plcmt='8'", Some(Layout::SqueezebackFrame)),
            ("plcmt='1'", None),
            ("plcmt='squeezeback'", None),
        ] {
            assert_eq!(layouts("", "", "", &[item]), Vec::from_iter(expected), "{item}");
        }
        // The placement of a creative is that of its items, unless they state one.
        let found = layouts("", "plcmt='8'", "", &["", "plcmt='5'"]);
        assert_eq!(found, [Layout::SqueezebackFrame, Layout::Pause]);
        assert_eq!(layouts("", "plcmt='5'", "plcmt='7'", &[""]), [Layout::CornerOverlay]);
    }

    #[test]
    fn a_layout_by_name_comes_before_the_shape() {
        let portfolio = |inner: &str| {
            format!(
                "<Extensions><Extension type='other'/><Extension type='CTV_ad_portfolio'{inner}</Extensions>"
            )
        };
        for (name, expected) in NAMES {
            let named = format!("layout='{}' plcmt='5'", name.to_ascii_uppercase());
            assert_eq!(layouts("", "", "", &[&named]), [expected], "{name}");
            for inner in [format!(" layout='{name}'/>"), format!("><Layout> {name} </Layout></Extension>")] {
                assert_eq!(layouts(&portfolio(&inner), "", "", &["plcmt='5'"]), [expected], "{inner}");
            }
        }
        // The item's own name comes before the portfolio's, and an unknown name counts for nothing.
        let corner = portfolio(" layout='cornerOverlay'/>");
        let items = ["layout='squeezebackLShape'", "layout='hologram'", ""];
        assert_eq!(
            layouts(&corner, "", "", &items),
            [Layout::SqueezebackLShape, Layout::CornerOverlay, Layout::CornerOverlay]
        );
        let unknown = portfolio(" layout='hologram'/>");
        assert_eq!(layouts(&unknown, "", "", &["plcmt='8'"]), [Layout::SqueezebackFrame]);
    }
}
