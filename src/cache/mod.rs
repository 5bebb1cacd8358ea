//! Files of the media origin: their URLs and keys, and how long they are kept (`docs/CACHE.md`).
//!
//! ```text
//! key         the URL of a file at the media origin, and its key     query, directives: parts of the key
//! kind        the kind of a file
//! origin      the media origin's headers about caching             timing: the times that a manifest states
//! policy      how long a file is kept, and the reply's Cache-Control
//! kept        a kept file, and the header with its times
//! range       a byte range of a kept file
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
