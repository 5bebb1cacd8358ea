//! URL templates of ad servers: the macros of VAST 4.x ([list]), MediaTailor's variables, and the macros of consent.
//!
//! ```text
//! template    = *( "[" name "]" / "%%" name "%%" / "%5B" name "%5D" / "${" name "}" / any )
//! ```
//!
//! Values are percent-encoded. A macro of VAST without a value becomes `-1` (VAST 4.3 section 6); a variable without a value
//! becomes nothing. A name that is not known stays as it is, since it may be the ad server's own. Filling in takes time linear
//! in template and values. In the URLs of events, which players request, a macro without a value stays too: the player may know it.
//!
//! [list]: https://interactiveadvertisingbureau.github.io/vast/vast4macros/vast4-macros-latest.html

mod fill;
mod headers;
mod names;
mod tracking;
mod values;

pub use fill::{Filled, LONGEST_URL, asks_for_parameters, fill, settled};
pub use headers::headers;
pub use names::{MACROS, Support, VARIABLES};
pub use tracking::fill_tracking;
pub use values::{Extra, Values, consent_parameters, transaction};
