//! The history: who changed what.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::Api;
use super::documents::missing;
use super::page::PageRequest;
use super::parameters::Parameters;
use super::path::{InPath, key};
use super::problem::Problem;
use crate::clock::UnixMillis;
use crate::store::{Action, Actor, By, Changes, Event, Past, StoreError};

/// `{"items": […], "next": "…"|null}`: `next` is the `after` of the next page.
#[derive(Debug, Serialize)]
pub(super) struct HistoryPage {
    items: Vec<Item>,
    next: Option<String>,
}

/// `{"key", "revision", "at", "by": {"id", "name"}, "action", "revocation"?}`
#[derive(Debug, Serialize)]
struct Item {
    key: DocumentKey,
    revision: u64,
    at: UnixMillis,
    by: Option<By>,
    action: Action,
    /// The added or taken back revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<Box<RawValue>>,
}

impl From<Event> for Item {
    fn from(Event { key, revision, at, by, action, revocation }: Event) -> Self {
        let revocation = revocation.and_then(|json| RawValue::from_string(json).ok());
        Self { key, revision, at, by, action, revocation }
    }
}

/// The document of a revision, or null if it was deleted, with the change that led to it.
#[derive(Debug, Serialize)]
pub(super) struct PastReply {
    #[serde(flatten)]
    change: Item,
    document: Option<Box<RawValue>>,
}

impl PastReply {
    pub(super) fn new(Past { event, body }: Past) -> Result<Self, StoreError> {
        let corrupt = |_| StoreError::Corrupt(event.key.clone());
        let document = body.map(RawValue::from_string).transpose().map_err(corrupt)?;
        Ok(Self { change: event.into(), document })
    }
}

/// `GET /api/v1/history`
pub(super) async fn of_all(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Result<HistoryPage, Problem> {
    page(&api, None, query.as_deref(), &by).await
}

/// `GET /api/v1/{kind}/{id}/history`
pub(super) async fn of_one(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    kind: DocumentKind,
    id: InPath<String>,
    RawQuery(query): RawQuery,
) -> Result<HistoryPage, Problem> {
    let key = key(kind, id).map_err(Problem::impossible_id)?;
    by.scope.check(&key, None)?;
    let record = api.store.document(&key).await?;
    let body = record.as_ref().and_then(|record| record.body.as_ref());
    by.scope.check(&key, body.map(|body| body.expose().as_str()))?;
    if record.is_none() {
        return Err(missing(&key, None));
    }
    page(&api, Some(&key), query.as_deref(), &by).await
}

async fn page(
    api: &Api,
    of: Option<&DocumentKey>,
    query: Option<&str>,
    by: &Actor,
) -> Result<HistoryPage, Problem> {
    let parameters = Parameters::parse(query, &PageRequest::PARAMETERS)?;
    let PageRequest { limit, .. } = PageRequest::read(&parameters)?;
    let before = parameters.value("after", "a revision")?.unwrap_or(u64::MAX);
    let (events, more) = api.store.history(Changes { of, before, limit }, by).await?;
    let next = events.last().filter(|_| more).map(|last| last.revision.to_string());
    Ok(HistoryPage { items: events.into_iter().map(Item::from).collect(), next })
}

impl IntoResponse for HistoryPage {
    fn into_response(self) -> Response {
        no_store(self)
    }
}

impl IntoResponse for PastReply {
    fn into_response(self) -> Response {
        no_store(self)
    }
}

fn no_store(reply: impl Serialize) -> Response {
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (no_store, axum::Json(reply)).into_response()
}
