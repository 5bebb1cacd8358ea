//! Pages of documents: `?after=harbour&limit=100`.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use url::form_urlencoded;

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

    /// Reads a query string. Unknown parameters are refused by name.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        let mut request = Self { after: String::new(), limit: Self::DEFAULT_LIMIT };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match (name.as_ref(), value.parse()) {
                ("after", _) => request.after = value.into_owned(),
                ("limit", Ok(limit)) if (1..=Self::MAX_LIMIT).contains(&limit) => request.limit = limit,
                ("limit", _) => {
                    let expected = format!("expected 1 to {} in `limit`, found `{value}`", Self::MAX_LIMIT);
                    return Err(Problem::bad_request(expected));
                }
                _ => {
                    let expected = format!("expected the parameters `after` and `limit`, found `{name}`");
                    return Err(Problem::bad_request(expected));
                }
            }
        }
        Ok(request)
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

    #[test]
    fn reads_a_query() {
        let request = PageRequest::parse("after=https%3A%2F%2Fid.example.com%2F&limit=2").unwrap();
        assert_eq!(request, PageRequest { after: "https://id.example.com/".into(), limit: 2 });
        assert_eq!(PageRequest::parse("").unwrap().limit, 100);
        for bad in ["limit=0", "limit=501", "limit=-1", "limit=x", "page=2"] {
            assert!(PageRequest::parse(bad).is_err(), "{bad} was taken");
        }
    }
}
