//! The synchronous lane: what is answered at once.
//!
//! An await costs more than most answers do: a promise is made, goes through JavaScript, and wakes what waits for it.
//! Below a session, documents, manifests and small files are mostly at hand in isolate memory, so that there is nothing to
//! wait for. `entry.js` comes here first; what is not at hand goes on to [`super::serve`], which does the same steps with
//! their awaits, and fills the memory.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::wasm_bindgen;

use super::documents::FreshDocuments;
use super::file::told_age_s;
use super::isolate::isolate;
use super::objects::streams;
use super::{facts, now_ms, playlists, respond, shared_files, templates};
use crate::admission::Sessions;
use crate::cache::{self, Source, Stamp};
use crate::facts::Facts;
use crate::heading::Heading;
use crate::isolate::{Revisions, SourceKey, find_source, open_session, remember_source};
use crate::life::{below as below_entry, check_site, renewal};
use crate::redacted::Redacted;
use crate::resource::{MediaRequest, ResourceKind};
use crate::rewrite::Rewrite;
use crate::rights::Permit;
use crate::route::{Route, route};
use crate::time::UnixTime;
use crate::token::RevocationIndex;

/// Answers a GET at once, or leaves it to [`super::serve`].
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is public")]
#[wasm_bindgen]
pub fn lane(request: &web_sys::Request, place_from_header: bool) -> Option<web_sys::Response> {
    let facts = facts::read(request, place_from_header).ok()?;
    match route(&facts) {
        Ok(Route::Below(wanted, token)) => below(&facts, &wanted, &token),
        _ => None,
    }
}

fn below(facts: &Facts, wanted: &MediaRequest, token: &Redacted<String>) -> Option<web_sys::Response> {
    // A range is cut, and a condition of time answered, where there is a response of the cache's to ask.
    let sent = &facts.headers;
    if sent.range.is_some() || sent.if_range.is_some() || sent.if_modified_since.is_some() {
        return None;
    }
    let now_ms = now_ms();
    let at_hand = FreshDocuments::find(&facts.host, &wanted.title, now_ms)?;
    let FreshDocuments { site, title, keys, revocations } = &at_hand;
    let nothing = RevocationIndex::default();
    let revocations = revocations.as_ref().map_or(&nothing, |document| &document.body);
    let now = UnixTime::from_secs(now_ms / 1000);
    let (session, key) = open_session(&isolate().sessions, token.expose(), &site.body, keys, now_ms)?;
    let sessions = Sessions { keys: &keys.body, revocations };
    // Refusals are told and logged with the awaits: they are no hot path.
    below_entry::check(facts, wanted, &session, key, &site.body, sessions, now).ok()?;
    check_site(&title.body, &site.body.host).ok()?;
    let mut admission = below_entry::resume(facts, token, session, &site.body, &title.body, now).ok()?;
    if !streams::is_settled(&site.body, &session)
        || renewal::renew(wanted, &mut admission, &site.body, &keys.body, now).ok()?.is_some()
    {
        return None;
    }
    let facts = &*renewal::without_skip(facts, &admission);
    let found = Found::find(facts, wanted, &at_hand, &admission.permit)?;
    let source = &*found.source;
    let heading = |stamp: &Stamp, age_s| Heading::of(facts, site, &admission.permit, stamp, age_s);
    match wanted.kind {
        ResourceKind::Playlist
        | ResourceKind::Mpd
        | ResourceKind::Patch
        | ResourceKind::Assets
        | ResourceKind::OriginSteering => {
            let kept = playlists::fresh(&source.cache_key, now_ms)?;
            found.remember();
            let rewrite = Rewrite::of(facts, wanted, site, &admission, source);
            let compiled = templates::compiled(&rewrite, &kept).ok()?;
            let is_plain = sent.if_none_match.is_none() && !admission.renewed;
            if let Some(shared) = compiled.as_shared(wanted.kind).filter(|_| is_plain) {
                let heading = heading(&kept.stamp, Some(kept.stamp.age_s(now_ms)));
                return Some(respond::prepared(&compiled.prepared, &shared, &heading));
            }
            let head = rewrite.head(&compiled.template, &kept.stamp, now_ms);
            let head = head.not_kept_if(admission.permit.replaced.is_some()).guarded(&site.body.cors, facts);
            let whole = head.status == 200;
            let body = whole.then(|| match &compiled.shared {
                Some(shared) => shared.clone(),
                None => Uint8Array::from(&*rewrite.render(&compiled.template)),
            });
            Some(respond::at_once(&head, body.as_ref()))
        }
        ResourceKind::Segment if sent.if_none_match.is_none() => {
            let file = shared_files::fresh(source)?;
            found.remember();
            let heading = heading(&file.stamp, told_age_s(&file.stamp, now_ms));
            Some(respond::prepared(&file.prepared, &file, &heading))
        }
        _ => None,
    }
}

/// Where the bytes are. Many viewers ask for one thing, so that this is remembered, as far as only the path and the
/// documents tell: once there was something, so that made-up paths leave nothing behind.
struct Found<'a> {
    source: Rc<Source>,
    /// What it is to be remembered under, unless it is already.
    place: Option<(SourceKey<&'a str>, Revisions)>,
}

impl<'a> Found<'a> {
    fn find(
        facts: &'a Facts,
        wanted: &'a MediaRequest,
        at_hand: &FreshDocuments,
        permit: &'a Permit,
    ) -> Option<Self> {
        let FreshDocuments { site, title, .. } = at_hand;
        let Permit { folder, caps, .. } = permit;
        let generation = title.body.generation;
        let find = || cache::source(facts, wanted, &site.body, folder, caps, generation).ok().map(Rc::new);
        if !facts.query.expose().is_empty() {
            return Some(Self { source: find()?, place: None });
        }
        let place =
            SourceKey { host: facts.host.as_str(), folder: folder.as_str(), path: wanted.resource.as_str() };
        let revisions = (site.revision, generation);
        Some(match find_source(&isolate().sources, place, revisions) {
            Some(source) => Self { source, place: None },
            None => Self { source: find()?, place: Some((place, revisions)) },
        })
    }

    /// Remembers it: there was something.
    fn remember(&self) {
        if let Some((place, revisions)) = self.place {
            remember_source(&isolate().sources, place, revisions, &self.source, now_ms());
        }
    }
}
