//! `PUT`, `GET` and `DELETE` of one document, and pages of them. The kinds differ only in their types.

use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::Api;
use super::filter;
use super::history::{self, PastReply};
use super::page::{Page, PageRequest};
use super::parameters::Parameters;
use super::path::{InPath, key};
use super::precondition::expectation;
use super::problem::Problem;
use super::reply::{DocumentReply, SyncReply, Would};
use super::upload::{JsonBody, Longest};
use crate::clock::UnixMillis;
use crate::store::{Actor, Done, Effect, Expectation, List, Manner, Record, Written};
use crate::validate::{self, FieldError};

/// The routes of the documents of one kind, under `path`. Their ids are percent-encoded in the URL.
pub(super) fn routes(kind: DocumentKind, path: &str) -> Router<Api> {
    let one = get(move |api, by, id, query| fetch(api, by, (kind, id), query))
        .put(move |api, by, id, query, headers, body| replace(api, by, (kind, id), query, headers, body))
        .delete(move |api, by, id, query, headers| delete(api, by, (kind, id), query, headers));
    let longest = Longest::of(kind);
    Router::new()
        .route(&format!("{path}/{{id}}"), one)
        .layer(DefaultBodyLimit::max(longest.0))
        .layer(Extension(longest))
        .route(path, get(move |api, by, query| list(api, by, kind, query)))
        .route(
            &format!("{path}/{{id}}/history"),
            get(move |api, by, id, query| history::of_one(api, by, kind, id, query)),
        )
}

async fn replace(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    (kind, id): (DocumentKind, InPath<String>),
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let manner = Parameters::parse(query.as_deref(), &["dry_run"])?.manner()?;
    let key = key(kind, id).map_err(|detail| {
        let field = validate::id_field(kind).to_owned();
        Problem::invalid(vec![FieldError { field, detail: format!("in the path: {detail}") }])
    })?;
    by.scope.check(&key, None)?;
    let document = validate::document(&key, &body)?;
    write(&api, &key, Some(&document), &expectation(&headers)?, manner, &by).await
}

/// Writes a document, or deletes it, and says what was done.
async fn write(
    api: &Api,
    key: &DocumentKey,
    document: Option<&str>,
    expectation: &Expectation,
    manner: Manner,
    by: &Actor,
) -> Result<Response, Problem> {
    let done = match api.store.write(key, document, expectation, manner, by, now()).await? {
        Written::Done(done) => done,
        Written::Missing(tombstone) => return Err(missing(key, tombstone)),
        Written::Forbidden(refusal) => return Err(refusal.into()),
        Written::Invalid(errors) => return Err(Problem::invalid(errors)),
        Written::InUse(dependents) => return Err(Problem::in_use(key, &dependents)),
        Written::Refused { found } => return Err(Problem::precondition_failed(found)),
    };
    let Done { effect, record, found, warnings } = *done;
    let reply = DocumentReply::new(&record, now())?.warning(warnings);
    if manner.dry_run {
        return Ok(reply.dry_run(Would::Write(effect), found).into_response());
    }
    let status = match effect {
        Effect::Create => StatusCode::CREATED,
        Effect::Change | Effect::Delete | Effect::Nothing => StatusCode::OK,
    };
    api.wake.notify_one();
    Ok((status, reply).into_response())
}

async fn fetch(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    (kind, id): (DocumentKind, InPath<String>),
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(query.as_deref(), &["revision"])?;
    let revision = parameters.value("revision", "a revision")?;
    let key = key(kind, id).map_err(Problem::impossible_id)?;
    by.scope.check(&key, None)?;
    if let Some(revision) = revision {
        let past = api.store.past(&key, revision, &by).await?;
        let past = past.ok_or_else(|| Problem::unknown_revision(&key, revision))?;
        return Ok(PastReply::new(past)?.into_response());
    }
    let (record, warnings) = api.store.document_and_warnings(&key, &by.scope).await?;
    let body = record.as_ref().and_then(|record| record.body.as_ref());
    by.scope.check(&key, body.map(|body| body.expose().as_str()))?;
    let record = live(&key, record)?;
    Ok(DocumentReply::new(&record, now())?.warning(warnings).into_response())
}

async fn delete(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    (kind, id): (DocumentKind, InPath<String>),
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let manner = Parameters::parse(query.as_deref(), &["dry_run", "force"])?.manner()?;
    let key = key(kind, id).map_err(Problem::impossible_id)?;
    write(&api, &key, None, &expectation(&headers)?, manner, &by).await
}

pub(super) async fn list(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    kind: DocumentKind,
    RawQuery(query): RawQuery,
) -> Result<Page, Problem> {
    by.scope.check_kind(kind)?;
    let parameters = filter::parameters(query.as_deref(), kind)?;
    let request = PageRequest::read(&parameters)?;
    let filter = filter::filter(&parameters, &by.scope)?;
    let limits = List { documents: request.limit, bytes: Page::MAX_BYTES };
    let listed = api.store.documents(kind, &request.after, limits, &filter, &by.scope).await?;
    Ok(Page::new(listed, now())?)
}

/// The record of an existing document, or the problem that there is none.
pub(super) fn live(key: &DocumentKey, record: Option<Record>) -> Result<Record, Problem> {
    match record {
        Some(record) if record.body.is_some() => Ok(record),
        tombstone => Err(missing(key, tombstone)),
    }
}

pub(super) fn missing(key: &DocumentKey, tombstone: Option<Record>) -> Problem {
    Problem::unknown_document(key, tombstone.map(|tombstone| SyncReply::new(&tombstone, now())))
}

fn now() -> UnixMillis {
    UnixMillis::now()
}
