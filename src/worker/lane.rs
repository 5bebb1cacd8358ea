//! The fast lane: what isolate memory can answer, without an await.
//!
//! An await costs more than most answers do: it makes a promise, goes through JavaScript, and wakes the task. Most documents,
//! manifests and small files are in isolate memory, so that there is nothing to wait for. `entry.js` comes here first. A
//! question that memory cannot answer stays pending: then the life is dropped, and [`super::serve`] starts it again with
//! awaits, which fills the memory.

use std::convert::Infallible;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use super::compiled::{Compiled, Shared};
use super::file::File;
use super::isolate::isolate;
use super::objects::streams;
use super::runtime::now_ms;
use super::sources::Located;
use super::{
    crypto, delay, documents, facts, jwks, playlists, pods, proofs, respond, shared_files, templates, vmaps,
};
use crate::ads::house::Count;
use crate::ads::macros::Values;
use crate::ads::resolve::{Order, Ping, Reach, Resolution};
use crate::ads::viewer::{Answer as ViewersAnswer, Question};
use crate::ads::vmap::Vmap;
use crate::ads::{Opening, Pod};
use crate::cache::{Kept, SourceError};
use crate::catalog::{
    AdServer, AdTemplate, Campaigns, Creative, CreativeId, Document, Host, Jwk, KeySet, SessionId, Site,
    Title, TitleId, WantedCreative,
};
use crate::denial::Denial;
use crate::facts::{Facts, Method};
use crate::fault::Fault;
use crate::isolate::open_session;
use crate::life::{
    self, Ahead, Answer, Choosing, DecisionAhead, Delivery, EntryDocuments, Evidence, Found, Permitted,
    SessionDocuments, TokenKeys, ViewersBreak, at_once,
};
use crate::reply::Reply;
use crate::rewrite::Rewrite;
use crate::route::Route;
use crate::stop::Stop;
use crate::streams::{Newcomer, Running};
use crate::token::session::Session;
use crate::token::{Challenge, Presented, Seen, Use};

/// Answers a request at once: with a response, with the promise of one where the client has to wait for its refusal, or with
/// nothing, which leaves the request to [`super::serve`].
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is public")]
#[wasm_bindgen]
pub fn lane(request: &web_sys::Request, place_from_header: bool) -> JsValue {
    let lane = Lane { now_ms: now_ms() };
    let (facts, read) = facts::read(request, place_from_header);
    let Ok(ended) = at_once(life::answer(&facts, read, &lane)) else { return JsValue::UNDEFINED };
    let times = respond::log_life(&facts, &ended);
    let response = JsValue::from(ended.reply);
    if delay::is_delayed(times) {
        drop(facts);
        return future_to_promise(async move {
            delay::repeated_refusal(times).await;
            Ok(response)
        })
        .into();
    }
    response
}

/// Isolate memory, as of the time of the request.
struct Lane {
    now_ms: u64,
}

/// The answer that memory has. Without one, the future stays pending for ever.
async fn known<T>(answer: Option<T>) -> T {
    match answer {
        Some(answer) => answer,
        None => pending().await,
    }
}

impl Lane {
    fn known_session_documents(&self, site: &Site) -> Option<Result<SessionDocuments, Fault>> {
        let keys = documents::fresh_keys(&site.sessions.keys, self.now_ms)?;
        let revocations = documents::fresh_revocations(&site.host, self.now_ms)?;
        let keys = keys.ok_or_else(|| life::keys_missing(&site.sessions.keys));
        Some(keys.map(|keys| SessionDocuments { keys, revocations }))
    }

    fn known_token_keys(&self, token: &dyn Presented) -> Option<Result<TokenKeys, Fault>> {
        match documents::fresh_keys(token.keys(), self.now_ms)? {
            Some(own) => jwks::fresh(own, token, self.now_ms).map(Ok),
            None => Some(Err(life::keys_missing(token.keys()))),
        }
    }
}

impl Evidence for Lane {
    type Source = Located;

    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    async fn site(&self, host: &str) -> Result<Option<Rc<Document<Site>>>, Fault> {
        Ok(known(documents::fresh_site(host, self.now_ms)).await)
    }

    async fn session_documents(&self, site: &Site) -> Result<SessionDocuments, Fault> {
        known(self.known_session_documents(site)).await
    }

    async fn entry_documents(&self, site: &Site, token: &dyn Presented) -> Result<EntryDocuments, Fault> {
        let session = known(self.known_session_documents(site)).await?;
        let token_keys = known(self.known_token_keys(token)).await?;
        Ok(EntryDocuments { session, token_keys })
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        Ok(known(proofs::is_remembered(challenge).then_some(true)).await)
    }

    async fn title(&self, id: &TitleId) -> Result<Option<Rc<Document<Title>>>, Fault> {
        Ok(known(documents::fresh_title(id, self.now_ms)).await)
    }

    async fn campaigns(&self, host: &Host) -> Result<Option<Rc<Document<Campaigns>>>, Fault> {
        Ok(known(documents::fresh_campaigns(host, self.now_ms)).await)
    }

    async fn creative(&self, id: &CreativeId) -> Result<Option<Rc<Document<Creative>>>, Fault> {
        Ok(known(documents::fresh_creative(id, self.now_ms)).await)
    }

