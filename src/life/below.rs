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

/// Checks that a session, which this key has verified, is valid for a request at this time.
pub(crate) fn check(
    facts: &Facts,
    request: &MediaRequest,
    session: &Session,
    key: &Jwk,
    site: &Site,
    revocations: &RevocationIndex,
    now: UnixTime,
) -> Result<(), Denial> {
    // Players request a playlist under its first URL long after the token was renewed. It is renewed again, for as long as the
    // session lasts.
    let rest_s = session.ends_by(&site.sessions).secs_since(session.expires_at);
    let grace_s = if request.kind.is_asked_again() { rest_s } else { site.sessions.grace_s.min(rest_s) };
    session.check(request, facts, now, grace_s)?;
    revocations.session(session, &request.title, &site.sessions.keys, key)
}

/// Continues a session, if the rights still allow it.
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
        // A player that was given a path keeps it, even if the site has changed its style.
        signing: match (route::session_prefix(&facts.path), facts.query_parameter(SESSION_PARAMETER)) {
            (Some(_), None) => Signing::Inherited,
            // Relative URIs inherit the older token in the path, and not the newer one in the query.
            (Some(_), Some(_)) => Signing::Renewed,
            (None, _) => Signing::Query,
        },
        permit: outcome?,
        start: None,
        rehearsed,
        renewal: None,
    })
}

/// The viewer's attributes for a decision below a session.
pub(super) fn resumed<'a>(facts: &'a Facts, session: &Session) -> Resumed<'a> {
    Resumed {
        class: session.class,
        proved: session.proved,
        geography: &facts.geography,
        max_height: session.max_height.map(u32::from),
        bucket: session.bucket(),
    }
}
