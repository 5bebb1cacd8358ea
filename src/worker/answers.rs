//! Answers the questions of a life with awaits: KV, the cache, the media origin and Durable Objects.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::join;
use worker::{Context, Env, Request, Response};

use super::ad_server::{self, AdServers};
use super::compiled::Compiled;
use super::documents::Documents;
use super::isolate::isolate;
use super::objects::{self, caps, replay, streams, viewers};
use super::runtime::now_ms;
use super::sources::Located;
use super::{
    crypto, explain, jwks, playlists, pods, proofs, respond, runtime, segments, shared_pods, signed, sync,
    templates, vmaps, wanted,
};
use crate::ads::house::Count;
use crate::ads::macros::{Values, headers};
use crate::ads::resolve::{Order, Ping, Reach, Resolution, resolve};
use crate::ads::viewer::{Answer as ViewersAnswer, Question};
use crate::ads::vmap::Vmap;
use crate::ads::{Opening, Pod};
use crate::cache::{Kept, SourceError};
use crate::catalog::{
    AdServer, AdTemplate, Campaigns, Creative, CreativeId, Document, Host, Jwk, KeySet, SessionId, Site,
    Title, TitleId, WantedCreative,
};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::isolate::open_session;
use crate::life::{
    Ahead, Answer, Choosing, DecisionAhead, Delivery, EntryDocuments, Evidence, Found, Permitted,
    SessionDocuments, SharedPod, ViewersBreak,
};
use crate::reply::Reply;
use crate::rewrite::Rewrite;
use crate::route::Route;
use crate::stop::Stop;
use crate::streams::{Newcomer, Running};
use crate::token::session::Session;
use crate::token::{Challenge, Presented, Seen, Use};

/// Answers the questions about one request.
pub(super) struct Answers {
    /// The request, for the one endpoint that reads its body.
    request: RefCell<Option<Request>>,
    env: Env,
    documents: Result<Documents, Fault>,
}

impl Answers {
    pub(super) fn new(request: Request, env: Env, context: Context) -> Self {
        let documents = documents(env.clone(), context);
        Self { request: RefCell::new(Some(request)), env, documents }
    }

    fn documents(&self) -> Result<&Documents, Fault> {
        self.documents.as_ref().map_err(Clone::clone)
    }
}

pub(super) fn documents(env: Env, context: Context) -> Result<Documents, Fault> {
    let kv = env
        .kv("CATALOG")
        .map_err(|error| Fault::new(FaultKind::Configuration, format!("CATALOG: {error}")))?;
    Ok(Documents { kv, context: Rc::new(context), env })
}

impl Evidence for Answers {
    type Source = Located;

    fn now_ms(&self) -> u64 {
        now_ms()
    }

    async fn site(&self, host: &str) -> Result<Option<Rc<Document<Site>>>, Fault> {
        let Ok(host) = host.parse() else { return Ok(None) };
        self.documents()?.site(&host).await
    }

    async fn session_documents(&self, site: &Site) -> Result<SessionDocuments, Fault> {
        let documents = self.documents()?;
        let (keys, revocations) =
            join!(documents.keys(&site.sessions.keys), documents.revocations(&site.host));
        Ok(SessionDocuments { keys: keys?, revocations: revocations? })
    }

    async fn entry_documents(&self, site: &Site, token: &dyn Presented) -> Result<EntryDocuments, Fault> {
        let documents = self.documents()?;
        let (session, own) = join!(self.session_documents(site), documents.keys(token.keys()));
        let session = session?;
        let token_keys = jwks::for_token(documents, own?, token).await?;
        Ok(EntryDocuments { session, token_keys: token_keys.into() })
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        proofs::is_genuine(challenge).await
    }

    async fn title(&self, id: &TitleId) -> Result<Option<Rc<Document<Title>>>, Fault> {
        self.documents()?.title(id).await
    }

    async fn campaigns(&self, host: &Host) -> Result<Option<Rc<Document<Campaigns>>>, Fault> {
        self.documents()?.campaigns(host).await
    }

    async fn creative(&self, id: &CreativeId) -> Result<Option<Rc<Document<Creative>>>, Fault> {
        self.documents()?.creative(id).await
    }

    async fn creatives(&self, ids: &[CreativeId]) -> Result<Vec<Option<Rc<Document<Creative>>>>, Fault> {
        let documents = self.documents()?;
        try_join_all(ids.iter().map(|id| documents.creative(id))).await
    }

