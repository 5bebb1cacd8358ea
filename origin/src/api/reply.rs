//! The reply to a request about a document.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use stagedoor::catalog::{DocumentKey, DocumentKind, Revocation, VISIBLE_WITHIN_S};

use crate::clock::UnixMillis;
use crate::store::{Effect, Record, State, StoreError, Warning};
use crate::validate;

/// `{"key", "revision", "changed_by", "document", "warnings", "sync"}`: a document, or null if it was deleted.
#[derive(Debug, Serialize)]
pub(super) struct DocumentReply {
    key: DocumentKey,
    revision: u64,
    /// The public id of the API key that made this revision; null if it is not known.
    changed_by: Option<String>,
    document: Option<Box<RawValue>>,
    /// For a site's revocations: their number, and the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    revocations: Option<RevocationPage>,
    /// Warnings about the document; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<Warning>>,
    sync: SyncReply,
}

/// `{"key", "dry_run": true, "would", "revision", "document", "warnings"}`: the effect that a request would have had.
#[derive(Debug, Serialize)]
pub(super) struct DryRunReply {
    key: DocumentKey,
    dry_run: bool,
    would: Would,
    /// The current revision; null if there is no document.
    revision: Option<u64>,
    /// The document as it would be stored; null if it would be deleted.
    document: Option<Box<RawValue>>,
    warnings: Vec<Warning>,
}

/// The effect that a request would have had.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Would {
    /// The revocation would be added.
    Revoke,
    /// A document would be written.
    #[serde(untagged)]
    Write(Effect),
}

/// `{"count", "next"}`: how many revocations are in force, and the `after` of the next page.
#[derive(Debug, Serialize)]
struct RevocationPage {
    count: usize,
    next: Option<u32>,
}

/// Some of a site's revocations.
#[derive(Debug)]
pub(super) struct Entries {
    /// The entries of this page.
    pub(super) revoked: Vec<Revocation>,
    /// The number of all entries.
    pub(super) count: usize,
    /// The generation before the first entry of the next page, if there is one.
    pub(super) next: Option<u32>,
}

/// The state of a document at the edge.
#[derive(Debug, Serialize)]
pub(super) struct SyncReply {
    /// `pending`, `synced` or `failed`, for the newest revision.
    state: State,
    /// The revision that the edge was last known to hold.
    revision_at_edge: Option<u64>,
    /// The time of the last confirmation by the edge.
    synced_at: Option<UnixMillis>,
    /// Seconds since the oldest change that the edge does not hold; null if there is none.
    lag_s: Option<u64>,
    /// The last error of the newest revision, if it is not at the edge yet.
    last_error: Option<String>,
    /// The longest time in seconds from the confirmation until every edge location decides by the document.
    visible_within_s: u64,
}

impl SyncReply {
    pub(super) fn new(record: &Record, now: UnixMillis) -> Self {
        Self {
            state: record.state,
            revision_at_edge: record.edge_revision,
            synced_at: record.synced_at,
            lag_s: record.behind_since.map(|since| now.secs_since(since)),
            last_error: record.last_error.clone().filter(|_| record.state != State::Done),
            visible_within_s: VISIBLE_WITHIN_S,
        }
    }
}

impl DocumentReply {
    pub(super) fn new(record: &Record, now: UnixMillis) -> Result<Self, StoreError> {
        let corrupt = |_| StoreError::Corrupt(record.key.clone());
        let body = record.body.as_ref();
        let document =
            body.map(|body| shown(record.key.kind(), body.expose()).map_err(corrupt)).transpose()?;
        let sync = SyncReply::new(record, now);
        let (key, changed_by) = (record.key.clone(), record.changed_by.clone());
        Ok(Self {
            key,
            revision: record.revision,
            changed_by,
            document,
            revocations: None,
            warnings: None,
            sync,
        })
    }

    /// The reply with warnings, or with an empty list of them.
    pub(super) fn warning(self, warnings: Vec<Warning>) -> Self {
        Self { warnings: Some(warnings), ..self }
    }

    /// The reply of the same request in a dry run. `found` is the revision of the document, if there is one.
    pub(super) fn dry_run(self, would: Would, found: Option<u64>) -> DryRunReply {
        let Self { key, document, warnings, .. } = self;
        let warnings = warnings.unwrap_or_default();
        DryRunReply { key, dry_run: true, would, revision: found, document, warnings }
    }

    /// The document of a site's revocations with some of its entries.
    pub(super) fn of_revocations(
        record: &Record,
        Entries { revoked, count, next }: Entries,
        now: UnixMillis,
    ) -> Result<Self, StoreError> {
        let corrupt = |_| StoreError::Corrupt(record.key.clone());
        let head = record.body.as_ref().map_or("{}", |body| body.expose().as_str());
        let mut document: Map<String, Value> = serde_json::from_str(head).map_err(corrupt)?;
        document.insert("revoked".to_owned(), serde_json::to_value(revoked).map_err(corrupt)?);
        let reply = Self::new(record, now)?;
        let document = Some(to_raw_value(&document).map_err(corrupt)?);
        Ok(Self { document, revocations: Some(RevocationPage { count, next }), ..reply })
    }
}

/// A stored document as the API shows it.
fn shown(kind: DocumentKind, body: &str) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(match kind {
        DocumentKind::Keys => validate::without_secrets(body)?,
        DocumentKind::Site
        | DocumentKind::Title
        | DocumentKind::Revocations
        | DocumentKind::Campaigns
        | DocumentKind::Creative => body.to_owned(),
    })
}

impl IntoResponse for DocumentReply {
    fn into_response(self) -> Response {
        // The ETag names the document's revision. `sync` changes under the same ETag, hence no-store.
        let etag = HeaderValue::from_str(&format!("\"{}\"", self.revision));
        let mut response = axum::Json(self).into_response();
        response.headers_mut().extend(etag.ok().map(|etag| (header::ETAG, etag)));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl IntoResponse for DryRunReply {
    fn into_response(self) -> Response {
        let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (no_store, axum::Json(self)).into_response()
    }
}
