//! How a request is decided, step by step, and why: for `stagedoor explain` and for the edge's own endpoint.
//!
//! ```text
//! POST /_stagedoor/explain
//! Stagedoor-Signature: t=1795370400,v1=<64 hex digits>
//! Stagedoor-Signed-Head: n=181,h=<64 hex digits>
//!
//! {"url":"https://watch.example.com/harbour/master.m3u8?token=…","geo":"AE","now":1795370400}
//! ```

mod place;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use self::place::{broken_at, stopped_at};
use crate::ads::address::Listing;
use crate::ads::house::Count;
use crate::ads::macros::Values;
use crate::ads::resolve::{Order, Ping, Reach, Resolution};
use crate::ads::viewer::{Answer as ViewersAnswer, Question};
use crate::ads::vmap::Vmap;
use crate::ads::{Opening, Pod};
use crate::cache::{Kept, Source, SourceError};
use crate::catalog::{
    AdServer, AdTemplate, Campaigns, Creative, CreativeId, Document, DocumentKey, Host, Issuer, Jwk, KeySet,
    KvDocument, SessionId, Site, Stored, Title, TitleId, WantedCreative, host_name,
};
use crate::denial::{Denial, Reason};
use crate::documents;
#[cfg(not(target_arch = "wasm32"))]
use crate::documents::Documents;
use crate::facts::{Facts, Geography, Headers, Method, Scheme};
use crate::fault::Fault;
use crate::life::{
    self, Choosing, EntryDocuments, Evidence, Learned, Permitted, SessionDocuments, Step, TokenKeys,
    ViewersBreak, trace,
};
use crate::redacted::Redacted;
use crate::route::{Route, route};
use crate::stop::Stop;
use crate::time::UnixTime;
#[cfg(not(target_arch = "wasm32"))]
use crate::token::native;
use crate::token::session::Session;
use crate::token::{Challenge, Dialect, Presented};

/// The most bytes in the endpoint's body.
pub const MAX_BYTES: usize = 64 * 1024;

/// A request as ops describe it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The whole URL. It may hold a token.
    pub url: Redacted<String>,
    /// The method; absent: `GET`.
    #[serde(default = "Request::default_method")]
    pub method: String,
    /// The headers by their names.
    #[serde(default)]
    pub headers: BTreeMap<String, Redacted<String>>,
    /// The viewer's location, such as `AE-DU` or `US-CA;asn=7922`. Absent: an unknown place.
    #[serde(default)]
    pub geo: String,
    /// The viewer's address.
    pub ip: Option<IpAddr>,
    /// The time, in Unix seconds; absent: the time at which it is asked.
    pub now: Option<u64>,
}

/// Why nothing can be explained about a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The URL cannot be read.
    #[error("expected an absolute URL: {0}")]
    Url(url::ParseError),
    /// The URL is not one of the web.
    #[error("expected an http or https URL, found the scheme `{0}`")]
    Scheme(String),
    /// The place cannot be read.
    #[error(transparent)]
    Place(#[from] crate::facts::GeographyError),
    /// The edge answers by itself.
    #[error("the URL is answered by the edge itself: there is nothing to decide")]
    Own,
}

impl Request {
    fn default_method() -> String {
        "GET".to_owned()
    }

    /// The facts of the request.
    pub fn facts(&self) -> Result<Facts, RequestError> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.expose().as_str()));
        let facts = facts(&self.method, self.url.expose(), headers, &self.geo, self.ip)?;
        match route(&facts) {
            Ok(Route::Entry | Route::Below(..)) | Err(_) => Ok(facts),
            Ok(_) => Err(RequestError::Own),
        }
    }
}

