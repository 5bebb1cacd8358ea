//! What fills a break of a viewer: the decision on its pod.

use std::rc::Rc;
use std::time::Duration;

use super::{Choosing, Decided, Note, ViewersBreak, breaks};
use crate::ads::address::Listing;
use crate::ads::{Break, Content, Ending, Filler, Format, Furniture, Offered, Opening, Pod, Terms, fit};
use crate::catalog::{AdPolicy, Creative, CreativeId, Document};
use crate::fault::{Fault, FaultKind};

/// The longest time for the documents of a decision, beside the time of the ad server.
const DOCUMENTS: Duration = Duration::from_secs(3);

/// The pod of a viewer's break. It is decided once. Whatever fails there is noted for the log, and leaves the break to the content.
pub(super) async fn decide<S, C: Choosing>(
    decided: &Decided<'_, S>,
    opening: &Opening,
    listing: Listing,
    choosing: &C,
    notes: &mut Vec<Note>,
) -> Rc<Pod> {
    let Decided { site, title, admission, .. } = decided;
    let empty = || Rc::new(Pod::empty(opening.id.clone()));
    let Some(policy) = site.body.ads.as_ref().filter(|_| breaks::are_shown(decided)) else { return empty() };
    let of = ViewersBreak {
        host: &site.body.host,
        title: &title.body.id,
        session: admission.session.id,
        break_id: &opening.id,
    };
    if let Some(pod) = choosing.decided_pod(&of).await {
        return pod;
    }
    let limit =
        policy.server.as_ref().map_or(Duration::ZERO, |server| Duration::from_millis(server.total_ms.into()));
    let filling = Filling { decided, policy, opening, listing, choosing };
    let pod = match choosing.within(limit + DOCUMENTS, filling.pod()).await {
        Some(Ok(pod)) => Rc::new(pod),
        Some(Err(fault)) => {
            notes.push(Note::Overcome(fault));
            empty()
        }
        None => {
            let detail = format!(
                "the decision on the break `{}` took longer than {:?}",
                opening.id,
                limit + DOCUMENTS
            );
            notes.push(Note::Overcome(Fault::new(FaultKind::DocumentUnavailable, detail)));
            empty()
        }
    };
    choosing.remember_pod(&of, &pod);
    pod
}

/// A decision under way.
struct Filling<'a, 'f, S, C> {
    decided: &'a Decided<'f, S>,
    policy: &'a AdPolicy,
    opening: &'a Opening,
    listing: Listing,
    choosing: &'a C,
}

impl<S, C: Choosing> Filling<'_, '_, S, C> {
    async fn pod(&self) -> Result<Pod, Fault> {
        let furniture = self.furniture().await?;
        let offered = Offered::default();
        let terms = Terms {
            policy: self.policy,
            elapsed: None,
            content: Content {
                codecs: &[],
                max_height: self.decided.admission.permit.caps.max_height,
                format: Some(match self.listing {
                    Listing::Assets => Format::Hls,
                    Listing::Mpd => Format::Dash,
                }),
            },
            furniture: &furniture,
        };
        let of = Break { opening: self.opening.clone(), ending: Ending::Planned };
        Ok(fit(&of, offered, &terms).pod)
    }

    /// The site's bumpers and slate.
    async fn furniture(&self) -> Result<Furniture, Fault> {
        let AdPolicy { bumper_in, bumper_out, slate, .. } = self.policy;
        let ids: Vec<_> = [bumper_in, bumper_out, slate].into_iter().flatten().cloned().collect();
        let found = self.creatives(&ids).await?;
        let filler = |id: &Option<CreativeId>| {
            let id = id.as_ref()?;
            found
                .iter()
                .find(|creative| creative.body.id == *id)
                .and_then(|found| Filler::of_creative(&found.body))
        };
        Ok(Furniture { bumper_in: filler(bumper_in), bumper_out: filler(bumper_out), slate: filler(slate) })
    }

    /// Those of the creatives that the site may show.
    async fn creatives(&self, ids: &[CreativeId]) -> Result<Vec<Rc<Document<Creative>>>, Fault> {
        let found = self.choosing.creatives(ids).await?.into_iter().flatten();
        let host = &self.decided.site.body.host;
        Ok(found.filter(|creative| creative.body.sites.contains(host)).collect())
    }
}
