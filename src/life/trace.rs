//! The steps of a decision, as an explanation tells them. They hold no token and no key.

use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::{Evidence, SessionDocuments};
use crate::admission::Admission;
use crate::cache::Source;
use crate::catalog::{Document, DocumentKey, DocumentKind, Issuer, Jwk, Site, Title};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::reply::Reply;
use crate::resource::MediaRequest;
use crate::rights::{Decision, Trace};
use crate::route::{Route, logged_path};
use crate::streams::Newcomer;
use crate::time::UnixTime;
use crate::token::{Challenge, Grant, Presented, Use};

/// One step, and the values that it read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The step's name, as in `docs/ARCHITECTURE.md`.
    pub step: &'static str,
    /// The values that the step read, without secrets.
    pub saw: Value,
}

pub(crate) fn facts(facts: &Facts, now: UnixTime) -> Value {
    json!({
        "method": facts.method.name(), "host": facts.host, "resource": logged_path(facts),
        "place": facts.geography.to_string(), "now": now,
    })
}

pub(super) fn route(route: &Route) -> Value {
    let credential = if matches!(route, Route::Below(..)) { "session token" } else { "viewer token" };
    json!({ "credential": credential })
}

pub(super) fn token(presented: &dyn Presented, challenges: &[Challenge<'_>]) -> Value {
    let tried = challenges.iter().map(|challenge| (&challenge.key.kid, challenge.algorithm.name()));
    json!({ "dialect": presented.dialect().name(), "keys": presented.keys(), "tried": tried.collect::<Vec<_>>() })
}

pub(super) fn grant(grant: &Grant, met: &Challenge<'_>, is_verified: bool) -> Value {
    json!({
        "dialect": grant.dialect.name(), "algorithm": met.algorithm.name(), "verified": is_verified, "grant": grant,
    })
}

/// The name of the step in which an issuer is not asked for the keys that it publishes.
pub(crate) const NOT_ASKED: &str = "published";

/// The keys that an issuer publishes, which are not asked for.
pub(crate) fn not_asked(issuer: &Issuer, url: &Url) -> Value {
    json!({
        "document": DocumentKey::Keys(issuer.clone()), "url": url, "asked": false,
        "detail": format!("cannot be checked: the issuer publishes further keys at {url}, which these documents do not have"),
    })
}

/// The name of the step in which a signature is passed over, because the secret of its key is withheld.
pub(crate) const UNCHECKED: &str = "unchecked";

/// A signature that is passed over. `dialect` is the token's, or `session`.
pub(crate) fn unchecked(issuer: &Issuer, key: &Jwk, dialect: &str) -> Value {
    let kid = &key.kid;
    json!({
        "dialect": dialect, "document": DocumentKey::Keys(issuer.clone()), "key": kid,
        "detail": format!("cannot be checked: the secret of key `{kid}` is redacted"),
    })
}

/// The decision on a viewer token or session token, and the revision of the revocations that decided.
pub(super) fn credential(documents: &SessionDocuments, denial: Option<&Denial>) -> Value {
    let revision = documents.revocations.as_ref().map_or(0, |document| document.revision);
    let generation = documents.revocations().generation();
    json!({ "revocations": { "revision": revision, "generation": generation }, "refused": denial.map(refusal) })
}

/// Decides on the rights, and records which rule of which revision decided.
pub(super) fn rights(
    evidence: &impl Evidence,
    documents: (&Document<Site>, &Document<Title>),
    decide: impl FnOnce() -> Decision,
    explain: impl FnOnce() -> (Decision, Trace),
) -> Decision {
    if !is_recorded(evidence) {
        return decide();
    }
    let (decision, trace) = explain();
    evidence.record("rights", || decided(documents, &decision, &trace));
    decision
}

const fn is_recorded<E: Evidence>(_: &E) -> bool {
    E::RECORDS
}

fn decided(
    (site, title): (&Document<Site>, &Document<Title>),
    Decision { rehearsed, .. }: &Decision,
    Trace { findings, decided }: &Trace,
) -> Value {
    let by = decided.as_ref().map(|decided| {
        let (key, revision) = match decided.document {
            DocumentKind::Site => (DocumentKey::Site(site.body.host.clone()), site.revision),
            _ => (DocumentKey::Title(title.body.id.clone()), title.revision),
        };
        json!({ "key": key, "revision": revision, "decided": decided })
    });
    let rehearsed: Vec<_> = rehearsed.iter().map(refusal).collect();
    json!({ "findings": findings, "by": by, "rehearsed": rehearsed })
}

pub(super) fn permit(Admission { session, permit, .. }: &Admission) -> Value {
    json!({
        "session": session.id.to_string(), "class": session.class.to_string(),
        "expires_at": session.expires_at, "ends_at": session.ends_at, "offer": permit.offer, "caps": permit.caps,
        "folder": permit.folder, "variance": permit.variance, "replaced": permit.replaced, "ads": permit.ads,
        "until": permit.until,
    })
}

/// Records what the stores of used tokens and of streams are to be asked. An explanation asks neither: a question would be a
/// use, or begin a stream.
pub(super) fn record_stores(
    evidence: &impl Evidence,
    site: &Site,
    admission: &Admission,
    usage: Option<&(Grant, Use)>,
    is_replaced: bool,
) {
    if let Some((_, usage)) = usage {
        evidence.record("replay", || {
            json!({ "token": usage.name, "once": usage.once, "until": usage.until,
                "again_within_s": usage.again_within_s, "asked": false })
        });
    }
    let newcomer = Newcomer::of(&admission.session, &admission.permit.caps);
    if let Some(newcomer) = newcomer.filter(|_| admission.entered && !is_replaced) {
        evidence.record(
            "streams",
            || json!({ "limit": newcomer.limit, "idle_s": site.sessions.streams_idle_s, "asked": false }),
        );
    }
}

pub(super) fn record_renewal(evidence: &impl Evidence, admission: &Admission, instead: Option<&Reply>) {
    if let Some(reply) = instead {
        evidence.record("renew", || json!({ "instead": { "status": reply.status } }));
    } else if admission.renewed {
        evidence.record("renew", || json!({ "uris": "lead to the same session under a longer token" }));
    }
}

pub(super) fn source(request: &MediaRequest, source: &Source) -> Value {
    json!({
        "title": request.title, "resource": request.resource.as_str(), "url": source.url,
        "cache_key": source.cache_key, "kind": source.kind,
    })
}

fn refusal(denial: &Denial) -> Value {
    json!({ "reason": denial.reason.code(), "detail": denial.detail })
}
