//! The life of a request without its awaits: for `explain`, at a prompt and at the edge, and for tests.
//!
//! Every step leaves a trace of what it saw. At a prompt the documents are at hand and signatures are verified in Rust.
//! At the edge both take an await: there a decision stops with a [`Question`], and is begun anew once it is answered.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Value, json};

use crate::admission::{Admission, Sessions};
use crate::catalog::{
    Document, DocumentKey, DocumentKind, Host, Issuer, KeySet, KvDocument, SessionId, Site, Stored, Title,
};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::life::{below, check_site, entry, renewal};
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::resource::MediaRequest;
use crate::rights::{self, Decision, Policies, Trace};
use crate::stop::Stop;
use crate::time::UnixTime;
#[cfg(not(target_arch = "wasm32"))]
use crate::token::native;
use crate::token::{Asked, Challenge, OwnedChallenge, Presented, RevocationIndex, Use, genuine};

/// Documents at hand, as the JSON that KV would hold.
#[derive(Clone, Debug, Default)]
pub struct Documents(pub BTreeMap<DocumentKey, Vec<u8>>);

impl Documents {
    /// The document of a key, if it is there and has not been deleted.
    pub fn read<D: KvDocument>(&self, key: &DocumentKey) -> Result<Option<Document<D>>, Fault> {
        match stored(key, self.0.get(key))? {
            Some(Stored::Live(document)) => Ok(Some(document)),
            Some(Stored::Deleted { .. }) | None => Ok(None),
        }
    }
}

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
    pub site: Document<Site>,
    /// The title.
    pub title: Title,
    /// The viewer.
    pub admission: Admission,
    /// What the store of used tokens is to be asked, if anything.
    pub usage: Option<Use>,
    /// The reply in place of the manifest, if there is one: a redirect, or a patch that makes players ask for the MPD.
    pub instead: Option<Reply>,
}

/// Decides with all documents at hand; see [`decide`].
#[cfg(not(target_arch = "wasm32"))]
pub fn admit(
    documents: &Documents,
    facts: &Facts,
    session: Option<(MediaRequest, Redacted<String>)>,
    now: UnixTime,
    id: SessionId,
    steps: &mut Vec<Step>,
) -> Result<Admitted, Stop> {
    decide(Known::All(documents), facts, session, now, id, steps).map_err(|halt| match halt {
        Halt::Stop(stop) => stop,
        Halt::Ask(question) => {
            Fault::new(FaultKind::Platform, format!("nobody is here to answer {question:?}")).into()
        }
    })
}

/// What a viewer shows, and for what.
enum Shown {
    /// Below the entry.
    Session(MediaRequest, Redacted<String>),
    /// At the entry.
    Token(MediaRequest, Box<dyn Presented>),
}

/// Decides on a request for media, step by step: below a session when `session` tells which and for what, else at the
/// entry. `id` names the session that is opened where the viewer's network is not known. `steps` grows as far as the decision
/// got.
pub fn decide(
    known: Known<'_>,
    facts: &Facts,
    session: Option<(MediaRequest, Redacted<String>)>,
    now: UnixTime,
    id: SessionId,
    steps: &mut Vec<Step>,
) -> Result<Admitted, Halt> {
    let host: Host = facts.host.parse().map_err(|_| no_site(&facts.host))?;
    let site = known.find::<Site>(&DocumentKey::Site(host), steps)?.ok_or_else(|| no_site(&facts.host))?;
    let Document { revision: site_revision, body: site } = site;
    // A token that is not there, or cannot be read, is refused before any key is looked up.
    let shown = match session {
        Some((request, token)) => Shown::Session(request, token),
        None => entry::present(facts, &site).map(|(request, presented)| Shown::Token(request, presented))?,
    };
    let session_keys = known.keys(&site.sessions.keys, steps)?;
    let Document { revision: revoked_revision, body: revocations } = known.revocations(&site, steps)?;
    let sessions = Sessions { keys: &session_keys, revocations: &revocations };
    // What the credential comes to, and against which revocations.
    let judged = |steps: &mut Vec<Step>, denial: Option<&Denial>| {
        let refused = denial.map(|denial| json!({ "reason": denial.reason.code(), "detail": denial.detail }));
        let saw = json!({ "revocations": { "revision": revoked_revision, "generation": revocations.generation() },
            "refused": refused });
        steps.push(Step { step: "credential", saw });
    };
    let (request, title, mut admission, usage) = match shown {
        Shown::Session(request, token) => {
            let session = below::open(facts, &request, &token, &site, sessions, now);
            judged(steps, session.as_ref().err());
            let session = session?;
            let Document { revision, body: title } = known.title(&request, &site, steps)?;
            let resumed = below::resumed(facts, &session);
            let told = rights::explain_resume(&title, &resumed, Policies::from(&site), now);
            steps.push(decided(&site, site_revision, &title, revision, &told));
            let admission = below::resume(facts, &token, session, &site, &title, now)?;
            (request, title, admission, None)
        }
        Shown::Token(request, presented) => {
            let keys = known.keys(presented.keys(), steps)?;
            let challenges = presented.challenges(&keys)?;
            let tried = challenges.iter().map(|challenge| (&challenge.key.kid, challenge.algorithm.name()));
            let saw = json!({ "dialect": presented.dialect().name(), "keys": presented.keys(),
                "tried": tried.collect::<Vec<_>>() });
            steps.push(Step { step: "token", saw });
            let met = genuine(known.first_met(&challenges)?)?;
            let grant = presented.grant(met.key, &Asked { facts, policy: &site.tokens, now })?;
            let algorithm = met.algorithm.name();
            let saw = json!({ "dialect": grant.dialect.name(), "algorithm": algorithm, "grant": grant });
            steps.push(Step { step: "grant", saw });
            let usage = Use::of(facts, &site, &grant, met, now)?;
            let Document { revision, body: title } = known.title(&request, &site, steps)?;
            let good = entry::check_grant(&grant, &title, &revocations);
            judged(steps, good.as_ref().err());
            good?;
            let id = entry::session_id(facts, &site, &request, &grant, met, id);
            let viewer = entry::viewer(facts, &site, &grant, id);
            let told = rights::explain(&title, &viewer, Policies::from(&site), now);
            steps.push(decided(&site, site_revision, &title, revision, &told));
            let admission = entry::admit(facts, &site, sessions, &title, &grant, now, id)?;
            (request, title, admission, usage)
        }
    };
    steps.push(permitted(&admission));
    let instead = renewal::renew(&request, &mut admission, &site, &session_keys, now)?;
    let site = Document { revision: site_revision, body: site };
    Ok(Admitted { request, site, title, admission, usage, instead })
}

