//! The URLs of files at the media origin.

use std::rc::Rc;

use crate::cache::Source;
use crate::shelf::{Memory, Slot, Weigh};

/// Sources by the parts of a request that decide on them.
pub type KnownSources = Memory<SourceKey<String>, KnownSource>;

/// The site's host, the folder at the media origin, and the path below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceKey<T> {
    /// The site's host.
    pub host: T,
    /// The folder at the media origin.
    pub folder: T,
    /// The path below the folder.
    pub path: T,
}

impl SourceKey<&str> {
    fn is(&self, known: &SourceKey<String>) -> bool {
        let Self { host, folder, path } = *self;
        known.path == path && known.folder == folder && known.host == host
    }
}

impl Weigh for SourceKey<String> {
    fn heap_bytes(&self) -> usize {
        self.host.heap_bytes() + self.folder.heap_bytes() + self.path.heap_bytes()
    }
}

/// The revision of a site's document, and the generation of a title or creative.
pub type Revisions = (u64, u64);

/// A source, and the documents that it was derived from.
#[derive(Debug)]
pub struct KnownSource(Revisions, Rc<Source>);

impl Weigh for KnownSource {
    fn heap_bytes(&self) -> usize {
        self.1.heap_bytes()
    }
}

impl Slot for KnownSource {}

/// The source of a key, if it was derived from documents of these revisions.
pub fn find_source(memory: &KnownSources, key: SourceKey<&str>, revisions: Revisions) -> Option<Rc<Source>> {
    let of_these = |KnownSource(made, source): &KnownSource| (*made == revisions).then(|| Rc::clone(source));
    memory.find_by(key, |known| key.is(known), of_these).flatten()
}

/// Remembers a source. For sources where there was something: made-up paths leave nothing behind.
pub fn remember_source(
    memory: &KnownSources,
    SourceKey { host, folder, path }: SourceKey<&str>,
    revisions: Revisions,
    source: &Rc<Source>,
    now_ms: u64,
) {
    let key = SourceKey { host: host.to_owned(), folder: folder.to_owned(), path: path.to_owned() };
    memory.insert(key, KnownSource(revisions, Rc::clone(source)), now_ms);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::source;
    use crate::catalog::{Caps, Site};
    use crate::facts::Facts;
    use crate::resource::MediaRequest;
    use crate::shelf::{Budget, Rooms};

    #[test]
    fn a_source_is_known_by_all_of_its_key_and_by_its_documents() {
        let site: Site = serde_json::from_value(serde_json::json!({
            "host": "watch.example.com", "media": { "origin": "https://m.example/" }, "tokens": {},
            "sessions": { "keys": "s" },
        }))
        .unwrap();
        let wanted = MediaRequest::at_entry("/harbour/v/1.m4s").unwrap();
        let made =
            source(&Facts::default(), &wanted, &site, "harbour/", &Caps::default(), 1).map(Rc::new).unwrap();
        let budget = Budget::new(64 * 1024, Rooms::default(), 1);
        let memory: KnownSources = budget.memory("sources", 64 * 1024);
        let key = SourceKey { host: "watch.example.com", folder: "harbour/", path: "v/1.m4s" };
        remember_source(&memory, key, (3, 1), &made, 0);
        for (key, revisions, expected) in [
            (key, (3, 1), true),
            (key, (4, 1), false),
            (key, (3, 2), false),
            (SourceKey { host: "other.example.com", ..key }, (3, 1), false),
            (SourceKey { folder: "harbourv/", path: "/1.m4s", ..key }, (3, 1), false),
        ] {
            let found = find_source(&memory, key, revisions);
            assert_eq!(
                found.is_some_and(|found| Rc::ptr_eq(&found, &made)),
                expected,
                "{key:?} {revisions:?}"
            );
        }
    }
}
