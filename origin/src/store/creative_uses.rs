//! The creatives that documents name, in rows: which documents need a creative, without reading the documents.

use std::collections::BTreeSet;

use serde::Deserialize;
use sqlx::{Sqlite, SqliteConnection};
use stagedoor::catalog::{CreativeId, DocumentKind};

/// The greatest number of rows in a statement.
const CHUNK: usize = 500;

/// The creatives that a document names; none if it cannot be read.
fn named_by(kind: DocumentKind, body: &str) -> BTreeSet<CreativeId> {
    #[derive(Deserialize)]
    struct Campaigns {
        campaigns: Vec<Campaign>,
    }
    #[derive(Deserialize)]
    struct Campaign {
        creatives: Vec<CreativeId>,
    }
    #[derive(Deserialize)]
    struct Site {
        ads: Option<Policy>,
    }
    #[derive(Deserialize)]
    struct Policy {
        slate: Option<CreativeId>,
        bumper_in: Option<CreativeId>,
        bumper_out: Option<CreativeId>,
    }
    match kind {
        DocumentKind::Campaigns => serde_json::from_str(body)
            .map(|Campaigns { campaigns }| campaigns.into_iter().flat_map(|own| own.creatives).collect())
            .unwrap_or_default(),
        DocumentKind::Site => serde_json::from_str(body)
            .map(|Site { ads }| {
                let own = ads.map(|ads| [ads.slate, ads.bumper_in, ads.bumper_out]);
                own.into_iter().flatten().flatten().collect()
            })
            .unwrap_or_default(),
        DocumentKind::Title | DocumentKind::Keys | DocumentKind::Revocations | DocumentKind::Creative => {
            BTreeSet::new()
        }
    }
}

/// Stores the creatives that a document names.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    kind: DocumentKind,
    id: &str,
    body: Option<&str>,
) -> Result<(), sqlx::Error> {
    let gone = sqlx::query("DELETE FROM creative_uses WHERE kind = $1 AND id = $2").bind(kind.name());
    gone.bind(id).execute(&mut *connection).await?;
    let named: Vec<_> = body.map(|body| named_by(kind, body)).unwrap_or_default().into_iter().collect();
    for chunk in named.chunks(CHUNK) {
        let mut insert = sqlx::QueryBuilder::<Sqlite>::new("INSERT INTO creative_uses (creative, kind, id) ");
        insert.push_values(chunk, |mut row, creative| {
            row.push_bind(creative.as_str()).push_bind(kind.name()).push_bind(id);
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_that_names_a_creative_is_found() {
        let named =
            |kind, body: &str| named_by(kind, body).iter().map(ToString::to_string).collect::<Vec<_>>();
        let campaigns = r#"{"host":"a.example","campaigns":[{"id":"x","creatives":["plum","pear"]},
                                                            {"id":"y","creatives":["plum"]}]}"#;
        assert_eq!(named(DocumentKind::Campaigns, campaigns), ["pear", "plum"]);
        let site = r#"{"host":"a.example","ads":{"slate":"s","bumper_in":"i","bumper_out":"o"}}"#;
        assert_eq!(named(DocumentKind::Site, site), ["i", "o", "s"]);
        assert!(named(DocumentKind::Site, r#"{"host":"a.example"}"#).is_empty());
        assert!(named(DocumentKind::Site, "{").is_empty());
    }
}
