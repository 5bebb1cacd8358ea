//! The HTTP API for the CMS, under `/api/v1`, and the endpoints for operators.
//!
//! | request | answer |
//! | --- | --- |
//! | `PUT /api/v1/{titles,sites,keys,campaigns,creatives}/{id}?dry_run=` | 201 or 200, the document, its warnings and the state of its synchronisation |
//! | `GET /api/v1/{titles,sites,keys,campaigns,creatives}/{id}` | 200, the same; 404 if there is none |
//! | `DELETE /api/v1/{titles,sites,keys,campaigns,creatives}/{id}?dry_run=&force=` | 200, the same with a null document; 409 if others depend on it |
//! | `GET /api/v1/{titles,sites,keys,campaigns,creatives,revocations}?after=&limit=&q=&state=&site=` | 200, a page of them |
//! | `GET /api/v1/warnings?after=&limit=` | 200, a page of documents with warnings |
//! | `POST /api/v1/revocations/{host}?dry_run=&force=` | 200, the added revocation and its document; 422 for an unknown target |
//! | `DELETE /api/v1/revocations/{host}/{generation}?dry_run=` | 200, the revocation is taken back |
//! | `GET /api/v1/revocations/{host}` | 200, as above |
//! | `GET /api/v1/{titles,sites,keys,campaigns,creatives}/{id}?revision=` | 200, the document of an earlier revision |
//! | `GET /api/v1/{titles,sites,keys,campaigns,creatives,revocations}/{id}/history`, `GET /api/v1/history` | 200, a page of changes |
//! | `GET /api/v1/creatives/wanted?after=&limit=&site=` | 200, a page of creatives of ad servers that nobody has conditioned |
//! | `GET /api/v1/sync` | 200, the state of the whole synchronisation |
//! | `POST /api/v1/sync/retry` | 200, refused documents are sent again |
//! | `GET /healthz`, `GET /version` | without a key |
//! | `GET /media/…` | sample media, with `--media`, without a key |
//!
//! An API key may be limited to some kinds of documents and some sites ([`crate::store::Scope`]). Any other request is refused
//! with 403.
//!
//! Every refusal, except of media, is an [RFC 9457] problem.
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

mod auth;
mod documents;
mod filter;
mod health;
mod history;
mod page;
mod parameters;
mod path;
mod precondition;
mod problem;
mod reply;
mod request_log;
mod revocations;
mod sync;
mod upload;
mod wanted;
mod warnings;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use stagedoor::catalog::DocumentKind;
use tokio::sync::Notify;

use crate::media;
use crate::push::Lag;
use crate::store::Store;
use problem::Problem;

/// The state that the handlers share.
#[derive(Clone, Debug)]
pub struct Api {
    /// The database.
    pub store: Store,
    /// Wakes the worker that sends changes to the edge.
    pub wake: Arc<Notify>,
    /// The alarm for a lagging edge.
    pub lag: Lag,
    /// The time limit for a request's body.
    pub body_within: Duration,
}

/// Every route of the service; `media` is the folder of the sample media, if any.
pub fn router(api: Api, media: Option<&Path>) -> Router {
    let v1 = Router::new()
        .merge(documents::routes(DocumentKind::Title, "/titles"))
        .merge(documents::routes(DocumentKind::Site, "/sites"))
        .merge(documents::routes(DocumentKind::Keys, "/keys"))
        .merge(documents::routes(DocumentKind::Campaigns, "/campaigns"))
        .merge(documents::routes(DocumentKind::Creative, "/creatives"))
        .merge(revocations::routes("/revocations"))
        .route("/creatives/wanted", get(wanted::list))
        .route("/history", get(history::of_all))
        .route("/warnings", get(warnings::list))
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
