//! The life of a request, as steps that a caller strings together: `worker` with its awaits, the tests and the
//! command without.
//!
//! ```text
//! route     which title, resource and kind of thing               (crate::route)
//! entry:    present -> challenge -> grant -> admit                 the viewer token, once a session
//! below:    open -> resume                                        the session token, on every URL
//! source    where the bytes are, and the cache key                 (crate::cache)
//! manifest  rewrite, or media: pass through
//! ```

use crate::cache::Source;
use crate::catalog::{Caps, Host, KeySet, Site, Title};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::hls::{self, CompileError, Frame, Reach};
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::rights::{self, Viewer};
use crate::route::{MediaRequest, ResourceKind};
use crate::time::UnixTime;
use crate::token::session::{Session, SessionId};
use crate::token::{self, Grant, Presented};

/// Why a request is not served: refused, or something broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Refused.
    Denied(Denial),
    /// Broken.
    Failed(Fault),
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<&Stop> for Reply {
    fn from(stop: &Stop) -> Self {
        match stop {
            Stop::Denied(denial) => denial.into(),
            Stop::Failed(fault) => fault.into(),
        }
    }
}

/// A viewer who has been let in.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The session.
    pub session: Session,
    /// Its token, as it stands in URLs.
    pub token: Redacted<String>,
    /// The limits that the permit puts on a manifest.
    pub caps: Caps,
    /// Whether relative URIs of the manifest already carry the session.
    pub reach: Reach,
}

/// Checks that a title may be served by a site.
pub fn on_site(title: &Title, host: &Host) -> Result<(), Denial> {
    if title.sites.contains(host) {
        Ok(())
    } else {
        Err(Denial::new(Reason::TitleUnknown, format!("`{}` is not a title of {host}", title.id)))
    }
}

/// At the entry: finds and reads the viewer token, and with it what is asked for, since a token may stand in the path.
/// Only manifests are entries.
pub fn present(facts: &Facts, site: &Site) -> Result<(MediaRequest, Box<dyn Presented>), Denial> {
    let presented = token::present(facts, &site.tokens);
    let path = presented.as_ref().ok().and_then(|presented| presented.path()).unwrap_or(&facts.path);
    let request = MediaRequest::at_entry(path)?;
    if request.kind == ResourceKind::Segment {
        return Err(Denial::new(
            Reason::SessionMissing,
            "expected /~{session}/ in front, as the manifest gives it",
        ));
    }
    Ok((request, presented?))
}

/// At the entry: decides the rights, and opens a session that lasts no longer than the site, the token and the
/// offer allow.
pub fn admit(
    facts: &Facts,
    site: &Site,
    session_keys: &KeySet,
    title: &Title,
    grant: &Grant,
    now: UnixTime,
    id: SessionId,
) -> Result<Admission, Stop> {
    if !grant.covers(&title.id) {
        return Err(Denial::new(
            Reason::TokenTitle,
            format!("`{}` is not among the token's titles", title.id),
        )
        .into());
    }
    let viewer = Viewer { geography: &facts.geography, plans: &grant.plans };
    let permit = rights::decide(title, viewer, site.geography, now)?;
    let ends = [Some(now.plus_secs(site.sessions.lifetime_s)), grant.expires_at, permit.until];
    let expires_at = ends.into_iter().flatten().min().unwrap_or(now);
    let session = Session::new(id, &title.id, permit.class(), grant, expires_at);
    let token = session.mint(session_keys, site.host.as_str()).ok_or_else(|| {
        Fault::new(
            FaultKind::DocumentInvalid,
            format!("v1/keys/{} has no HS256 key in front", site.sessions.keys),
        )
    })?;
    Ok(Admission { session, token: Redacted::new(token), caps: permit.caps, reach: Reach::Prefix })
}

