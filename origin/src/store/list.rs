//! Pages of documents.

use std::collections::BTreeSet;

use sqlx::{Row, Sqlite, SqliteConnection};
use stagedoor::catalog::{DocumentKey, DocumentKind, Host};

use super::lookup::Lookup;
use super::record::{self, Record, State};
use super::{Scope, Store, StoreError, Warning, document_names, document_sites, warnings};

/// Which documents of a kind are listed. Default: all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    words: Vec<String>,
    state: Option<State>,
    site: Option<Host>,
}

impl Filter {
    /// Documents in whose id or names every word of a text occurs, in any case. Titles and creatives are those of `site`, if there is one.
    pub fn new(text: &str, state: Option<State>, site: Option<Host>) -> Self {
        let words = document_names::folded(text).split_whitespace().map(str::to_owned).collect();
        Self { words, state, site }
    }

    /// The number of words.
    pub const fn words(&self) -> usize {
        self.words.len()
    }
}

/// The limits of a page.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The greatest number of documents.
    pub documents: usize,
    /// The greatest size in bytes, unless a single document is larger.
    pub bytes: usize,
}

impl List {
    /// The greatest number of documents that are searched for a page.
    const SEARCHED: usize = 100_000;

    /// The number of documents that are searched at a time.
    const CHUNK: usize = 1_000;
}

/// A page of a list.
#[derive(Debug, Default)]
pub struct Listed {
    /// The documents.
    pub records: Vec<Record>,
    /// The id before the first document of the next page; `None` on the last page.
    pub next: Option<String>,
    /// The size of the documents in bytes.
    bytes: usize,
}

impl Listed {
    /// Adds a document of the scope, or ends the page after the last one.
    fn take(&mut self, record: Record, limits: List) -> bool {
        let length = record.body.as_ref().map_or(0, |body| body.expose().len());
        let full = self.records.len() >= limits.documents || self.bytes + length > limits.bytes;
        if full && let Some(last) = self.records.last() {
            self.next = Some(last.key.id().to_owned());
            return false;
        }
        self.bytes += length;
        self.records.push(record);
        true
    }
}

/// Documents with warnings.
#[derive(Debug, Default)]
pub struct Warned {
    /// The documents.
    pub documents: Vec<(DocumentKey, Vec<Warning>)>,
    /// The key before the first document of the next page; `None` on the last page.
    pub next: Option<DocumentKey>,
}

impl Warned {
    /// The greatest number of documents that are checked for a page, and their size.
    const CHECKED: usize = 2_000;
    const CHECKED_BYTES: usize = 16 * 1024 * 1024;
}

impl Store {
    /// A page of the existing documents of a kind within a scope, by id in byte order, after the id `after`. The next page starts
    /// after a document of the scope, so documents outside it are neither named nor read.
    ///
    /// A page ends early if it would exceed its limit in bytes, or if many documents were searched for it.
    pub async fn documents(
        &self,
        kind: DocumentKind,
        after: &str,
        limits: List,
        filter: &Filter,
        scope: &Scope,
    ) -> Result<Listed, StoreError> {
        let mut listed = Listed::default();
        if scope.check_kind(kind).is_err() {
            return Ok(listed);
        }
        // A transaction reads all rows as of one time.
        let mut transaction = self.pool.begin().await?;
        let (mut after, mut searched) = (after.to_owned(), 0);
        loop {
            let (ids, last) = search(&mut transaction, kind, &after, filter, scope).await?;
            for id in ids {
                // An id that this version cannot read is left out.
                let Ok(key) = DocumentKey::new(kind, &id) else { continue };
                let Some(record) = record::find(&mut transaction, &key).await? else { continue };
                let Some(body) = &record.body else { continue };
                if scope.check(&key, Some(body.expose())).is_ok() && !listed.take(record, limits) {
                    return Ok(listed);
                }
            }
            let Some(last) = last else { return Ok(listed) };
            searched += List::CHUNK;
            if searched >= List::SEARCHED {
                listed.next = Some(last);
                return Ok(listed);
            }
            after = last;
        }
    }

