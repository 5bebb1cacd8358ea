//! At the entry: the viewer token, the rights, and the session that is opened.

use super::renewal::sign;
use crate::admission::{Admission, Sessions};
use crate::catalog::{SessionId, SessionPolicy, SigningStyle, Site, Title};
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::manifest::Signing;
use crate::reply::Reply;
use crate::resource::{MediaRequest, ResourceKind};
use crate::rights::{self, Decision, Policies, Viewer};
use crate::stop::Stop;
use crate::time::UnixTime;
use crate::token::session::{self, Opening, Session};
use crate::token::{self, Challenge, Grant, Presented, Renewal, RevocationIndex, TokenName};

/// Finds and reads the viewer token, and with it what is asked for, since a token may stand in the path.
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

/// Checks that a viewer token covers the title and was not revoked.
pub fn check_grant(grant: &Grant, title: &Title, revocations: &RevocationIndex) -> Result<(), Denial> {
    if !grant.covers(&title.id) {
        let detail = format!("`{}` is not among the token's titles", title.id);
        return Err(Denial::new(Reason::TokenTitle, detail));
    }
    revocations.grant(grant, &title.id)
}

/// The name of the session that a viewer token opens. The same token opens the same one from the same network,
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

/// Checks that a viewer token ends when the site's tokens do. What was revoked is forgotten after that.
fn check_lifetime(grant: &Grant, site: &Site) -> Result<(), Denial> {
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

/// Decides the rights, and opens a session that lasts no longer than the site, the token and the
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
    check_grant(grant, title, sessions.revocations)?;
    check_lifetime(grant, site)?;
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

/// What becomes of the reply to a use of a one-time token that is no further use ([`token::Record::count`]). It
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
