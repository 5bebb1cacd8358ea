//! The life of a request without its awaits: for `explain`, at a prompt and at the edge, and for tests.
//!
//! Every step leaves a trace of what it saw. At a prompt the documents are at hand and signatures are verified in Rust.
//! At the edge both take an await: there a decision stops with a [`Question`], and is begun anew once it is answered.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::catalog::{Document, DocumentKey, Host, Issuer, KeySet, Site, Stored, Title};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::pipeline::{self, Admission, Stop};
use crate::redacted::Redacted;
use crate::route::MediaRequest;
use crate::time::UnixTime;
#[cfg(not(target_arch = "wasm32"))]
use crate::token::native;
use crate::token::session::SessionId;
use crate::token::{Asked, Challenge, OwnedChallenge, Use, genuine};

/// Documents at hand, as the JSON that KV would hold.
#[derive(Clone, Debug, Default)]
pub struct Documents(pub BTreeMap<DocumentKey, Vec<u8>>);

/// What a decision rests on besides the request.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// All the documents that there are. Signatures are verified where they are needed.
    #[cfg(not(target_arch = "wasm32"))]
    All(&'a Documents),
    /// What has been answered so far.
    SoFar(&'a Answers),
}

/// Something that a decision has to know before it can go on.
#[derive(Clone, Debug)]
pub enum Question {
    /// What KV holds under a key.
    Document(DocumentKey),
    /// Whether a challenge is met.
    Signature(Box<OwnedChallenge>),
}

/// The answers to questions.
#[derive(Debug, Default)]
pub struct Answers {
    documents: BTreeMap<DocumentKey, Option<Vec<u8>>>,
    signatures: HashMap<[u8; 32], bool>,
}

impl Answers {
    /// Takes what KV holds under a key.
    pub fn document(&mut self, key: DocumentKey, json: Option<Vec<u8>>) {
        self.documents.insert(key, json);
    }

    /// Takes whether a challenge is met.
    pub fn signature(&mut self, challenge: &Challenge<'_>, met: bool) {
        self.signatures.insert(challenge.fingerprint(), met);
    }
}

/// Why a decision came to no admission.
#[derive(Debug)]
pub enum Halt {
    /// It is decided.
    Stop(Stop),
    /// It cannot go on without an answer.
    Ask(Question),
}

impl From<Denial> for Halt {
    fn from(denial: Denial) -> Self {
        Self::Stop(denial.into())
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Stop(fault.into())
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// One step, and what it saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The step's name, as in `docs/ARCHITECTURE.md`.
    pub step: &'static str,
    /// What it saw, without secrets.
    pub saw: Value,
}

/// Who was let in, to what.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// What is asked for.
    pub request: MediaRequest,
    /// The site.
    pub site: Site,
    /// The title.
    pub title: Title,
    /// The viewer.
    pub admission: Admission,
    /// What the store of used tokens is to be asked, if anything.
    pub usage: Option<Use>,
}

/// Decides with all documents at hand; see [`decide`].
#[cfg(not(target_arch = "wasm32"))]
pub fn admit(
    documents: &Documents,
    facts: &Facts,
    below: Option<(MediaRequest, Redacted<String>)>,
    now: UnixTime,
    id: SessionId,
    steps: &mut Vec<Step>,
) -> Result<Admitted, Stop> {
    decide(Known::All(documents), facts, below, now, id, steps).map_err(|halt| match halt {
        Halt::Stop(stop) => stop,
        Halt::Ask(question) => {
            Fault::new(FaultKind::Platform, format!("nobody is here to answer {question:?}")).into()
        }
    })
}

/// Decides on a request for media, step by step: below a session when `below` tells which and for what, else at the
/// entry. `steps` grows as far as the decision got.
pub fn decide(
    known: Known<'_>,
    facts: &Facts,
    below: Option<(MediaRequest, Redacted<String>)>,
    now: UnixTime,
    id: SessionId,
    steps: &mut Vec<Step>,
) -> Result<Admitted, Halt> {
    let host: Host = facts.host.parse().map_err(|_| no_site(&facts.host))?;
    let site = known.find::<Site>(&DocumentKey::Site(host), steps)?.ok_or_else(|| no_site(&facts.host))?;
    if let Some((request, token)) = below {
        let keys = known.keys(&site.sessions.keys, steps)?;
        let session = pipeline::open(&request, &token, &site, &keys, now)?;
        let title = known.title(&request, &site, steps)?;
        let admission = pipeline::resume(facts, &token, session, &site, &title, now)?;
        steps.push(permitted(&admission));
        return Ok(Admitted { request, site, title, admission, usage: None });
    }
    let (request, presented) = pipeline::present(facts, &site)?;
    let keys = known.keys(presented.keys(), steps)?;
    let session_keys = known.keys(&site.sessions.keys, steps)?;
    let challenges = presented.challenges(&keys)?;
    let met = genuine(known.first_met(&challenges)?)?;
    let grant = presented.grant(met.key, &Asked { facts, policy: &site.tokens, now })?;
    let saw = json!({ "dialect": grant.dialect.name(), "algorithm": met.algorithm.name(), "grant": grant });
    steps.push(Step { step: "grant", saw });
    let usage = Use::of(facts, &site, &grant, met, now)?;
    let title = known.title(&request, &site, steps)?;
    let admission = pipeline::admit(facts, &site, &session_keys, &title, &grant, now, id)?;
    steps.push(permitted(&admission));
    Ok(Admitted { request, site, title, admission, usage })
}

fn permitted(Admission { session, caps, .. }: &Admission) -> Step {
    let saw = json!({
        "session": session.id.to_string(), "class": session.class.to_string(),
        "expires_at": session.expires_at, "caps": caps,
    });
    Step { step: "permit", saw }
}

fn no_site(host: &str) -> Denial {
    Denial::new(Reason::SiteUnknown, format!("no site is named `{host}`"))
}

impl Known<'_> {
    fn keys(self, issuer: &Issuer, steps: &mut Vec<Step>) -> Result<KeySet, Halt> {
        let key = DocumentKey::Keys(issuer.clone());
        let found = self.find(&key, steps)?;
        Ok(found.ok_or_else(|| Fault::new(FaultKind::DocumentMissing, format!("{key} is missing")))?)
    }

    fn title(self, request: &MediaRequest, site: &Site, steps: &mut Vec<Step>) -> Result<Title, Halt> {
        let title: Option<Title> = self.find(&DocumentKey::Title(request.title.clone()), steps)?;
        let unknown = || {
            Denial::new(Reason::TitleUnknown, format!("`{}` is not a title of {}", request.title, site.host))
        };
        let title = title.ok_or_else(unknown)?;
        pipeline::on_site(&title, &site.host)?;
        Ok(title)
    }

    /// The first challenge that is met.
    fn first_met<'c, 'a>(self, challenges: &'c [Challenge<'a>]) -> Result<Option<&'c Challenge<'a>>, Halt> {
        for challenge in challenges {
            let met = match self {
                #[cfg(not(target_arch = "wasm32"))]
                Self::All(_) => native::settle(challenge),
                Self::SoFar(answers) => match challenge.symmetric() {
                    Some(met) => met,
                    None => *answers.signatures.get(&challenge.fingerprint()).ok_or_else(|| {
                        Halt::Ask(Question::Signature(Box::new(OwnedChallenge::from(challenge))))
                    })?,
                },
            };
            if met {
                return Ok(Some(challenge));
            }
        }
        Ok(None)
    }

    fn find<D: DeserializeOwned>(self, key: &DocumentKey, steps: &mut Vec<Step>) -> Result<Option<D>, Halt> {
        let json = match self {
            #[cfg(not(target_arch = "wasm32"))]
            Self::All(documents) => documents.0.get(key),
            Self::SoFar(answers) => match answers.documents.get(key) {
                Some(answer) => answer.as_ref(),
                None => return Err(Halt::Ask(Question::Document(key.clone()))),
            },
        };
        let found = json.map(|json| Stored::<D>::from_json(json)).transpose();
        let found =
            found.map_err(|error| Fault::new(FaultKind::DocumentInvalid, format!("{key}: {error}")))?;
        let revision = found.as_ref().map(Stored::revision);
        let body = match found {
            Some(Stored::Live(Document { body, .. })) => Some(body),
            Some(Stored::Deleted { .. }) | None => None,
        };
        steps.push(Step {
            step: "document",
            saw: json!({ "key": key, "revision": revision, "found": body.is_some() }),
        });
        Ok(body)
    }
}