    /// Documents with warnings within a scope, by kind and id, after a key. A page ends early if many documents were checked for it.
    pub async fn warned(
        &self,
        after: Option<&DocumentKey>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Warned, StoreError> {
        let mut warned = Warned::default();
        let mut transaction = self.pool.begin().await?;
        let (mut lookup, mut checked, mut bytes) = (Lookup::default(), 0, 0);
        for kind in DocumentKind::ALL {
            if scope.check_kind(kind).is_err() || after.is_some_and(|after| kind < after.kind()) {
                continue;
            }
            let mut from = after.filter(|after| after.kind() == kind).map_or("", DocumentKey::id).to_owned();
            loop {
                let ids = ids(&mut transaction, kind, &from, List::CHUNK, None, scope).await?;
                for id in &ids {
                    let Ok(key) = DocumentKey::new(kind, id) else { continue };
                    checked += 1;
                    let record = record::find(&mut transaction, &key).await?;
                    if let Some(body) = record.and_then(|record| record.body) {
                        bytes += body.expose().len();
                        if scope.check(&key, Some(body.expose())).is_ok() {
                            let found =
                                warnings::of(&mut lookup, &mut transaction, &key, body.expose()).await?;
                            if !found.is_empty() {
                                warned.documents.push((key.clone(), found));
                            }
                        }
                    }
                    let full = warned.documents.len() >= limit;
                    if full || checked >= Warned::CHECKED || bytes >= Warned::CHECKED_BYTES {
                        warned.next = Some(key);
                        return Ok(warned);
                    }
                }
                match ids.last() {
                    Some(last) if ids.len() == List::CHUNK => last.clone_into(&mut from),
                    _ => break,
                }
            }
        }
        Ok(warned)
    }
}

/// Some ids of documents of a kind within a scope, in byte order, after the id `after`. Some may be deleted.
async fn ids(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    after: &str,
    limit: usize,
    site: Option<&Host>,
    scope: &Scope,
) -> Result<Vec<String>, sqlx::Error> {
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    match (kind, scope.sites(), site) {
        (_, None, None) => {
            let ids = "SELECT id FROM documents WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
            sqlx::query_scalar(ids).bind(kind.name()).bind(after).bind(rows).fetch_all(connection).await
        }
        (_, None, Some(site)) => {
            let ids = "SELECT id FROM document_sites WHERE kind = $1 AND host = $2 AND id > $3 ORDER BY id LIMIT $4";
            let ids = sqlx::query_scalar(ids).bind(kind.name()).bind(site.as_str()).bind(after).bind(rows);
            ids.fetch_all(connection).await
        }
        (DocumentKind::Title | DocumentKind::Creative, Some(own), site) => {
            let shown_on = site.map_or_else(|| own.clone(), |site| BTreeSet::from([site.clone()]));
            let ids = document_sites::within(connection, kind, (&shown_on, own), after, limit).await?;
            Ok(ids.into_iter().collect())
        }
        (DocumentKind::Site | DocumentKind::Revocations | DocumentKind::Campaigns, Some(own), _) => {
            let hosts = own.iter().map(Host::as_str).filter(|host| *host > after);
            Ok(hosts.take(limit).map(str::to_owned).collect())
        }
        (DocumentKind::Keys, Some(_), _) => Ok(Vec::new()),
    }
}

/// The ids that pass a filter among the next documents within a scope, and the last of these documents if there may be more.
async fn search(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    after: &str,
    filter: &Filter,
    scope: &Scope,
) -> Result<(Vec<String>, Option<String>), sqlx::Error> {
    let any = filter.words.is_empty() && filter.state.is_none();
    if !any && filter.site.is_none() && scope.sites().is_none() {
        let last = "SELECT id FROM documents WHERE kind = $1 AND id > $2 ORDER BY id LIMIT 1 OFFSET $3";
        let last: Option<String> = sqlx::query_scalar(last)
            .bind(kind.name())
            .bind(after)
            .bind(i64::try_from(List::CHUNK - 1).unwrap_or(i64::MAX))
            .fetch_optional(&mut *connection)
            .await?;
        let found = matching(connection, kind, Among::Range(after, last.as_deref()), filter).await?;
        return Ok((found, last));
    }
    let ids = ids(&mut *connection, kind, after, List::CHUNK, filter.site.as_ref(), scope).await?;
    let last = ids.last().filter(|_| ids.len() == List::CHUNK).cloned();
    let found = if any { ids } else { matching(connection, kind, Among::Ids(&ids), filter).await? };
    Ok((found, last))
}

/// The documents that are searched.
enum Among<'a> {
    /// Those after an id, up to another one if there is one.
    Range(&'a str, Option<&'a str>),
    /// Those with these ids.
    Ids(&'a [String]),
}

/// The ids of existing documents that pass a filter, in byte order.
async fn matching(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    among: Among<'_>,
    filter: &Filter,
) -> Result<Vec<String>, sqlx::Error> {
    let is_named = matches!(kind, DocumentKind::Title | DocumentKind::Creative);
    let mut query = sqlx::QueryBuilder::<Sqlite>::new("SELECT d.id FROM documents d");
    if is_named && !filter.words.is_empty() {
        query.push(" JOIN document_names n ON n.kind = d.kind AND n.id = d.id");
    }
    query.push(" LEFT JOIN outbox o ON o.revision = d.revision WHERE d.kind = ").push_bind(kind.name());
    query.push(" AND d.body IS NOT NULL");
    for word in &filter.words {
        query.push(if is_named { " AND n.text LIKE " } else { " AND LOWER(d.id) LIKE " });
        query.push_bind(pattern(word)).push(r" ESCAPE '\'");
    }
    if let Some(state) = filter.state {
        // A settled change may have been pruned.
        query.push(" AND COALESCE(o.state, 'done') = ").push_bind(state);
    }
    match among {
        Among::Range(after, last) => {
            query.push(" AND d.id > ").push_bind(after);
            if let Some(last) = last {
                query.push(" AND d.id <= ").push_bind(last);
            }
        }
        Among::Ids(ids) => {
            query.push(" AND d.id IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id);
            }
            query.push(")");
        }
    }
    query.push(" ORDER BY d.id");
    query.build().fetch_all(connection).await?.iter().map(|row| row.try_get("id")).collect()
}

/// The pattern of texts in which a word occurs.
fn pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for character in word.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
