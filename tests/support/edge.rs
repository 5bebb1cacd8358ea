//! The Worker's part, without its awaits: documents and a media origin out of a script.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde::Deserialize;
use serde_json::Value;
use stagedoor::admission::Admission;
use stagedoor::cache::{self, FileKind, Lifetime, OriginControl, Source, Stamp};
use stagedoor::catalog::{CorsPolicy, Document, DocumentKey, KeySet, SessionId, Site};
use stagedoor::dash;
use stagedoor::facts::{Facts, Method};
use stagedoor::fault::{Fault, FaultKind};
use stagedoor::heading::{Heading, Prepared};
use stagedoor::life::{clock, entry, renewal};
use stagedoor::manifest::Template;
use stagedoor::media_origin;
use stagedoor::memory_key::MemoryKey;
use stagedoor::offline::{self, Admitted, Documents};
use stagedoor::redacted::Redacted;
use stagedoor::reply::Reply;
use stagedoor::resource::{MediaRequest, ResourceKind};
use stagedoor::rewrite::{Basis, Rewrite, SharedManifest};
use stagedoor::route::{Route, route};
use stagedoor::steering;
use stagedoor::stop::Stop;
use stagedoor::time::UnixTime;
use stagedoor::token::Record;

/// What the media origin answers.
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

/// What is kept of each token, by its name.
pub(crate) type UsedTokens = RefCell<BTreeMap<String, Record>>;

impl From<&str> for Scripted {
    fn from(body: &str) -> Self {
        Self { status: ok(), headers: BTreeMap::new(), body: body.to_owned() }
    }
}

/// What an isolate remembers, under the keys of the Worker's own memories, for ever.
#[derive(Default)]
pub(crate) struct Isolate {
    manifests: RefCell<HashMap<Fetched, Rc<[u8]>>>,
    templates: RefCell<HashMap<MemoryKey, (Rc<Compiled>, Basis)>>,
    /// How often something was found in it.
    pub(crate) hits: Cell<usize>,
}

/// The cache key of a manifest with its parts, and the version of the media origin that they are of.
type Fetched = (String, u64);

/// A template, and the last head of it.
struct Compiled {
    template: Template,
    prepared: Prepared<Reply>,
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
    used: &'a UsedTokens,
    documents: Documents,
    upstream: BTreeMap<String, Scripted>,
    /// Which version of what the media origin has.
    pub(crate) version: u64,
}

impl<'a> Edge<'a> {
    /// Takes documents by their keys, and replies by their URLs.
    pub(crate) fn new(
        documents: &BTreeMap<String, Value>,
        upstream: BTreeMap<String, Scripted>,
        used: &'a UsedTokens,
        isolate: &'a Isolate,
    ) -> Self {
        let documents = documents
            .iter()
            .map(|(key, value)| (key.parse().unwrap(), value.to_string().into_bytes()))
            .collect();
        Self { isolate, used, documents: Documents(documents), upstream, version: 0 }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, facts: &Facts, now: UnixTime) -> Reply {
        let reply = match route(facts) {
            Ok(Route::Healthz) => Reply::json(200, &serde_json::json!({ "status": "ok" })),
            Ok(Route::Preflight) => Reply { status: 204, ..Reply::default() },
            Ok(Route::Entry) => self.media(facts, None, now).unwrap_or_else(|stop| Reply::from(&stop)),
            Ok(Route::Below(request, token)) => {
                self.media(facts, Some((request, token)), now).unwrap_or_else(|stop| Reply::from(&stop))
            }
            Ok(other) => panic!("{other:?} is not scripted"),
            Err(denial) => Reply::from(&denial),
        };
        reply.guarded(&self.cors(facts), facts)
    }

    /// The policy of the site, where there is one.
    fn cors(&self, facts: &Facts) -> CorsPolicy {
        let site = format!("v1/site/{}", facts.host).parse().ok().and_then(|key| self.documents.0.get(&key));
        site.and_then(|json| serde_json::from_slice::<Site>(json).ok())
            .map(|site| site.cors)
            .unwrap_or_default()
    }

