//! `stagedoor cache-key`

use std::path::PathBuf;

use serde_json::json;
use stagedoor::cache::{self, Lifetime, OriginControl, Source, SourceError};
use stagedoor::catalog::{Caps, Site, Title};
use stagedoor::resource::MediaRequest;
use stagedoor::route::{Route, route};
use stagedoor::token;

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, input, request, text};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  stagedoor cache-key --site site.json --title harbour.json \\
    https://watch.example.com/harbour/360p/000.ts
  stagedoor cache-key --site site.json --json --playlist index.m3u8 \\
    https://watch.example.com/harbour/360p/index.m3u8")]
pub(crate) struct Arguments {
    /// The site's document.
    #[arg(long, value_name = "SITE.json")]
    site: PathBuf,
    /// The title's document, which sets the folder and the generation. Default: the title's id as the folder, and
    /// generation 0.
    #[arg(long, value_name = "TITLE.json")]
    title: Option<PathBuf>,
    /// The playlist at the URL. Its content decides the cache times. `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    playlist: Option<PathBuf>,
    /// The URL as a player requests it: an entry, with or without a viewer token, or a URL below a session.
    url: String,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let site: Site = input::document(&arguments.site)?;
    let title: Option<Title> = arguments.title.as_deref().map(input::document).transpose()?;
    let facts = request::facts("GET", &arguments.url, [], "", None)?;
    if facts.host != site.host.as_str() {
        return Err(Failure::Misuse(format!(
            "expected a URL of {}, found the host `{}`",
            site.host, facts.host
        )));
    }
    let wanted = match route(&facts) {
        Ok(Route::Below(wanted, _)) => Ok(wanted),
        Ok(Route::Entry) => {
            // The path may contain a token.
            let presented = token::present(&facts, &site.tokens).ok();
            MediaRequest::at_entry(presented.as_ref().and_then(|token| token.path()).unwrap_or(&facts.path))
        }
        Ok(_) => Err(stagedoor::denial::Denial::new(
            stagedoor::denial::Reason::NotFound,
            "the edge answers this path itself, and does not cache it",
        )),
        Err(denial) => Err(denial),
    };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(denial) => return refused(&denial, context),
    };
    let (folder, generation) = match &title {
        Some(title) if title.id == wanted.title => (title.media_folder(), title.generation),
        Some(title) => {
            return Err(Failure::Misuse(format!(
                "expected a URL of the title `{}`, found `{}`",
                title.id, wanted.title
            )));
        }
        None => (format!("{}/", wanted.title), 0),
    };
    match cache::source(&facts, &wanted, &site, &folder, &Caps::default(), generation) {
        Ok(source) => {
            let described = describe(&source, arguments)?;
            let only_key = || source.cache_key.to_string();
            let text = || if arguments.playlist.is_some() { text::members(&described) } else { only_key() };
            context.output.result(&described, text)?;
        }
        Err(SourceError::Denied(denial)) => return refused(&denial, context),
        Err(error @ (SourceError::Outside { .. } | SourceError::Kept { .. })) => {
            return Err(Failure::Misuse(error.to_string()));
        }
    }
    Ok(Answer::Yes)
}

fn refused(denial: &stagedoor::denial::Denial, context: &Context) -> Result<Answer, Failure> {
    let refused = json!({ "ok": false, "reason": denial.reason.code(), "detail": denial.detail });
    context.output.result(&refused, || text::members(&refused))?;
    Ok(Answer::Denied)
}

fn describe(source: &Source, arguments: &Arguments) -> Result<serde_json::Value, Misuse> {
    let origin = OriginControl::default();
    let playlist = arguments.playlist.as_deref().map(input::bytes).transpose()?;
    let lifetime = match (source.kind, playlist) {
        (Some(kind), _) => Some(Lifetime::of_file(kind, &source.policy, &origin)),
        (None, Some(playlist)) => {
            let timing = cache::timing(&playlist);
            Some(Lifetime::of_playlist(&timing, &source.directives, &source.policy, &origin))
        }
        // Its times depend on its content.
        (None, None) => None,
    };
    let missing_ms = cache::missing_ms(source.kind, source.resource, &source.policy);
    Ok(json!({
        "key": source.cache_key,
        "url": source.url,
        "times": lifetime,
        "missing_ms": missing_ms,
        "player": lifetime.map(|lifetime| lifetime.for_player()),
    }))
}
