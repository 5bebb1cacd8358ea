//! At the entry: the viewer token, the rights, and the session that is opened.

use super::renewal::sign;
use super::{Evidence, SessionDocuments, trace};
use crate::admission::Admission;
use crate::catalog::{DeviceClass, SessionId, SessionPolicy, SigningStyle, Site, Title};
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::manifest::Signing;
use crate::reply::Reply;
use crate::resource::{MediaRequest, ResourceKind};
use crate::rights::{self, Decision, Viewer};
use crate::stop::Stop;
use crate::time::UnixTime;
use crate::token::session::{self, Opening, Session};
use crate::token::{self, Challenge, Grant, Presented, Renewal, RevocationIndex, TokenName, genuine};

/// Finds and reads the viewer token and the requested resource. Both may be parts of the path. Only manifests are entries.
pub(super) fn present(facts: &Facts, site: &Site) -> Result<(MediaRequest, Box<dyn Presented>), Denial> {
    let presented = token::present_to_site(facts, site);
    let path = presented.as_ref().ok().and_then(|presented| presented.path()).unwrap_or(&facts.path);
    let request = match (MediaRequest::at_entry(path), &presented) {
        // The path may be too long because of a token in it that could not be read, which is then the reason.
        (Err(Denial { reason: Reason::PathTooLong, .. }), Err(denial))
            if denial.reason != Reason::TokenMissing =>
        {
            return Err(denial.clone());
        }
        (request, _) => request?,
    };
    if request.ad.is_some() || !matches!(request.kind, ResourceKind::Playlist | ResourceKind::Mpd) {
        return Err(Denial::new(
            Reason::SessionMissing,
            "expected /~{session}/ in front, as the manifest gives it",
        ));
    }
    Ok((request, presented?))
}

/// Checks that a viewer token covers the title and was not revoked.
pub(super) fn check_grant(grant: &Grant, title: &Title, revocations: &RevocationIndex) -> Result<(), Denial> {
    if !grant.covers(&title.id) {
        let detail = format!("`{}` is not among the token's titles", title.id);
        return Err(Denial::new(Reason::TokenTitle, detail));
    }
    revocations.grant(grant, &title.id)
}

/// Finds the challenge that is met. HMACs are verified here, in constant time; other signatures are a question to the driver.
/// A key whose secret is withheld counts only if no other key has made the token.
pub(super) async fn prove<'c, 'a>(
    presented: &dyn Presented,
    challenges: &'c [Challenge<'a>],
    evidence: &impl Evidence,
) -> Result<&'c Challenge<'a>, Stop> {
    let is_withheld = |challenge: &Challenge<'_>| evidence.is_withheld(presented.keys(), challenge.key);
    for challenge in challenges.iter().filter(|challenge| !is_withheld(challenge)) {
        let is_met = match challenge.symmetric() {
            Some(is_met) => is_met,
            None => evidence.is_genuine(challenge).await?,
        };
        if is_met {
            return Ok(challenge);
        }
    }
    let unchecked = genuine(challenges.iter().find(|challenge| is_withheld(challenge)))?;
    evidence.record("unchecked", || {
        trace::unchecked(presented.keys(), unchecked.key, presented.dialect().name())
    });
    Ok(unchecked)
}

/// The name of the session that a viewer token opens: the same token opens the same one from the same network, however often
/// its player asks. `None`: the network is not known.
pub(super) fn session_id(
    facts: &Facts,
    site: &Site,
    request: &MediaRequest,
    grant: &Grant,
    met: &Challenge<'_>,
) -> Option<SessionId> {
    let token = TokenName::of_token(&site.host, grant, met);
    SessionId::of(facts, &site.host, &request.title, &token)
}

/// Checks that a viewer token lives no longer than the site allows. Revocations are kept for that long.
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

/// A viewer whose token was verified and covers the title.
pub(super) struct Entrant<'a> {
    pub(super) facts: &'a Facts,
    pub(super) site: &'a Site,
    pub(super) title: &'a Title,
    pub(super) grant: &'a Grant,
    /// The name of the session that is to be opened.
    pub(super) id: SessionId,
    pub(super) now: UnixTime,
}

impl Entrant<'_> {
    /// Opens a session that lasts no longer than the site, the token and the offer allow.
    pub(super) fn admit(
        &self,
        documents: &SessionDocuments,
        device: Option<DeviceClass>,
        Decision { outcome, rehearsed }: Decision,
    ) -> Result<Admission, Stop> {
        let Self { facts, site, title, grant, id, now } = *self;
        check_lifetime(grant, site)?;
        let permit = outcome?;
        let ends_at = grant.expires_at.unwrap_or(now.plus_secs(site.sessions.longest_s));
        let ends_at = ends_at.min(now.plus_secs(SessionPolicy::MOST_S));
        let ends_at = permit.until.map_or(ends_at, |until| until.min(ends_at));
        let lifetime_s = site.sessions.first_lifetime_s(device, facts.headers.named("User-Agent"));
        let session = Session::new(&Opening {
            id,
            title: &title.id,
            class: permit.class,
            proved: permit.proved,
            grant,
            lock: site.sessions.lock.and(grant.lock),
            facts,
            generation: documents.revocations().generation(),
            streams: permit.caps.max_streams.filter(|_| grant.subject.is_some()),
            expires_at: now.plus_secs(lifetime_s).min(ends_at),
            ends_at,
        });
        Ok(Admission {
            session,
            token: sign(&session, site, &documents.keys.body)?,
            entered: true,
            renewed: false,
            moved: false,
            signing: match site.sessions.signing {
                SigningStyle::Path => Signing::Path,
                SigningStyle::Query => Signing::Query,
            },
            permit,
            start: rights::start(&site.playlists, device, rights::cmcd(facts).as_deref()),
            rehearsed,
            // HEAD does not count as a use, so it brings no renewed token.
            renewal: grant.renewal.clone().filter(|_| facts.method != Method::Head),
        })
    }
}

/// The reply to a use of a viewer token. A use that was counted before ([`token::Record::count`]) brings no renewed token: the
/// first reply has brought it, and a second one could serve a second viewer.
pub(super) fn reply_to_use(
    is_same_use: bool,
    reply: Reply,
    renewal: Option<&Renewal>,
) -> Result<Reply, Denial> {
    let Some(Renewal { headers: renewed, redirect }) = renewal.filter(|_| is_same_use) else {
        return Ok(reply);
    };
    if redirect.is_some() {
        return Err(Denial::new(Reason::TokenReplayed, "a use of it has brought a newer token"));
    }
    let is_new = |name: &str| renewed.iter().any(|(renewed, _)| renewed.eq_ignore_ascii_case(name));
    let headers = reply.headers.into_iter().filter(|(name, _)| !is_new(name)).collect();
    Ok(Reply { headers, ..reply })
}

/// The viewer's attributes for a decision at the entry.
pub(super) fn viewer<'a>(facts: &'a Facts, site: &Site, grant: &'a Grant, id: SessionId) -> Viewer<'a> {
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
