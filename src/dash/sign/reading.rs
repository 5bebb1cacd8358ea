//! URIs of files that players read as something that leads further: MPDs, patches, steering manifests.

use super::signer::Signer;
use crate::dash::place::{Base, Place, PlaceError};
use crate::manifest::is_relative;
use crate::resource::Reading;

impl Signer<'_> {
    /// How a URI is to be written whose file players read as something that leads further: where its name does not tell, and
    /// the edge would pass it on unread, it is marked.
    pub(super) fn place_to_read(
        &self,
        uri: &str,
        bases: &[Base],
        reading: Reading,
    ) -> Result<Place, PlaceError> {
        let is_own = self.resolver.is_own(uri, bases)? || (self.is_patch && is_relative(uri));
        let Some(marked) = marked(uri, reading).filter(|_| is_own) else {
            return self.resolver.place(uri, bases);
        };
        Ok(match self.resolver.place(&marked, bases)? {
            Place::AsIs => Place::Unsigned(marked),
            place => place,
        })
    }
}

/// A URI with the mark of what its file is read as, where its name does not tell.
pub(super) fn marked(uri: &str, reading: Reading) -> Option<String> {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    reading.marked(uri, path.rsplit('/').next().unwrap_or_default())
}

/// Whether a URI, as it stands in `PatchLocation`, is one of a patch by its name. One by another name would not be read.
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
