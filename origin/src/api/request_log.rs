//! Logs one line for each request, without the query and the headers, which may carry secrets.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use super::auth::ApiKeyId;
use crate::clock::millis;

/// Logs method, path, status, duration and the public id of the API key.
pub(super) async fn log(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let began = Instant::now();
    let response = next.run(request).await;
    let api_key = response.extensions().get::<ApiKeyId>().map_or("-", |id| id.0.as_str());
    let (status, duration_ms) = (response.status().as_u16(), millis(began.elapsed()));
    tracing::info!(%method, path, status, duration_ms, api_key, "request");
    response
}
