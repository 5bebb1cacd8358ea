//! The documents of advertising: a site's and a title's policy, the site's own campaigns, and creatives.

pub(super) mod bounds;
mod break_id;
mod campaign;
mod creative;
mod event;
mod place;
mod policy;
mod server;
mod template;
mod title;
mod wanted;

pub use break_id::{BreakId, BreakIdError};
pub use campaign::{Campaign, Campaigns, Frequency};
pub use creative::{Creative, CreativeKind, CreativeMedia, UniversalAdId};
pub use event::TrackingEvent;
pub use place::{Layout, Place};
pub use policy::{AdPolicy, CampaignUse, Insertion, Join, Restriction, SkipControl, Unfilled};
pub use server::AdServer;
pub use template::AdTemplate;
pub use title::{MidRolls, Roll, TitleAds};
pub use wanted::{
    WantedAnswer, WantedCreative, WantedFile, WantedOfSite, WantedQuestion, WantedSighting, WantedSince,
};
