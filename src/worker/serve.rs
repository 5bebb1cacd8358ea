//! One request, from its facts to its reply.

use std::rc::Rc;

use futures_util::join;
use worker::{Context, Env, Request, Response};

use super::documents::Documents;
use super::objects::{replay, streams};
use super::respond::Client;
use super::{
    crypto, delay, explain, facts, jwks, now, now_ms, playlists, proofs, respond, segments, signed, sync,
    templates,
};
use crate::admission::{Admission, Sessions};
use crate::cache;
use crate::catalog::{CorsPolicy, Document, Host, KeySet, SessionId, Site, Title};
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::fault::{Fault, FaultKind};
use crate::life::{below, check_site, clock, entry, renewal};
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::resource::{MediaRequest, ResourceKind};
use crate::rewrite::Rewrite;
use crate::route::{Route, route};
use crate::steering;
use crate::stop::Stop;
use crate::streams::Newcomer;
use crate::token::{Asked, Use, session::Session};

pub(super) async fn serve(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let (response, times) = answered(request, env, context).await?;
    delay::repeated_refusal(times).await;
    Ok(response)
}

/// The reply, and how often this client has been refused alike lately. Nothing else of the request is left: its headers, which
/// may be long, do not stay in memory while a refusal is held.
async fn answered(request: Request, env: Env, context: Context) -> worker::Result<(Response, Option<u32>)> {
    let read = facts::read(request.inner(), facts::place_from_header(&env));
    let mut edge =
        Edge { documents: documents(env.clone(), context), cors: None, verified: false, session: None };
    let (facts, routed) = match read {
        Ok(facts) => {
            let routed = route(&facts).map_err(Stop::from);
            (facts, routed)
        }
        Err(unreadable) => {
            let (facts, stop) = *unreadable;
            (facts, Err(stop))
        }
    };
    let outcome = match routed {
        Ok(Route::Healthz) => Ok(Answer::Whole(Reply::json(200, &serde_json::json!({ "status": "ok" })))),
        Ok(Route::Version) => Ok(Answer::Whole(version(&env))),
        Ok(Route::Sync(folder)) => match signed::at_its_place(&env, &facts, folder.as_ref()) {
            Ok(()) => sync::receive(request, &env, edge.documents.as_ref()).await.map(Answer::Whole),
            Err(stop) => Err(stop),
        },
        Ok(Route::Explain(folder)) => match signed::at_its_place(&env, &facts, folder.as_ref()) {
            Ok(()) => explain::answer(request, edge.documents.as_ref()).await.map(Answer::Whole),
            Err(stop) => Err(stop),
        },
        Ok(Route::Preflight) => edge.preflight(&facts).await.map(Answer::Whole),
        Ok(Route::Entry) => edge.enter(&facts).await,
        Ok(Route::Below(wanted, token)) => edge.below(&facts, &wanted, &token).await,
        Err(stop) => Err(stop),
    };
    if outcome.is_err() {
        edge.learn_cors(&facts).await;
    }
    let client = Client {
        site_known: edge.cors.is_some(),
        verified: edge.verified || edge.session.is_some(),
        session: edge.session,
    };
    let cors = edge.cors.unwrap_or_default();
    match outcome {
        Ok(Answer::Whole(reply)) => Ok((respond::whole(&facts, reply.guarded(&cors, &facts))?, None)),
        Ok(Answer::Streamed(reply, body)) => {
            Ok((respond::streamed(&facts, reply.guarded(&cors, &facts), body)?, None))
        }
        Err(stop) => {
            let times = respond::log_of(Some(&facts), client, &stop);
            // Who asks for what is not there yet has waited already.
            let times = times.filter(|_| !stop.is_media_missing());
            Ok((respond::whole(&facts, Reply::from(&stop).guarded(&cors, &facts))?, times))
        }
    }
}

/// What goes back: a body at hand, or one that is still coming in.
pub(super) enum Answer {
    Whole(Reply),
    Streamed(Reply, Response),
}

struct Edge {
    documents: Result<Documents, Fault>,
    /// The site's, once the site is known.
    cors: Option<CorsPolicy>,
    /// Whether the request's token has been verified.
    verified: bool,
    /// The session that the request shows, once it is known to be genuine, whether or not it is good.
    session: Option<SessionId>,
}

