//! The endpoint at which the origin service asks which creatives ad servers named that nobody has conditioned.

use worker::{Env, Request};

use super::objects::wanted;
use super::signed;
use super::sync::SECRET;
use crate::catalog::{WantedAnswer, WantedQuestion};
use crate::fault::{Fault, FaultKind};
use crate::reply::Reply;
use crate::stop::Stop;

/// Answers for each site of the question.
pub(super) async fn answer(request: Request, env: &Env) -> Result<Reply, Stop> {
    let secret = signed::secret(env, SECRET)?.ok_or_else(|| signed::too_short(SECRET))?;
    let body = match signed::body(request, &secret, WantedQuestion::MAX_BYTES).await? {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal.reply("wanted")),
    };
    let refuse = |detail: &str| signed::Refusal::new(400, detail).reply("wanted");
    let question: WantedQuestion = match serde_json::from_slice(&body) {
        Ok(question) => question,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    let (found, most) = (question.sites.len(), WantedQuestion::MOST_SITES);
    if found > most {
        return Ok(refuse(&format!("expected {most} sites at most, found {found}")));
    }
    let mut sites = Vec::with_capacity(found);
    for since in question.sites {
        sites.push(wanted::seen_after(env, &since.site, since.after).await?);
    }
    let body = serde_json::to_vec(&WantedAnswer { sites })
        .map_err(|error| Fault::new(FaultKind::Platform, error.to_string()))?;
    Ok(Reply::new(200, "application/json", body))
}