    async fn vmap(&self, facts: &Facts, site: &Site, url: &AdTemplate) -> Option<Rc<Vmap>> {
        vmaps::find(self.documents().ok()?, facts, site, url).await
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

impl Choosing for Answers {
    async fn decided_pod(&self, of: &ViewersBreak<'_>, limit: Duration) -> Option<Rc<Pod>> {
        pods::decided_or_begun(of, limit).await
    }

    async fn content(&self, source: &Located) -> Option<Rc<Kept>> {
        self.manifest(source).await.ok()
    }

    fn remember_pod(&self, of: &ViewersBreak<'_>, pod: &Rc<Pod>, until_ms: u64) {
        pods::remember(of, pod, until_ms);
    }

    async fn shared_pod(&self, of: &ViewersBreak<'_>) -> Option<SharedPod> {
        shared_pods::find(of).await
    }

    fn share_pod(&self, of: &ViewersBreak<'_>, pod: &SharedPod) {
        if let (Ok(documents), Some(kept)) = (self.documents(), shared_pods::Kept::of(of, pod)) {
            documents.context.wait_until(kept.put(of.host.to_string()));
        }
    }

    async fn viewer(
        &self,
        facts: &Facts,
        site: &Site,
        session: &Session,
        question: &Question,
    ) -> Option<ViewersAnswer> {
        viewers::choose(&self.documents().ok()?.env, facts, &site.host, session, question).await
    }

    async fn count(&self, facts: &Facts, site: &Site, count: &Count) -> Option<bool> {
        caps::count(&self.documents().ok()?.env, facts, &site.host, count).await
    }

    fn reach(&self, site: &Site, server: &AdServer, chosen: &str) -> Reach {
        match self.documents() {
            Ok(documents) => ad_server::reach(documents, site, server, chosen),
            Err(_) => Reach::new(Some(&site.host), chosen, server.hosts.as_deref(), false),
        }
    }

    async fn ad_server(
        &self,
        facts: &Facts,
        site: &Site,
        server: &AdServer,
        order: &Order<'_>,
    ) -> Option<Resolution> {
        let documents = self.documents().ok()?;
        let servers = AdServers::new(documents, facts, site, server, order.reach.clone());
        Some(resolve(&servers, order).await)
    }

    fn tell_ad_servers(&self, site: &Site, reach: &Reach, values: &Values, pings: Vec<Ping>) {
        if let Ok(documents) = self.documents() {
            ad_server::tell(documents, site, reach.clone(), headers(values), pings);
        }
    }

    fn report_wanted(&self, site: &Site, wanted: Vec<WantedCreative>) {
        if let Ok(documents) = self.documents() {
            objects::wanted::report(documents, &site.host, wanted);
        }
    }

    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        runtime::within(limit, work).await
    }
}

impl Delivery for Answers {
    type Template = Compiled;
    /// Files come as responses of the runtime.
    type File = Infallible;
    type Body = Response;
    type Reply = worker::Result<Response>;

    async fn manifest(&self, source: &Located) -> Result<Rc<Kept>, Stop> {
        playlists::whole(source.as_ref(), &self.documents()?.context).await
    }

    fn template(&self, rewrite: &Rewrite<'_>, manifest: &Kept) -> Result<Rc<Compiled>, Stop> {
        templates::compiled(rewrite, manifest)
    }

    async fn file(&self, facts: &Facts, source: &Located) -> Result<Found<Self>, Stop> {
        let (head, body) = segments::stream(facts, source.as_ref(), &self.documents()?.context).await?;
        Ok(Found::Streamed(head, body))
    }

    async fn count_use(&self, facts: &Facts, site: &Site, usage: &Use) -> Result<Option<Seen>, Fault> {
        replay::count(&self.documents()?.env, facts, &site.host, usage).await
    }

    async fn begin_stream(&self, facts: &Facts, site: &Site, newcomer: &Newcomer) -> Result<(), Stop> {
        streams::open(&self.documents()?.env, facts, site, newcomer).await
    }

    async fn keep_stream(&self, facts: &Facts, site: &Site, running: &Running) -> Result<(), Stop> {
        streams::seen(self.documents()?, facts, site, running).await
    }

    async fn next_ahead(&self, ahead: &Ahead<'_>, breaks: Option<&[Opening]>) -> Option<Opening> {
        pods::next_ahead(ahead, breaks)
    }

    fn decide_ahead(&self, decision: DecisionAhead<Located>) {
        let Ok(documents) = self.documents.clone() else { return };
        let context = Rc::clone(&documents.context);
        let answers = Self { request: RefCell::default(), env: self.env.clone(), documents: Ok(documents) };
        context.wait_until(async move {
            let notes = decision.make(&answers).await;
            respond::log_ahead(decision.host().as_str(), decision.title().as_str(), &notes);
        });
    }

    async fn control(&self, facts: &Facts, route: Route) -> Result<Reply, Stop> {
        let request = || {
            let taken = self.request.borrow_mut().take();
            taken.ok_or_else(|| Fault::new(FaultKind::Platform, "the body of the request is read twice"))
        };
        match route {
            Route::Version => Ok(version(&self.env)),
            Route::Sync(folder) => {
                signed::at_its_place(&self.env, facts, folder.as_ref())?;
                sync::receive(request()?, &self.env, self.documents.as_ref()).await
            }
            Route::Wanted(folder) => {
                signed::at_its_place(&self.env, facts, folder.as_ref())?;
                wanted::answer(request()?, &self.env).await
            }
            Route::Explain(folder) => {
                signed::at_its_place(&self.env, facts, folder.as_ref())?;
                explain::answer(request()?, self.documents.as_ref()).await
            }
            Route::Preflight | Route::Healthz | Route::Entry | Route::Below(..) => {
                Err(Fault::new(FaultKind::Platform, "the path is none of the edge's own").into())
            }
        }
    }

    fn reply(&self, facts: &Facts, answer: Answer<'_, Self>) -> worker::Result<Response> {
        match answer {
            Answer::Whole(reply) => respond::whole(facts, reply),
            Answer::Manifest(head, rewrite, template) => {
                let is_whole = head.status == 200;
                let body =
                    if is_whole { rewrite.render(&template.template).into_owned() } else { Vec::new() };
                respond::whole(facts, Reply { body, ..head })
            }
            Answer::Shared(manifest, _, heading) => {
                let body = manifest.bytes().to_vec();
                respond::whole(facts, Reply { body, ..heading.head_of(&manifest) })
            }
            Answer::File(file, _) => match *file {},
            Answer::Streamed(head, body) => respond::streamed(facts, head, body),
        }
    }
}

fn version(env: &Env) -> Reply {
    let variable = |name: &str| env.var(name).map(|value| value.to_string()).ok();
    Reply::json(
        200,
        &serde_json::json!({
            "name": "stagedoor",
            "version": env!("CARGO_PKG_VERSION"),
            "commit": option_env!("STAGEDOOR_COMMIT"),
            "environment": variable("ENVIRONMENT"),
        }),
    )
}