    fn media(
        &self,
        facts: &Facts,
        below: Option<(MediaRequest, Redacted<String>)>,
        now: UnixTime,
    ) -> Result<Reply, Stop> {
        let id = SessionId([7; 8]);
        let Admitted { request, site, title, admission, usage, instead } =
            offline::admit(&self.documents, facts, below, now, id, &mut Vec::new())?;
        if let Some(instead) = instead {
            return Ok(instead);
        }
        let facts = &*renewal::without_skip(facts, &admission);
        if request.kind == ResourceKind::Time {
            return Ok(clock::reply(now.as_secs() * 1000));
        }
        if request.kind == ResourceKind::Steering {
            let keys = DocumentKey::Keys(site.body.sessions.keys.clone());
            let keys = self.documents.read::<KeySet>(&keys)?.unwrap().body;
            let reply = steering::answer(facts, &request, &site.body, &admission, &keys, now)?;
            return Ok(reply.not_kept_if(admission.permit.replaced.is_some()));
        }
        let permit = &admission.permit;
        let source =
            cache::source(facts, &request, &site.body, &permit.folder, &permit.caps, title.generation)?;
        let reply = self.fetch(facts, &request, &site, &admission, &source, now);
        let mut reply = reply.or_else(|stop| {
            renewal::instead_of_manifest(facts, &request, &admission, stop).map(|(reply, _)| reply)
        })?;
        if let Some(usage) = usage.filter(|_| facts.method != Method::Head) {
            let mut used = self.used.borrow_mut();
            let known = used.remove(&usage.name.to_string()).unwrap_or_default();
            let network = usage.network.map(|network| network.to_string());
            let (kept, seen) = known.count(network, usage.again_within_s, now);
            used.insert(usage.name.to_string(), kept);
            usage.judge(seen)?;
            if usage.once && seen.again {
                reply = entry::used_again(reply, admission.renewal.as_ref())?;
            }
        }
        Ok(reply.not_kept_if(admission.permit.replaced.is_some()))
    }

    fn fetch(
        &self,
        facts: &Facts,
        request: &MediaRequest,
        site: &Document<Site>,
        admission: &Admission,
        source: &Source,
        now: UnixTime,
    ) -> Result<Reply, Stop> {
        let missing = Scripted { status: 404, headers: BTreeMap::new(), body: String::new() };
        let answer = self.upstream.get(source.url.as_str()).unwrap_or(&missing);
        let header = |name: &str| {
            let mut headers = answer.headers.iter();
            headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        };
        let origin = OriginControl::read(header);
        if request.kind == ResourceKind::Segment {
            let kind = source.kind.unwrap_or(FileKind::Segment);
            let lifetime = Lifetime::of_file(kind, &source.policy, &origin);
            let head = media_origin::file_head(source, answer.status, &lifetime, header)?;
            return Ok(Reply { body: answer.body.clone().into_bytes(), ..head });
        }
        if answer.status != 200 {
            return Err(media_origin::refusal(source, answer.status));
        }
        let manifest =
            self.isolate.manifest(&source.cache_key, self.version, || self.whole(source, &answer.body))?;
        let lifetime = Lifetime::of_read(
            source.resource,
            &manifest,
            &cache::timing(&manifest),
            &source.directives,
            &source.policy,
            &origin,
        );
        let now_ms = now.as_secs() * 1000;
        let stamp = Stamp::new(now_ms, 0, lifetime);
        let rewrite = Rewrite::of(facts, request, site, admission, source);
        let compiled = self.isolate.template(&rewrite, &manifest)?;
        let reply = rewrite.reply(&compiled.template, &stamp, now_ms);
        if compiled.template.is_shared() && !admission.entered && !admission.renewed && reply.status == 200 {
            self.expect_same_of_lane(
                facts,
                request,
                site,
                admission,
                &stamp,
                &compiled,
                reply.clone(),
                now_ms,
            );
        }
        Ok(reply)
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

    /// The lane's head, which may be remembered, is that of the long way.
    #[expect(clippy::too_many_arguments, reason = "what both ways have at hand")]
    fn expect_same_of_lane(
        &self,
        facts: &Facts,
        request: &MediaRequest,
        site: &Document<Site>,
        admission: &Admission,
        stamp: &Stamp,
        compiled: &Compiled,
        reply: Reply,
        now_ms: u64,
    ) {
        let Compiled { template, prepared } = compiled;
        let heading = Heading::of(facts, site, &admission.permit, stamp, Some(stamp.age_s(now_ms)));
        let shared = SharedManifest { template, kind: request.kind };
        let found = prepared.send(&shared, &heading, |_, reply| reply, Reply::clone);
        let expected = reply.not_kept_if(admission.permit.replaced.is_some()).guarded(&site.body.cors, facts);
        let sorted = |reply: &Reply| {
            let mut headers = reply.headers.clone();
            headers.sort();
            headers
        };
        assert_eq!(sorted(&found), sorted(&expected));
    }
}
