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

use std::borrow::Cow;

use crate::cache::{Lifetime, Source, SourceError};
use crate::catalog::{Host, Jwk, KeySet, SessionPolicy, SigningStyle, Site, Start, Title};
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
use crate::shelf::Weigh;
use crate::time::UnixTime;
use crate::token::session::{self, Opening, Session, SessionId};
use crate::token::{self, Challenge, Grant, Presented, Renewal, RevocationIndex, TokenName};
use crate::variation::SKIP_PARAMETER;

/// Why a request is not served: refused, or something broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Refused.
    Denied(Denial),
    /// Broken.
    Failed(Fault),
}

impl Weigh for Stop {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Denied(Denial { detail, reply, .. }) => {
                let headers = reply.iter().flat_map(|reply| &reply.headers);
                let texts = headers.map(|(name, value)| {
                    name.heap_bytes() + value.expose().heap_bytes() + size_of::<[String; 2]>()
                });
                detail.heap_bytes() + texts.sum::<usize>()
            }
            Self::Failed(Fault { detail, .. }) => detail.heap_bytes(),
        }
    }
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
    /// Whether `token` is a longer one than the request came with.
    pub renewed: bool,
    /// Whether manifests have led to this longer token for less than a minute.
    pub moved: bool,
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
    let request = match (MediaRequest::at_entry(path), &presented) {
        // With a token in it that could not be read, the path is as long as that.
        (Err(Denial { reason: Reason::PathTooLong, .. }), Err(denial))
            if denial.reason != Reason::TokenMissing =>
        {
            return Err(denial.clone());
        }
        (request, _) => request?,
    };
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

/// At the entry: the name of the session that a viewer token opens. The same token opens the same one from the same network,
/// however often its player asks; `fresh` is for where the network is not known.
pub fn session_id(
    facts: &Facts,
    site: &Site,
    request: &MediaRequest,
    grant: &Grant,
    met: &Challenge<'_>,
    fresh: SessionId,
) -> SessionId {
    let token = TokenName::of_token(&site.host, grant, met);
    SessionId::of(facts, &site.host, &request.title, &token).unwrap_or(fresh)
}