/// Puts the facts of a described request together. `headers` are names and values.
pub fn facts<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    place: &str,
    address: Option<IpAddr>,
) -> Result<Facts, RequestError> {
    let url = Url::parse(url).map_err(RequestError::Url)?;
    let scheme = match url.scheme() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        other => return Err(RequestError::Scheme(other.to_owned())),
    };
    let geography: Geography = place.parse()?;
    let mut read = Headers::default();
    for (name, value) in headers {
        let value = || Some(value.trim().to_owned());
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "authorization" => read.authorization = value().map(Redacted::new),
            "origin" => read.origin = value(),
            "range" => read.range = value(),
            "if-range" => read.if_range = value(),
            "if-none-match" => read.if_none_match = value(),
            "if-modified-since" => read.if_modified_since = value(),
            _ => {}
        }
        read.all.extend(value().map(|value| (name, Redacted::new(value))));
    }
    Ok(Facts {
        method: Method::from_name(method),
        scheme,
        port: url.port(),
        host: host_name(url.host_str().unwrap_or_default()).to_owned(),
        path: url.path().to_owned(),
        query: Redacted::new(url.query().unwrap_or_default().to_owned()),
        headers: read,
        address,
        geography,
        ..Facts::default()
    })
}

/// The outcome of a request, and the steps that led to it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Let in, with these caps; or refused, or broken.
    pub outcome: Result<Value, Stop>,
    /// Each step, and what it saw.
    pub steps: Vec<Step>,
}

/// The kinds of outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Let in.
    Permit,
    /// Refused.
    Denial,
    /// Something is broken.
    Fault,
    /// It depends on a signature that cannot be checked, since the secret of its key is withheld.
    Unchecked,
}

impl Verdict {
    /// Every kind of outcome.
    pub const ALL: [Self; 4] = [Self::Permit, Self::Denial, Self::Fault, Self::Unchecked];

    /// The name, as `outcome` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Denial => "denial",
            Self::Fault => "fault",
            Self::Unchecked => "unchecked",
        }
    }
}

impl Trace {
    /// The kind of outcome. A refusal that comes whether or not a signature is right is a denial.
    pub fn verdict(&self) -> Verdict {
        let unchecked: Vec<_> = self.unchecked().collect();
        match &self.outcome {
            Ok(_) if unchecked.is_empty() => Verdict::Permit,
            Ok(_) => Verdict::Unchecked,
            Err(Stop::Denied(denial)) => {
                let of = |dialect: Dialect| unchecked.iter().any(|saw| saw["dialect"] == dialect.name());
                // Some dialects ask for the secret once more, to find which spelling was signed or whom a token is bound to. A
                // token without `kid` may be of any published key.
                let is_open = match denial.reason {
                    Reason::TokenKeyUnknown => self.not_asked().is_some(),
                    Reason::TokenSignature => !unchecked.is_empty() || self.not_asked().is_some(),
                    Reason::TokenBinding => of(Dialect::SecureMedia),
                    _ => false,
                };
                if is_open { Verdict::Unchecked } else { Verdict::Denial }
            }
            Err(Stop::Failed(_)) => Verdict::Fault,
        }
    }

    /// What was passed over, since the secret of its key is withheld.
    fn unchecked(&self) -> impl Iterator<Item = &Value> {
        self.steps.iter().filter(|step| step.step == trace::UNCHECKED).map(|step| &step.saw)
    }

    /// Where an issuer publishes keys that were not asked for.
    fn not_asked(&self) -> Option<&Value> {
        self.steps.iter().find(|step| step.step == trace::NOT_ASKED).map(|step| &step.saw)
    }

    /// The trace as JSON. It holds neither a token nor a key.
    pub fn json(&self) -> Value {
        let Self { outcome, steps } = self;
        let verdict = self.verdict();
        let unchecked: Vec<_> = self.unchecked().collect();
        let mut json = Map::from_iter([
            ("outcome".to_owned(), verdict.name().into()),
            ("steps".to_owned(), json!(steps)),
        ]);
        if !unchecked.is_empty() {
            json.insert("unchecked".to_owned(), json!(unchecked));
        }
        let more = match (verdict, outcome) {
            (Verdict::Unchecked, Ok(caps)) => json!({
                "caps": caps, "detail": "let in if the signature is right, which cannot be checked",
            }),
            (Verdict::Unchecked, Err(Stop::Denied(denial))) => {
                let redacted = "the token needs the secret of its key for more than its signature, and that secret is redacted";
                let not_asked = self.not_asked().and_then(|published| published.get("detail")?.as_str());
                json!({ "stopped_at": stopped_at(denial.reason), "detail": not_asked.unwrap_or(redacted) })
            }
            (_, Ok(caps)) => json!({ "caps": caps }),
            (_, Err(Stop::Denied(denial))) => json!({
                "stopped_at": stopped_at(denial.reason), "reason": denial.reason.code(),
                "meaning": denial.reason.meaning(), "remedy": denial.reason.remedy(), "detail": denial.detail,
            }),
            (_, Err(Stop::Failed(fault))) => json!({
                "stopped_at": broken_at(fault.kind), "reason": fault.kind.code(), "meaning": fault.kind.meaning(),
                "detail": fault.detail,
            }),
        };
        if let Value::Object(more) = more {
            json.extend(more);
        }
        json.into()
    }
}

