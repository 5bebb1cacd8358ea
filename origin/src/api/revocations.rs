//! Revocations of a site, entry by entry. The service builds the document and its generation, so simultaneous operators lose no
//! entry, and no generation is used twice.
//!
//! ```text
//! POST   /api/v1/revocations/{host}               {"what": {"subject": {...}}, "expires"?, "until"?, "note"?}
//! GET    /api/v1/revocations/{host}?after=&limit= some of the entries, by generation
//! DELETE /api/v1/revocations/{host}/{generation}  takes the entry back
//! ```
//!
//! Each reply has the document with the entries concerned, and the number of all entries.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::routing::{delete, get};
use axum::{Extension, Router};
use serde::Deserialize;
use stagedoor::catalog::{DocumentKey, DocumentKind, Host, Revocation, Revoked, Site};
use stagedoor::time::UnixTime;

use super::Api;
use super::documents::{self, wake_worker};
use super::page::PageRequest;
use super::problem::Problem;
use super::reply::{DocumentReply, Entries};
use super::upload::JsonBody;
use crate::clock::UnixMillis;
use crate::store::{Actor, Record};
use crate::validate::FieldError;

/// The routes, under `path`.
pub(super) fn routes(path: &str) -> Router<Api> {
    Router::new()
        .route(path, get(move |api, by, query| documents::list(api, by, DocumentKind::Revocations, query)))
        .route(&format!("{path}/{{host}}"), get(list).post(revoke))
        .route(&format!("{path}/{{host}}/{{generation}}"), delete(take_back))
}

/// The body of a new revocation. The service adds the time and the generation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
        let mut json = serde_json::Deserializer::from_slice(body);
        let new: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            Problem::invalid(vec![FieldError {
                field: error.path().to_string(),
                detail: error.inner().to_string(),
            }])
        })?;
        let (field, found, most, unit) = match &new {
            Self { note: Some(note), .. } if note.chars().count() > Revocation::MAX_NOTE_CHARS => {
                ("note", note.chars().count(), Revocation::MAX_NOTE_CHARS, "characters")
            }
            Self { what: Revoked::Subject { subject, .. }, .. } if subject.len() > Revoked::MAX_ID_BYTES => {
                ("what.subject.subject", subject.len(), Revoked::MAX_ID_BYTES, "bytes")
            }
            Self { what: Revoked::Token { id, .. }, .. } if id.len() > Revoked::MAX_ID_BYTES => {
                ("what.token.id", id.len(), Revoked::MAX_ID_BYTES, "bytes")
            }
            _ => return Ok(new),
        };
        let detail = format!("expected {most} {unit} at most, found {found}");
        Err(Problem::invalid(vec![FieldError { field: field.to_owned(), detail }]))
    }
}

async fn revoke(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    host: Result<Path<Host>, PathRejection>,
    JsonBody(body): JsonBody,
) -> Result<DocumentReply, Problem> {
    let host = host_in_path(host)?;
    by.scope.check(&DocumentKey::Revocations(host.clone()), None)?;
    let NewRevocation { what, expires, until, note } = NewRevocation::read(&body)?;
    let now = UnixMillis::now();
    let at = now.seconds();
    let tokens_end = match expires {
        Some(expires) => Some(expires),
        None => longest_s(&api, &host).await?.map(|longest_s| at.plus_secs(longest_s)),
    };
    let until = until.or_else(|| what.ends(at, tokens_end));
    let make = |generation| Revocation { what, generation, at, until, note };
    let revoked = api.store.revoke(&host, make, &by, now).await?;
    let (record, revocation) = revoked.ok_or_else(Problem::too_many_revocations)?;
    reply(&api, &host, record, vec![revocation]).await
}

async fn take_back(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    place: Result<Path<(Host, u32)>, PathRejection>,
) -> Result<DocumentReply, Problem> {
    let Path((host, generation)) =
        place.map_err(|rejection| Problem::impossible_id(rejection.body_text()))?;
    by.scope.check(&DocumentKey::Revocations(host.clone()), None)?;
    let taken = api.store.take_back(&host, generation, &by, UnixMillis::now()).await?;
    let unknown = || Problem::impossible_id(format!("{host} has no revocation of generation {generation}"));
    reply(&api, &host, taken.ok_or_else(unknown)?, Vec::new()).await
}

async fn list(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    host: Result<Path<Host>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<DocumentReply, Problem> {
    let host = host_in_path(host)?;
    let key = DocumentKey::Revocations(host.clone());
    by.scope.check(&key, None)?;
    let PageRequest { after, limit } = PageRequest::parse(query.as_deref().unwrap_or_default())?;
    let after = if after.is_empty() { Ok(0) } else { after.parse() };
    let after = after.map_err(|_| Problem::bad_request("expected a generation in `after`"))?;
    let record: Record = documents::live(&key, api.store.document(&key).await?)?;
    let (revoked, more) = api.store.revocations(&host, after, limit).await?;
    let next = revoked.last().filter(|_| more).map(|last| last.generation);
    let count = api.store.count_revocations(&host).await?;
    Ok(DocumentReply::of_revocations(&record, Entries { revoked, count, next }, UnixMillis::now())?)
}

/// The reply to a change, with the entries that it added.
async fn reply(
    api: &Api,
    host: &Host,
    changed: Record,
    revoked: Vec<Revocation>,
) -> Result<DocumentReply, Problem> {
    let count = api.store.count_revocations(host).await?;
    let entries = Entries { revoked, count, next: None };
    Ok(DocumentReply::of_revocations(&wake_worker(api, changed), entries, UnixMillis::now())?)
}

/// The longest lifetime of the site's viewer tokens, if its document limits it.
async fn longest_s(api: &Api, host: &Host) -> Result<Option<u64>, Problem> {
    let record = api.store.document(&DocumentKey::Site(host.clone())).await?;
    let body = record.and_then(|record| record.body);
    let site: Option<Site> = body.and_then(|body| serde_json::from_str(body.expose()).ok());
    Ok(site.and_then(|site| site.tokens.longest_s))
}

fn host_in_path(host: Result<Path<Host>, PathRejection>) -> Result<Host, Problem> {
    host.map(|Path(host)| host).map_err(|rejection| Problem::impossible_id(rejection.body_text()))
}
