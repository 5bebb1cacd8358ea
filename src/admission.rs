//! A viewer who has been let in.

use crate::catalog::{SESSION_PARAMETER, Start};
use crate::denial::Denial;
use crate::manifest::Signing;
use crate::redacted::Redacted;
use crate::resource::MediaRequest;
use crate::rights::Permit;
use crate::route;
use crate::token::Renewal;
use crate::token::session::Session;

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

/// The path and query of a title's resource under a token, with the other parameters of a query.
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