/// Below the entry: verifies the session token. It takes no other document than the site's session keys, so that
/// nothing is looked up for a token that somebody made up.
pub fn open(
    request: &MediaRequest,
    token: &Redacted<String>,
    site: &Site,
    session_keys: &KeySet,
    now: UnixTime,
) -> Result<Session, Denial> {
    Session::open(token.expose(), session_keys, site.host.as_str(), &request.title, now)
}

/// Below the entry: decides the rights again, so that a change reaches a running session with its next request.
pub fn resume(
    facts: &Facts,
    token: &Redacted<String>,
    session: Session,
    site: &Site,
    title: &Title,
    now: UnixTime,
) -> Result<Admission, Denial> {
    let caps = rights::resume(title, session.class, &facts.geography, site.geography, now)?.caps;
    Ok(Admission { session, token: token.clone(), caps, reach: Reach::Inherit })
}

/// The longest manifest that the edge reads, in bytes: 10,000 segments with long names take about 2 MiB.
pub const LONGEST_MANIFEST: usize = 16 * 1024 * 1024;

/// Rewrites a manifest for a viewer.
pub fn manifest(
    facts: &Facts,
    request: &MediaRequest,
    admission: &Admission,
    source: &Source,
    bytes: &[u8],
) -> Result<Reply, Stop> {
    if request.kind == ResourceKind::Mpd {
        return Err(Fault::new(FaultKind::ManifestUnsupported, "DASH manifests are not rewritten yet").into());
    }
    let frame = Frame { folder: &source.folder, resource: &request.resource, reach: admission.reach };
    let template = hls::compile(bytes, &frame, &admission.caps).map_err(|error| match error {
        CompileError::NoVariant => Stop::Denied(Denial::new(Reason::NoVariant, error.to_string())),
        CompileError::NotAPlaylist => {
            Fault::new(FaultKind::ManifestInvalid, format!("{}: {error}", source.place())).into()
        }
        CompileError::Uncovered { .. } => {
            Fault::new(FaultKind::ManifestForeignUri, format!("{}: {error}", source.place())).into()
        }
    })?;
    let root = format!("/~{}/{}/", admission.token.expose(), request.title);
    let body = template.render(&root).into_owned();
    let reply = Reply::new(200, "application/vnd.apple.mpegurl", body);
    Ok(match admission.reach {
        // It holds a session of its own: nobody else may have it, and the next request opens another one.
        Reach::Prefix => reply.with("Cache-Control", "private, no-store"),
        Reach::Inherit => reply
            .with("Cache-Control", format!("private, max-age={}", source.ttl_s))
            .tagged(facts.headers.if_none_match.as_deref()),
    })
}

/// Headers of the media origin's reply that go on to the player; all others end here.
const MEDIA_HEADERS: [&str; 6] =
    ["Content-Type", "Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified"];

/// What becomes of a reply of the media origin to a request for a segment: its status and headers are passed on
/// with our own cache policy, or a fault.
pub fn media(source: &Source, status: u16, header: impl Fn(&str) -> Option<String>) -> Result<Reply, Fault> {
    match status {
        200 | 206 | 304 | 416 => {
            // The runtime decodes a content coding, which makes the length and ranges of the coded form untrue.
            let coded =
                header("Content-Encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
            let headers = MEDIA_HEADERS
                .into_iter()
                .filter(|name| !coded || !matches!(*name, "Content-Length" | "Accept-Ranges"))
                .filter_map(|name| Some((name.into(), header(name)?)))
                .collect();
            let reply = Reply { status, headers, body: Vec::new() };
            let policy = if status == 416 {
                "no-store".to_owned()
            } else {
                format!("private, max-age={}", source.ttl_s)
            };
            Ok(reply.with("Cache-Control", policy))
        }
        _ => Err(upstream_fault(source, status)),
    }
}

/// The fault behind a status of the media origin that is none of success.
pub fn upstream_fault(source: &Source, status: u16) -> Fault {
    let kind = if matches!(status, 404 | 410) { FaultKind::MediaMissing } else { FaultKind::UpstreamStatus };
    Fault::new(kind, format!("{} answered {status}", source.place()))
}
