//! `PUT`, `GET` and `DELETE` of one document, and pages of them. The kinds differ only in their types.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::Api;
use super::page::{Page, PageRequest};
use super::precondition::expectation;
use super::problem::Problem;
use super::reply::{DocumentReply, SyncReply};
use super::upload::JsonBody;
use crate::clock::UnixMillis;
use crate::store::{Actor, List, Record, Written};
use crate::validate::{self, FieldError};

/// The routes of the documents of one kind, under `path`. Their ids are percent-encoded in the URL.
pub(super) fn routes(kind: DocumentKind, path: &str) -> Router<Api> {
    let one = get(move |api, by, id| fetch(api, by, kind, id))
        .put(move |api, by, id, headers, body| replace(api, by, kind, id, headers, body))
        .delete(move |api, by, id, headers| delete(api, by, kind, id, headers));
    Router::new()
        .route(path, get(move |api, by, query| list(api, by, kind, query)))
        .route(&format!("{path}/{{id}}"), one)
}

/// The id in the path, percent-decoded, or a problem if it is not text.
pub(super) type IdInPath = Result<Path<String>, PathRejection>;

async fn replace(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    kind: DocumentKind,
    id: IdInPath,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let key = key(kind, id).map_err(|detail| {
        let field = validate::id_field(kind).to_owned();
        Problem::invalid(vec![FieldError { field, detail: format!("in the path: {detail}") }])
    })?;
    by.scope.check(&key, None)?;
    let document = validate::document(&key, &body)?;
    let (status, record) =
        match api.store.write(&key, Some(&document), &expectation(&headers)?, &by, now()).await? {
            Written::Forbidden(refusal) => return Err(refusal.into()),
            Written::Clashes(errors) => return Err(Problem::invalid(errors)),
            Written::Created(record) => (StatusCode::CREATED, wake_worker(&api, record)),
            Written::Changed(record) => (StatusCode::OK, wake_worker(&api, record)),
            Written::Unchanged(record) => (StatusCode::OK, live(&key, record)?),
            Written::Refused { found } => return Err(Problem::precondition_failed(found)),
        };
    Ok((status, DocumentReply::new(&record, now())?).into_response())
}

pub(super) async fn fetch(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    kind: DocumentKind,
    id: IdInPath,
) -> Result<DocumentReply, Problem> {
    let key = key(kind, id).map_err(Problem::impossible_id)?;
    by.scope.check(&key, None)?;
    let record = api.store.document(&key).await?;
    let body = record.as_ref().and_then(|record| record.body.as_ref());
    by.scope.check(&key, body.map(|body| body.expose().as_str()))?;
    let record = live(&key, record)?;
    Ok(DocumentReply::new(&record, now())?)
}

async fn delete(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    kind: DocumentKind,
    id: IdInPath,
    headers: HeaderMap,
) -> Result<DocumentReply, Problem> {
    let key = key(kind, id).map_err(Problem::impossible_id)?;
    let record = match api.store.write(&key, None, &expectation(&headers)?, &by, now()).await? {
        Written::Forbidden(refusal) => return Err(refusal.into()),
        Written::Clashes(errors) => return Err(Problem::invalid(errors)),
        Written::Created(tombstone) | Written::Changed(tombstone) => wake_worker(&api, tombstone),
        Written::Unchanged(record) => live(&key, record)?,
        Written::Refused { found } => return Err(Problem::precondition_failed(found)),
    };
    Ok(DocumentReply::new(&record, now())?)
}

pub(super) async fn list(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    kind: DocumentKind,
    RawQuery(query): RawQuery,
) -> Result<Page, Problem> {
    let request = PageRequest::parse(query.as_deref().unwrap_or_default())?;
    by.scope.check_kind(kind)?;
    let limits = List { documents: request.limit, bytes: Page::MAX_BYTES };
    let listed = api.store.documents(kind, &request.after, limits, &by.scope).await?;
    Ok(Page::new(listed, now())?)
}

fn key(kind: DocumentKind, id: IdInPath) -> Result<DocumentKey, String> {
    let Path(id) = id.map_err(|rejection| rejection.body_text())?;
    DocumentKey::new(kind, &id).map_err(|error| error.to_string())
}

/// Wakes the worker, which now has a change to send.
pub(super) fn wake_worker(api: &Api, changed: Record) -> Record {
    api.wake.notify_one();
    changed
}

/// The record of an existing document, or the problem that there is none.
pub(super) fn live(key: &DocumentKey, record: Option<Record>) -> Result<Record, Problem> {
    let deleted = match record {
        Some(record) if record.body.is_some() => return Ok(record),
        Some(tombstone) => Some(SyncReply::new(&tombstone, now())),
        None => None,
    };
    Err(Problem::unknown_document(key, deleted))
}

fn now() -> UnixMillis {
    UnixMillis::now()
}