impl Edge {
    fn documents(&self) -> Result<&Documents, Fault> {
        self.documents.as_ref().map_err(Clone::clone)
    }

    async fn preflight(&mut self, facts: &Facts) -> Result<Reply, Stop> {
        self.site(facts).await?;
        Ok(Reply { status: 204, ..Reply::default() })
    }

    async fn enter(&mut self, facts: &Facts) -> Result<Answer, Stop> {
        let site = self.site(facts).await?;
        let (request, presented) = entry::present(facts, &site.body)?;
        let documents = self.documents()?;
        let (session_keys, revocations, own_keys) = join!(
            documents.keys(&site.body.sessions.keys),
            documents.revocations(&site.body.host),
            documents.keys(presented.keys())
        );
        // Of several that are missing, always the same one is told, in the order in which an explanation asks.
        let (session_keys, revocations, own_keys) = (session_keys?, revocations?, own_keys?);
        let sessions = Sessions { keys: &session_keys.body, revocations: &revocations.body };
        let keys = jwks::for_token(documents, own_keys, presented.as_ref()).await?;
        let challenges = presented.challenges(keys.set())?;
        let met = proofs::settle(&challenges).await?;
        let grant = presented.grant(met.key, &Asked { facts, policy: &site.body.tokens, now: now() })?;
        self.verified = true;
        let usage = Use::of(facts, &site.body, &grant, met, now())?;
        // Not before the token has been verified: nobody has made-up titles looked up.
        let title = self.title(&request, &site.body.host).await??;
        let id = entry::session_id(facts, &site.body, &request, &grant, met, crypto::session_id()?);
        let mut admission = entry::admit(facts, &site.body, sessions, &title.body, &grant, now(), id)?;
        let mut answer =
            self.media(facts, &request, &site, &title.body, &mut admission, sessions.keys).await?;
        // Last but for the count of streams, so that hardly a denial and no outage of the media origin uses a token up. HEAD brings nothing that
        // could be watched.
        if let Some(usage) = usage.filter(|_| facts.method != Method::Head) {
            let documents = self.documents()?;
            let again = replay::take(&documents.env, facts, &site.body.host, &grant, &usage).await?;
            answer = match answer {
                Answer::Whole(reply) if again => {
                    Answer::Whole(entry::used_again(reply, admission.renewal.as_ref())?)
                }
                answer => answer,
            };
        }
        // After it, so that a token's second use takes no place. A redirect begins no stream.
        let begins =
            facts.method != Method::Head && matches!(&answer, Answer::Whole(reply) if reply.status == 200);
        if let Some(newcomer) = Newcomer::of(&admission.session, &admission.permit.caps).filter(|_| begins) {
            streams::open(&self.documents()?.env, facts, &site.body, &newcomer).await?;
        }
        Ok(answer)
    }

    async fn below(
        &mut self,
        facts: &Facts,
        request: &MediaRequest,
        token: &Redacted<String>,
    ) -> Result<Answer, Stop> {
        let site = self.site(facts).await?;
        let documents = self.documents()?;
        let (keys, revocations) =
            join!(documents.keys(&site.body.sessions.keys), documents.revocations(&site.body.host));
        let (keys, revocations) = (keys?, revocations?);
        let sessions = Sessions { keys: &keys.body, revocations: &revocations.body };
        let (session, key) = Session::open(token.expose(), sessions.keys, site.body.host.as_str())?;
        self.session = Some(session.id);
        below::check(facts, request, &session, key, &site.body, sessions, now())?;
        let documents = self.documents()?;
        let title = self.title(request, &site.body.host).await??;
        let mut admission = below::resume(facts, token, session, &site.body, &title.body, now())?;
        streams::seen(documents, facts, &site.body, &session).await?;
        self.media(facts, request, &site, &title.body, &mut admission, sessions.keys).await
    }

