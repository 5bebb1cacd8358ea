//! The life of a request without its awaits: for the command's `explain` and for tests.
//!
//! The documents are at hand, signatures are verified in Rust, and every step leaves a trace of what it saw.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::catalog::{Document, DocumentKey, Host, Issuer, KeySet, Kind, Site, Stored, Title};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::pipeline::{self, Admission, Sessions, Stop};
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::rights::{self, Decision, Policies, Trace};
use crate::route::MediaRequest;
use crate::time::UnixTime;
use crate::token::session::SessionId;
use crate::token::{Asked, RevocationIndex, genuine, native};

/// Documents at hand, as the JSON that KV would hold.
#[derive(Clone, Debug, Default)]
pub struct Documents(pub BTreeMap<DocumentKey, Vec<u8>>);

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
    /// The reply in place of the manifest, when a token is renewed by a redirect.
    pub redirect: Option<Reply>,
}

/// Decides on a request for media, step by step: below a session when `below` tells which and for what, else at the
/// entry. `steps` grows as far as the decision got.
pub fn admit(
    documents: &Documents,
    facts: &Facts,
    below: Option<(MediaRequest, Redacted<String>)>,
    now: UnixTime,
    id: SessionId,
    steps: &mut Vec<Step>,
) -> Result<Admitted, Stop> {
    let host: Host = facts.host.parse().map_err(|_| no_site(&facts.host))?;
    let site =
        documents.find::<Site>(&DocumentKey::Site(host), steps)?.ok_or_else(|| no_site(&facts.host))?;
    let Document { revision: site_revision, body: site } = site;
    let session_keys = documents.keys(&site.sessions.keys, steps)?;
    let revocations = documents.revocations(&site, steps)?;
    let sessions = Sessions { keys: &session_keys, revocations: &revocations };
    let (request, title, admission) = match below {
        Some((request, token)) => {
            let session = pipeline::open(facts, &request, &token, &site, sessions, now)?;
            let Document { revision, body: title } = documents.title(&request, &site, steps)?;
            let resumed = pipeline::resumed(facts, &session);
            let told = rights::explain_resume(&title, &resumed, Policies::from(&site), now);
            steps.push(decided(&site, site_revision, &title, revision, &told));
            let admission = pipeline::resume(facts, &token, session, &site, &title, now)?;
            (request, title, admission)
        }
        None => {
            let (request, presented) = pipeline::present(facts, &site)?;
            let keys = documents.keys(presented.keys(), steps)?;
            let challenges = presented.challenges(&keys)?;
            let met = challenges.iter().find(|challenge| native::settle(challenge));
            let algorithm = met.map(|challenge| challenge.algorithm.name());
            let grant = presented.grant(genuine(met)?, &Asked { facts, policy: &site.tokens, now })?;
            let saw = json!({ "dialect": grant.dialect.name(), "algorithm": algorithm, "grant": grant });
            steps.push(Step { step: "grant", saw });
            let Document { revision, body: title } = documents.title(&request, &site, steps)?;
            let viewer = pipeline::viewer(facts, &site, &grant, id);
            let told = rights::explain(&title, &viewer, Policies::from(&site), now);
            steps.push(decided(&site, site_revision, &title, revision, &told));
            let admission = pipeline::admit(facts, &site, sessions, &title, &grant, now, id)?;
            (request, title, admission)
        }
    };
    steps.push(permitted(&admission));
    let redirect = pipeline::renew(facts, &request, &admission, &site, &session_keys, now)?;
    Ok(Admitted { request, site, title, admission, redirect })
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
            Kind::Site => (DocumentKey::Site(site.host.clone()), site_revision),
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

impl Documents {
    /// The document of a key, if it is there and has not been deleted.
    pub fn read<D: DeserializeOwned>(&self, key: &DocumentKey) -> Result<Option<Document<D>>, Fault> {
        match self.stored(key)? {
            Some(Stored::Live(document)) => Ok(Some(document)),
            Some(Stored::Deleted { .. }) | None => Ok(None),
        }
    }

    fn keys(&self, issuer: &Issuer, steps: &mut Vec<Step>) -> Result<KeySet, Fault> {
        let key = DocumentKey::Keys(issuer.clone());
        self.find(&key, steps)?
            .map(|document| document.body)
            .ok_or_else(|| Fault::new(FaultKind::DocumentMissing, format!("{key} is missing")))
    }

    fn revocations(&self, site: &Site, steps: &mut Vec<Step>) -> Result<RevocationIndex, Fault> {
        let found = self.find(&DocumentKey::Revocations(site.host.clone()), steps)?;
        Ok(found.map(|document| document.body).unwrap_or_default())
    }

    fn title(
        &self,
        request: &MediaRequest,
        site: &Site,
        steps: &mut Vec<Step>,
    ) -> Result<Document<Title>, Stop> {
        let title: Option<Document<Title>> = self.find(&DocumentKey::Title(request.title.clone()), steps)?;
        let unknown = || {
            Denial::new(Reason::TitleUnknown, format!("`{}` is not a title of {}", request.title, site.host))
        };
        let title = title.ok_or_else(unknown)?;
        pipeline::on_site(&title.body, &site.host)?;
        Ok(title)
    }

    fn find<D: DeserializeOwned>(
        &self,
        key: &DocumentKey,
        steps: &mut Vec<Step>,
    ) -> Result<Option<Document<D>>, Fault> {
        let found = self.stored(key)?;
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

    fn stored<D: DeserializeOwned>(&self, key: &DocumentKey) -> Result<Option<Stored<D>>, Fault> {
        let found = self.0.get(key).map(|json| Stored::<D>::from_json(json)).transpose();
        found.map_err(|error| Fault::new(FaultKind::DocumentInvalid, format!("{key}: {error}")))
    }
}
