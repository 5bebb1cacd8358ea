//! The breaks of a title, as far as a viewer has them.

use std::rc::Rc;

use super::{Decided, Evidence, shown};
use crate::ads::Scheduled;
use crate::ads::macros::{Extra, Values, fill};
use crate::ads::vmap::Vmap;
use crate::catalog::{AdPolicy, AdTemplate, Edition};
use crate::variation::Breaks;

/// Whether the viewer of a request sees advertising.
pub(super) fn are_shown<S>(Decided { site, admission, .. }: &Decided<'_, S>) -> bool {
    shown::breaks(&site.body, &admission.permit)
}

/// The VMAP document that schedules the breaks of the title, or of the site's titles. `None`: there is none, or it cannot be had.
pub(super) async fn vmap<S>(decided: &Decided<'_, S>, evidence: &impl Evidence) -> Option<Rc<Vmap>> {
    let Decided { facts, site, title, .. } = decided;
    let own = AdPolicy::breaks_of(site.body.ads.as_ref(), title.body.ads.as_ref())?;
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
