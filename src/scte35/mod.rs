//! SCTE 35: splice information sections, the messages that announce breaks within a stream (ANSI/SCTE 35 2023).
//!
//! [`decode`] reads a whole section, and refuses one that did not arrive whole. [`examine`] reads as much as there is of a broken
//! one, for people. Nothing here knows what a message means for advertising: that is [`ads::signals`](crate::ads::signals).
//!
//! What is not understood is kept: commands and descriptors of others as their bytes, UPIDs of unknown types likewise. Encrypted
//! sections are recognised and their content is left alone. A section has 4,098 bytes at most by the length of its own length, and
//! is read in one pass.
//!
//! ```
//! use stagedoor::scte35::{Command, bytes, decode};
//!
//! let section = decode(&bytes("/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=")?)?;
//! let Some(Command::SpliceInsert(insert)) = section.command() else { panic!("expected a splice_insert") };
//! assert_eq!(insert.splice_event_id, 0x4800_008f);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod command;
mod descriptor;
mod fields;
mod frame;
mod schedule;
mod section;
mod segmentation;
mod segmentation_type;
mod splice_time;
mod text;
mod units;
mod upid;

pub use command::{Command, Component, PrivateCommand, Splice, SpliceInsert, Spliced};
pub use descriptor::{Audio, AudioComponent, Avail, Descriptor, Dtmf, PrivateDescriptor, Time};
pub use fields::Error;
pub use frame::Broken;
pub(crate) use frame::{TABLE, check};
pub use schedule::{PlannedSplice, ScheduledComponent, ScheduledSplice, ScheduledSpliced, SpliceSchedule};
pub use section::{Content, Examination, Frame, Section, decode, examine};
pub use segmentation::{Restrictions, Segment, SegmentComponent, Segmentation, SubSegments};
pub use segmentation_type::SegmentationType;
pub use splice_time::{BreakDuration, SpliceTime};
pub use text::{TextError, bytes};
pub use units::{Bytes, Identifier, Ticks};
pub use upid::{Upid, UpidKind, UpidValue};
