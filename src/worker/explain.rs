//! The explain endpoint: the trace of a decision, for ops.
//!
//! It is the function of `stagedoor explain`, which awaits documents and signatures here. Nothing is decided for a viewer by
//! it, no session is opened, and no use of a token is counted.

use std::rc::Rc;

use worker::Request;

use super::documents::Documents;
use super::runtime::{now, platform};
use super::{jwks, proofs, signed};
use crate::catalog::{Document, DocumentKey, KV_CACHE_TTL_S, KeySet};
use crate::denial::{Denial, Reason};
use crate::explain::{self, Archive, MAX_BYTES};
use crate::fault::{Fault, FaultKind};
use crate::life::TokenKeys;
use crate::reply::Reply;
use crate::stop::Stop;
use crate::time::UnixTime;
use crate::token::Challenge;

const SECRET: &str = "EXPLAIN_SECRET";

/// The binding of the rate limit, which wrangler.toml sets.
const LIMIT: &str = "EXPLAIN_LIMIT";

/// Answers with a trace.
pub(super) async fn answer(request: Request, documents: Result<&Documents, &Fault>) -> Result<Reply, Stop> {
    let documents = documents.map_err(Clone::clone)?;
    let env = &documents.env;
    let Some(secret) = signed::secret(env, SECRET)? else {
        return Err(Denial::new(Reason::NotFound, "the deployment has no explain endpoint").into());
    };
    let body = match signed::body(request, &secret, MAX_BYTES).await? {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal.reply("explain")),
    };
    // Behind the signature, so that nobody else uses it up.
    let limit = env
        .rate_limiter(LIMIT)
        .map_err(|error| Fault::new(FaultKind::Configuration, format!("{LIMIT}: {error}")))?;
    let outcome = limit.limit("explain".to_owned()).await.map_err(|error| platform(&error))?;
    if !outcome.success {
        let refusal = signed::Refusal::new(429, "too many requests for this location: ask again in a minute");
        return Ok(refusal.reply("explain").with("Retry-After", "60"));
    }
    let refuse = |detail: String| Ok(signed::Refusal::new(400, &detail).reply("explain"));
    // The body may hold a token: what cannot be read of it is not quoted.
    let wanted: explain::Request = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(error) => {
            return refuse(format!(
                "expected {{\"url\",\"method\",\"headers\",\"geo\",\"ip\",\"now\"}}, found another form at line {}, column {}",
                error.line(),
                error.column()
            ));
        }
    };
    let facts = match wanted.facts() {
        Ok(facts) => facts,
        Err(error) => return refuse(error.to_string()),
    };
    let now = wanted.now.map_or_else(now, UnixTime::from_secs);
    let trace = explain::explain(&facts, now, documents).await;
    Ok(Reply::json(200, &trace.json()))
}

/// Answers out of KV, with the verdicts of `crypto.subtle`.
impl Archive for Documents {
    async fn json(&self, key: &DocumentKey) -> Result<Option<Vec<u8>>, Fault> {
        let json = self.kv.get(&key.to_string()).cache_ttl(KV_CACHE_TTL_S).bytes().await;
        json.map_err(|error| Fault::new(FaultKind::DocumentUnavailable, format!("{key}: {error}")))
    }

    async fn with_published(&self, keys: Document<KeySet>) -> Result<Document<KeySet>, Fault> {
        if keys.body.published.is_none() {
            return Ok(keys);
        }
        let revision = keys.revision;
        let keys = TokenKeys::from(jwks::keys(self, Rc::new(keys)).await?);
        Ok(Document { revision, body: keys.set().clone() })
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        proofs::is_genuine(challenge).await
    }
}
