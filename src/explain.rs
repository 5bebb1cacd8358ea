//! How a request is decided, step by step, and why: for `stagedoor explain` and for the edge's own endpoint.
//!
//! ```text
//! POST /_stagedoor/explain
//! Stagedoor-Signature: t=1795370400,v1=<64 hex digits>
//! Stagedoor-Signed-Head: n=181,h=<64 hex digits>
//!
//! {"url":"https://watch.example.com/harbour/master.m3u8?token=…","geo":"AE","now":1795370400}
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::cache;
use crate::catalog::{SessionId, host_name};
use crate::facts::{Facts, Geography, Headers, Method, Scheme};
use crate::life::renewal;
use crate::offline::{self, Admitted, Halt, Known, Question, Step};
use crate::redacted::Redacted;
use crate::route::{Route, route};
use crate::stop::Stop;
use crate::streams::Newcomer;
use crate::time::UnixTime;

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
    /// Where the viewer is, such as `AE-DU` or `US-CA;asn=7922`; absent: an unknown place.
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

    /// What the request says.
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

/// What became of a request, and the steps that led there.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Let in, with these caps; or refused, or broken.
    pub outcome: Result<Value, Stop>,
    /// Each step, and what it saw.
    pub steps: Vec<Step>,
}

impl Trace {
    /// The trace as JSON. It holds neither a token nor a key.
    pub fn json(&self) -> Value {
        let Self { outcome, steps } = self;
        match outcome {
            Ok(caps) => json!({ "outcome": "permit", "caps": caps, "steps": steps }),
            Err(Stop::Denied(denial)) => json!({
                "outcome": "denial", "reason": denial.reason.code(), "meaning": denial.reason.meaning(),
                "remedy": denial.reason.remedy(), "detail": denial.detail, "steps": steps,
            }),
            Err(Stop::Failed(fault)) => json!({
                "outcome": "fault", "reason": fault.kind.code(), "meaning": fault.kind.meaning(),
                "detail": fault.detail, "steps": steps,
            }),
        }
    }
}

/// Explains a request, as far as what is known allows: else the question that has to be answered first.
pub fn explain(facts: &Facts, now: UnixTime, known: Known<'_>) -> Result<Trace, Question> {
    let mut steps = vec![Step {
        step: "facts",
        saw: json!({
            "method": facts.method.name(), "host": facts.host, "place": facts.geography.to_string(), "now": now,
        }),
    }];
    let outcome = match decide(facts, now, known, &mut steps) {
        Ok(caps) => Ok(caps),
        Err(Halt::Stop(stop)) => Err(stop),
        Err(Halt::Ask(question)) => return Err(question),
    };
    Ok(Trace { outcome, steps })
}

fn decide(facts: &Facts, now: UnixTime, known: Known<'_>, steps: &mut Vec<Step>) -> Result<Value, Halt> {
    let below = match route(facts)? {
        Route::Below(request, token) => Some((request, token)),
        _ => None,
    };
    let entry = below.is_none();
    let credential = if below.is_some() { "session token" } else { "viewer token" };
    steps.push(Step { step: "route", saw: json!({ "credential": credential }) });
    // No session is opened: where its id is random, it is of no matter.
    let Admitted { request, site, title, admission, usage, instead, .. } =
        offline::decide(known, facts, below, now, SessionId([0; 8]), steps)?;
    if let Some(usage) = usage {
        // The store is not asked, since asking it is a use.
        let saw = json!({ "token": usage.name, "once": usage.once, "until": usage.until,
            "again_within_s": usage.again_within_s, "asked": false });
        steps.push(Step { step: "replay", saw });
    }
    let newcomer = Newcomer::of(&admission.session, &admission.permit.caps);
    if let Some(newcomer) = newcomer.filter(|_| entry && instead.is_none()) {
        // The store is not asked either: that would begin a stream.
        let saw =
            json!({ "limit": newcomer.limit, "idle_s": site.body.sessions.streams_idle_s, "asked": false });
        steps.push(Step { step: "streams", saw });
    }
    if let Some(reply) = &instead {
        let saw = json!({ "instead": { "status": reply.status } });
        steps.push(Step { step: "renew", saw });
    } else if admission.renewed {
        let saw = json!({ "uris": "lead to the same session under a longer token" });
        steps.push(Step { step: "renew", saw });
    }
    let source = cache::source(
        &renewal::without_skip(facts, &admission),
        &request,
        &site.body,
        &admission.permit.folder,
        &admission.permit.caps,
        title.generation,
    )
    .map_err(Stop::from)?;
    let saw = json!({
        "title": request.title, "resource": request.resource.as_str(), "url": source.url,
        "cache_key": source.cache_key, "kind": source.kind,
    });
    steps.push(Step { step: "source", saw });
    Ok(json!(admission.permit.caps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::DocumentKey;
    use crate::offline::{Answers, Documents};
    use crate::token::native;

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

    /// Explains by answering one question after the other, as the edge does. Returns how many there were.
    fn by_questions(facts: &Facts, documents: &Documents) -> (Value, usize) {
        let mut answers = Answers::default();
        for asked in 0..20 {
            match explain(facts, NOW, Known::SoFar(&answers)) {
                Ok(trace) => return (trace.json(), asked),
                Err(Question::Document(key)) => {
                    let json = documents.0.get(&key).cloned();
                    answers.document(key, json);
                }
                Err(Question::Signature(challenge)) => {
                    let challenge = challenge.borrowed();
                    answers.signature(&challenge, native::settle(&challenge));
                }
            }
        }
        panic!("the questions do not end");
    }

    #[test]
    fn questions_and_answers_lead_to_the_trace_of_one_who_knows_all() {
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
            let known = explain(&facts, NOW, Known::All(&documents)).unwrap().json();
            let (asked, count) = by_questions(&facts, &documents);
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
        let trace = explain(&facts, NOW, Known::All(&documents)).unwrap().json();
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
}
