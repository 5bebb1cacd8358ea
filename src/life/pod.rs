//! The pod of a break: decided once for a viewer, and listed in the format that is asked for.
//!
//! ```text
//! open    the seal of the address -> the break
//! decide  the break and the viewer -> a pod
//! list    the pod -> an asset list or a list MPD
//! ```

use super::Decided;
use crate::ads::address::{Listing, Seal};
use crate::ads::{ListRequest, Opening, Pod};
use crate::catalog::SigningStyle;
use crate::denial::{Denial, Reason};
use crate::manifest::Signing;
use crate::reply::{NOT_KEPT, Reply};
use crate::resource::ResourceKind;
use crate::stop::Stop;
use crate::{dash, hls};

/// The break of a request's address. Only the edge makes such addresses, for breaks that it has announced.
pub(super) fn open<S>(decided: &Decided<'_, S>) -> Result<Opening, Denial> {
    let Decided { site, session_keys, title, request, .. } = decided;
    let seal = Seal { keys: &session_keys.body, host: &site.body.host, title: &title.body.id };
    let sealed = Listing::of_path(request.resource.as_str()).map(|(_, sealed)| sealed);
    sealed.and_then(|sealed| seal.open(sealed)).ok_or_else(|| {
        let detail =
            format!("expected the address of a break of `{}`, as its manifests have it", request.title);
        Denial::new(Reason::BreakUnknown, detail)
    })
}

/// The reply that lists a pod. A pod that is empty in the format is not listed: players go on with the content.
pub(super) fn list<S>(decided: &Decided<'_, S>, listing: Listing, opening: &Opening, pod: &Pod) -> Reply {
    let Decided { facts, site, title, request, admission, .. } = decided;
    let authority = facts.authority();
    let asked = ListRequest {
        authority: &authority,
        title: &title.body.id,
        folder: Listing::folder_of(request.resource.as_str()).unwrap_or_default(),
        token: admission.token.expose(),
        signing: match admission.signing {
            Signing::Inherited | Signing::Path | Signing::Renewed => SigningStyle::Path,
            Signing::Query => SigningStyle::Query,
        },
    };
    let skip = site.body.ads.as_ref().and_then(|policy| policy.insertion.skip.as_ref());
    let body = match listing {
        Listing::Assets => hls::asset_list(opening, pod, skip, &asked),
        Listing::Mpd => dash::list_mpd(pod, &asked).map(String::into_bytes),
    };
    let reply = match body {
        Some(body) => Reply::new(200, ResourceKind::Break(listing).media_type(), body),
        None => Reply::from(&Stop::from(Denial::new(Reason::BreakEmpty, "nothing is shown in the break"))),
    };
    reply.with("Cache-Control", NOT_KEPT)
}
