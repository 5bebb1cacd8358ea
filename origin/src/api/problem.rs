//! Maps every refusal and every fault to HTTP, as a problem document.
//!
//! [RFC 9457, Problem Details for HTTP APIs](https://www.rfc-editor.org/rfc/rfc9457)

use std::time::Duration;

use axum::extract::OriginalUri;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stagedoor::catalog::{DocumentKey, Revocations};

use super::path;
use super::reply::SyncReply;
use crate::store::{Dependents, OutOfScope, StoreError};
use crate::validate::{FieldError, Invalid};

/// `{"type": "urn:stagedoor:problem:…", "title", "status", "detail", "errors": [{"field", "detail"}]}`.
///
/// `type` and `status` are stable; `title` and `detail` are for people.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    extension: Option<Box<Extension>>,
    /// The value of `WWW-Authenticate`.
    #[serde(skip)]
    challenge: Option<&'static str>,
}

/// A further member of a problem.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Extension {
    /// For a deleted document: whether the edge has the deletion.
    Sync(SyncReply),
    /// For a document that is in use: the keys of some of those that depend on it.
    Dependents(Vec<DocumentKey>),
}

macro_rules! kind {
    ($name:literal) => {
        concat!("urn:stagedoor:problem:", $name)
    };
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let (status, detail) = (status.as_u16(), detail.into());
        Self { kind, title, status, detail, errors: Vec::new(), extension: None, challenge: None }
    }

    /// 422, with every wrong member.
    pub(super) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => only.to_string(),
            [first, more @ ..] => format!("{first} ({} more in `errors`)", more.len()),
            [] => "the document is not valid".to_owned(),
        };
        let title = "The document is not valid";
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind!("invalid-document"), title, detail)
        }
    }

    /// 404, for a missing document; `deleted` if it existed before.
    pub(super) fn unknown_document(key: &DocumentKey, deleted: Option<SyncReply>) -> Self {
        let what = if deleted.is_some() { "was deleted" } else { "does not exist" };
        let (title, detail) = ("There is no such document", format!("{key} {what}"));
        Self {
            extension: deleted.map(|sync| Box::new(Extension::Sync(sync))),
            ..Self::new(StatusCode::NOT_FOUND, kind!("unknown-document"), title, detail)
        }
    }

    /// 404, for a revision that is not in the history.
    pub(super) fn unknown_revision(key: &DocumentKey, revision: u64) -> Self {
        let detail = format!(
            "{key} has no revision {revision}, or it was replaced longer ago than the history is kept: GET its history for the others"
        );
        let title = "There is no such revision";
        Self::new(StatusCode::NOT_FOUND, kind!("unknown-revision"), title, detail)
    }

    /// 404, for an identifier that is not valid.
    pub(super) fn impossible_id(detail: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind!("unknown-document"), "There is no such document", detail)
    }

    pub(super) async fn unknown_path(OriginalUri(uri): OriginalUri) -> Self {
        let detail = format!("there is nothing at {}{}", uri.path(), path::meant(uri.path()));
        Self::new(StatusCode::NOT_FOUND, kind!("unknown-path"), "There is no such path", detail)
    }

    pub(super) async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> Self {
        let at = uri.path();
        let instead = if method == Method::PUT && at.contains("/revocations/") {
            ": POST adds one revocation, and DELETE of its generation takes it back"
        } else {
            ", but the methods of the header Allow"
        };
        let detail = format!("{at} does not take {method}{instead}");
        let title = "The method is not allowed here";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, kind!("method-not-allowed"), title, detail)
    }

    /// 401; `presented` if the request had a key that is not valid.
    pub(super) fn unauthorized(presented: bool) -> Self {
        // RFC 6750 section 3.1: no error code without credentials.
        let (detail, challenge) = if presented {
            ("the API key is unknown or revoked", r#"Bearer realm="stagedoor-origin", error="invalid_token""#)
        } else {
            ("expected the header Authorization: Bearer <API key>", r#"Bearer realm="stagedoor-origin""#)
        };
        let title = "An API key is needed";
        let problem = Self::new(StatusCode::UNAUTHORIZED, kind!("unauthorized"), title, detail);
        Self { challenge: Some(challenge), ..problem }
    }

    /// 403, for a key without access to the document.
    fn forbidden(detail: impl Into<String>) -> Self {
        let title = "The API key is not for this";
        Self::new(StatusCode::FORBIDDEN, kind!("forbidden"), title, detail)
    }

    /// 409, for a site with the greatest number of revocations.
    pub(super) fn too_many_revocations() -> Self {
        let detail = format!(
            "{} are in force: revoke everything and take single ones back, or say when the tokens concerned expire",
            Revocations::MOST
        );
        let title = "There are too many revocations";
        Self::new(StatusCode::CONFLICT, kind!("too-many-revocations"), title, detail)
    }

    /// 409, for the deletion of a document on which others depend.
    pub(super) fn in_use(key: &DocumentKey, dependents: &Dependents) -> Self {
        let detail = format!("{key} is not deleted: {dependents}. `?force=true` deletes it all the same");
        let title = "Other documents depend on the document";
        let dependents = Extension::Dependents(dependents.named());
        let extension = Some(Box::new(dependents));
        Self { extension, ..Self::new(StatusCode::CONFLICT, kind!("in-use"), title, detail) }
    }

    /// 422, for a revocation that names something unknown.
    pub(super) fn unknown_target(errors: Vec<FieldError>) -> Self {
        let named: Vec<_> = errors.iter().map(|error| format!("{}: {}", error.field, error.detail)).collect();
        let detail =
            format!("nothing was revoked; add `?force=true` to revoke it all the same. {}", named.join("; "));
        let title = "The target of the revocation is not known";
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind!("unknown-target"), title, detail) }
    }

    /// 403, for a limited key on an endpoint that concerns every document.
    pub(super) fn needs_full_scope() -> Self {
        Self::forbidden(
            "expected an API key without limits of kinds or sites, because this request concerns every document",
        )
    }

    /// 408, for a body that does not arrive in time.
    pub(super) fn too_slow(within: Duration) -> Self {
        let detail = format!("expected the whole body within {} s", within.as_secs());
        let title = "The request took too long";
        Self::new(StatusCode::REQUEST_TIMEOUT, kind!("request-timeout"), title, detail)
    }

    /// 412, with the current revision of the document, if there is one.
    pub(super) fn precondition_failed(found: Option<u64>) -> Self {
        let detail = match found {
            Some(revision) => {
                format!("the document is at revision {revision}, in If-Match with its quotes: \"{revision}\"")
            }
            None => "the document does not exist".to_owned(),
        };
        let title = "The document has changed meanwhile";
        Self::new(StatusCode::PRECONDITION_FAILED, kind!("precondition-failed"), title, detail)
    }

    /// 400, for a header or a query parameter.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind!("bad-request"), "The request cannot be read", detail)
    }

    /// 413, with the limit.
    pub(super) fn too_large(limit_bytes: usize) -> Self {
        let detail = format!("expected at most {limit_bytes} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, kind!("too-large"), "The document is too large", detail)
    }

    pub(super) fn unsupported_media_type(found: &str) -> Self {
        let found = if found.is_empty() { "none" } else { found };
        let detail = format!("expected Content-Type: application/json, found {found}");
        let (status, title) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The content type is not supported");
        Self::new(status, kind!("unsupported-media-type"), title, detail)
    }

    /// 503, if the database does not answer.
    pub(super) fn unavailable() -> Self {
        let (status, detail) = (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer");
        Self::new(status, kind!("unavailable"), "The service is not available", detail)
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Fields(errors) => Self::invalid(errors),
            Invalid::TooLarge { limit_bytes } => {
                let detail = format!("expected at most {limit_bytes} bytes with the defaults filled in");
                Self::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    kind!("too-large"),
                    "The document is too large",
                    detail,
                )
            }
            Invalid::Malformed(error) => {
                let detail = error.to_string();
                Self::new(StatusCode::BAD_REQUEST, kind!("malformed-json"), "The body is not JSON", detail)
            }
        }
    }
}

impl From<OutOfScope> for Problem {
    fn from(refusal: OutOfScope) -> Self {
        Self::forbidden(refusal.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request failed");
        if error.is_disk_full() {
            let detail = "nothing was stored: the disk of the service is full";
            return Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                kind!("disk-full"),
                "The disk is full",
                detail,
            );
        }
        let (status, detail) =
            (StatusCode::INTERNAL_SERVER_ERROR, "an internal fault; see the log of the service");
        Self::new(status, kind!("internal"), "The service failed", detail)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