/// Answers the questions of an explanation.
#[expect(async_fn_in_trait, reason = "explanations stay on the thread that began them")]
pub trait Archive {
    /// The JSON that is stored under a key.
    async fn json(&self, key: &DocumentKey) -> Result<Option<Vec<u8>>, Fault>;

    /// The keys of an issuer's document, together with the keys that the issuer publishes.
    async fn with_published(&self, keys: Document<KeySet>) -> Result<Document<KeySet>, Fault>;

    /// Whether [`with_published`](Self::with_published) asks the issuers.
    fn asks_issuers(&self) -> bool {
        true
    }

    /// Whether an asymmetric signature is genuine.
    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault>;

    /// Whether the secret of an issuer's key is redacted, and something else stands in its place.
    fn is_withheld(&self, issuer: &Issuer, key: &Jwk) -> bool {
        let _ = (issuer, key);
        false
    }
}

/// At a prompt all documents are there, and signatures are verified in Rust.
#[cfg(not(target_arch = "wasm32"))]
impl Archive for Documents {
    async fn json(&self, key: &DocumentKey) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.0.get(key).cloned())
    }

    async fn with_published(&self, keys: Document<KeySet>) -> Result<Document<KeySet>, Fault> {
        Ok(keys)
    }

    fn asks_issuers(&self) -> bool {
        false
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        Ok(native::settle(challenge))
    }
}

/// Explains a request: its life as far as the source of the bytes, which has no effect.
pub async fn explain(facts: &Facts, now: UnixTime, archive: &impl Archive) -> Trace {
    let explaining = Explaining { archive, now, steps: RefCell::default() };
    explaining.record("facts", || trace::facts(facts, now));
    let decided = async { life::explain(facts, route(facts)?, &explaining, &mut Learned::default()).await };
    let outcome = decided.await.map(|decided| json!(decided.admission.permit.caps));
    Trace { outcome, steps: explaining.steps.into_inner() }
}

/// Explains what fills a break for the viewer of a request, whatever the request itself is for. `None`: the request is refused.
pub async fn pod(
    facts: &Facts,
    now: UnixTime,
    archive: &impl Archive,
    opening: &Opening,
    listing: Listing,
) -> (Trace, Option<Rc<Pod>>) {
    let explaining = Explaining { archive, now, steps: RefCell::default() };
    explaining.record("facts", || trace::facts(facts, now));
    let decided = async { life::explain_pod(facts, route(facts)?, opening, listing, &explaining).await };
    let (outcome, pod) = match decided.await {
        Ok((caps, pod)) => (Ok(json!(caps)), Some(pod)),
        Err(stop) => (Err(stop), None),
    };
    (Trace { outcome, steps: explaining.steps.into_inner() }, pod)
}

/// Answers a decision out of an archive, and takes down its steps.
struct Explaining<'a, A> {
    archive: &'a A,
    now: UnixTime,
    steps: RefCell<Vec<Step>>,
}

