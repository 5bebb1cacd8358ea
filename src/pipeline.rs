//! The life of a request, as steps that a caller strings together: `worker` with its awaits, the tests and the
//! command without.
//!
//! ```text
//! route     which title, resource and kind of thing               (crate::route)
//! entry:    present -> challenge -> grant -> admit                 the viewer token, once a session
//! below:    open -> resume                                        the session token, on every URL
//! source    where the bytes are, and the cache key                 (crate::cache)
//! manifest  rewrite (crate::rewrite), or media: pass through, or steering (crate::steering)
//! ```

use crate::cache::{Lifetime, Source, SourceError};
use crate::catalog::{Host, Jwk, KeySet, SigningStyle, Site, Start, Title};
use crate::dash;
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::fault::{Fault, FaultKind};
use crate::manifest::Signing;
use crate::media_type;
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::rights::{self, Decision, Permit, Policies, Resumed, Viewer};
use crate::route::{self, MediaRequest, ResourceKind, SESSION_PARAMETER};
use crate::time::UnixTime;
use crate::token::session::{self, Opening, Session, SessionId};
use crate::token::{self, Grant, Presented, Renewal, RevocationIndex};

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

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Denied(denial) => denial.into(),
            error @ (SourceError::Outside { .. } | SourceError::Kept { .. }) => {
                Fault::new(FaultKind::DocumentInvalid, error.to_string()).into()
            }
        }
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
    /// Whether the session was opened by this request.
    pub entered: bool,
    /// How the URIs of the manifest carry the session.
    pub signing: Signing,
    /// What it may see.
    pub permit: Permit,
    /// What its player begins with. Below a session nothing is said, since playlists there are those of a class.
    pub start: Option<Start>,
    /// What rules that are being rehearsed would have refused: for the log.
    pub rehearsed: Vec<Denial>,
    /// A newer viewer token for the viewer, where the one that was shown asks for it.
    pub renewal: Option<Renewal>,
}

/// What a site's sessions are opened and verified with.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    /// The keys.
    pub keys: &'a KeySet,
    /// What was revoked.
    pub revocations: &'a RevocationIndex,
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
    let presented = token::present_to_site(facts, site);
    let path = presented.as_ref().ok().and_then(|presented| presented.path()).unwrap_or(&facts.path);
    let request = MediaRequest::at_entry(path)?;
    if !matches!(request.kind, ResourceKind::Playlist | ResourceKind::Mpd) {
        return Err(Denial::new(
            Reason::SessionMissing,
            "expected /~{session}/ in front, as the manifest gives it",
        ));
    }
    Ok((request, presented?))
}

/// At the entry: checks that a viewer token covers the title and was not revoked.
pub fn good_for(grant: &Grant, title: &Title, revocations: &RevocationIndex) -> Result<(), Denial> {
    if !grant.covers(&title.id) {
        let detail = format!("`{}` is not among the token's titles", title.id);
        return Err(Denial::new(Reason::TokenTitle, detail));
    }
    revocations.grant(grant, &title.id)
}

/// At the entry: decides the rights, and opens a session that lasts no longer than the site, the token and the
/// offer allow.
pub fn admit(
    facts: &Facts,
    site: &Site,
    sessions: Sessions<'_>,
    title: &Title,
    grant: &Grant,
    now: UnixTime,
    id: SessionId,
) -> Result<Admission, Stop> {
    good_for(grant, title, sessions.revocations)?;
    let viewer = viewer(facts, site, grant, id);
    let Decision { outcome, rehearsed } = rights::decide(title, &viewer, Policies::from(site), now);
    let permit = outcome?;
    let ends_at = grant.expires_at.unwrap_or(now.plus_secs(site.sessions.longest_s));
    let ends_at = permit.until.map_or(ends_at, |until| until.min(ends_at));
    let session = Session::new(&Opening {
        id,
        title: &title.id,
        class: permit.class,
        proved: permit.proved,
        grant,
        lock: site.sessions.lock.and(grant.lock),
        facts,
        generation: sessions.revocations.generation(),
        streams: permit.caps.max_streams.filter(|_| grant.subject.is_some()),
        expires_at: now.plus_secs(site.sessions.lifetime_s).min(ends_at),
        ends_at,
    });
    Ok(Admission {
        session,
        token: sign(&session, site, sessions.keys)?,
        entered: true,
        signing: match site.sessions.signing {
            SigningStyle::Path => Signing::Path,
            SigningStyle::Query => Signing::Query,
        },
        permit,
        start: rights::start(&site.playlists, viewer.device, rights::cmcd(facts).as_deref()),
        rehearsed,
        // HEAD uses no token up, and so brings none either.
        renewal: grant.renewal.clone().filter(|_| facts.method != Method::Head),
    })
}

