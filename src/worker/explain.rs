//! The explain endpoint: the trace of a decision, for ops.
//!
//! The decision is that of `stagedoor explain`: it is begun anew each time it has asked for a document or for a
//! signature, until it has no more questions. Nothing is decided for a viewer by it, no session is opened, and no use of
//! a token is counted.

use std::rc::Rc;

use worker::Request;

use super::documents::Documents;
use super::{jwks, now, platform, proofs, signed};
use crate::catalog::{Document, DocumentKey, KV_CACHE_TTL_S, KeySet, Stored};
use crate::denial::{Denial, Reason};
use crate::explain::{self, MAX_BYTES, Trace};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::offline::{Answers, Known, Question};
use crate::reply::Reply;
use crate::stop::Stop;
use crate::time::UnixTime;

const SECRET: &str = "EXPLAIN_SECRET";

/// The binding of the rate limit, which wrangler.toml sets.
const LIMIT: &str = "EXPLAIN_LIMIT";

/// The most questions of one decision: four documents, and a signature for each candidate key.
const MOST_QUESTIONS: usize = 40;

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
    let trace = trace(documents, &facts, now)
        .await
        .unwrap_or_else(|stop| Trace { outcome: Err(stop), steps: Vec::new() });
    Ok(Reply::json(200, &trace.json()))
}

/// Decides, and answers one question after the other.
async fn trace(documents: &Documents, facts: &Facts, now: UnixTime) -> Result<Trace, Stop> {
    let mut answers = Answers::default();
    for _ in 0..MOST_QUESTIONS {
        match explain::explain(facts, now, Known::SoFar(&answers)) {
            Ok(trace) => return Ok(trace),
            Err(Question::Document(key)) => {
                let json = document(documents, &key).await?;
                answers.document(key, json);
            }
            Err(Question::Signature(challenge)) => {
                let challenge = challenge.borrowed();
                answers.signature(&challenge, proofs::is_met(&challenge).await?);
            }
        }
    }
    Err(Fault::new(FaultKind::Platform, format!("the decision has more than {MOST_QUESTIONS} questions"))
        .into())
}

/// What KV holds, an issuer's keys with those that it publishes.
async fn document(documents: &Documents, key: &DocumentKey) -> Result<Option<Vec<u8>>, Fault> {
    let unavailable =
        |error: worker::KvError| Fault::new(FaultKind::DocumentUnavailable, format!("{key}: {error}"));
    let name = key.to_string();
    let json = documents.kv.get(&name).cache_ttl(KV_CACHE_TTL_S).bytes().await.map_err(unavailable)?;
    let (DocumentKey::Keys(_), Some(bytes)) = (key, &json) else { return Ok(json) };
    match Stored::<KeySet>::from_json(bytes) {
        Ok(Stored::Live(own)) if own.body.published.is_some() => {
            let revision = own.revision;
            let keys = jwks::keys(documents, Rc::new(own)).await?;
            let merged = serde_json::to_vec(&Document { revision, body: keys.set() });
            Ok(Some(merged.map_err(|error| Fault::new(FaultKind::Platform, error.to_string()))?))
        }
        // What cannot be read, the decision will tell.
        _ => Ok(json),
    }
}
