//! `stagedoor manifest rewrite`

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::json;
use stagedoor::cache;
use stagedoor::catalog::{Caps, Site};
use stagedoor::hls::{self, CompileError, Frame, Reach};
use stagedoor::route::{MediaRequest, Route, route};
use url::Url;

use crate::input::{self, Misuse};
use crate::{Answer, request};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kind of manifest.
    #[arg(long, value_enum, default_value_t = Kind::Hls)]
    kind: Kind,
    /// The playlist's URL at the edge: https://{host}/{title}/{path}, or the same below /~{session}/.
    #[arg(long, value_name = "PLAYLIST_URL")]
    url: String,
    /// The site's document: absolute URIs below its media origin are the title's own. Without it, the media origin is
    /// taken to be the host of the URL.
    #[arg(long, value_name = "SITE.json")]
    site: Option<PathBuf>,
    /// The permit: {"caps": {"max_height": 720}}.
    #[arg(long, value_name = "PERMIT.json")]
    permit: Option<PathBuf>,
    /// The session token that URIs are to carry.
    #[arg(long, value_name = "TOKEN")]
    session: Option<String>,
    /// How URIs carry the session.
    #[arg(long, value_enum, default_value_t = Signing::Path)]
    signing: Signing,
    /// What becomes of URIs outside the title.
    #[arg(long, value_enum, default_value_t = Foreign::Refuse)]
    foreign: Foreign,
    /// The manifest; `-` reads standard input.
    file: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// HTTP Live Streaming (RFC 8216).
    Hls,
}

#[derive(Clone, Copy, ValueEnum)]
enum Signing {
    /// As a path prefix.
    Path,
}

#[derive(Clone, Copy, ValueEnum)]
enum Foreign {
    /// The manifest is refused.
    Refuse,
}

#[derive(Default, Deserialize)]
struct Permit {
    #[serde(default)]
    caps: Caps,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Misuse> {
    let (Kind::Hls, Signing::Path, Foreign::Refuse) = (arguments.kind, arguments.signing, arguments.foreign);
    let manifest = input::bytes(&arguments.file)?;
    let facts = request::facts("GET", &arguments.url, [], "", None)?;
    let media = match route(&facts) {
        Ok(Route::Entry) => MediaRequest::at_entry(&facts.path).ok().map(|wanted| (wanted, None)),
        Ok(Route::Below(wanted, token)) => Some((wanted, Some(token))),
        Ok(_) | Err(_) => None,
    };
    let Some((wanted, carried)) = media else {
        return Err(Misuse(format!(
            "--url: expected https://{{host}}/{{title}}/{{path}}, found `{}`",
            arguments.url
        )));
    };
    let permit: Option<Permit> = arguments.permit.as_deref().map(input::json).transpose()?;
    if permit.is_none() && arguments.session.is_none() {
        input::write(&manifest)?;
        return Ok(Answer::Yes);
    }
    let site: Option<Site> = arguments.site.as_deref().map(input::json).transpose()?;
    let folder = folder(&facts, &wanted, site.as_ref())?;
    let reach = if carried.is_none() && arguments.session.is_some() { Reach::Prefix } else { Reach::Inherit };
    let frame = Frame { folder: &folder, resource: &wanted.resource, reach };
    let caps = permit.unwrap_or_default().caps;
    match hls::compile(&manifest, &frame, &caps) {
        Ok(template) => {
            let token = match (&arguments.session, &carried) {
                (Some(token), _) => token,
                (None, Some(token)) => token.expose(),
                // Without a session, a URI that needs one has nowhere to go.
                (None, None) if !template.is_shared() => {
                    return Err(Misuse("the playlist has absolute URIs: expected --session".to_owned()));
                }
                (None, None) => "",
            };
            input::write(&template.render(&format!("/~{token}/{}/", wanted.title)))?;
            Ok(Answer::Yes)
        }
        Err(CompileError::NotAPlaylist) => {
            Err(Misuse(format!("{}: {}", arguments.file.display(), CompileError::NotAPlaylist)))
        }
        Err(error) => {
            let reason = match error {
                CompileError::NoVariant => "no_variant",
                CompileError::Uncovered { .. } | CompileError::NotAPlaylist => "manifest_foreign_uri",
            };
            input::print(&json!({ "ok": false, "reason": reason, "detail": error.to_string() }))?;
            Ok(Answer::Denied)
        }
    }
}

/// The title's folder at the media origin.
fn folder(
    facts: &stagedoor::facts::Facts,
    wanted: &MediaRequest,
    site: Option<&Site>,
) -> Result<Url, Misuse> {
    let failed = |error: &dyn std::fmt::Display| Misuse(error.to_string());
    let Some(site) = site else {
        let origin = format!("https://{}/{}/", facts.host, wanted.title);
        return Url::parse(&origin).map_err(|error| failed(&error));
    };
    cache::source(facts, wanted, site, &format!("{}/", wanted.title), 0)
        .map(|source| source.folder)
        .map_err(|error| failed(&error))
}
