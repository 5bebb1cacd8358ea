//! What a site revokes, one entry after the other: the document and its generation are put together here, so that two
//! operators at a time lose nothing and no generation is given twice or taken back.
//!
//! ```text
//! POST   /api/v1/revocations/{host}               {"what": {"subject": {...}}, "until"?, "note"?}
//! DELETE /api/v1/revocations/{host}/{generation}  takes back the entry of that generation
//! ```

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{delete, get};
use axum::{Extension, Router};
use serde::Deserialize;
use stagedoor::catalog::{DocumentKey, Host, Kind, Revocation, Revocations, Revoked};
use stagedoor::time::UnixTime;

use super::Api;
use super::documents::{self, told};
use super::problem::Problem;
use super::reply::DocumentReply;
use super::upload::JsonBody;
use crate::clock::UnixMillis;
use crate::store::{Actor, Expectation, Written};
use crate::validate::{self, FieldError};

/// The routes, under `path`.
pub(super) fn routes(path: &str) -> Router<Api> {
    let one = get(move |api, by, id| documents::fetch(api, by, Kind::Revocations, id)).post(revoke);
    Router::new()
        .route(path, get(move |api, by, query| documents::list(api, by, Kind::Revocations, query)))
        .route(&format!("{path}/{{host}}"), one)
        .route(&format!("{path}/{{host}}/{{generation}}"), delete(take_back))
}

/// What an operator says of a revocation; when and under which generation is ours to say.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    what: Revoked,
    until: Option<UnixTime>,
    note: Option<String>,
}

async fn revoke(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    host: Result<Path<Host>, PathRejection>,
    JsonBody(body): JsonBody,
) -> Result<DocumentReply, Problem> {
    let host = host_in_path(host)?;
    let mut json = serde_json::Deserializer::from_slice(&body);
    let wanted: Wanted = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        Problem::invalid(vec![FieldError {
            field: error.path().to_string(),
            detail: error.inner().to_string(),
        }])
    })?;
    change(&api, &by, &host, |document, at| {
        // Never below the clock, so that a database that was restored from a backup gives none out a second time.
        let clock = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
        document.generation = document.generation.saturating_add(1).max(clock);
        // A session ends within a week, whatever the site's settings.
        let week = |what: &Revoked| matches!(what, Revoked::Session(_)).then(|| at.plus_secs(604_800));
        document.revoked.retain(|entry| entry.until.is_none_or(|until| at < until));
        document.revoked.push(Revocation {
            until: wanted.until.or_else(|| week(&wanted.what)),
            what: wanted.what.clone(),
            generation: document.generation,
            at,
            note: wanted.note.clone(),
        });
        Ok(())
    })
    .await
}

async fn take_back(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    place: Result<Path<(Host, u32)>, PathRejection>,
) -> Result<DocumentReply, Problem> {
    let Path((host, generation)) =
        place.map_err(|rejection| Problem::impossible_id(rejection.body_text()))?;
    change(&api, &by, &host, |document, _| {
        let before = document.revoked.len();
        document.revoked.retain(|entry| entry.generation != generation);
        if document.revoked.len() == before {
            let detail = format!("{host} has no revocation of generation {generation}");
            return Err(Problem::impossible_id(detail));
        }
        Ok(())
    })
    .await
}

/// How often a change is tried again when another one came first.
const ATTEMPTS: usize = 20;

async fn change(
    api: &Api,
    by: &Actor,
    host: &Host,
    apply: impl Fn(&mut Revocations, UnixTime) -> Result<(), Problem>,
) -> Result<DocumentReply, Problem> {
    let key = DocumentKey::Revocations(host.clone());
    by.scope.check(&key, None)?;
    for _ in 0..ATTEMPTS {
        let now = UnixMillis::now();
        let record = api.store.document(&key).await?;
        let held = record.as_ref().and_then(|record| Some((record.revision, record.body.as_ref()?)));
        let (mut document, expectation) = match held {
            Some((revision, body)) => {
                let read = serde_json::from_str(body.expose());
                let document = read.map_err(|_| crate::store::StoreError::Corrupt(key.clone()))?;
                (document, Expectation::Revision(vec![revision]))
            }
            None => {
                (Revocations { host: host.clone(), generation: 0, revoked: Vec::new() }, Expectation::Absent)
            }
        };
        apply(&mut document, now.seconds())?;
        let json = serde_json::to_vec(&document).unwrap_or_default();
        let body = validate::document(&key, &json)?;
        match api.store.write(&key, Some(&body), &expectation, by, now).await? {
            Written::Forbidden(refusal) => return Err(refusal.into()),
            Written::Created(record) | Written::Changed(record) | Written::Unchanged(Some(record)) => {
                return Ok(DocumentReply::new(&told(api, record), UnixMillis::now())?);
            }
            Written::Refused { .. } | Written::Unchanged(None) => {}
        }
    }
    Err(Problem::unavailable())
}

fn host_in_path(host: Result<Path<Host>, PathRejection>) -> Result<Host, Problem> {
    host.map(|Path(host)| host).map_err(|rejection| Problem::impossible_id(rejection.body_text()))
}