    async fn media(
        &self,
        facts: &Facts,
        request: &MediaRequest,
        document: &Document<Site>,
        title: &Title,
        admission: &mut Admission,
        keys: &KeySet,
    ) -> Result<Answer, Stop> {
        let site = &document.body;
        if let Some(instead) = renewal::renew(request, admission, site, keys, now())? {
            return Ok(Answer::Whole(instead));
        }
        let facts = &*renewal::without_skip(facts, admission);
        let source = cache::source(
            facts,
            request,
            site,
            &admission.permit.folder,
            &admission.permit.caps,
            title.generation,
        )?;
        if admission.entered {
            admission.rehearsed.iter().for_each(|denial| respond::log_rehearsed(facts, denial));
        }
        let documents = self.documents()?;
        match request.kind {
            ResourceKind::Steering => {
                let reply = steering::answer(facts, request, site, admission, keys, now())?;
                Ok(Answer::Whole(reply.not_kept_if(admission.permit.replaced.is_some())))
            }
            ResourceKind::Time => Ok(Answer::Whole(clock::reply(now_ms()))),
            ResourceKind::Segment => {
                let (reply, body) = segments::stream(facts, &source, &documents.context).await?;
                Ok(Answer::Streamed(reply.not_kept_if(admission.permit.replaced.is_some()), body))
            }
            ResourceKind::Playlist
            | ResourceKind::Mpd
            | ResourceKind::Patch
            | ResourceKind::Assets
            | ResourceKind::OriginSteering => {
                let manifest = async {
                    let kept = playlists::whole(&source, &documents.context).await?;
                    let rewrite = Rewrite::of(facts, request, document, admission, &source);
                    let compiled = templates::compiled(&rewrite, &kept)?;
                    Ok(rewrite.reply(&compiled.template, &kept.stamp, now_ms()))
                };
                let reply = match manifest.await {
                    Ok(reply) => reply,
                    Err(stop) => {
                        let (reply, fault) = renewal::instead_of_manifest(facts, request, admission, stop)?;
                        respond::log(Some(facts), &fault.into());
                        reply
                    }
                };
                Ok(Answer::Whole(reply.not_kept_if(admission.permit.replaced.is_some())))
            }
        }
    }

    async fn site(&mut self, facts: &Facts) -> Result<Rc<Document<Site>>, Stop> {
        let unknown = || Denial::new(Reason::SiteUnknown, format!("no site is named `{}`", facts.host));
        let host: Host = facts.host.parse().map_err(|_| unknown())?;
        let documents = self.documents()?;
        let site = documents.site(&host).await?.ok_or_else(unknown)?;
        self.cors = Some(site.body.cors.clone());
        Ok(site)
    }

    /// Finds out which pages may read a refusal that came before the site was asked for. Whether there is a site is not
    /// what the request is refused for; that KV does not answer is told here, since nobody else is told.
    async fn learn_cors(&mut self, facts: &Facts) {
        if self.cors.is_none()
            && let Err(stop @ Stop::Failed(_)) = self.site(facts).await
        {
            respond::log_of(Some(facts), Client::default(), &stop);
        }
    }

    /// The title; that there is none is told only to those who have a valid token.
    async fn title(
        &self,
        request: &MediaRequest,
        host: &Host,
    ) -> Result<Result<Rc<Document<Title>>, Denial>, Fault> {
        let documents = self.documents()?;
        let unknown =
            || Denial::new(Reason::TitleUnknown, format!("`{}` is not a title of {host}", request.title));
        let title = documents.title(&request.title).await?;
        Ok(title.ok_or_else(unknown).and_then(|title| check_site(&title.body, host).map(|()| title)))
    }
}

pub(super) fn documents(env: Env, context: Context) -> Result<Documents, Fault> {
    let kv = env
        .kv("CATALOG")
        .map_err(|error| Fault::new(FaultKind::Configuration, format!("CATALOG: {error}")))?;
    Ok(Documents { kv, context: Rc::new(context), env })
}

fn version(env: &Env) -> Reply {
    let variable = |name: &str| env.var(name).map(|value| value.to_string()).ok();
    Reply::json(
        200,
        &serde_json::json!({
            "name": "stagedoor",
            "version": env!("CARGO_PKG_VERSION"),
            "commit": option_env!("STAGEDOOR_COMMIT"),
            "environment": variable("ENVIRONMENT"),
        }),
    )
}
