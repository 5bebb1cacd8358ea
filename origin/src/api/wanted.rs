//! `GET /api/v1/creatives/wanted`: the creatives that ad servers named and that nobody has conditioned.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stagedoor::catalog::{CreativeId, DocumentKind, Host, WantedCreative};
use stagedoor::time::UnixTime;

use super::Api;
use super::page::PageRequest;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::store::{Actor, Wanted, WantedList};

/// `{"items": [{"site", "id", "universal_ad_ids", "file", "duration_ms", "times", "first_at", "last_at"}], "next": "…"|null}`:
/// `next` is the `after` of the next page.
#[derive(Debug, Serialize)]
pub(super) struct WantedPage {
    items: Vec<Item>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Item {
    site: Host,
    #[serde(flatten)]
    creative: WantedCreative,
    times: u64,
    first_at: UnixTime,
    last_at: UnixTime,
}

pub(super) async fn list(
    State(api): State<Api>,
    Extension(by): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Result<WantedPage, Problem> {
    by.scope.check_kind(DocumentKind::Creative)?;
    let [after, limit] = PageRequest::PARAMETERS;
    let parameters = Parameters::parse(query.as_deref(), &[after, limit, "site"])?;
    let PageRequest { after, limit } = PageRequest::read(&parameters)?;
    let site: Option<Host> = parameters.value("site", "a host name such as watch.example.com")?;
    if let Some(host) = &site {
        by.scope.check_site(host)?;
    }
    let after = place(&after)?;
    let after = after.as_ref().map(|(host, id)| (host, id));
    let list = WantedList { after, site: site.as_ref(), limit };
    let (wanted, more) = api.store.wanted(list, &by.scope).await?;
    let last = wanted.last().filter(|_| more);
    let next = last.map(|last| format!("{}/{}", last.site, last.sighting.creative.id));
    let item = |Wanted { site, sighting }: Wanted| Item {
        site,
        creative: sighting.creative,
        times: sighting.times,
        first_at: sighting.first,
        last_at: sighting.last,
    };
    Ok(WantedPage { items: wanted.into_iter().map(item).collect(), next })
}

/// The site and the id before the first item of a page.
fn place(after: &str) -> Result<Option<(Host, CreativeId)>, Problem> {
    if after.is_empty() {
        return Ok(None);
    }
    let read = after.split_once('/').and_then(|(host, id)| Some((host.parse().ok()?, id.parse().ok()?)));
    let wrong =
        || Problem::bad_request("expected the `next` of a page in `after`, such as watch.example.com/plum");
    read.map(Some).ok_or_else(wrong)
}

impl IntoResponse for WantedPage {
    fn into_response(self) -> Response {
        let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (no_store, axum::Json(self)).into_response()
    }
}
