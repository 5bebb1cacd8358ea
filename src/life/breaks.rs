//! The breaks of a title, as far as a viewer has them.

use std::rc::Rc;

use super::{Decided, Evidence};
use crate::ads::Scheduled;
use crate::ads::macros::{Extra, Values, fill};
use crate::ads::vmap::Vmap;
use crate::catalog::{AdTemplate, AdsMode, Edition};
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

/// The VMAP document that schedules the breaks of the title, or of the site's titles. `None`: there is none, or it cannot be had.
pub(super) async fn vmap<S>(decided: &Decided<'_, S>, evidence: &impl Evidence) -> Option<Rc<Vmap>> {
    let Decided { facts, site, title, .. } = decided;
    let own = title.body.ads.as_ref().or_else(|| site.body.ads.as_ref()?.breaks.as_ref())?;
    let values = Values {
        site: site.body.host.to_string(),
        title: title.body.id.to_string(),
        content_uri: Some(format!("{}/{}/", facts.authority(), title.body.id)),
        ..Values::default()
    };
    let AdTemplate(template) = own.vmap.as_ref()?;
    let url = AdTemplate(fill(template, &values, &Extra::default()).url);
    evidence.vmap(facts, &site.body, &url).await
}

/// The documents on which the breaks of a manifest depend. `None`: it has none, since it is an ad's, or its viewer sees no
/// advertising.
pub(super) fn of_manifest<'a, S>(
    decided: &'a Decided<'_, S>,
    scheduled: Option<&'a [Scheduled]>,
) -> Option<Breaks<'a>> {
    let Decided { session_keys, title, .. } = decided;
    are_in(decided).then(|| Breaks {
        keys: Edition::of_keys(session_keys),
        own: title.body.ads.as_ref(),
        vmap: scheduled,
    })
}

/// Where the VMAP document of a manifest's title has its breaks.
pub(super) async fn scheduled<S>(
    decided: &Decided<'_, S>,
    evidence: &impl Evidence,
) -> Option<Vec<Scheduled>> {
    if !are_in(decided) {
        return None;
    }
    Some(vmap(decided, evidence).await?.schedule())
}

/// Whether a manifest has breaks: those of ads have none.
fn are_in<S>(decided: &Decided<'_, S>) -> bool {
    decided.ad.is_none() && are_shown(decided)
}
