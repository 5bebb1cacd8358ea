//! The HTTP API of the CMS, under `/api/v1`, and what operators ask beside it.
//!
//! | request | answer |
//! | --- | --- |
//! | `PUT /api/v1/{titles,sites,keys}/{id}` | 201 or 200, the document and how its synchronisation stands |
//! | `GET /api/v1/{titles,sites,keys}/{id}` | 200, the same; 404 when there is none |
//! | `DELETE /api/v1/{titles,sites,keys}/{id}` | 200, the same with a null document |
//! | `GET /api/v1/{titles,sites,keys}?after=&limit=` | 200, a page of them |
//! | `POST /api/v1/revocations/{host}` | 200, one revocation more and the document that holds it |
//! | `DELETE /api/v1/revocations/{host}/{generation}` | 200, that revocation is taken back |
//! | `GET /api/v1/revocations/{host}`, `GET /api/v1/revocations` | 200, as above |
//! | `GET /api/v1/sync` | 200, how the synchronisation stands as a whole |
//! | `POST /api/v1/sync/retry` | 200, what the edge refused is sent once more |
//! | `GET /healthz`, `GET /version` | without a key |
//! | `GET /media/…` | sample media, with `--media`, without a key |
//!
//! An API key may be for some kinds of documents and some sites alone ([`crate::store::Scope`]); whatever else it asks for is
//! refused with 403.
//!
//! Every refusal, but of media, is an [RFC 9457] problem.
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

mod auth;
mod documents;
mod health;
mod page;
mod precondition;
mod problem;
mod reply;
mod request_log;
mod revocations;
mod sync;
mod upload;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use stagedoor::catalog::Kind;
use tokio::sync::Notify;

use crate::media;
use crate::push::Lag;
use crate::store::Store;
use problem::Problem;

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct Api {
    /// The database.
    pub store: Store,
    /// Wakes the worker that tells the edge.
    pub wake: Arc<Notify>,
    /// Whether the edge lags behind.
    pub lag: Lag,
    /// How long a request's body may take to come.
    pub body_within: Duration,
}

/// Every route of the service; `media` is the folder of the sample media, if it is to be served.
pub fn router(api: Api, media: Option<&Path>) -> Router {
    let v1 = Router::new()
        .merge(documents::routes(Kind::Title, "/titles"))
        .merge(documents::routes(Kind::Site, "/sites"))
        .merge(documents::routes(Kind::Keys, "/keys"))
        .merge(revocations::routes("/revocations"))
        .route("/sync", get(sync::status))
        .route("/sync/retry", post(sync::retry))
        .fallback(Problem::unknown_path)
        .method_not_allowed_fallback(Problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(upload::MAX_BYTES))
        .layer(from_fn_with_state(api.clone(), auth::require_key));
    let mut router = Router::new()
        .nest("/api/v1", v1)
        .route("/healthz", get(health::healthz))
        .route("/version", get(health::version))
        .fallback(Problem::unknown_path)
        .method_not_allowed_fallback(Problem::method_not_allowed);
    if let Some(folder) = media {
        router = router.nest_service("/media", media::service(folder));
    }
    router.layer(from_fn(request_log::log)).with_state(api)
}
