//! What is known of the content that a break is in: its codecs and heights, which ads have to match.
//!
//! The manifest that the title names states them. It is asked for as a viewer's player has asked for it, so it is in memory or in the
//! cache. Without a name, or if the manifest cannot be had in time, ads match by the viewer's limits alone.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::json;

use super::{Choosing, Decided, Permitted};
use crate::facts::Facts;
use crate::manifest::Streams;
use crate::redacted::Redacted;
use crate::resource::{MediaRequest, ResourceKind};
use crate::{dash, hls};

/// The longest time for the manifest.
const WITHIN: Duration = Duration::from_secs(1);

/// The streams of the content that its viewer is offered.
pub(super) async fn streams<S, C: Choosing>(decided: &Decided<'_, S>, choosing: &C) -> Streams {
    let found = choosing.within(WITHIN, stated(decided, choosing)).await.flatten();
    choosing.record("content", || {
        let known = found.as_ref();
        json!({
            "manifest": decided.title.body.manifest, "codecs": known.map(|known| &known.codecs),
            "max_height": known.and_then(|known| known.max_height),
        })
    });
    found.unwrap_or_default().within(&decided.admission.permit.caps)
}

/// The streams that the title's manifest states. `None`: it is not known.
async fn stated<S, C: Choosing>(decided: &Decided<'_, S>, choosing: &C) -> Option<Streams> {
    let Decided { facts, site, title, admission, .. } = decided;
    let manifest = title.body.manifest.as_deref()?;
    let request = MediaRequest::at_entry(&format!("/{}/{manifest}", title.body.id)).ok()?;
    // The query is about the break.
    let facts: Cow<'_, Facts> = if facts.query.expose().is_empty() {
        Cow::Borrowed(facts)
    } else {
        Cow::Owned(Facts { query: Redacted::new(String::new()), ..Facts::clone(facts) })
    };
    let source = choosing.source(&Permitted {
        facts: &facts,
        request: &request,
        site,
        folder: &admission.permit.folder,
        generation: title.body.generation,
        caps: &admission.permit.caps,
    });
    let kept = choosing.content(&source.ok()?).await?;
    match request.kind {
        ResourceKind::Playlist => Some(hls::streams(&kept.bytes)),
        ResourceKind::Mpd => Some(dash::streams(&kept.bytes)),
        _ => None,
    }
}
