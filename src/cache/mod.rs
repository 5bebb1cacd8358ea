//! What is fetched from the media origin, under which key it is kept, and for how long: `docs/CACHE.md`.
//!
//! ```text
//! key         where something lies at the media origin, and its key     query, directives: the parts of a key
//! kind        what kind of file it is
//! origin      what the media origin says about keeping it               timing: what a manifest says
//! policy      for how long it is kept, and what a player is told
//! kept        a file that is kept, and its books
//! range       a range out of one that is at hand
//! ```

mod directives;
mod kept;
mod key;
mod kind;
mod origin;
mod policy;
mod query;
mod range;
mod timing;

pub use directives::Directives;
pub use kept::{Kept, Stamp};
pub use key::{LONGEST_LISTED, PASSED_HEADERS, Source, SourceError, source};
pub use kind::FileKind;
pub use origin::OriginControl;
pub use policy::{LONGEST_HOLD_MS, Lifetime, hold_ms, missing_ms};
pub use range::{ByteRange, is_of_known, whole_length};
pub use timing::timing;