impl<A: Archive> Evidence for Explaining<'_, A> {
    type Source = Rc<Source>;

    fn now_ms(&self) -> u64 {
        self.now.as_secs() * 1000
    }

    async fn site(&self, host: &str) -> Result<Option<Rc<Document<Site>>>, Fault> {
        let Ok(host) = host.parse() else { return Ok(None) };
        Ok(self.read(&DocumentKey::Site(host)).await?.map(Rc::new))
    }

    async fn session_documents(&self, site: &Site) -> Result<SessionDocuments, Fault> {
        let keys = self.keys(&site.sessions.keys).await?;
        let revocations = self.read(&DocumentKey::Revocations(site.host.clone())).await?.map(Rc::new);
        Ok(SessionDocuments { keys, revocations })
    }

    async fn entry_documents(&self, site: &Site, token: &dyn Presented) -> Result<EntryDocuments, Fault> {
        let session = self.session_documents(site).await?;
        let token_keys = TokenKeys::Document(self.keys(token.keys()).await?);
        Ok(EntryDocuments { session, token_keys })
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        self.archive.is_genuine(challenge).await
    }

    fn is_withheld(&self, issuer: &Issuer, key: &Jwk) -> bool {
        self.archive.is_withheld(issuer, key)
    }

    fn open<'k>(
        &self,
        token: &str,
        site: &Site,
        keys: &'k Document<KeySet>,
    ) -> Result<(Session, &'k Jwk), Denial> {
        let issuer = &site.sessions.keys;
        let is_withheld = |key: &Jwk| self.archive.is_withheld(issuer, key);
        let opened = match Session::open(token, &keys.body, site.host.as_str()) {
            Err(denial) if denial.reason == Reason::SessionSignature => {
                let withheld = keys.body.keys.iter().filter(|key| is_withheld(key));
                Session::unverified(token, withheld).ok_or(denial)
            }
            opened => opened,
        };
        if let Ok((_, key)) = &opened
            && is_withheld(key)
        {
            self.record(trace::UNCHECKED, || trace::unchecked(issuer, key, "session"));
        }
        opened
    }

    async fn title(&self, id: &TitleId) -> Result<Option<Rc<Document<Title>>>, Fault> {
        Ok(self.read(&DocumentKey::Title(id.clone())).await?.map(Rc::new))
    }

    async fn campaigns(&self, host: &Host) -> Result<Option<Rc<Document<Campaigns>>>, Fault> {
        Ok(self.read(&DocumentKey::Campaigns(host.clone())).await?.map(Rc::new))
    }

    async fn creative(&self, id: &CreativeId) -> Result<Option<Rc<Document<Creative>>>, Fault> {
        Ok(self.read(&DocumentKey::Creative(id.clone())).await?.map(Rc::new))
    }

    /// Ad servers are not asked.
    async fn vmap(&self, _: &Facts, _: &Site, url: &AdTemplate) -> Option<Rc<Vmap>> {
        self.record("vmap", || json!({ "url": url, "asked": false }));
        None
    }

    /// No session is opened, so its name does not matter.
    fn session_id(&self) -> Result<SessionId, Fault> {
        Ok(SessionId([0; 8]))
    }

    fn source(&self, resource: &Permitted<'_>) -> Result<Self::Source, SourceError> {
        resource.source().map(Rc::new)
    }

    const RECORDS: bool = true;

    fn record(&self, step: &'static str, saw: impl FnOnce() -> Value) {
        let saw = saw();
        self.steps.borrow_mut().push(Step { step, saw });
    }
}

/// Each explanation decides anew, and leaves no decision behind.
impl<A: Archive> Choosing for Explaining<'_, A> {
    async fn decided_pod(&self, _: &ViewersBreak<'_>, _: Duration) -> Option<Rc<Pod>> {
        None
    }

    /// Explanations ask no media origin.
    async fn content(&self, _: &Rc<Source>) -> Option<Rc<Kept>> {
        None
    }

    fn remember_pod(&self, _: &ViewersBreak<'_>, _: &Rc<Pod>, _: u64) {}

    /// The store would record the question. So the explanation is that of a viewer who has seen nothing.
    async fn viewer(&self, _: &Facts, _: &Site, _: &Session, question: &Question) -> Option<ViewersAnswer> {
        self.record("viewer", || json!({ "choices": question.choices.len(), "asked": false }));
        None
    }

    async fn count(&self, _: &Facts, _: &Site, count: &Count) -> Option<bool> {
        self.record("cap", || json!({ "campaign": count.campaign, "cap": count.cap, "asked": false }));
        None
    }

    async fn ad_server(&self, _: &Facts, _: &Site, _: &AdServer, _: &Order<'_>) -> Option<Resolution> {
        None
    }

    fn tell_ad_servers(&self, _: &Site, _: &Reach, _: &Values, _: Vec<Ping>) {}

    fn report_wanted(&self, _: &Site, _: Vec<WantedCreative>) {}

    async fn within<T>(&self, _: Duration, work: impl Future<Output = T>) -> Option<T> {
        Some(work.await)
    }
}

