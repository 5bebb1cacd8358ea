//! The endpoint of `benches/tokens.mjs`, which verifies viewer tokens and does nothing else. Only the build of the benchmark has
//! it (feature `bench`).

use worker::{Context, Env, Request, Response};

use super::runtime::now;
use super::{answers, facts, proofs};
use crate::catalog::{KeySet, Site};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::stop::Stop;
use crate::token::{self, Asked, Grant, genuine};

pub(super) const PATH: &str = "/_bench/tokens";

/// Takes tokens, one a line, and answers how many are genuine and valid for the request.
pub(super) async fn answer(mut request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let tokens = request.text().await?;
    let good = count(&request, &tokens, env, context).await;
    Response::ok(good.map_err(|stop| worker::Error::RustError(format!("{stop:?}")))?.to_string())
}

async fn count(request: &Request, tokens: &str, env: Env, context: Context) -> Result<usize, Stop> {
    let (mut facts, read) = facts::read(request.inner(), facts::place_from_header(&env));
    read?;
    let documents = answers::documents(env, context)?;
    let unknown = || Denial::new(Reason::SiteUnknown, "_bench: expected a site that lists an issuer");
    let host = facts.host.parse().map_err(|_| unknown())?;
    let site = documents.site(&host).await?.ok_or_else(unknown)?;
    let keys = documents.keys(site.body.tokens.issuers.first().ok_or_else(unknown)?).await?;
    let mut good = 0;
    for token in tokens.lines() {
        facts.headers.authorization = Some(Redacted::new(format!("Bearer {token}")));
        good += usize::from(verify(&facts, &site.body, &keys.body).await.is_ok());
    }
    Ok(good)
}

/// Verifies a token as an entry does.
async fn verify(facts: &Facts, site: &Site, keys: &KeySet) -> Result<Grant, Stop> {
    let presented = token::present(facts, &site.tokens)?;
    let challenges = presented.challenges(keys)?;
    let mut met = None;
    for challenge in &challenges {
        let is_met = match challenge.symmetric() {
            Some(is_met) => is_met,
            None => proofs::is_genuine(challenge).await?,
        };
        met = met.or(is_met.then_some(challenge));
    }
    let met = genuine(met)?;
    Ok(presented.grant(met.key, &Asked { facts, policy: &site.tokens, now: now() })?)
}
