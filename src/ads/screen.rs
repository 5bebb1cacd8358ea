//! Where the layouts of non-linear items lie on the screen, in pixels of a screen of 1920 by 1080.
//!
//! Players that draw such items are told places in pixels or per cent, and each output is made from these.

use crate::catalog::Layout;

/// A part of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The distance from the left.
    pub x: u32,
    /// The distance from the top.
    pub y: u32,
    /// The width.
    pub width: u32,
    /// The height.
    pub height: u32,
}

/// The places of an item and of the content beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// The item.
    pub item: Area,
    /// The content, if it is squeezed. It then lies in front of the item.
    pub content: Option<Area>,
}

impl Area {
    /// The whole screen.
    pub const SCREEN: Self = Self::new(0, 0, 1920, 1080);

    const fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }
}

impl Arrangement {
    /// The arrangement of a layout.
    pub const fn of(layout: Layout) -> Self {
        let (item, content) = match layout {
            Layout::CornerOverlay => (Area::new(1392, 756, 480, 270), None),
            Layout::LowerThirdOverlay => (Area::new(0, 720, 1920, 360), None),
            Layout::SqueezebackFrame => (Area::SCREEN, Some(Area::new(240, 135, 1440, 810))),
            Layout::SqueezebackDoubleBox => {
                (Area::new(1152, 324, 768, 432), Some(Area::new(0, 216, 1152, 648)))
            }
            Layout::SqueezebackLShape => (Area::SCREEN, Some(Area::new(480, 0, 1440, 810))),
            Layout::Pause => (Area::new(480, 270, 960, 540), None),
        };
        Self { item, content }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_area_leaves_the_screen_and_the_content_keeps_its_shape() {
        for layout in [
            Layout::CornerOverlay,
            Layout::LowerThirdOverlay,
            Layout::SqueezebackFrame,
            Layout::SqueezebackDoubleBox,
            Layout::SqueezebackLShape,
            Layout::Pause,
        ] {
            let Arrangement { item, content } = Arrangement::of(layout);
            for area in [Some(item), content].into_iter().flatten() {
                assert!(area.x + area.width <= 1920 && area.y + area.height <= 1080, "{layout:?}");
            }
            assert!(content.is_none_or(|area| area.width * 9 == area.height * 16), "{layout:?}");
        }
    }
}
