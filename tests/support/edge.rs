//! The edge, out of a script: documents, a media origin, and the stores that count.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use stagedoor::ads::house::{Count, Counter};
use stagedoor::ads::macros::Values;
use stagedoor::ads::resolve::{
    Ask, Failure, Fetch, Order, Ping, Reach, Reply as AdReply, Resolution, resolve,
};
use stagedoor::ads::viewer::{self, Answer as ViewersAnswer, Question};
use stagedoor::ads::vmap::Vmap;
use stagedoor::ads::{Opening, Pod};
use stagedoor::cache::{self, FileKind, Kept, Lifetime, OriginControl, Source, SourceError, Stamp};
use stagedoor::catalog::{
    AdServer, AdTemplate, Campaigns, Creative, CreativeId, Document, DocumentKey, Host, Issuer, KeySet,
    SessionId, Site, Title, TitleId, WantedCreative,
};
use stagedoor::dash;
use stagedoor::documents::Documents;
use stagedoor::facts::Facts;
use stagedoor::fault::{Fault, FaultKind};
use stagedoor::heading::Prepared;
use stagedoor::isolate::{KnownAhead, KnownPod};
use stagedoor::life::{
    self, Ahead, Answer, Choosing, DecisionAhead, Delivery, Ended, EntryDocuments, Evidence, Found,
    Permitted, SessionDocuments, SharedPod, TokenKeys, ViewersBreak, at_once,
};
use stagedoor::manifest::Template;
use stagedoor::media_origin;
use stagedoor::memory_key::MemoryKey;
use stagedoor::reply::Reply;
use stagedoor::resource::ResourceKind;
use stagedoor::rewrite::{Basis, Rewrite};
use stagedoor::route::Route;
use stagedoor::stop::Stop;
use stagedoor::streams::{Newcomer, Running, Watched};
use stagedoor::time::UnixTime;
use stagedoor::token::session::Session;
use stagedoor::token::{Challenge, Presented, Record, Seen, Use, native};

/// An answer of the media origin.
#[derive(Clone, Deserialize)]
pub(crate) struct Scripted {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: String,
}

fn ok() -> u16 {
    200
}

/// The stores that count, each in one place for all isolates.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stores {
    /// The uses of each token, by its name.
    used: RefCell<BTreeMap<String, Record>>,
    /// The sessions that each viewer watches.
    streams: RefCell<BTreeMap<[u8; 8], Vec<SessionId>>>,
    /// What each viewer has seen of campaigns.
    viewers: RefCell<BTreeMap<String, Vec<viewer::Record>>>,
    /// How often campaigns with a cap were taken.
    counts: RefCell<BTreeMap<String, Counter>>,
    /// The pods that isolates share.
    pub(crate) pods: RefCell<BTreeMap<MemoryKey, SharedPod>>,
    /// Error URLs that were requested.
    pub(crate) told: RefCell<Vec<String>>,
    /// Creatives that were reported as wanted.
    pub(crate) wanted: RefCell<Vec<WantedCreative>>,
}

impl From<&str> for Scripted {
    fn from(body: &str) -> Self {
        Self { status: ok(), headers: BTreeMap::new(), body: body.to_owned() }
    }
}

/// What an isolate remembers, under the keys of the Worker's own memories, for ever.
#[derive(Default)]
pub(crate) struct Isolate {
    manifests: RefCell<HashMap<Fetched, Rc<[u8]>>>,
    pub(crate) templates: RefCell<HashMap<MemoryKey, (Rc<Compiled>, Basis)>>,
    pods: RefCell<HashMap<MemoryKey, KnownPod>>,
    ahead: RefCell<HashMap<MemoryKey, KnownAhead>>,
    /// How often something was found in it.
    pub(crate) hits: Cell<usize>,
}

/// The cache key of a manifest with its parts, and the version of the media origin that they are of.
type Fetched = (String, u64);

/// A template, and the last head of it.
#[derive(Debug)]
pub(crate) struct Compiled {
    template: Template,
    prepared: Prepared<Reply>,
}

impl AsRef<Template> for Compiled {
    fn as_ref(&self) -> &Template {
        &self.template
    }
}

impl Isolate {
    /// The manifest under a cache key.
    fn manifest(
        &self,
        cache_key: &str,
        version: u64,
        fetch: impl FnOnce() -> Result<Vec<u8>, Stop>,
    ) -> Result<Rc<[u8]>, Stop> {
        let key = (cache_key.to_owned(), version);
        if let Some(known) = self.manifests.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let manifest: Rc<[u8]> = fetch()?.into();
        self.manifests.borrow_mut().insert(key, Rc::clone(&manifest));
        Ok(manifest)
    }

