//! VAST documents, versions 2.0 to 4.4 ([VAST 4.3]; the [CTV addendum] for older versions).
//!
//! ```text
//! document    a document, its ads and their creatives
//! reading     a document that is being read
//! read        elements of a document and of an ad
//! creative    elements of a creative
//! media_file  media files, and which of them fits
//! layout      the place of a non-linear item on the screen
//! text        times, URLs and numbers
//! ```
//!
//! A reader that is not sure goes on: a part that cannot be used is left out with the reason, and the other ads of the document
//! are shown. Companions, icons and interactive creatives are left out, because nothing between the ad server and the player runs
//! them. Limits on strangers' documents: those of XML ([`LONGEST`]), [`ADS_MAX`] ads, [`TRACKERS_MAX`] URLs,
//! [`text::URL_MAX`] bytes of a URL, and [`EXTENSIONS_MAX`] bytes of extensions of an ad. Reading takes time linear in the length.
//!
//! [VAST 4.3]: https://iabtechlab.com/wp-content/uploads/2022/09/VAST_4.3.pdf
//! [CTV addendum]: https://github.com/InteractiveAdvertisingBureau/vast/blob/master/VAST%20CTV%20Addendum%202024.md

mod creative;
mod document;
mod layout;
mod media_file;
mod read;
mod reading;
pub mod text;

pub use document::{
    InLine, Kind, Linear, Named, NonLinearItem, Resource, Timed, Vast, VastAd, VastError, Wrapper,
};
pub use media_file::{Family, MediaFile, Needs, best, source};

pub use super::xml::LONGEST;

/// The most ads of a document.
pub const ADS_MAX: usize = 100;

/// The most URLs of a document that are requested later: impressions, events, clicks and errors.
pub const TRACKERS_MAX: usize = 2_000;

/// The most bytes of the extensions of an ad.
pub const EXTENSIONS_MAX: usize = 16 * 1024;

/// The most media files of a creative.
pub const MEDIA_FILES_MAX: usize = 64;

/// The most creatives of an ad that are read.
pub const CREATIVES_MAX: usize = 64;

/// The most non-linear items of an ad that are read: each gets a copy of the ad's URLs.
pub const NON_LINEARS_MAX: usize = 8;

/// The most verifications of an ad.
pub const VERIFICATIONS_MAX: usize = 32;
