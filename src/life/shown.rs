//! Whether a viewer sees breaks.

use crate::catalog::{AdPolicy, AdsMode, Site, Title};
use crate::rights::Permit;

/// Whether the viewer sees advertising. A title that a blackout replaces has none.
///
/// Stitched breaks are guided: players that cannot insert ads play the content.
pub(super) fn breaks(site: &Site, permit: &Permit) -> bool {
    let is_permitted = match permit.ads {
        Some(AdsMode::Guided | AdsMode::Stitched) => permit.replaced.is_none(),
        None => false,
    };
    is_permitted && site.ads.is_some()
}

/// Whether the viewer sees breaks that marks in the media open. Each version of a live manifest may have others.
pub(super) fn marks(site: &Site, title: &Title, permit: &Permit) -> bool {
    let policy = AdPolicy::breaks_of(site.ads.as_ref(), title.ads.as_ref());
    breaks(site, permit) && !policy.is_some_and(|policy| policy.ignore_markers)
}
