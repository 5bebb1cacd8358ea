//! The body of a `PUT`: JSON, of bounded size.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use stagedoor::catalog::{DocumentKind, SyncBatch};

use super::Api;
use super::problem::Problem;

/// The largest body of a request that stores no document.
pub(super) const MAX_BYTES: usize = SyncBatch::MAX_DOCUMENT_BYTES;

/// The largest body for the documents of a route. A title with a thousand offers has a fifth of it. The stored document, with the
/// defaults filled in, is checked against the same limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Longest(pub(super) usize);

impl Longest {
    /// The largest document of a kind.
    pub(super) const fn of(kind: DocumentKind) -> Self {
        Self(SyncBatch::longest_document(kind))
    }
}

/// The bytes of a body whose content type is JSON. The validation parses it.
pub(super) struct JsonBody(pub(super) Bytes);

impl FromRequest<Api> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let content_type = essence(request.headers());
        if !content_type.eq_ignore_ascii_case("application/json") {
            return Err(Problem::unsupported_media_type(content_type));
        }
        let longest = request.extensions().get().map_or(MAX_BYTES, |Longest(bytes)| *bytes);
        let body = Bytes::from_request(request, api);
        let Ok(body) = tokio::time::timeout(api.body_within, body).await else {
            return Err(Problem::too_slow(api.body_within));
        };
        match body {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Problem::too_large(longest))
            }
            Err(_) => Err(Problem::bad_request("the body ended before it was complete")),
        }
    }
}

/// The content type without its parameters.
fn essence(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
