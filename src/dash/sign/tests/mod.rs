//! What signing does, by subject.

mod base_urls;
mod cost;
mod others;
mod templates;
mod uris;

use serde_json::json;
use url::Url;

use crate::catalog::{Caps, ForeignPolicy};
use crate::dash::{Edits, compile};
use crate::manifest::{Frame, Own, Query, Signing};
use crate::resource::ResourcePath;
use crate::token::Credentials;

fn signed(mpd: &str, signing: Signing) -> Result<String, String> {
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    let resource = ResourcePath::parse("dash/live.mpd").unwrap();
    let foreign: ForeignPolicy =
        serde_json::from_value(json!({ "pass": ["pass.example"], "sign": ["*.cdn.example"] })).unwrap();
    let frame = Frame {
        folder: &folder,
        root: "harbour/",
        resource: &resource,
        query: Query::new("token=secret&start=5"),
        signing,
        foreign: &foreign,
        authority: "https://watch.example",
        credentials: &Credentials::usual(),
    };
    let caps = Caps::default();
    let template =
        compile(mpd.as_bytes(), Some(&frame), &Edits::within(&caps)).map_err(|error| error.to_string())?;
    let own = Own { token: "S", query: "start=5" };
    Ok(String::from_utf8(template.render(own).into_owned()).unwrap())
}

/// What stands in an MPD of one Period, AdaptationSet and Representation: `@M`, `@P`, `@A` and `@R` of these.
fn mpd(rewrite: &str) -> String {
    let (level, text) = rewrite.split_at(2);
    let fill = |known: &str| if level == known { text } else { "" };
    format!(
        "<MPD xmlns:xlink=\"x\">{}<Period>{}<AdaptationSet>{}<Representation id=\"1\">{}</Representation></AdaptationSet></Period></MPD>",
        fill("@M"),
        fill("@P"),
        fill("@A"),
        fill("@R")
    )
}
