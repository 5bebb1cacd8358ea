//! Maps replies of the media origin: the head of a file to the edge's reply, a non-success status to a denial or a fault.

use crate::cache::{Lifetime, Source};
use crate::denial::{Denial, Reason};
use crate::fault::{Fault, FaultKind};
use crate::media_type;
use crate::reply::Reply;
use crate::stop::Stop;

/// The headers that reach the player. All others are dropped.
const MEDIA_HEADERS: [&str; 5] =
    ["Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified"];

/// Maps the head of a file to the head of the reply: its status and the headers that reach the player, the edge's cache policy, and a media
/// type that no browser runs. Any other status is a [`refusal`].
pub fn file_head(
    source: &Source,
    status: u16,
    lifetime: &Lifetime,
    header: impl Fn(&str) -> Option<String>,
) -> Result<Reply, Stop> {
    match status {
        200 | 206 | 304 | 416 => {
            // The runtime removes a content coding, so the length and ranges of the coded form do not apply.
            let coded =
                header("Content-Encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
            let headers = MEDIA_HEADERS
                .into_iter()
                .filter(|name| !coded || !matches!(*name, "Content-Length" | "Accept-Ranges"))
                .filter_map(|name| Some((name.into(), header(name)?.into())))
                .collect();
            let reply = Reply { status, headers, body: Vec::new() };
            // A range has the type of its file. A reply without a body has no type.
            let reply = if matches!(status, 200 | 206) {
                let media_type = media_type::of(header("Content-Type").as_deref(), source.url.path(), status);
                reply.with("Content-Type", media_type)
            } else {
                reply
            };
            let policy = if status == 416 { "no-store".into() } else { lifetime.for_player() };
            Ok(reply.with("Cache-Control", policy))
        }
        _ => Err(refusal(source, status)),
    }
}

/// Maps a non-success status of the media origin to a denial or a fault.
pub fn refusal(source: &Source, status: u16) -> Stop {
    let detail = format!("{} answered {status}", source.place());
    match status {
        // The requested part will not appear soon, or the request was held for too long.
        400 if source.directives.is_blocking() => Denial::new(
            Reason::DirectiveInvalid,
            "expected a Media Sequence Number or part that is to come soon, as the playlist says",
        )
        .into(),
        503 if source.directives.is_blocking() => Fault::new(FaultKind::PlaylistHeld, detail).into(),
        404 | 410 => Fault::new(FaultKind::MediaMissing, detail).into(),
        _ => Fault::new(FaultKind::UpstreamStatus, detail).into(),
    }
}