/// At the entry: checks that a viewer token ends when the site's tokens do. What was revoked is forgotten after that.
fn lives_no_longer(grant: &Grant, site: &Site) -> Result<(), Denial> {
    let Some(longest_s) = site.tokens.longest_s else { return Ok(()) };
    let detail = match (grant.issued_at, grant.expires_at) {
        (Some(issued_at), Some(expires_at)) if expires_at <= issued_at.plus_secs(longest_s) => return Ok(()),
        (Some(issued_at), Some(expires_at)) => {
            format!("expected {longest_s} s at most, found {} s", expires_at.secs_since(issued_at))
        }
        (None, _) => "expected a token that says when it was signed".to_owned(),
        (_, None) => "expected a token that says when it expires".to_owned(),
    };
    Err(Denial::new(Reason::TokenLifetime, detail))
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
    lives_no_longer(grant, site)?;
    let viewer = viewer(facts, site, grant, id);
    let Decision { outcome, rehearsed } = rights::decide(title, &viewer, Policies::from(site), now);
    let permit = outcome?;
    let ends_at = grant.expires_at.unwrap_or(now.plus_secs(site.sessions.longest_s));
    let ends_at = ends_at.min(now.plus_secs(SessionPolicy::MOST_S));
    let ends_at = permit.until.map_or(ends_at, |until| until.min(ends_at));
    let lifetime_s = site.sessions.first_lifetime_s(viewer.device, facts.headers.named("User-Agent"));
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
        expires_at: now.plus_secs(lifetime_s).min(ends_at),
        ends_at,
    });
    Ok(Admission {
        session,
        token: sign(&session, site, sessions.keys)?,
        entered: true,
        renewed: false,
        moved: false,
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

/// At the entry: what becomes of the reply to a use of a one-time token that is no further use ([`token::Record::count`]). It
/// brings no newer token: the use of before has brought one, and two would be two viewers.
pub fn used_again(reply: Reply, renewal: Option<&Renewal>) -> Result<Reply, Denial> {
    let Some(Renewal { headers: renewed, redirect }) = renewal else { return Ok(reply) };
    if redirect.is_some() {
        return Err(Denial::new(Reason::TokenReplayed, "a use of it has brought a newer token"));
    }
    let is_new = |name: &str| renewed.iter().any(|(renewed, _)| renewed.eq_ignore_ascii_case(name));
    let headers = reply.headers.into_iter().filter(|(name, _)| !is_new(name)).collect();
    Ok(Reply { headers, ..reply })
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
    let rest_s = session.ends_by(&site.sessions).secs_since(session.expires_at);
    let grace_s = if request.kind.is_asked_again() { rest_s } else { site.sessions.grace_s.min(rest_s) };
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
        renewed: false,
        moved: false,
        // A player that got a path goes on with paths, whatever the site says by now.
        signing: match (route::session_prefix(&facts.path), facts.query_parameter(SESSION_PARAMETER)) {
            (Some(_), None) => Signing::Inherited,
            // What is relative inherits the older token in front, and not the one behind.
            (Some(_), Some(_)) => Signing::Renewed,
            (None, _) => Signing::Query,
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
        bucket: session.bucket(),
    }
}

/// Renews a token with a request for a manifest, where it is due. Returns what comes in place of the manifest, if anything
/// does.
///
/// At the entry, a viewer token may ask for a redirect. Below, the URIs of a manifest that is asked for with a session token
/// that is about to expire, or has expired, lead to the same session under a longer token. The manifest's own URL may stay:
/// many players ask for the one that they were given first to the end, and resolve relative URIs against it even after a
/// redirect. Segments live on the old token until their manifest is asked for again, or until the grace is over. Patches
/// are not written anew: players do not take what comes of it for where they are. In place of one comes one that makes
/// them ask for the MPD, and so it is within limits that leave an MPD no patches.
pub fn renew(
    request: &MediaRequest,
    admission: &mut Admission,
    site: &Site,
    keys: &KeySet,
    now: UnixTime,
) -> Result<Option<Reply>, Fault> {
    if let Some(Renewal { redirect: Some((status, place)), .. }) = &admission.renewal {
        return Ok(Some(redirect(*status, place.expose())));
    }
    if matches!(request.kind, ResourceKind::Segment | ResourceKind::Steering | ResourceKind::Time) {
        return Ok(None);
    }
    let is_patch = request.kind == ResourceKind::Patch;
    if is_patch && !dash::are_patched(&admission.permit.caps) {
        return Ok(Some(void_patch()));
    }
    let renewal_s = site.sessions.renewal_s();
    let Some(token) = longer_token(admission, site, keys, now, renewal_s)? else { return Ok(None) };
    if is_patch {
        return Ok(Some(void_patch()));
    }
    // A token is given for the first time when it lasts for a whole lifetime.
    let whole = now.plus_secs(site.sessions.lifetime_s);
    let expires_at = longer(&site.sessions, admission.session.expires_at, now, renewal_s);
    admission.moved = expires_at.is_some_and(|expires_at| whole < expires_at.plus_secs(DELTA_S));
    admission.token = token;
    admission.renewed = true;
    if admission.signing == Signing::Inherited {
        admission.signing = Signing::Renewed;
    }
    Ok(None)
}

/// What is asked for, in the end. For some time after its URIs have begun to lead to another token, a playlist is sent as a whole:
/// of what a Playlist Delta Update leaves out, a player keeps the URIs of the old token, which would fail those who go back
/// in time once it has expired.
pub fn asked<'f>(facts: &'f Facts, admission: &Admission) -> Cow<'f, Facts> {
    let query = facts.query.expose();
    if !admission.moved || !query.contains(SKIP_PARAMETER) {
        return Cow::Borrowed(facts);
    }
    let is_skip = |pair: &str| pair.split('=').next() == Some(SKIP_PARAMETER);
    let others: Vec<_> = query.split('&').filter(|pair| !is_skip(pair)).collect();
    Cow::Owned(Facts { query: Redacted::new(others.join("&")), ..facts.clone() })
}

/// For how long, in seconds. A player asks for a delta update where its playlist is no older than half of the Skip Boundary
/// ([section 6.3.7]), which is six target durations or more.
///
/// [section 6.3.7]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.3.7
const DELTA_S: u64 = 60;

fn redirect(status: u16, place: &str) -> Reply {
    let reply = Reply { status, ..Reply::default() };
    reply.with("Location", place.to_owned()).with("Cache-Control", NOT_KEPT)
}