/// What the rights looked at, and which rule of which revision decided.
fn decided(
    site: &Site,
    site_revision: u64,
    title: &Title,
    title_revision: u64,
    (Decision { rehearsed, .. }, Trace { findings, decided }): &(Decision, Trace),
) -> Step {
    let by = decided.as_ref().map(|decided| {
        let (key, revision) = match decided.document {
            DocumentKind::Site => (DocumentKey::Site(site.host.clone()), site_revision),
            _ => (DocumentKey::Title(title.id.clone()), title_revision),
        };
        json!({ "key": key, "revision": revision, "decided": decided })
    });
    let rehearsed: Vec<_> = rehearsed
        .iter()
        .map(|denial| json!({ "reason": denial.reason.code(), "detail": denial.detail }))
        .collect();
    Step { step: "rights", saw: json!({ "findings": findings, "by": by, "rehearsed": rehearsed }) }
}

fn permitted(Admission { session, permit, .. }: &Admission) -> Step {
    let saw = json!({
        "session": session.id.to_string(), "class": session.class.to_string(),
        "expires_at": session.expires_at, "ends_at": session.ends_at, "offer": permit.offer, "caps": permit.caps,
        "folder": permit.folder, "variance": permit.variance, "replaced": permit.replaced, "ads": permit.ads,
        "until": permit.until,
    });
    Step { step: "permit", saw }
}

fn no_site(host: &str) -> Denial {
    Denial::new(Reason::SiteUnknown, format!("no site is named `{host}`"))
}

impl Known<'_> {
    fn keys(self, issuer: &Issuer, steps: &mut Vec<Step>) -> Result<KeySet, Halt> {
        let key = DocumentKey::Keys(issuer.clone());
        let found = self.find(&key, steps)?.map(|document| document.body);
        Ok(found.ok_or_else(|| Fault::new(FaultKind::DocumentMissing, format!("{key} is missing")))?)
    }

    fn revocations(self, site: &Site, steps: &mut Vec<Step>) -> Result<Document<RevocationIndex>, Halt> {
        let found = self.find(&DocumentKey::Revocations(site.host.clone()), steps)?;
        Ok(found.unwrap_or_else(|| Document { revision: 0, body: RevocationIndex::default() }))
    }

    fn title(
        self,
        request: &MediaRequest,
        site: &Site,
        steps: &mut Vec<Step>,
    ) -> Result<Document<Title>, Halt> {
        let title: Option<Document<Title>> = self.find(&DocumentKey::Title(request.title.clone()), steps)?;
        let unknown = || {
            Denial::new(Reason::TitleUnknown, format!("`{}` is not a title of {}", request.title, site.host))
        };
        let title = title.ok_or_else(unknown)?;
        check_site(&title.body, &site.host)?;
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

    fn find<D: KvDocument>(
        self,
        key: &DocumentKey,
        steps: &mut Vec<Step>,
    ) -> Result<Option<Document<D>>, Halt> {
        let json = match self {
            #[cfg(not(target_arch = "wasm32"))]
            Self::All(documents) => documents.0.get(key),
            Self::SoFar(answers) => match answers.documents.get(key) {
                Some(answer) => answer.as_ref(),
                None => return Err(Halt::Ask(Question::Document(key.clone()))),
            },
        };
        let found = stored(key, json)?;
        let revision = found.as_ref().map(Stored::revision);
        let document = match found {
            Some(Stored::Live(document)) => Some(document),
            Some(Stored::Deleted { .. }) | None => None,
        };
        steps.push(Step {
            step: "document",
            saw: json!({ "key": key, "revision": revision, "found": document.is_some() }),
        });
        Ok(document)
    }
}

fn stored<D: KvDocument>(key: &DocumentKey, json: Option<&Vec<u8>>) -> Result<Option<Stored<D>>, Fault> {
    let found = json.map(|json| Stored::<D>::from_json(json)).transpose();
    found.map_err(|error| Fault::new(FaultKind::DocumentInvalid, format!("{key}: {error}")))
}
