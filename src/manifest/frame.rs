//! The location of a manifest, and how its URIs carry the session.

use url::Url;

use super::Query;
use crate::catalog::ForeignPolicy;
use crate::resource::ResourcePath;
use crate::token::Credentials;

/// The place of a manifest: what its URIs are resolved against, and how they are signed.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The title's folder at the media origin.
    pub folder: &'a Url,
    /// The title's root at the edge, behind the host and the session: `harbour/`.
    pub root: &'a str,
    /// The manifest's path below both.
    pub resource: &'a ResourcePath,
    /// The query of the manifest's URL at the edge.
    pub query: Query<'a>,
    /// How URIs carry the session.
    pub signing: Signing,
    /// The site's policy for URIs outside the title.
    pub foreign: &'a ForeignPolicy,
    /// The scheme and host of the manifest's URL at the edge: `https://watch.example.com`.
    pub authority: &'a str,
    /// Which parameters of the manifest's URL may hold a viewer's credentials.
    pub credentials: &'a Credentials<'a>,
}

/// How a URI carries the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signing {
    /// In its path, `/~{token}/`, which relative URIs inherit from the manifest's own URL: they stay as they are.
    Inherited,
    /// In its path, `/~{token}/`, which the manifest's own URL does not have.
    Path,
    /// In its query.
    Query,
    /// In its query, with an older token of the session in the inherited path: for a playlist that the player has read
    /// before, so that nothing but a parameter changes. hls.js reports a playlist error when the path of a known
    /// segment changes. URIs of playlists stay as they are: those playlists are renewed in turn.
    Renewed,
}

impl Signing {
    /// How the URIs of an MPD carry the session: base URLs move as a whole.
    #[must_use]
    pub const fn of_mpd(self) -> Self {
        match self {
            Self::Renewed => Self::Path,
            other => other,
        }
    }
}

impl<'a> Frame<'a> {
    /// The place of a manifest at the edge (`authority`, `root`) and at the media origin (`folder`), for a request without a
    /// query and a site that allows no URI outside the title. Members replace what a request or a site has otherwise.
    pub const fn new(
        authority: &'a str,
        root: &'a str,
        folder: &'a Url,
        resource: &'a ResourcePath,
        signing: Signing,
    ) -> Self {
        const REFUSE: &ForeignPolicy = &ForeignPolicy::REFUSE;
        Self {
            folder,
            root,
            resource,
            query: Query::new(""),
            signing,
            foreign: REFUSE,
            authority,
            credentials: Credentials::SESSION,
        }
    }
}

impl Frame<'_> {
    /// Whether the session's token may go to the host of this name: to the edge's own host, or to a host that verifies the token.
    pub(crate) fn is_for_token(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let own = self.authority.split_once("://").map(|(_, own)| own.split(':').next().unwrap_or_default());
        is_plain && !host.is_empty() && (own == Some(&*host) || self.foreign.signs(&host, true))
    }

    /// Whether the player's requests are encrypted: a player that entered over plain HTTP has shown the token already.
    pub(crate) fn is_protected(&self) -> bool {
        !self.authority.starts_with("http:")
    }
}
