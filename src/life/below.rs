//! Below the entry: the session token, and the rights again.

use crate::admission::Admission;
use crate::catalog::{Jwk, SESSION_PARAMETER, Site};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::manifest::Signing;
use crate::redacted::Redacted;
use crate::resource::MediaRequest;
use crate::rights::{Decision, Resumed};
use crate::route;
use crate::time::UnixTime;
use crate::token::RevocationIndex;
use crate::token::session::Session;

/// Checks that a session, which this key has verified, serves for a request at this time.
pub(crate) fn check(
    facts: &Facts,
    request: &MediaRequest,
    session: &Session,
    key: &Jwk,
    site: &Site,
    revocations: &RevocationIndex,
    now: UnixTime,
) -> Result<(), Denial> {
    // Players ask again for the playlist that they know, long after its token was renewed: it is renewed again, for as
    // long as the session lasts.
    let rest_s = session.ends_by(&site.sessions).secs_since(session.expires_at);
    let grace_s = if request.kind.is_asked_again() { rest_s } else { site.sessions.grace_s.min(rest_s) };
    session.check(request, facts, now, grace_s)?;
    revocations.session(session, &request.title, &site.sessions.keys, key)
}

/// Lets the viewer of a session go on, if the rights still allow it.
pub(super) fn resume(
    facts: &Facts,
    token: Redacted<String>,
    session: Session,
    Decision { outcome, rehearsed }: Decision,
) -> Result<Admission, Denial> {
    Ok(Admission {
        session,
        token,
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
pub(super) fn resumed<'a>(facts: &'a Facts, session: &Session) -> Resumed<'a> {
    Resumed {
        class: session.class,
        proved: session.proved,
        geography: &facts.geography,
        max_height: session.max_height.map(u32::from),
        bucket: session.bucket(),
    }
}