    /// The template of a manifest, out of memory if it was made for the same.
    fn template(&self, rewrite: &Rewrite<'_>, manifest: &Rc<[u8]>) -> Result<Rc<Compiled>, Stop> {
        let key = rewrite.key();
        if let Some((compiled, basis)) = self.templates.borrow().get(&key)
            && rewrite.is_based_on(basis, manifest)
        {
            self.hits.set(self.hits.get() + 1);
            return Ok(Rc::clone(compiled));
        }
        let (template, basis) = rewrite.compile(manifest)?;
        let compiled = Rc::new(Compiled { template, prepared: Prepared::default() });
        self.templates.borrow_mut().insert(key, (Rc::clone(&compiled), basis));
        Ok(compiled)
    }
}

/// An edge whose documents and media origin are scripted.
pub(crate) struct Edge<'a> {
    isolate: &'a Isolate,
    stores: &'a Stores,
    documents: Documents,
    upstream: BTreeMap<String, Scripted>,
    now: Cell<UnixTime>,
    /// The version of the media origin's files.
    pub(crate) version: u64,
}

impl<'a> Edge<'a> {
    /// Takes documents by their keys, and replies by their URLs.
    pub(crate) fn new(
        documents: &BTreeMap<String, Value>,
        upstream: BTreeMap<String, Scripted>,
        stores: &'a Stores,
        isolate: &'a Isolate,
    ) -> Self {
        let documents = documents
            .iter()
            .map(|(key, value)| (key.parse().unwrap(), value.to_string().into_bytes()))
            .collect();
        let documents = Documents(documents);
        Self { isolate, stores, documents, upstream, now: Cell::new(UnixTime::from_secs(0)), version: 0 }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, facts: &Facts, now: UnixTime) -> Reply {
        self.live(facts, now).reply
    }

    /// Answers a request, and tells what its life has found out.
    pub(crate) fn live(&self, facts: &Facts, now: UnixTime) -> Ended<Reply> {
        self.set_now(now);
        at_once(life::answer(facts, Ok(()), self)).unwrap()
    }

    /// Sets the clock.
    pub(crate) fn set_now(&self, now: UnixTime) {
        self.now.set(now);
    }

    fn keys(&self, issuer: &Issuer) -> Result<Rc<Document<KeySet>>, Fault> {
        let keys = self.documents.read(&DocumentKey::Keys(issuer.clone()))?;
        keys.map(Rc::new).ok_or_else(|| life::keys_missing(issuer))
    }

    /// What the media origin answers.
    fn scripted(&self, source: &Source) -> Scripted {
        let missing = || Scripted { status: 404, headers: BTreeMap::new(), body: String::new() };
        self.upstream.get(source.url.as_str()).cloned().unwrap_or_else(missing)
    }

    /// An MPD with its parts.
    fn whole(&self, source: &Source, body: &str) -> Result<Vec<u8>, Stop> {
        let bytes = body.as_bytes().to_vec();
        if source.resource != ResourceKind::Mpd {
            return Ok(bytes);
        }
        let mut room = dash::Room::beside(&bytes, source.longest_manifest_bytes);
        let mut fetched = Vec::new();
        for url in dash::remote_parts(&bytes, &source.url, &source.folder) {
            let part = self.upstream.get(url.as_str()).filter(|part| part.status == 200);
            let part = part.map(|part| part.body.clone().into_bytes());
            if let Some(part) = &part {
                if part.len() > room.left() {
                    let detail = "expected fewer bytes with its parts, found more";
                    return Err(Fault::new(FaultKind::ManifestTooLarge, detail).into());
                }
                room.take(part);
            }
            fetched.push(part);
        }
        Ok(dash::with_remote_parts(&bytes, &source.url, &source.folder, fetched))
    }
}

impl Scripted {
    fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }
}

