//! The names of titles, in rows in which they are searched without reading the titles.

use std::collections::BTreeMap;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::Deserialize;
use sqlx::SqliteConnection;

/// A text for comparisons: in one case, and with one spelling for letters that Unicode can spell in several ways.
///
/// Lower case alone would leave ς beside σ, and ß beside SS.
pub(super) fn folded(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    composed.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The id and the names of a title; the id alone if the names cannot be read.
fn text(id: &str, body: &str) -> String {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        names: BTreeMap<String, String>,
    }
    let mut text = folded(id);
    for name in serde_json::from_str::<Named>(body).map(|Named { names }| names).unwrap_or_default().values()
    {
        text.push('\n');
        text.push_str(&folded(name));
    }
    text
}

/// Stores the names of a title.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    id: &str,
    body: Option<&str>,
) -> Result<(), sqlx::Error> {
    let Some(body) = body else {
        let gone = sqlx::query("DELETE FROM title_names WHERE id = $1").bind(id);
        return gone.execute(connection).await.map(drop);
    };
    let row = "INSERT INTO title_names (id, text) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    sqlx::query(row).bind(id).bind(text(id, body)).execute(connection).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_text_are_equal() {
        for (one, other) in [
            ("HARBOUR", "harbour"),
            ("ΟΔΟΣ", "οδος"),
            ("STRASSE", "straße"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("ＡＢＣ", "abc"),
            ("Гавань", "ГАВАНЬ"),
            ("ﬁlm", "FILM"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("\u{645}\u{64a}\u{646}\u{627}\u{621}"), folded("\u{645}\u{64a}\u{646}\u{627}"));
    }
}
