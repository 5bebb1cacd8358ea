//! One request, with awaits.

use worker::{Context, Env, Request, Response};

use super::answers::Answers;
use super::{delay, facts, respond};
use crate::life::{self, Learned};

pub(super) async fn serve(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let (response, times) = answered(request, env, context).await?;
    delay::repeated_refusal(times).await;
    Ok(response)
}

/// The reply, and how often this client has been refused alike lately. Nothing else of the request is left: its headers, which
/// may be long, do not stay in memory while a refusal is held.
async fn answered(request: Request, env: Env, context: Context) -> worker::Result<(Response, Option<u32>)> {
    let read = facts::read(request.inner(), facts::place_from_header(&env));
    let answers = Answers::new(request, env, context);
    let (facts, ended) = match read {
        Ok(facts) => {
            let ended = life::answer(&facts, &answers).await;
            (facts, ended)
        }
        Err(unreadable) => {
            let (facts, stop) = *unreadable;
            let ended = life::refuse(&facts, stop, Learned::default(), &answers).await;
            (facts, ended)
        }
    };
    let times = respond::log_life(&facts, &ended);
    Ok((ended.reply?, times))
}