impl Evidence for Edge<'_> {
    type Source = Rc<Source>;

    fn now_ms(&self) -> u64 {
        self.now.get().as_secs() * 1000
    }

    async fn site(&self, host: &str) -> Result<Option<Rc<Document<Site>>>, Fault> {
        let Ok(host) = host.parse() else { return Ok(None) };
        Ok(self.documents.read(&DocumentKey::Site(host))?.map(Rc::new))
    }

    async fn session_documents(&self, site: &Site) -> Result<SessionDocuments, Fault> {
        let keys = self.keys(&site.sessions.keys)?;
        let revocations = self.documents.read(&DocumentKey::Revocations(site.host.clone()))?;
        Ok(SessionDocuments { keys, revocations: revocations.map(Rc::new) })
    }

    async fn entry_documents(&self, site: &Site, token: &dyn Presented) -> Result<EntryDocuments, Fault> {
        let session = self.session_documents(site).await?;
        Ok(EntryDocuments { session, token_keys: TokenKeys::Document(self.keys(token.keys())?) })
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        Ok(native::settle(challenge))
    }

    async fn title(&self, id: &TitleId) -> Result<Option<Rc<Document<Title>>>, Fault> {
        Ok(self.documents.read(&DocumentKey::Title(id.clone()))?.map(Rc::new))
    }

    async fn campaigns(&self, host: &Host) -> Result<Option<Rc<Document<Campaigns>>>, Fault> {
        Ok(self.documents.read(&DocumentKey::Campaigns(host.clone()))?.map(Rc::new))
    }

    async fn creative(&self, id: &CreativeId) -> Result<Option<Rc<Document<Creative>>>, Fault> {
        Ok(self.documents.read(&DocumentKey::Creative(id.clone()))?.map(Rc::new))
    }

    async fn vmap(&self, _: &Facts, _: &Site, AdTemplate(url): &AdTemplate) -> Option<Rc<Vmap>> {
        let answer = self.upstream.get(url).filter(|answer| answer.status == 200)?;
        Vmap::read(answer.body.as_bytes()).ok().map(Rc::new)
    }

    fn session_id(&self) -> Result<SessionId, Fault> {
        Ok(SessionId([7; 8]))
    }

    fn source(&self, resource: &Permitted<'_>) -> Result<Rc<Source>, SourceError> {
        resource.source().map(Rc::new)
    }
}

impl Fetch for Edge<'_> {
    fn now_ms(&self) -> u64 {
        Evidence::now_ms(self)
    }

    async fn fetch(&self, asks: Vec<Ask>) -> Vec<Result<AdReply, Failure>> {
        let answer = |Ask { url, .. }: Ask| match self.upstream.get(url.as_str()) {
            Some(Scripted { status: 200, body, .. }) => Ok(AdReply { url, bytes: body.clone().into_bytes() }),
            Some(Scripted { status: 204, .. }) => Ok(AdReply { url, bytes: Vec::new() }),
            Some(Scripted { status, .. }) => Err(Failure::Status(*status)),
            None => Err(Failure::Status(404)),
        };
        asks.into_iter().map(answer).collect()
    }
}

impl Choosing for Edge<'_> {
    async fn decided_pod(&self, of: &ViewersBreak<'_>, _: Duration) -> Option<Rc<Pod>> {
        let pods = self.isolate.pods.borrow();
        pods.get(&MemoryKey::of(of))?.decided(Evidence::now_ms(self)).cloned()
    }

    async fn content(&self, source: &Rc<Source>) -> Option<Rc<Kept>> {
        self.manifest(source).await.ok()
    }

    fn remember_pod(&self, of: &ViewersBreak<'_>, pod: &Rc<Pod>, until_ms: u64) {
        let mut pods = self.isolate.pods.borrow_mut();
        pods.entry(MemoryKey::of(of)).or_default().settle(pod, until_ms);
    }

    async fn shared_pod(&self, of: &ViewersBreak<'_>) -> Option<SharedPod> {
        self.stores.pods.borrow().get(&MemoryKey::of(of)).cloned()
    }

    fn share_pod(&self, of: &ViewersBreak<'_>, pod: &SharedPod) {
        self.stores.pods.borrow_mut().insert(MemoryKey::of(of), pod.clone());
    }

    async fn viewer(
        &self,
        _: &Facts,
        _: &Site,
        session: &Session,
        question: &Question,
    ) -> Option<ViewersAnswer> {
        let mut viewers = self.stores.viewers.borrow_mut();
        let records = viewers.entry(viewer::name(session)).or_default();
        let answer = viewer::decide(question, records, self.now.get());
        viewer::record(records, question, &answer, self.now.get());
        Some(answer)
    }

    async fn count(&self, _: &Facts, _: &Site, count: &Count) -> Option<bool> {
        let mut counts = self.stores.counts.borrow_mut();
        Some(counts.entry(count.campaign.to_string()).or_default().take(count))
    }

    async fn ad_server(&self, _: &Facts, _: &Site, _: &AdServer, order: &Order<'_>) -> Option<Resolution> {
        Some(resolve(self, order).await)
    }

    fn tell_ad_servers(&self, _: &Site, _: &Reach, _: &Values, pings: Vec<Ping>) {
        self.stores.told.borrow_mut().extend(pings.into_iter().map(|ping| ping.url));
    }

    fn report_wanted(&self, _: &Site, wanted: Vec<WantedCreative>) {
        self.stores.wanted.borrow_mut().extend(wanted);
    }

    async fn within<T>(&self, _: Duration, work: impl Future<Output = T>) -> Option<T> {
        Some(work.await)
    }
}

