//! The breaks of a title, as far as a viewer has them.

use super::Decided;
use crate::catalog::{AdsMode, Edition};
use crate::variation::Breaks;

/// Whether the viewer of a request sees advertising. A title that a blackout replaces has none.
///
/// Stitched breaks are guided: players that cannot insert ads play the content.
pub(super) fn are_shown<S>(Decided { site, admission, .. }: &Decided<'_, S>) -> bool {
    let permit = &admission.permit;
    let is_permitted = match permit.ads {
        Some(AdsMode::Guided | AdsMode::Stitched) => permit.replaced.is_none(),
        None => false,
    };
    is_permitted && site.body.ads.is_some()
}

/// The documents on which the breaks of a manifest depend. `None`: it has none, since it is an ad's, or its viewer sees no
/// advertising.
pub(super) fn of_manifest<'a, S>(decided: &'a Decided<'_, S>) -> Option<Breaks<'a>> {
    let Decided { session_keys, title, ad, .. } = decided;
    (ad.is_none() && are_shown(decided)).then(|| Breaks {
        keys: Edition::of_keys(session_keys),
        own: title.body.ads.as_ref(),
        vmap: None,
    })
}
