//! The Worker's part, without its awaits: documents and a media origin out of a script.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde::Deserialize;
use serde_json::Value;
use stagedoor::cache::{self, Kind, Lifetime, OriginControl, Source, Stamp};
use stagedoor::catalog::{CorsPolicy, Document, DocumentKey, KeySet, Site};
use stagedoor::dash;
use stagedoor::facts::{Facts, Method};
use stagedoor::fault::{Fault, FaultKind};
use stagedoor::manifest::{Template, Timing};
use stagedoor::memory_key::MemoryKey;
use stagedoor::offline::{self, Admitted, Documents};
use stagedoor::pipeline::{self, Admission, Stop};
use stagedoor::redacted::Redacted;
use stagedoor::reply::Reply;
use stagedoor::rewrite::{Basis, Rewrite};
use stagedoor::route::{MediaRequest, ResourceKind, Route, route};
use stagedoor::steering;
use stagedoor::time::UnixTime;
use stagedoor::token::Record;
use stagedoor::token::session::SessionId;

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

/// What an isolate remembers: manifests as the media origin gave them, and templates.
#[derive(Default)]
pub(crate) struct Isolate {
    manifests: RefCell<HashMap<String, Rc<[u8]>>>,
    templates: RefCell<HashMap<MemoryKey, (Rc<Template>, Basis)>>,
}

impl Isolate {
    /// The manifest under a cache key: the same allocation, as long as its bytes stay the same.
    fn manifest(&self, cache_key: &str, bytes: Vec<u8>) -> Rc<[u8]> {
        let mut manifests = self.manifests.borrow_mut();
        match manifests.get(cache_key).filter(|known| ***known == *bytes) {
            Some(known) => Rc::clone(known),
            None => {
                let manifest: Rc<[u8]> = bytes.into();
                manifests.insert(cache_key.to_owned(), Rc::clone(&manifest));
                manifest
            }
        }
    }

    /// The template of a manifest, out of memory if it was made for the same.
    fn template(&self, rewrite: &Rewrite<'_>, manifest: &Rc<[u8]>) -> Result<Rc<Template>, Stop> {
        let key = rewrite.key();
        if let Some((template, basis)) = self.templates.borrow().get(&key)
            && rewrite.is_based_on(basis, manifest)
        {
            return Ok(Rc::clone(template));
        }
        let (template, basis) = rewrite.compile(manifest)?;
        let template = Rc::new(template);
        self.templates.borrow_mut().insert(key, (Rc::clone(&template), basis));
        Ok(template)
    }
}

/// An edge whose documents and media origin are scripted.
pub(crate) struct Edge<'a> {
    isolate: &'a Isolate,
    used: &'a UsedTokens,
    documents: Documents,
    upstream: BTreeMap<String, Scripted>,
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
        Self { isolate, used, documents: Documents(documents), upstream }
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
        let facts = &*pipeline::asked(facts, &admission);
        if request.kind == ResourceKind::Time {
            return Ok(pipeline::time(now.as_secs() * 1000));
        }
        if request.kind == ResourceKind::Steering {
            let keys = DocumentKey::Keys(site.body.sessions.keys.clone());
            let keys = self.documents.read::<KeySet>(&keys)?.unwrap().body;
            let reply = steering::answer(facts, &request, &site.body, &admission, &keys, now)?;
            return Ok(pipeline::for_player(reply, &admission.permit));
        }
        let permit = &admission.permit;
        let source =
            cache::source(facts, &request, &site.body, &permit.folder, &permit.caps, title.generation)?;
        let reply = self.fetch(facts, &request, &site, &admission, &source, now);
        let mut reply = reply
            .or_else(|stop| pipeline::otherwise(facts, &request, &admission, stop).map(|(reply, _)| reply))?;
        if let Some(usage) = usage.filter(|_| facts.method != Method::Head) {
            let mut used = self.used.borrow_mut();
            let known = used.remove(&usage.name.to_string()).unwrap_or_default();
            let network = usage.network.map(|network| network.to_string());
            let (kept, seen) = known.count(network, usage.again_within_s, now);
            used.insert(usage.name.to_string(), kept);
            usage.judge(seen)?;
            if usage.once && seen.again {
                reply = pipeline::used_again(reply, admission.renewal.as_ref())?;
            }
        }
        Ok(pipeline::for_player(reply, &admission.permit))
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
            let kind = source.kind.unwrap_or(Kind::Segment);
            let lifetime = Lifetime::of_file(kind, &source.policy, &origin);
            let head = pipeline::media(source, answer.status, &lifetime, header)?;
            return Ok(Reply { body: answer.body.clone().into_bytes(), ..head });
        }
        if answer.status != 200 {
            return Err(pipeline::upstream_stop(source, answer.status));
        }
        let mut bytes = answer.body.clone().into_bytes();
        if request.kind == ResourceKind::Mpd {
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
            bytes = dash::with_remote_parts(&bytes, &source.url, &source.folder, fetched);
        }
        let lifetime =
            Lifetime::of_playlist(&Timing::of(&bytes), &source.directives, &source.policy, &origin);
        let now_ms = now.as_secs() * 1000;
        let stamp = Stamp::new(now_ms, 0, lifetime);
        let rewrite = Rewrite::of(facts, request, site, admission, source);
        let manifest = self.isolate.manifest(&source.cache_key, bytes);
        let template = self.isolate.template(&rewrite, &manifest)?;
        Ok(rewrite.reply(&template, &stamp, now_ms))
    }
}
