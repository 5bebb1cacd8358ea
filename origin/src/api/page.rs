//! Pages of documents: `?after=harbour&limit=100`.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::parameters::Parameters;
use super::problem::Problem;
use super::reply::DocumentReply;
use crate::clock::UnixMillis;
use crate::store::{Listed, StoreError};

/// The requested page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    /// The id before the first document of the page; empty for the first page.
    pub(super) after: String,
    /// The greatest number of documents.
    pub(super) limit: usize,
}

impl PageRequest {
    const DEFAULT_LIMIT: usize = 100;
    const MAX_LIMIT: usize = 500;

    /// The names of its parameters.
    pub(super) const PARAMETERS: [&'static str; 2] = ["after", "limit"];

    /// Reads its parameters.
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Problem> {
        let expected = format!("1 to {}", Self::MAX_LIMIT);
        let limit = parameters.value("limit", &expected)?.unwrap_or(Self::DEFAULT_LIMIT);
        if !(1..=Self::MAX_LIMIT).contains(&limit) {
            return Err(Problem::bad_request(format!("expected {expected} in `limit`, found `{limit}`")));
        }
        let after = parameters.text("after").unwrap_or_default().to_owned();
        Ok(Self { after, limit })
    }
}

/// `{"items": […], "next": "…"|null}`: `next` is the `after` of the next page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    items: Vec<DocumentReply>,
    next: Option<String>,
}

impl Page {
    /// The greatest size of a page in bytes, unless a single document is larger.
    pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

    pub(super) fn new(Listed { records, next, .. }: Listed, now: UnixMillis) -> Result<Self, StoreError> {
        let items = records.iter().map(|record| DocumentReply::new(record, now)).collect::<Result<_, _>>()?;
        Ok(Self { items, next })
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (no_store, axum::Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageRequest, Problem> {
        PageRequest::read(&Parameters::parse(Some(query), &PageRequest::PARAMETERS)?)
    }

    #[test]
    fn reads_a_query() {
        let request = read("after=https%3A%2F%2Fid.example.com%2F&limit=2").unwrap();
        assert_eq!(request, PageRequest { after: "https://id.example.com/".into(), limit: 2 });
        assert_eq!(read("").unwrap().limit, 100);
        for bad in ["limit=0", "limit=501", "limit=-1", "limit=x", "page=2"] {
            assert!(read(bad).is_err(), "{bad} was taken");
        }
    }
}