    async fn vmap(&self, _: &Facts, site: &Site, url: &AdTemplate) -> Option<Rc<Vmap>> {
        Some(known(vmaps::fresh(site, url, self.now_ms)).await)
    }

    fn session_id(&self) -> Result<SessionId, Fault> {
        crypto::session_id()
    }

    fn open<'k>(
        &self,
        token: &str,
        site: &Site,
        keys: &'k Document<KeySet>,
    ) -> Result<(Session, &'k Jwk), Denial> {
        open_session(&isolate().sessions, token, site, keys, self.now_ms())
    }

    fn source(&self, resource: &Permitted<'_>) -> Result<Located, SourceError> {
        Located::find(resource)
    }
}

impl Choosing for Lane {
    async fn decided_pod(&self, of: &ViewersBreak<'_>, _: Duration) -> Option<Rc<Pod>> {
        Some(known(pods::decided(of, self.now_ms)).await)
    }

    async fn content(&self, _: &Located) -> Option<Rc<Kept>> {
        pending().await
    }

    fn remember_pod(&self, _: &ViewersBreak<'_>, _: &Rc<Pod>, _: u64) {}

    async fn viewer(&self, _: &Facts, _: &Site, _: &Session, _: &Question) -> Option<ViewersAnswer> {
        pending().await
    }

    async fn count(&self, _: &Facts, _: &Site, _: &Count) -> Option<bool> {
        pending().await
    }

    async fn ad_server(&self, _: &Facts, _: &Site, _: &AdServer, _: &Order<'_>) -> Option<Resolution> {
        pending().await
    }

    fn tell_ad_servers(&self, _: &Site, _: &Reach, _: &Values, _: Vec<Ping>) {}

    fn report_wanted(&self, _: &Site, _: Vec<WantedCreative>) {}

    async fn within<T>(&self, _: Duration, work: impl Future<Output = T>) -> Option<T> {
        Some(work.await)
    }
}

impl Delivery for Lane {
    type Template = Compiled;
    type File = File;
    /// The lane has whole files only, and so no body that is still coming in.
    type Body = Infallible;
    type Reply = web_sys::Response;

    async fn manifest(&self, source: &Located) -> Result<Rc<Kept>, Stop> {
        let kept = known(playlists::fresh(&source.as_ref().cache_key, self.now_ms)).await;
        source.remember();
        Ok(kept)
    }

    fn template(&self, rewrite: &Rewrite<'_>, manifest: &Kept) -> Result<Rc<Compiled>, Stop> {
        templates::compiled(rewrite, manifest)
    }

    /// The Cache API cuts ranges and answers conditions, so that requests with them are left to it.
    async fn file(&self, facts: &Facts, source: &Located) -> Result<Found<Self>, Stop> {
        let sent = &facts.headers;
        let is_whole = [&sent.range, &sent.if_range, &sent.if_none_match, &sent.if_modified_since]
            .into_iter()
            .all(Option::is_none);
        let file = if is_whole { shared_files::fresh(source.as_ref()) } else { None };
        let file = known(file).await;
        source.remember();
        let stamp = file.stamp;
        Ok(Found::Whole(file, stamp))
    }

    async fn count_use(&self, _: &Facts, _: &Site, _: &Use) -> Result<Option<Seen>, Fault> {
        pending().await
    }

    async fn begin_stream(&self, _: &Facts, _: &Site, _: &Newcomer) -> Result<(), Stop> {
        pending().await
    }

    async fn keep_stream(&self, _: &Facts, site: &Site, running: &Running) -> Result<(), Stop> {
        Ok(known(streams::known(site, running)).await?)
    }

    /// A decision begins out of the lane.
    async fn next_ahead(&self, ahead: &Ahead<'_>, breaks: Option<&[Opening]>) -> Option<Opening> {
        known(pods::is_settled_ahead(ahead, breaks).then_some(())).await;
        None
    }

    fn decide_ahead(&self, _: DecisionAhead<Located>) {}

    async fn control(&self, _: &Facts, _: Route) -> Result<Reply, Stop> {
        pending().await
    }

    fn reply(&self, facts: &Facts, answer: Answer<'_, Self>) -> web_sys::Response {
        let is_head = facts.method == Method::Head;
        match answer {
            Answer::Whole(reply) => {
                let body = (!reply.is_bare()).then(|| Uint8Array::from(&*reply.body));
                respond::at_once(&reply, body.as_ref(), is_head)
            }
            Answer::Manifest(head, rewrite, template) => {
                let body = (head.status == 200).then(|| match &template.shared {
                    Some(shared) => shared.clone(),
                    None => Uint8Array::from(&*rewrite.render(&template.template)),
                });
                respond::at_once(&head, body.as_ref(), is_head)
            }
            Answer::Shared(manifest, template, heading) => match &template.shared {
                Some(bytes) => {
                    let shared = Shared { manifest, bytes };
                    respond::prepared(&template.prepared, &shared, &heading, is_head)
                }
                None => {
                    let body = Uint8Array::from(&*manifest.bytes());
                    respond::at_once(&heading.head_of(&manifest), Some(&body), is_head)
                }
            },
            Answer::File(file, heading) => respond::prepared(&file.prepared, file, &heading, is_head),
            Answer::Streamed(_, body) => match body {},
        }
    }
}
