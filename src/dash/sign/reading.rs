//! URIs of files that lead players to further URIs: MPDs, patches, steering manifests.

use super::signer::Signer;
use crate::dash::resolver::{Base, UriError, UriRewrite};
use crate::manifest::is_relative;
use crate::resource::Reading;

impl Signer<'_> {
    /// Rewrites the URI of a file that leads players further. If its name does not say how to read it, the edge would
    /// pass it on unread, so it is marked.
    pub(super) fn rewrite_to_read(
        &self,
        uri: &str,
        bases: &[Base],
        reading: Reading,
    ) -> Result<UriRewrite, UriError> {
        let is_own = self.resolver.is_own(uri, bases)? || (self.is_patch && is_relative(uri));
        let Some(marked) = marked(uri, reading).filter(|_| is_own) else {
            return self.resolver.rewrite(uri, bases);
        };
        Ok(match self.resolver.rewrite(&marked, bases)? {
            UriRewrite::Keep => UriRewrite::Replace(marked),
            rewrite => rewrite,
        })
    }
}

/// A URI with the mark of how its file is read, if its name does not say so.
pub(super) fn marked(uri: &str, reading: Reading) -> Option<String> {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    reading.marked(uri, path.rsplit('/').next().unwrap_or_default())
}

/// Whether the URI in a `PatchLocation` has the name of a patch. The edge would not read a file of another name.
pub(super) fn is_patch_name(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("mpp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_known_by_the_ends_of_their_paths() {
        for (uri, expected) in
            [("a/x.MPP?b=c.mpd", true), ("x?a.mpp", false), ("mpp", false), ("a.mpp/b", false)]
        {
            assert_eq!(is_patch_name(uri), expected, "{uri}");
        }
    }
}
