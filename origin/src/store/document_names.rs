//! The names of titles and creatives, in rows in which they are searched without reading the documents.

use std::collections::BTreeMap;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::Deserialize;
use sqlx::SqliteConnection;
use stagedoor::catalog::DocumentKind;

/// A text for comparisons: in one case, and with one spelling for letters that Unicode can spell in several ways.
///
/// Lower case alone would leave ς beside σ, and ß beside SS.
pub(super) fn folded(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    composed.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The id and the names of a document: a title has `names` by language, a creative one `name`. The id alone if they cannot be read.
fn text(id: &str, body: &str) -> String {
    #[derive(Default, Deserialize)]
    struct Named {
        #[serde(default)]
        names: BTreeMap<String, String>,
        name: Option<String>,
    }
    let mut text = folded(id);
    let named: Named = serde_json::from_str(body).unwrap_or_default();
    for name in named.names.values().chain(&named.name) {
        text.push('\n');
        text.push_str(&folded(name));
    }
    text
}

/// Stores the names of a document.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    id: &str,
    body: Option<&str>,
) -> Result<(), sqlx::Error> {
    let Some(body) = body else {
        let gone = sqlx::query("DELETE FROM document_names WHERE kind = $1 AND id = $2");
        return gone.bind(kind.name()).bind(id).execute(connection).await.map(drop);
    };
    let row = "INSERT INTO document_names (kind, id, text) VALUES ($1, $2, $3)
               ON CONFLICT (kind, id) DO UPDATE SET text = excluded.text";
    sqlx::query(row).bind(kind.name()).bind(id).bind(text(id, body)).execute(connection).await.map(drop)
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
