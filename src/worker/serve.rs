//! One request, with awaits.

use worker::{Context, Env, Request, Response};

use super::answers::Answers;
use super::{delay, facts, respond};
use crate::life;

pub(super) async fn serve(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let (response, times) = answered(request, env, context).await?;
    delay::repeated_refusal(times).await;
    Ok(response)
}

/// The reply, and how often this client has been refused alike lately. Nothing else of the request is left: its headers, which
/// may be long, do not stay in memory while a refusal is held.
async fn answered(request: Request, env: Env, context: Context) -> worker::Result<(Response, Option<u32>)> {
    let (facts, read) = facts::read(request.inner(), facts::place_from_header(&env));
    let ended = life::answer(&facts, read, &Answers::new(request, env, context)).await;
    let times = respond::log_life(&facts, &ended);
    Ok((ended.reply?, times))
}
