//! `GET /api/v1/warnings`: the documents with warnings.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stagedoor::catalog::DocumentKey;

use super::Api;
use super::page::PageRequest;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::store::{Actor, Warned, Warning};

/// `{"items": [{"key", "warnings": […]}], "next": "…"|null}`: `next` is the `after` of the next page.
#[derive(Debug, Serialize)]
pub(super) struct WarningPage {
    items: Vec<Item>,
    next: Option<DocumentKey>,
}

#[derive(Debug, Serialize)]
struct Item {
    key: DocumentKey,
    warnings: Vec<Warning>,
}

pub(super) async fn list(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Result<WarningPage, Problem> {
    let parameters = Parameters::parse(query.as_deref(), &PageRequest::PARAMETERS)?;
    let PageRequest { after, limit } = PageRequest::read(&parameters)?;
    let after: Option<DocumentKey> = match after.as_str() {
        "" => None,
        _ => parameters.value("after", "the key of a document, such as v1/title/harbour,")?,
    };
    let Warned { documents, next } = api.store.warned(after.as_ref(), limit, &by.scope).await?;
    let items = documents.into_iter().map(|(key, warnings)| Item { key, warnings }).collect();
    Ok(WarningPage { items, next })
}

impl IntoResponse for WarningPage {
    fn into_response(self) -> Response {
        let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (no_store, axum::Json(self)).into_response()
    }
}
