//! The result of a decision that lets a viewer in.

use crate::catalog::{SESSION_PARAMETER, Start};
use crate::denial::Denial;
use crate::manifest::Signing;
use crate::redacted::Redacted;
use crate::resource::MediaRequest;
use crate::rights::Permit;
use crate::route;
use crate::token::Renewal;
use crate::token::session::Session;

/// A viewer's session and permit for a request.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The session.
    pub session: Session,
    /// The session token, as it is written into URLs.
    pub token: Redacted<String>,
    /// Whether this request opened the session.
    pub entered: bool,
    /// Whether `token` is a longer one than the request's.
    pub renewed: bool,
    /// Whether manifests have led to this token for less than a minute.
    pub moved: bool,
    /// How the URIs of the manifest carry the session.
    pub signing: Signing,
    /// What the viewer may watch.
    pub permit: Permit,
    /// The variant that the player starts with. `None` below a session, where playlists are the same for a class.
    pub start: Option<Start>,
    /// Denials of rehearsed rules, for the log.
    pub rehearsed: Vec<Denial>,
    /// A renewed viewer token, if the presented one asks for renewal.
    pub renewal: Option<Renewal>,
}

/// The path and query of a resource under a session token, with the other parameters of `query`.
pub(crate) fn path_at_session(
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
