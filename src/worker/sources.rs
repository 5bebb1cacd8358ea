//! The URLs of resources at the media origin. A URL is remembered if it depends on nothing but the path and the
//! documents.

use std::rc::Rc;

use super::isolate::isolate;
use super::runtime::now_ms;
use crate::cache::{Source, SourceError};
use crate::isolate::{Revisions, SourceKey, find_source, remember_source};
use crate::life::Permitted;

/// A source, and the key under which it is to be remembered, unless it is already.
pub(super) struct Located {
    source: Rc<Source>,
    key: Option<(SourceKey<String>, Revisions)>,
}

impl AsRef<Source> for Located {
    fn as_ref(&self) -> &Source {
        &self.source
    }
}

impl Located {
    /// Finds the source of a request.
    pub(super) fn find(resource: &Permitted<'_>) -> Result<Self, SourceError> {
        let Permitted { facts, request, site, folder, generation, .. } = *resource;
        let find = || resource.source().map(Rc::new);
        if !facts.query.expose().is_empty() {
            return Ok(Self { source: find()?, key: None });
        }
        let (host, path) = (&*facts.host, request.file().as_str());
        let revisions = (site.revision, generation);
        if let Some(source) = find_source(&isolate().sources, SourceKey { host, folder, path }, revisions) {
            return Ok(Self { source, key: None });
        }
        let key = SourceKey { host: host.to_owned(), folder: folder.to_owned(), path: path.to_owned() };
        Ok(Self { source: find()?, key: Some((key, revisions)) })
    }

    /// Remembers the source: there was something.
    pub(super) fn remember(&self) {
        if let Some((SourceKey { host, folder, path }, revisions)) = &self.key {
            let key = SourceKey { host: &**host, folder: &**folder, path: &**path };
            remember_source(&isolate().sources, key, *revisions, &self.source, now_ms());
        }
    }
}