/// What the rights look at in a viewer at the entry.
pub fn viewer<'a>(facts: &'a Facts, site: &Site, grant: &'a Grant, id: SessionId) -> Viewer<'a> {
    let cmcd = rights::cmcd(facts);
    Viewer {
        geography: &facts.geography,
        plans: &grant.plans,
        entitlements: &grant.entitlements,
        age: grant.age,
        device: rights::device(
            grant.device,
            cmcd.as_deref(),
            facts.headers.named("User-Agent"),
            &site.devices,
        ),
        max_height: grant.max_height,
        max_streams: grant.max_streams,
        bucket: session::bucket_of(grant, id),
    }
}

fn sign(session: &Session, site: &Site, keys: &KeySet) -> Result<Redacted<String>, Fault> {
    session.mint(keys, site.host.as_str()).map(Redacted::new).ok_or_else(|| {
        let detail = format!("v1/keys/{} has no HS256 key in front", site.sessions.keys);
        Fault::new(FaultKind::DocumentInvalid, detail)
    })
}

/// Below the entry: verifies the session token. It takes no other document than the site's session keys and
/// revocations, so that nothing is looked up for a token that somebody made up.
pub fn open(
    facts: &Facts,
    request: &MediaRequest,
    token: &Redacted<String>,
    site: &Site,
    sessions: Sessions<'_>,
    now: UnixTime,
) -> Result<Session, Denial> {
    let (session, key) = Session::open(token.expose(), sessions.keys, site.host.as_str())?;
    good(facts, request, &session, key, site, sessions, now)?;
    Ok(session)
}

/// Below the entry: checks that a session that was opened, with this key, is good for a request at this time.
pub fn good(
    facts: &Facts,
    request: &MediaRequest,
    session: &Session,
    key: &Jwk,
    site: &Site,
    sessions: Sessions<'_>,
    now: UnixTime,
) -> Result<(), Denial> {
    // Players ask again for the playlist that they know, long after its token was renewed: it is renewed again, for as
    // long as the session lasts.
    let grace_s = if request.kind == ResourceKind::Segment { site.sessions.grace_s } else { u64::MAX };
    session.check(request, facts, now, grace_s)?;
    sessions.revocations.session(session, &request.title, &site.sessions.keys, key)
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
    let Decision { outcome, rehearsed } =
        rights::resume(title, &resumed(facts, &session), Policies::from(site), now);
    Ok(Admission {
        session,
        token: token.clone(),
        entered: false,
        // A player that got a path goes on with paths, whatever the site says by now.
        signing: if route::session_prefix(&facts.path).is_some() {
            Signing::Inherited
        } else {
            Signing::Query
        },
        permit: outcome?,
        start: None,
        rehearsed,
        renewal: None,
    })
}

/// What the rights look at below a session.
pub fn resumed<'a>(facts: &'a Facts, session: &Session) -> Resumed<'a> {
    Resumed {
        class: session.class,
        proved: session.proved,
        geography: &facts.geography,
        max_height: session.max_height.map(u32::from),
        max_streams: session.streams.filter(|most| *most < u8::MAX).map(u32::from),
        bucket: session.bucket(),
    }
}

/// What comes in place of a manifest, when a token is to be renewed that way: a redirect.
///
/// At the entry, a viewer token may ask for it. Below, a session token that is about to expire is answered with the
/// same manifest's URL under a new one: players resolve a playlist's relative URIs against the URL that it was
/// redirected to, so that everything below it carries the new token. Segments are never redirected: they live on the
/// old token until their playlist is asked for again, or until the grace is over. Nor are patches: players do not take what
/// comes of it for where they are. In place of one comes one that makes them ask for the MPD, and so it is within limits that
/// leave an MPD no patches.
pub fn renew(
    facts: &Facts,
    request: &MediaRequest,
    admission: &Admission,
    site: &Site,
    keys: &KeySet,
    now: UnixTime,
) -> Result<Option<Reply>, Fault> {
    let Admission { renewal, .. } = admission;
    let redirect = |status, place: &str| {
        let reply = Reply { status, ..Reply::default() };
        Some(reply.with("Location", place.to_owned()).with("Cache-Control", NOT_KEPT))
    };
    if let Some(Renewal { redirect: Some((status, place)), .. }) = renewal {
        return Ok(redirect(*status, place.expose()));
    }
    if matches!(request.kind, ResourceKind::Segment | ResourceKind::Steering | ResourceKind::Time) {
        return Ok(None);
    }
    let is_patch = request.kind == ResourceKind::Patch;
    if is_patch && !dash::are_patched(&admission.permit.caps) {
        return Ok(Some(void_patch()));
    }
    let token = longer_token(admission, site, keys, now, site.sessions.renewal_s())?;
    if is_patch {
        return Ok(token.map(|_| void_patch()));
    }
    let place = |token| at_session(request, admission.signing, &token, facts.query.expose());
    Ok(token.map(place).and_then(|place| redirect(307, &place)))
}

