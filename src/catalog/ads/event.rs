//! The events of an advertisement.

use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The events of an advertisement (VAST 4.3 section 3.14), by their names there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum TrackingEvent {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl TrackingEvent {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

events! {
    /// The ad was shown.
    Impression = "impression",
    /// The ad or its media failed.
    Error = "error",
    /// The viewer followed the ad.
    ClickTracking = "clickTracking",
    /// The media was loaded.
    Loaded = "loaded",
    /// It began.
    Start = "start",
    /// A quarter has played.
    FirstQuartile = "firstQuartile",
    /// Half has played.
    Midpoint = "midpoint",
    /// Three quarters have played.
    ThirdQuartile = "thirdQuartile",
    /// All has played.
    Complete = "complete",
    /// It has played for `offset`.
    Progress = "progress",
    /// The viewer skipped it.
    Skip = "skip",
    /// The sound was turned off.
    Mute = "mute",
    /// The sound was turned on again.
    Unmute = "unmute",
    /// The viewer paused.
    Pause = "pause",
    /// The viewer played on.
    Resume = "resume",
    /// The viewer went back.
    Rewind = "rewind",
    /// The player was enlarged.
    PlayerExpand = "playerExpand",
    /// The player was made smaller.
    PlayerCollapse = "playerCollapse",
    /// The viewer closed it.
    CloseLinear = "closeLinear",
    /// It was not used.
    NotUsed = "notUsed",
    /// The viewer acted on it in another way.
    OtherAdInteraction = "otherAdInteraction",
    /// Its interactive part began.
    InteractiveStart = "interactiveStart",
    /// A creative was shown.
    CreativeView = "creativeView",
    /// How long an overlay was seen.
    OverlayViewDuration = "overlayViewDuration",
    /// The viewer accepted an invitation.
    AcceptInvitation = "acceptInvitation",
    /// The ad was enlarged.
    AdExpand = "adExpand",
    /// The ad was made smaller.
    AdCollapse = "adCollapse",
    /// The ad was minimised.
    Minimize = "minimize",
    /// The viewer closed it.
    Close = "close",
    /// A verification did not run.
    VerificationNotExecuted = "verificationNotExecuted",
    /// The ad could be seen.
    Viewable = "viewable",
    /// The ad could not be seen.
    NotViewable = "notViewable",
    /// Whether it could be seen is not known.
    ViewUndetermined = "viewUndetermined",
    /// A break began (VMAP).
    BreakStart = "breakStart",
    /// A break ended (VMAP).
    BreakEnd = "breakEnd",
}
