//! Viewer tokens as Common Access Tokens (CTA-5007): claims in CBOR ([RFC 8392]), signed or authenticated by COSE.
//!
//! ```text
//! cose      the envelope: key, algorithm and signed bytes
//! claims    the known claims, and whether they hold; each family in a file of its own
//! reply     the reply when a claim is not met (catif)
//! renewal   a newer token before this one ends (catr)
//! mint      claims from JSON
//! ```
//!
//! `docs/tokens/cat.md` lists the checks, and the decisions where implementations disagree.
//!
//! [RFC 8392]: https://www.rfc-editor.org/rfc/rfc8392

mod cbor;
mod claims;
mod cose;
mod matching;
#[cfg(not(target_arch = "wasm32"))]
mod mint;
mod network;
mod place;
mod renewal;
mod reply;
mod request;
mod uri;
#[cfg(test)]
mod vectors;

#[cfg(not(target_arch = "wasm32"))]
pub use mint::{CatError, mint};

use super::compact::short;
use super::dialect::Dialect;
use super::jwt::ANY_AUDIENCE;
use super::placement::{self, Found, Rest};
use super::presented::{Asked, Presented, Reader};
use super::signed_url::folder;
use super::spot::Spot;
use super::{Challenge, Grant};
use crate::catalog::{CatPolicy, Issuer, Jwk, KeySet, Placement, Plan, TitleId, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use cbor::{Map, Value, entry};
use claims::{Context, Findings};
use cose::Message;
use reply::Genuine;
use uri::Target;

/// A Common Access Token of an issuer that the site accepts.
struct Cat {
    message: Message,
    claims: Map,
    issuer: Issuer,
    policy: CatPolicy,
    /// Where it stood.
    placement: Placement,
    /// The path without it, where it stood there.
    path: Option<String>,
}

impl Reader for CatPolicy {
    fn find(&self, facts: &Facts, policy: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let placements = match &self.placements {
            Some(placements) => placements.clone(),
            None => default_placements().into_iter().chain(policy.placements.clone()).collect(),
        };
        let mut first = None;
        for placement in &placements {
            for found in placement::find(facts, std::slice::from_ref(placement)) {
                match Cat::parse(found, placement, policy, self) {
                    Ok(cat) => return Ok(Some(Box::new(cat))),
                    Err(denial) => first = first.or(Some(denial)),
                }
            }
        }
        first.map_or(Ok(None), Err)
    }

    fn spots<'a>(&'a self, policy: &'a TokenPolicy) -> Vec<Spot<'a>> {
        match &self.placements {
            Some(placements) => placements.iter().map(Spot::from).collect(),
            None => USUAL.iter().copied().chain(policy.placements.iter().map(Spot::from)).collect(),
        }
    }
}

/// The names of header and cookie.
const NAMES: [&str; 2] = ["CTA-Common-Access-Token", "Common-Access-Token"];
const PARAMETER: &str = "CAT";

pub(super) const USUAL: &[Spot<'static>] = &[
    Spot::Header(NAMES[0]),
    Spot::Header(NAMES[1]),
    Spot::Cookie(NAMES[0]),
    Spot::Cookie(NAMES[1]),
    Spot::Parameter(PARAMETER),
];

fn default_placements() -> Vec<Placement> {
    let names = NAMES.map(str::to_owned);
    let headers = names.clone().map(Placement::Header);
    let cookies = names.map(Placement::Cookie);
    headers.into_iter().chain(cookies).chain([Placement::Query(PARAMETER.to_owned())]).collect()
}

impl Cat {
    fn parse(
        found: Found,
        placement: &Placement,
        policy: &TokenPolicy,
        own: &CatPolicy,
    ) -> Result<Self, Denial> {
        let message = Message::parse(found.token.expose())?;
        let claims = message.claims()?;
        let issuer = issuer(&claims, policy, own)?;
        let path = match found.rest {
            Rest::Whole => None,
            Rest::Path(path) => Some(path),
            Rest::BelowTitle(_) => {
                return Err(Denial::new(
                    Reason::TokenMalformed,
                    "a Common Access Token does not name its title",
                ));
            }
        };
        Ok(Self { message, claims, issuer, policy: own.clone(), placement: placement.clone(), path })
    }
}

/// The document of the keys that verify the token: the document of its `iss`, which the site has to list, or the one
/// that the site names for tokens without `iss`.
fn issuer(claims: &[(Value, Value)], policy: &TokenPolicy, own: &CatPolicy) -> Result<Issuer, Denial> {
    let Some(iss) = entry(claims, claims::ISS) else {
        return own.keys.clone().ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `iss`"));
    };
    let iss = iss.text().ok_or_else(|| Denial::new(Reason::TokenClaims, "`iss`: expected a text"))?;
    let issuers = own.issuers.as_ref().unwrap_or(&policy.issuers);
    let known = issuers.iter().find(|issuer| issuer.as_str() == iss);
    known.cloned().ok_or_else(|| {
        Denial::new(Reason::TokenIssuer, format!("the site does not list the issuer `{}`", short(iss)))
    })
}

impl Presented for Cat {
    fn dialect(&self) -> Dialect {
        Dialect::Cat
    }

    fn keys(&self) -> &Issuer {
        &self.issuer
    }

    fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        self.message.challenges(keys, &[])
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        let path = self.path.as_deref().unwrap_or(&facts.path);
        let query = match &self.placement {
            Placement::Query(name) => uri::without(facts.query.expose(), name),
            _ => facts.query.expose().clone(),
        };
        let context = Context {
            target: Target { facts, path, query: &query },
            issuer: &self.issuer,
            audience: self.policy.audience.as_deref().or(policy.audience.as_deref()),
            ignored: &self.policy.ignored,
            plans: self.policy.plans.as_deref(),
            now,
            leeway_s: policy.leeway_s,
        };
        let genuine = Genuine {
            claims: &self.claims,
            issuer: &self.issuer,
            key,
            algorithm: self.message.algorithm,
            now,
        };
        let mut findings = Findings::default();
        claims::check(&self.claims, context, &mut findings).map_err(|refusal| Denial {
            reply: genuine.reply(&refusal.label).map(Box::new),
            ..refusal.denial
        })?;
        if let Some(audience) =
            context.audience.filter(|wanted| *wanted != ANY_AUDIENCE && !findings.audience)
        {
            let detail = format!("expected `aud` to name `{audience}`");
            return Err(Denial::new(Reason::TokenAudience, detail));
        }
        let token_id = entry(&self.claims, claims::CTI).and_then(claims::token_id);
        if token_id.is_none() && !findings.replay.is_permitted() {
            return Err(Denial::new(
                Reason::TokenClaims,
                "`catreplay`: expected a `cti`, by which a second use is known",
            ));
        }
        let titles = findings.one_path.then(|| title(path).into_iter().collect());
        Ok(Grant {
            subject: entry(&self.claims, claims::SUB).and_then(Value::text).map(str::to_owned),
            token_id,
            issued_at: entry(&self.claims, claims::IAT).and_then(|time| claims::time(time, f64::floor).ok()),
            expires_at: findings.expires_at,
            accepted_until: claims::accepted_until(&self.claims, policy.leeway_s),
            plans: self.plans()?,
            titles,
            folder: folder(path, ["/".repeat(findings.depth).as_str()]),
            lock: findings.lock,
            replay: findings.replay,
            renewal: renewal::renew(genuine, findings.replay, &self.placement, facts),
            ..Grant::new(Dialect::Cat, self.issuer.clone(), key.kid.clone())
        })
    }
}

impl Cat {
    /// The plans out of the claim that the site names.
    fn plans(&self) -> Result<Vec<Plan>, Denial> {
        let Some(named) = &self.policy.plans else { return Ok(Vec::new()) };
        let claim = self.claims.iter().find(|(label, _)| claims::is_named(label, named));
        let Some((_, plans)) = claim else { return Ok(Vec::new()) };
        let plan = |plan: &Value| plan.text().and_then(|plan| plan.parse().ok());
        let plans: Option<_> = plans.list().iter().map(plan).collect();
        plans.ok_or_else(|| Denial::new(Reason::TokenClaims, format!("`{named}`: expected names of plans")))
    }
}

/// The title that a path names: its first segment.
fn title(path: &str) -> Option<TitleId> {
    path.strip_prefix('/')?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests;