/// What becomes of a manifest that cannot be served. Upon an error, players that have asked for a patch would ask no more, or
/// for the same patch for ever: they are made to ask for the MPD. The fault is for the log.
pub fn or_void_patch(request: &MediaRequest, stop: Stop) -> Result<(Reply, Fault), Stop> {
    match stop {
        Stop::Failed(fault) if request.kind == ResourceKind::Patch => Ok((void_patch(), fault)),
        stop => Err(stop),
    }
}

fn void_patch() -> Reply {
    let reply = Reply::new(200, ResourceKind::Patch.media_type(), dash::VOID_PATCH.into());
    reply.with("Cache-Control", NOT_KEPT)
}

/// The token of the same session for longer, where the present one lasts no more than so many seconds.
pub(crate) fn longer_token(
    Admission { session, .. }: &Admission,
    site: &Site,
    keys: &KeySet,
    now: UnixTime,
    least_s: u64,
) -> Result<Option<Redacted<String>>, Fault> {
    let due = now.plus_secs(least_s) >= session.expires_at;
    let longer = session.renewed(now.plus_secs(site.sessions.lifetime_s));
    if due && longer.expires_at > session.expires_at { sign(&longer, site, keys).map(Some) } else { Ok(None) }
}

/// The path and query of a title's resource under a token, with the other parameters of a query.
pub(crate) fn at_session(
    MediaRequest { title, resource, .. }: &MediaRequest,
    signing: Signing,
    token: &Redacted<String>,
    query: &str,
) -> String {
    let token = token.expose();
    if signing == Signing::Query {
        let others = route::without_session(query);
        let mark = if others.is_empty() { "" } else { "&" };
        format!("/{title}/{resource}?{others}{mark}{SESSION_PARAMETER}={token}")
    } else {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/~{token}/{title}/{resource}{mark}{query}")
    }
}

/// What the time is, in Unix milliseconds as a clock of the edge has it: for players of live MPDs, which would be late by as
/// much as a cache keeps the answer of another clock.
pub fn time(now_ms: u64) -> Reply {
    // 2026-11-22T16:11:53.042Z (ISO/IEC 23009-1 section 5.8.5.7)
    let mut text = UnixTime::from_secs(now_ms / 1000).to_string();
    text.truncate(text.trim_end_matches('Z').len());
    let text = format!("{text}.{:03}Z", now_ms % 1000);
    Reply::new(200, ResourceKind::Time.media_type(), text.into_bytes()).with("Cache-Control", NOT_KEPT)
}

/// What no player keeps: another viewer's or another minute's answer may differ.
pub(crate) const NOT_KEPT: &str = "private, no-store";

/// What a player may keep of a reply: nothing of what stands in for the title during a blackout, which it would show
/// afterwards.
#[must_use]
pub fn for_player(reply: Reply, permit: &Permit) -> Reply {
    if permit.replaced.is_some() { reply.with("Cache-Control", NOT_KEPT) } else { reply }
}

/// Headers of the media origin's reply that go on to the player; all others end here.
const MEDIA_HEADERS: [&str; 5] =
    ["Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified"];

/// What becomes of a reply of the media origin to a request for a segment: its status and headers are passed on
/// with our own cache policy and a media type that no browser runs, or a fault.
pub fn media(
    source: &Source,
    status: u16,
    lifetime: &Lifetime,
    header: impl Fn(&str) -> Option<String>,
) -> Result<Reply, Stop> {
    match status {
        200 | 206 | 304 | 416 => {
            // The runtime decodes a content coding, which makes the length and ranges of the coded form untrue.
            let coded =
                header("Content-Encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
            let headers = MEDIA_HEADERS
                .into_iter()
                .filter(|name| !coded || !matches!(*name, "Content-Length" | "Accept-Ranges"))
                .filter_map(|name| Some((name.into(), header(name)?.into())))
                .collect();
            let reply = Reply { status, headers, body: Vec::new() };
            // A part of a file is a file as well; what has no body has no type.
            let reply = if matches!(status, 200 | 206) {
                let media_type = media_type::of(header("Content-Type").as_deref(), source.url.path(), status);
                reply.with("Content-Type", media_type)
            } else {
                reply
            };
            let policy = if status == 416 { "no-store".into() } else { lifetime.for_player() };
            Ok(reply.with("Cache-Control", policy))
        }
        _ => Err(upstream_stop(source, status)),
    }
}

/// Why a status of the media origin that is none of success serves nobody.
pub fn upstream_stop(source: &Source, status: u16) -> Stop {
    let detail = format!("{} answered {status}", source.place());
    match status {
        // What a player asked for is not to come soon, or was held for too long.
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
