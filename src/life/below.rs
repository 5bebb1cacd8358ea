//! Below the entry: the session token, and the rights again.

use crate::admission::{Admission, Sessions};
use crate::catalog::{Jwk, SESSION_PARAMETER, Site, Title};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::manifest::Signing;
use crate::redacted::Redacted;
use crate::resource::MediaRequest;
use crate::rights::{self, Decision, Policies, Resumed};
use crate::route;
use crate::time::UnixTime;
use crate::token::session::Session;

/// Verifies the session token. It takes no other document than the site's session keys and
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
    check(facts, request, &session, key, site, sessions, now)?;
    Ok(session)
}

/// Checks that a session that was opened, with this key, is good for a request at this time.
pub fn check(
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

/// Decides the rights again, so that a change reaches a running session with its next request.
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
