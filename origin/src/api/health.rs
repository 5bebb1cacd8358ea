//! `GET /healthz` and `GET /version`, for load balancers and operators.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Api;
use super::problem::Problem;

/// 200 if the database answers, else 503. An edge that is down does not make this service unhealthy.
pub(super) async fn healthz(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    api.store.check().await.map_err(|error| {
        tracing::error!(%error, "the database does not answer");
        Problem::unavailable()
    })?;
    Ok(Json(json!({ "status": "ok" })))
}

/// The name and version of this program.
pub(super) async fn version() -> Json<Value> {
    Json(json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }))
}
