//! `Authorization: Bearer sdk_…` for everything under `/api/v1` ([RFC 6750 section 2.1]).
//!
//! [RFC 6750 section 2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::problem::Problem;

/// The public part of the API key of a request, left on its response for the log.
#[derive(Clone, Debug)]
pub(super) struct ApiKeyId(pub(super) String);

/// Passes requests with a valid key, and attaches the key's id and scope.
pub(super) async fn require_key(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let actor = match bearer(request.headers()) {
        None => return Problem::unauthorized(false).into_response(),
        Some(key) => match api.store.authenticate(key).await {
            Ok(Some(actor)) => actor,
            Ok(None) => return Problem::unauthorized(true).into_response(),
            Err(error) => return Problem::from(error).into_response(),
        },
    };
    let id = ApiKeyId(actor.id.clone());
    request.extensions_mut().insert(actor);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(id);
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| key.trim())
}
