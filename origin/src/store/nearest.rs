//! The known names that are nearest to a name that is not known, for typing errors.

use sqlx::{Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, DocumentKind};
use strsim::osa_distance;

use super::{Scope, record};

/// The greatest number of ids on either side of an unknown id, in byte order, that are compared with it.
const COMPARED: i64 = 1_000;

/// The greatest number of near ids whose documents are looked up.
const LOOKED_UP: usize = 10;

/// The id of the document that is nearest to an unknown id, among those within a scope.
pub(super) async fn document(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    found: &str,
    scope: &Scope,
) -> Result<Option<String>, sqlx::Error> {
    if scope.check_kind(kind).is_err() {
        return Ok(None);
    }
    let mut known = Vec::new();
    for side in [
        "SELECT id FROM documents WHERE kind = $1 AND id >= $2 AND body IS NOT NULL ORDER BY id LIMIT $3",
        "SELECT id FROM documents WHERE kind = $1 AND id < $2 AND body IS NOT NULL ORDER BY id DESC LIMIT $3",
    ] {
        let rows = sqlx::query(side).bind(kind.name()).bind(found).bind(COMPARED);
        for row in rows.fetch_all(&mut *connection).await? {
            known.push(row.try_get("id")?);
        }
    }
    first_visible(connection, kind, nearest(found, known), scope).await
}

/// The first of these ids whose document exists within a scope.
pub(super) async fn first_visible(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    ids: Vec<String>,
    scope: &Scope,
) -> Result<Option<String>, sqlx::Error> {
    for id in ids.into_iter().take(LOOKED_UP) {
        let Ok(key) = DocumentKey::new(kind, &id) else { continue };
        let body = record::find(connection, &key).await?.and_then(|record| record.body);
        if body.is_some_and(|body| scope.check(&key, Some(body.expose())).is_ok()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The question whether another name was meant, for the end of a message.
pub(super) fn question(near: Option<String>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// The known names within a few typing errors of `found`, the nearest first.
pub(super) fn nearest(found: &str, known: impl IntoIterator<Item = String>) -> Vec<String> {
    let most = most_errors(found);
    let folded = found.to_ascii_lowercase();
    let mut near: Vec<(usize, String)> = known
        .into_iter()
        .filter(|name| name != found)
        .filter_map(|name| {
            let other = name.to_ascii_lowercase();
            // The distance of two names costs the product of their lengths. Few names pass this cheap test.
            let may_be_near = fewest_errors(folded.as_bytes(), other.as_bytes()) <= most;
            let errors = may_be_near.then(|| osa_distance(&folded, &other))?;
            (errors <= most).then_some((errors, name))
        })
        .collect();
    near.sort();
    near.into_iter().map(|(_, name)| name).collect()
}

/// The typing errors that a name of this length may have: characters left out, added, replaced, or exchanged with their neighbours.
fn most_errors(name: &str) -> usize {
    match name.len() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    }
}

/// A lower bound of the distance: an error changes the number of one byte value, or of two by one each.
fn fewest_errors(one: &[u8], other: &[u8]) -> usize {
    let mut counts = [0_i32; 256];
    for (bytes, step) in [(one, 1), (other, -1)] {
        for byte in bytes {
            if let Some(count) = counts.get_mut(usize::from(*byte)) {
                *count += step;
            }
        }
    }
    let sum = |wanted: fn(&i32) -> bool| -> usize {
        counts
            .iter()
            .filter(|count| wanted(count))
            .map(|count| usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX))
            .sum()
    };
    sum(|count| *count > 0).max(sum(|count| *count < 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_near_and_other_names_are_not() {
        let known = || {
            ["harbour", "harbour-2", "pier", "pear", "watch.example.com", "https://id.example.com/"]
                .map(str::to_owned)
        };
        for (found, expected) in [
            ("harbor", &["harbour"][..]),
            ("hrabour", &["harbour"]),
            ("harbour-3", &["harbour-2", "harbour"]),
            ("HARBOUR", &["harbour", "harbour-2"]),
            ("peer", &["pear", "pier"]),
            ("wacth.example.com", &["watch.example.com"]),
            ("watch.exmaple.com", &["watch.example.com"]),
            ("https://id.example.com", &["https://id.example.com/"]),
            ("harbour", &["harbour-2"]),
            ("lighthouse", &[]),
            ("", &[]),
        ] {
            assert_eq!(nearest(found, known()), expected, "{found}");
        }
    }

    #[test]
    fn the_cheap_test_leaves_no_near_name_out() {
        let names =
            ["", "a", "ab", "ba", "abc", "acb", "cab", "abcd", "harbour", "harbor", "hrabour", "pier"];
        for one in names {
            for other in names {
                let least = fewest_errors(one.as_bytes(), other.as_bytes());
                assert!(least <= osa_distance(one, other), "{one} {other}");
            }
        }
    }
}
