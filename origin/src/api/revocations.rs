//! Revocations of a site, entry by entry. The service builds the document and its generation, so simultaneous operators lose no
//! entry, and no generation is used twice.
//!
//! ```text
//! POST   /api/v1/revocations/{host}?dry_run=&force= {"what": {"subject": {...}}, "expires"?, "until"?, "note"?}
//! GET    /api/v1/revocations/{host}?after=&limit= some of the entries, by generation
//! DELETE /api/v1/revocations/{host}/{generation}  takes the entry back
//! ```
//!
//! Each reply has the document with the entries concerned, and the number of all entries.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Extension, Router};
use serde::Deserialize;
use stagedoor::catalog::{DocumentKey, DocumentKind, Host, Revocation, Revoked, Site};
use stagedoor::time::UnixTime;

use super::Api;
use super::documents;
use super::history;
use super::page::PageRequest;
use super::parameters::Parameters;
use super::path::{self, InPath};
use super::problem::Problem;
use super::reply::{DocumentReply, Entries, Would};
use super::upload::JsonBody;
use crate::clock::UnixMillis;
use crate::store::{Actor, Effect, Manner, Revised, Revoking, Warning, WarningCode};
use crate::validate::{self, FieldError};

/// The routes, under `at`.
pub(super) fn routes(at: &str) -> Router<Api> {
    Router::new()
        .route(at, get(move |api, by, query| documents::list(api, by, DocumentKind::Revocations, query)))
        .route(&format!("{at}/{{host}}"), get(list).post(revoke))
        .route(&format!("{at}/{{host}}/{{generation}}"), delete(take_back))
        .route(
            &format!("{at}/{{host}}/history"),
            get(move |api, by, id, query| history::of_one(api, by, DocumentKind::Revocations, id, query)),
        )
}

/// The body of a new revocation. The service adds the time and the generation.
#[derive(Deserialize)]
struct NewRevocation {
    what: Revoked,
    /// The expiry of the last viewer token concerned.
    expires: Option<UnixTime>,
    /// The time at which the entry may be dropped. It overrides the calculated one.
    until: Option<UnixTime>,
    note: Option<String>,
}

impl NewRevocation {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let new: Self = validate::body(body)?;
        let (note, most) =
            (new.note.as_ref().map_or(0, |note| note.chars().count()), Revocation::MAX_NOTE_CHARS);
        let id = match &new.what {
            Revoked::Subject { subject, .. } => Some(("what.subject.subject", subject.len())),
            Revoked::Token { id, .. } => Some(("what.token.id", id.len())),
            _ => None,
        };
        let ids = 1..=Revoked::MAX_ID_BYTES;
        let (field, detail) = match id {
            _ if note > most => ("note", format!("expected {most} characters at most, found {note}")),
            // An empty name is an unset variable of a script, and would revoke nobody.
            Some((field, found)) if !ids.contains(&found) => {
                (field, format!("expected {} to {} bytes, found {found}", ids.start(), ids.end()))
            }
            _ => return Ok(new),
        };
        Err(Problem::invalid(vec![FieldError { field: field.to_owned(), detail }]))
    }

    /// The warnings about times that have passed: a revocation with a mistyped year ends before it has stopped anybody.
    fn times_past(&self, now: UnixTime) -> Vec<Warning> {
        let passed = |field, time: Option<UnixTime>, effect| {
            let time = time.filter(|time| *time <= now)?;
            let detail = format!("expected a time after now, {now}, found {time}: {effect}");
            Some(Warning::new(WarningCode::TimePast, field, detail))
        };
        let until = passed("until", self.until, "the revocation ends at once");
        let expires =
            passed("expires", self.expires, "the revocation ends as if all viewer tokens had expired");
        until.into_iter().chain(expires).collect()
    }
}

async fn revoke(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    host: InPath<String>,
    RawQuery(query): RawQuery,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let manner = Parameters::parse(query.as_deref(), &["dry_run", "force"])?.manner()?;
    let host = path::host(host)?;
    by.scope.check(&DocumentKey::Revocations(host.clone()), None)?;
    let new = NewRevocation::read(&body)?;
    let now = UnixMillis::now();
    let at = now.seconds();
    let times_past = new.times_past(at);
    let NewRevocation { what, expires, until, note } = new;
    let tokens_end = match expires {
        Some(expires) => Some(expires),
        None => longest_s(&api, &host).await?.map(|longest_s| at.plus_secs(longest_s)),
    };
    let until = until.or_else(|| what.ends(at, tokens_end));
    let make = |generation| Revocation { what: what.clone(), generation, at, until, note };
    match api.store.revoke(&host, &what, make, manner, &by, now).await? {
        Revoking::Done(mut revised) => {
            revised.warnings.extend(times_past);
            reply(&api, *revised, manner, Would::Revoke)
        }
        Revoking::Unknown(errors) => Err(Problem::unknown_target(errors)),
        Revoking::Full => Err(Problem::too_many_revocations()),
    }
}

async fn take_back(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    place: InPath<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let manner = Parameters::parse(query.as_deref(), &["dry_run"])?.manner()?;
    let (host, generation) = path::revocation(place)?;
    by.scope.check(&DocumentKey::Revocations(host.clone()), None)?;
    let taken = api.store.take_back(&host, generation, manner, &by, UnixMillis::now()).await?;
    let unknown = || Problem::impossible_id(format!("{host} has no revocation of generation {generation}"));
    reply(&api, taken.ok_or_else(unknown)?, manner, Would::Write(Effect::Delete))
}

async fn list(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    host: InPath<String>,
    RawQuery(query): RawQuery,
) -> Result<DocumentReply, Problem> {
    let host = path::host(host)?;
    let key = DocumentKey::Revocations(host.clone());
    by.scope.check(&key, None)?;
    let parameters = Parameters::parse(query.as_deref(), &PageRequest::PARAMETERS)?;
    let PageRequest { after, limit } = PageRequest::read(&parameters)?;
    let after = if after.is_empty() { Ok(0) } else { after.parse() };
    let after = after.map_err(|_| Problem::bad_request("expected a generation in `after`"))?;
    let (record, warnings) = api.store.document_and_warnings(&key, &by.scope).await?;
    let record = documents::live(&key, record)?;
    let (revoked, more) = api.store.revocations(&host, after, limit).await?;
    let next = revoked.last().filter(|_| more).map(|last| last.generation);
    let count = api.store.count_revocations(&host).await?;
    let entries = Entries { revoked, count, next };
    Ok(DocumentReply::of_revocations(&record, entries, UnixMillis::now())?.warning(warnings))
}

/// The reply to a change, with the entry that it added.
fn reply(api: &Api, revised: Revised, manner: Manner, would: Would) -> Result<Response, Problem> {
    let Revised { record, added, count, found, warnings } = revised;
    let entries = Entries { revoked: added.into_iter().collect(), count, next: None };
    let reply = DocumentReply::of_revocations(&record, entries, UnixMillis::now())?.warning(warnings);
    if manner.dry_run {
        return Ok(reply.dry_run(would, found).into_response());
    }
    api.wake.notify_one();
    Ok(reply.into_response())
}

/// The longest lifetime of the site's viewer tokens, if its document limits it.
async fn longest_s(api: &Api, host: &Host) -> Result<Option<u64>, Problem> {
    let record = api.store.document(&DocumentKey::Site(host.clone())).await?;
    let body = record.and_then(|record| record.body);
    let site: Option<Site> = body.and_then(|body| serde_json::from_str(body.expose()).ok());
    Ok(site.and_then(|site| site.tokens.longest_s))
}