impl Delivery for Edge<'_> {
    type Template = Compiled;
    type File = Infallible;
    type Body = String;
    type Reply = Reply;

    async fn manifest(&self, source: &Rc<Source>) -> Result<Rc<Kept>, Stop> {
        let answer = self.scripted(source);
        if answer.status != 200 {
            return Err(media_origin::refusal(source, answer.status));
        }
        let origin = OriginControl::read(|name| answer.header(name));
        let fetch = || self.whole(source, &answer.body);
        let bytes = self.isolate.manifest(&source.cache_key, self.version, fetch)?;
        let timing = cache::timing(&bytes);
        let lifetime =
            Lifetime::of_read(source.resource, &bytes, &timing, &source.directives, &source.policy, &origin);
        Ok(Rc::new(Kept { bytes, stamp: Stamp::new(Evidence::now_ms(self), 0, lifetime) }))
    }

    fn template(&self, rewrite: &Rewrite<'_>, manifest: &Kept) -> Result<Rc<Compiled>, Stop> {
        self.isolate.template(rewrite, &manifest.bytes)
    }

    async fn file(&self, _: &Facts, source: &Rc<Source>) -> Result<Found<Self>, Stop> {
        let answer = self.scripted(source);
        let header = |name: &str| answer.header(name);
        let kind = source.kind.unwrap_or(FileKind::Segment);
        let lifetime = Lifetime::of_file(kind, &source.policy, &OriginControl::read(header));
        let head = media_origin::file_head(source, answer.status, &lifetime, header)?;
        Ok(Found::Streamed(head, answer.body.clone()))
    }

    async fn count_use(&self, _: &Facts, _: &Site, usage: &Use) -> Result<Option<Seen>, Fault> {
        let mut used = self.stores.used.borrow_mut();
        let known = used.remove(&usage.name.to_string()).unwrap_or_default();
        let network = usage.network.map(|network| network.to_string());
        let (kept, seen) = known.count(network, usage.again_within_s, self.now.get());
        used.insert(usage.name.to_string(), kept);
        Ok(Some(seen))
    }

    async fn begin_stream(&self, _: &Facts, _: &Site, newcomer: &Newcomer) -> Result<(), Stop> {
        let mut streams = self.stores.streams.borrow_mut();
        let sessions = streams.entry(newcomer.subject).or_default();
        let others = sessions.iter().filter(|id| **id != newcomer.session).count();
        newcomer.judge(Watched { others: others as u64, placed: true })?;
        sessions.push(newcomer.session);
        Ok(())
    }

    async fn keep_stream(&self, _: &Facts, _: &Site, running: &Running) -> Result<(), Stop> {
        let mut streams = self.stores.streams.borrow_mut();
        let sessions = streams.entry(running.subject).or_default();
        if !sessions.contains(&running.session) {
            sessions.push(running.session);
        }
        Ok(())
    }

    async fn next_ahead(&self, ahead: &Ahead<'_>, breaks: Option<&[Opening]>) -> Option<Opening> {
        let mut known = self.isolate.ahead.borrow_mut();
        known.entry(MemoryKey::of(&ahead.viewer())).or_default().take(breaks, ahead)
    }

    /// At once: the reply has been made.
    fn decide_ahead(&self, decision: DecisionAhead<Rc<Source>>) {
        at_once(decision.make(self)).unwrap();
    }

    async fn control(&self, _: &Facts, route: Route) -> Result<Reply, Stop> {
        panic!("{route:?} is not scripted")
    }

    fn reply(&self, _: &Facts, answer: Answer<'_, Self>) -> Reply {
        match answer {
            Answer::Whole(reply) => reply,
            Answer::Manifest(head, ..) if head.status != 200 => head,
            Answer::Manifest(head, rewrite, compiled) => {
                Reply { body: rewrite.render(&compiled.template).into_owned(), ..head }
            }
            // Out of memory, as in the fast lane.
            Answer::Shared(manifest, compiled, heading) => {
                let head = compiled.prepared.send(&manifest, &heading, |_, reply| reply, Reply::clone);
                Reply { body: manifest.bytes().into_owned(), ..head }
            }
            Answer::File(file, _) => match *file {},
            Answer::Streamed(head, body) => Reply { body: body.into_bytes(), ..head },
        }
    }
}