/// What becomes of a manifest that cannot be written. One that can be read below the longer token of its session, but whose
/// URIs cannot be led there, is redirected there. Upon an error, players that have asked for a patch would ask no more, or for
/// the same patch for ever: they are made to ask for the MPD. The fault is for the log.
pub fn otherwise(
    facts: &Facts,
    request: &MediaRequest,
    admission: &Admission,
    stop: Stop,
) -> Result<(Reply, Fault), Stop> {
    match stop {
        Stop::Failed(fault) if request.kind == ResourceKind::Patch => Ok((void_patch(), fault)),
        Stop::Failed(fault)
            if admission.renewed
                && matches!(fault.kind, FaultKind::ManifestForeignUri | FaultKind::ManifestTooLarge) =>
        {
            let place = at_session(request, admission.signing, &admission.token, facts.query.expose());
            Ok((redirect(307, &place), fault))
        }
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
    let Some(expires_at) = longer(&site.sessions, session.expires_at, now, least_s) else { return Ok(None) };
    // A session that was opened before there was an end to all of them gets one now, the same with each reload.
    let mut longer = *session;
    longer.ends_at = session.ends_by(&site.sessions);
    let longer = longer.renewed(expires_at);
    if longer.expires_at > session.expires_at { sign(&longer, site, keys).map(Some) } else { Ok(None) }
}

/// When the longer token of a session expires whose present one expires at a time and lasts no more than so many seconds.
///
/// Expiries lie on a grid that begins with the session's first and has a step of `lifetime_s` less the time of renewal, so
/// that a player that goes on with a URL of an old token is led to one and the same longer token, for as long as that is not
/// due itself. Else the URIs of keys and initialization segments would change with each reload.
fn longer(policy: &SessionPolicy, expires_at: UnixTime, now: UnixTime, least_s: u64) -> Option<UnixTime> {
    let least = now.plus_secs(least_s);
    if least < expires_at {
        return None;
    }
    let step_s = policy.lifetime_s.saturating_sub(policy.renewal_s()).max(1);
    let steps = least.secs_since(expires_at) / step_s + 1;
    let on_grid = expires_at.plus_secs(steps.saturating_mul(step_s));
    Some(on_grid.min(now.plus_secs(policy.lifetime_s)))
}

/// The path and query of a title's resource under a token, with the other parameters of a query.
pub(crate) fn at_session(
    MediaRequest { title, resource, .. }: &MediaRequest,
    signing: Signing,
    token: &Redacted<String>,
    query: &str,
) -> String {
    let (token, others) = (token.expose(), route::without_session(query));
    if signing == Signing::Query {
        let mark = if others.is_empty() { "" } else { "&" };
        format!("/{title}/{resource}?{others}{mark}{SESSION_PARAMETER}={token}")
    } else {
        let mark = if others.is_empty() { "" } else { "?" };
        format!("/~{token}/{title}/{resource}{mark}{others}")
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
    for_player_of(reply, permit.replaced.is_some())
}

/// The same, where it is known whether something stands in for the title.
pub(crate) fn for_player_of(reply: Reply, is_replaced: bool) -> Reply {
    if is_replaced { reply.with("Cache-Control", NOT_KEPT) } else { reply }
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

/// Whether the media origin has said that it does not have the file.
pub const fn is_missing(stop: &Stop) -> bool {
    matches!(stop, Stop::Failed(Fault { kind: FaultKind::MediaMissing, .. }))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(lifetime_s: u64, renew_before_s: u64) -> SessionPolicy {
        let json = format!(r#"{{"keys":"s","lifetime_s":{lifetime_s},"renew_before_s":{renew_before_s}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn at(secs: u64) -> UnixTime {
        UnixTime::from_secs(secs)
    }

    #[test]
    fn an_old_token_leads_to_one_longer_token_for_a_whole_step() {
        let policy = policy(600, 150);
        let longer = |now| longer(&policy, at(10_600), at(now), policy.renewal_s());
        assert_eq!(longer(10_449), None);
        for (from, to, expiry) in
            [(10_450, 10_899, 11_050), (10_900, 11_349, 11_500), (11_350, 11_799, 11_950)]
        {
            assert_eq!([longer(from), longer(to)], [Some(at(expiry)); 2], "{from} to {to}");
        }
    }

    proptest! {
        /// Who went on to a longer token is led to the same ones as who kept the first URL.
        #[test]
        fn whatever_token_a_player_kept_it_is_led_to_the_same_one(
            lifetime_s in 60u64..86_400, share in 0u64..1_000, later in 0u64..1_000_000,
        ) {
            let policy = policy(lifetime_s, lifetime_s * share / 1_000);
            let (first, now) = (at(1_000_000), at(1_000_000 + later));
            let renewal_s = policy.renewal_s();
            let kept = longer(&policy, first, now, renewal_s).unwrap();
            // It is not due itself, and lasts no longer than a new session.
            prop_assert_eq!(longer(&policy, kept, now, renewal_s), None);
            prop_assert!(kept <= now.plus_secs(lifetime_s));
            let followed = longer(&policy, first, at(1_000_000 + later / 2), renewal_s).unwrap_or(first);
            prop_assert_eq!(longer(&policy, followed, now, renewal_s).unwrap_or(followed), kept);
        }
    }
}
