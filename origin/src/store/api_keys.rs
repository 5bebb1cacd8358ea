//! The CMS's API keys: `sdk_{id}_{secret}`, each shown once and kept only as a hash.

use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use stagedoor::redacted::Redacted;

use super::{Actor, Scope, Store};
use crate::clock::UnixMillis;

/// A new key in full. It exists only in the output of the command that made it.
#[derive(Clone, Debug)]
pub struct ApiKey(Redacted<String>);

impl ApiKey {
    /// Makes a key: a public id of 48 random bits, then a secret of 256.
    fn random() -> Result<(String, Self), getrandom::Error> {
        let (mut id, mut secret) = ([0; 6], [0; 32]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let id = hex(&id);
        let key = format!("sdk_{id}_{}", hex(&secret));
        Ok((id, Self(Redacted::new(key))))
    }

    /// The key as text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The stored record of a key.
#[derive(Clone, Debug)]
pub struct ApiKeyRecord {
    /// Its public id, which may appear in logs.
    pub id: String,
    /// The name of its holder. Only one valid key may have a name.
    pub name: String,
    /// Its scope.
    pub scope: Scope,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was revoked, if ever.
    pub revoked_at: Option<UnixMillis>,
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyStoreError {
    /// A valid key has this name already.
    #[error("a valid key is named `{0}` already: revoke it first, or choose another name")]
    Taken(String),
    /// The operating system gave no randomness.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// The database refused or could not be reached.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}

impl Store {
    /// Makes a key and keeps its hash.
    pub async fn create_api_key(
        &self,
        name: &str,
        scope: &Scope,
        now: UnixMillis,
    ) -> Result<ApiKey, ApiKeyStoreError> {
        let (id, key) = ApiKey::random().map_err(ApiKeyStoreError::Random)?;
        let (kinds, sites) = scope.columns();
        let insert = "INSERT INTO api_keys (id, name, hash, created_at, kinds, sites)
                      VALUES ($1, $2, $3, $4, $5, $6)";
        sqlx::query(insert)
            .bind(id)
            .bind(name)
            .bind(hash(key.expose()))
            .bind(now)
            .bind(kinds)
            .bind(sites)
            .execute(&self.pool)
            .await
            .map_err(|error| match error.as_database_error() {
                Some(database) if database.is_unique_violation() => ApiKeyStoreError::Taken(name.to_owned()),
                _ => ApiKeyStoreError::Database(error),
            })?;
        Ok(key)
    }

    /// All keys, revoked ones too, the oldest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>, sqlx::Error> {
        sqlx::query_as("SELECT * FROM api_keys ORDER BY created_at, id").fetch_all(&self.pool).await
    }

    /// Revokes the key of this name at once. Returns whether there was a valid one.
    pub async fn revoke_api_key(&self, name: &str, now: UnixMillis) -> Result<bool, sqlx::Error> {
        let done = sqlx::query("UPDATE api_keys SET revoked_at = $1 WHERE name = $2 AND revoked_at IS NULL")
            .bind(now)
            .bind(name)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The holder of a presented key, if the key is valid.
    ///
    /// The look-up is by hash. Its duration may tell something about the hash of a guess, which the guesser knows anyway, but
    /// nothing about a valid key.
    pub async fn authenticate(&self, presented: &str) -> Result<Option<Actor>, sqlx::Error> {
        let found: Option<ApiKeyRecord> =
            sqlx::query_as("SELECT * FROM api_keys WHERE hash = $1 AND revoked_at IS NULL")
                .bind(hash(presented))
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.map(|ApiKeyRecord { id, scope, .. }| Actor { id, scope }))
    }
}

impl FromRow<'_, SqliteRow> for ApiKeyRecord {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            scope: Scope::from_columns(row.try_get("kinds")?, row.try_get("sites")?),
            created_at: row.try_get("created_at")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    }
}

/// SHA-256 of the whole key. A slow hash such as argon2 protects passwords, which can be guessed. Nobody guesses 256 random bits,
/// and a fast hash keeps a flood of wrong keys cheap.
fn hash(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_do_not_show_themselves() {
        let ((id, one), (_, other)) = (ApiKey::random().unwrap(), ApiKey::random().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert!(one.expose().starts_with(&format!("sdk_{id}_")) && one.expose().len() == 4 + 12 + 1 + 64);
        assert!(!format!("{one:?}").contains(&id));
    }

    #[test]
    fn the_hash_is_sha_256() {
        // printf abc | sha256sum
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