impl<A: Archive> Explaining<'_, A> {
    async fn keys(&self, issuer: &Issuer) -> Result<Rc<Document<KeySet>>, Fault> {
        let keys = self.read::<KeySet>(&DocumentKey::Keys(issuer.clone())).await?;
        let keys = keys.ok_or_else(|| life::keys_missing(issuer))?;
        if let Some(published) = keys.body.published.as_ref().filter(|_| !self.archive.asks_issuers()) {
            self.record(trace::NOT_ASKED, || trace::not_asked(issuer, &published.url));
        }
        self.archive.with_published(keys).await.map(Rc::new)
    }

    async fn read<D: KvDocument>(&self, key: &DocumentKey) -> Result<Option<Document<D>>, Fault> {
        let stored = match self.archive.json(key).await? {
            Some(json) => Some(documents::parse::<D>(key, &json)?),
            None => None,
        };
        let revision = stored.as_ref().map(Stored::revision);
        let document = match stored {
            Some(Stored::Live(document)) => Some(document),
            Some(Stored::Deleted { .. }) | None => None,
        };
        self.record("document", || json!({ "key": key, "revision": revision, "found": document.is_some() }));
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::catalog::KeyMaterial;
    use crate::life::at_once;
    use crate::rights::Class;
    use crate::token::Grant;
    use crate::token::session::Opening;

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);
    // The key of RFC 7515 appendix A.3.1.
    const SITE: &str = r#"{"revision":3,"host":"watch.example.com","media":{"origin":"https://media.example.com/"},
        "tokens":{"issuers":["id"]},"sessions":{"keys":"s"}}"#;
    const KEYS: &str = r#"{"revision":1,"issuer":"id","keys":[{"kty":"EC","kid":"b","alg":"ES256","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    const SESSIONS: &str = r#"{"revision":1,"issuer":"s","keys":[{"kty":"oct","kid":"a","alg":"HS256",
        "k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    const TITLE: &str = r#"{"revision":7,"id":"harbour","sites":["watch.example.com"],
        "offers":[{"id":"gulf","territories":{"allow":["AE"]}}]}"#;

    fn documents() -> Documents {
        let texts = [
            ("v1/site/watch.example.com", SITE),
            ("v1/keys/id", KEYS),
            ("v1/keys/s", SESSIONS),
            ("v1/title/harbour", TITLE),
        ];
        Documents(texts.map(|(key, text)| (key.parse().unwrap(), text.as_bytes().to_vec())).into())
    }

    fn token() -> String {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        use jwt_simple::prelude::*;
        let private = URL_SAFE_NO_PAD.decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI").unwrap();
        let claims: JWTClaims<Value> =
            serde_json::from_value(json!({ "iss": "id", "exp": NOW.as_secs() + 60, "sub": "v" })).unwrap();
        ES256KeyPair::from_bytes(&private).unwrap().with_key_id("b").sign(claims).unwrap()
    }

    fn request(value: Value) -> Request {
        serde_json::from_value(value).unwrap()
    }

    /// Answers as the edge does: each answer has to be awaited. Counts the questions.
    struct Awaited<'a>(&'a Documents, Cell<usize>);

    impl Awaited<'_> {
        async fn wait(&self) {
            self.1.set(self.1.get() + 1);
            let mut polls = 0;
            poll_fn(|_| {
                polls += 1;
                if polls > 2 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }

    impl Archive for Awaited<'_> {
        async fn json(&self, key: &DocumentKey) -> Result<Option<Vec<u8>>, Fault> {
            self.wait().await;
            self.0.json(key).await
        }

        async fn with_published(&self, keys: Document<KeySet>) -> Result<Document<KeySet>, Fault> {
            self.0.with_published(keys).await
        }

        async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
            self.wait().await;
            self.0.is_genuine(challenge).await
        }
    }

    /// The trace with answers that are awaited, and the number of questions.
    fn awaited(facts: &Facts, documents: &Documents) -> (Value, usize) {
        let archive = Awaited(documents, Cell::new(0));
        let mut explaining = pin!(explain(facts, NOW, &archive));
        let mut context = Context::from_waker(Waker::noop());
        let trace = loop {
            if let Poll::Ready(trace) = explaining.as_mut().poll(&mut context) {
                break trace;
            }
        };
        (trace.json(), archive.1.get())
    }

    #[test]
    fn answers_that_are_awaited_lead_to_the_same_trace() {
        let token = token();
        let documents = documents();
        let entry = format!("https://watch.example.com/harbour/m.m3u8?token={token}");
        for (name, value, outcome, questions) in [
            ("permit", json!({ "url": entry, "geo": "AE" }), "permit", 6),
            ("denied by rights", json!({ "url": entry, "geo": "GB" }), "denial", 6),
            ("another method", json!({ "url": entry, "method": "PUT" }), "denial", 0),
            ("not signed", json!({ "url": format!("{entry}A"), "geo": "AE" }), "denial", 5),
            ("no site", json!({ "url": "https://elsewhere.example.com/a/b.m3u8" }), "denial", 1),
            ("no session", json!({ "url": "https://watch.example.com/~abc/harbour/m.m3u8" }), "denial", 3),
        ] {
            let facts = request(value).facts().unwrap();
            let known = at_once(explain(&facts, NOW, &documents)).unwrap().json();
            let (asked, count) = awaited(&facts, &documents);
            assert_eq!(asked, known, "{name}");
            assert_eq!(known["outcome"], outcome, "{name}: {known}");
            assert_eq!(count, questions, "{name}");
            assert!(!known.to_string().contains(&token), "{name}");
        }
    }

    #[test]
    fn a_missing_document_is_a_fault() {
        let mut documents = documents();
        documents.0.remove(&"v1/keys/id".parse::<DocumentKey>().unwrap());
        let url = format!("https://watch.example.com/harbour/m.m3u8?token={}", token());
        let facts = request(json!({ "url": url, "geo": "AE" })).facts().unwrap();
        let trace = at_once(explain(&facts, NOW, &documents)).unwrap().json();
        assert_eq!((&trace["outcome"], &trace["reason"]), (&json!("fault"), &json!("document_missing")));
    }

    #[test]
    fn what_cannot_be_explained() {
        for (bad, why) in [
            (json!({ "url": "nonsense" }), "expected an absolute URL"),
            (json!({ "url": "ftp://a/b" }), "found the scheme `ftp`"),
            (json!({ "url": "https://a/b", "geo": "nowhere" }), "expected a place"),
            (json!({ "url": "https://a/healthz" }), "nothing to decide"),
            (json!({ "url": "https://a/_stagedoor/explain", "method": "POST" }), "nothing to decide"),
        ] {
            let error = request(bad).facts().unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
        assert!(serde_json::from_str::<Request>(r#"{"url":"https://a/b","token":"x"}"#).is_err());
    }

    /// Documents without the shared secrets of their keys.
    struct Withheld<'a>(&'a Documents);

    impl Archive for Withheld<'_> {
        async fn json(&self, key: &DocumentKey) -> Result<Option<Vec<u8>>, Fault> {
            self.0.json(key).await
        }

        async fn with_published(&self, keys: Document<KeySet>) -> Result<Document<KeySet>, Fault> {
            Ok(keys)
        }

        async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
            self.0.is_genuine(challenge).await
        }

        fn is_withheld(&self, _: &Issuer, key: &Jwk) -> bool {
            matches!(key.material, KeyMaterial::Symmetric { .. })
        }
    }

    fn hs256(secret: u8, kid: &str) -> String {
        use jwt_simple::prelude::*;
        let claims: JWTClaims<Value> =
            serde_json::from_value(json!({ "iss": "id", "exp": NOW.as_secs() + 60, "sub": "v" })).unwrap();
        HS256Key::from_bytes(&[secret; 32]).with_key_id(kid).authenticate(claims).unwrap()
    }

    /// A token of a session, made with the key `kid` of this secret.
    fn session(secret: char, kid: &str, granting: &str) -> String {
        let k = secret.to_string().repeat(42) + "A";
        let keys = json!({ "issuer": "s", "keys": [{ "kty": "oct", "kid": kid, "alg": "HS256", "k": k }] });
        let keys: KeySet = serde_json::from_value(keys).unwrap();
        let trace = at_once(explain(
            &request(json!({ "url": granting, "geo": "AE" })).facts().unwrap(),
            NOW,
            &documents(),
        ));
        let class =
            trace.unwrap().steps.into_iter().find(|step| step.step == "permit").unwrap().saw["class"].clone();
        let class: [u8; 4] = (0..4)
            .map(|at| u8::from_str_radix(&class.as_str().unwrap()[2 * at..2 * at + 2], 16).unwrap())
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let (title, facts) = ("harbour".parse().unwrap(), Facts::default());
        let grant = Grant::new(Dialect::Jwt, "id".parse().unwrap(), "b".parse().unwrap());
        let opening = Opening {
            class: Class(class),
            expires_at: NOW.plus_secs(60),
            ends_at: NOW.plus_secs(60),
            ..Opening::plain(&title, &grant, &facts)
        };
        Session::new(&opening).mint(&keys, "watch.example.com").unwrap()
    }

    #[test]
    fn a_signature_whose_key_is_withheld_is_never_called_right() {
        let mut documents = documents();
        let keys = json!({ "revision": 1, "issuer": "id", "keys": [
            { "kty": "oct", "kid": "h", "alg": "HS256", "k": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE" },
            serde_json::from_str::<Value>(KEYS).unwrap()["keys"][0],
        ] });
        documents.0.insert("v1/keys/id".parse().unwrap(), keys.to_string().into_bytes());
        let entry = |token: &str| format!("https://watch.example.com/harbour/m.m3u8?token={token}");
        let below = |token: &str| format!("https://watch.example.com/~{token}/harbour/m.m3u8");
        let (public, right, forged) = (entry(&token()), hs256(1, "h"), hs256(2, "h"));
        let redacted = "cannot be checked: the secret of key `h` is redacted";
        for (name, url, geo, outcome, reason, unchecked) in [
            ("another key has made it", public.clone(), "AE", "permit", None, None),
            (
                "another key has not made it",
                format!("{public}A"),
                "AE",
                "denial",
                Some("token_signature"),
                None,
            ),
            ("right", entry(&right), "AE", "unchecked", None, Some(redacted)),
            ("forged", entry(&forged), "AE", "unchecked", None, Some(redacted)),
            ("refused in any case", entry(&forged), "GB", "denial", Some("territory"), Some(redacted)),
            ("no such key", entry(&hs256(1, "x")), "AE", "denial", Some("token_key_unknown"), None),
            (
                "a session",
                below(&session('A', "a", &public)),
                "AE",
                "unchecked",
                None,
                Some("cannot be checked: the secret of key `a` is redacted"),
            ),
            (
                "a forged session",
                below(&session('B', "a", &public)),
                "AE",
                "unchecked",
                None,
                Some("cannot be checked: the secret of key `a` is redacted"),
            ),
            (
                "a session of no such key",
                below(&session('A', "x", &public)),
                "AE",
                "denial",
                Some("session_signature"),
                None,
            ),
        ] {
            let facts = request(json!({ "url": url, "geo": geo })).facts().unwrap();
            let trace = at_once(explain(&facts, NOW, &Withheld(&documents))).unwrap().json();
            let found = (
                trace["outcome"].as_str(),
                trace["reason"].as_str(),
                trace["unchecked"][0]["detail"].as_str(),
            );
            assert_eq!(found, (Some(outcome), reason, unchecked), "{name}: {trace}");
            let grant = trace["steps"].as_array().unwrap().iter().find(|step| step["step"] == "grant");
            if let Some(grant) = grant {
                assert_eq!(grant["saw"]["verified"], unchecked.is_none(), "{name}: {trace}");
            }
        }
    }
}
