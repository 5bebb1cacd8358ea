//! `--media DIR`: a folder of sample media, read-only, so that the demo needs no other media origin.
//!
//! tower-http implements ranges, `HEAD`, `ETag`, `Last-Modified` and conditional requests.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::services::ServeDir;

/// Serves the files of a folder.
pub(crate) fn service(folder: &Path) -> Router {
    let files = ServeDir::new(folder)
        .append_index_html_on_directories(false)
        .redirect_to_trailing_slash(false)
        .ignore_multi_range_requests(true);
    Router::new().fallback_service(files).layer(from_fn(name_content_type))
}

/// Sets the media types that players expect. Common tables have no entry for `.m4s`, and some map `.ts` to TypeScript.
async fn name_content_type(request: Request, next: Next) -> Response {
    let content_type = content_type(request.uri().path());
    let mut response = next.run(request).await;
    if let Some(content_type) = content_type.filter(|_| response.status().is_success()) {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

fn content_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "m3u8" => "application/vnd.apple.mpegurl",
        "mpd" => "application/dash+xml",
        "m4s" | "mp4" => "video/mp4",
        "vtt" => "text/vtt",
        "ts" => "video/mp2t",
        "bin" => "application/octet-stream",
        _ => return None,
    })
}
