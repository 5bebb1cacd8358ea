//! One request, from its facts to its reply.

use std::rc::Rc;

use futures_util::try_join;
use worker::{Context, Env, Request, Response};

use super::documents::Documents;
use super::grants::Name;
use super::{crypto, facts, media, now, respond, sync};
use crate::cache;
use crate::catalog::{CorsPolicy, Document, Host, Site, Title};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::pipeline::{self, Admission, Stop};
use crate::reply::{self, Reply};
use crate::route::{Credential, MediaRequest, ResourceKind, Route, route};
use crate::token::Grant;

pub(super) async fn serve(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let facts = match facts::read(&request, &env) {
        Ok(facts) => facts,
        Err(stop) => {
            respond::log(None, &stop);
            return respond::whole(&Facts::default(), Reply::from(&stop), Vec::new());
        }
    };
    let mut edge = Edge { documents: documents(&env, context), cors: CorsPolicy::default() };
    let outcome = match route(&facts) {
        Ok(Route::Healthz) => Ok(Answer::Whole(Reply::json(200, &serde_json::json!({ "status": "ok" })))),
        Ok(Route::Version) => Ok(Answer::Whole(version(&env))),
        Ok(Route::Sync) => sync::receive(request, &env, edge.documents.as_ref()).await.map(Answer::Whole),
        Ok(Route::Preflight) => edge.preflight(&facts).await.map(Answer::Whole),
        Ok(Route::Media(wanted)) => edge.media(&facts, &wanted).await,
        Err(denial) => Err(denial.into()),
    };
    let cors = reply::cors(&edge.cors, &facts);
    match outcome {
        Ok(Answer::Whole(reply)) => respond::whole(&facts, reply, cors),
        Ok(Answer::Streamed(reply, body)) => respond::streamed(&facts, reply, body, cors),
        Err(stop) => {
            respond::log(Some(&facts), &stop);
            respond::whole(&facts, Reply::from(&stop), cors)
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
    cors: CorsPolicy,
}

impl Edge {
    fn documents(&self) -> Result<&Documents, Fault> {
        self.documents.as_ref().map_err(Clone::clone)
    }

    async fn preflight(&mut self, facts: &Facts) -> Result<Reply, Stop> {
        self.site(facts).await?;
        Ok(Reply { status: 204, ..Reply::default() })
    }

    async fn media(&mut self, facts: &Facts, request: &MediaRequest) -> Result<Answer, Stop> {
        let site = self.site(facts).await?;
        let admission = match &request.credential {
            Credential::Viewer => self.enter(facts, request, &site).await?,
            Credential::Session(token) => {
                let documents = self.documents()?;
                let keys = documents.keys(&site.body.sessions.keys).await?;
                let session = pipeline::open(request, token, &site.body, &keys.body, now())?;
                let title = self.title(request, &site.body.host).await??;
                pipeline::resume(facts, token, session, &site.body, &title.body, now())?
            }
        };
        let source = cache::source(facts, request, &site.body, &admission.permit.folder)
            .map_err(|error| Fault::new(FaultKind::DocumentInvalid, error.to_string()))?;
        if request.kind != ResourceKind::Segment {
            admission.rehearsed.iter().for_each(|denial| respond::log_rehearsed(facts, denial));
        }
        let documents = self.documents()?;
        match request.kind {
            ResourceKind::Segment => {
                let (reply, body) = media::stream(facts, &source, &documents.context).await?;
                Ok(Answer::Streamed(reply, body))
            }
            ResourceKind::Playlist | ResourceKind::Mpd => {
                let bytes = media::whole(&source, &documents.context).await?;
                Ok(Answer::Whole(pipeline::manifest(facts, request, &admission, &source, &bytes)?))
            }
        }
    }

    async fn enter(
        &self,
        facts: &Facts,
        request: &MediaRequest,
        site: &Document<Site>,
    ) -> Result<Admission, Stop> {
        let presented = pipeline::present(facts, request, &site.body)?;
        let documents = self.documents()?;
        let (keys, session_keys) =
            try_join!(documents.keys(presented.issuer()), documents.keys(&site.body.sessions.keys))?;
        let name = Name::new(site, &keys, presented.token());
        let grant: Grant = match name.find() {
            Some(grant) => grant,
            None => {
                let genuine = crypto::settle(&presented.challenge(&keys.body)?).await?;
                let grant = presented.grant(genuine, &site.body.tokens, now())?;
                name.keep(&grant);
                grant
            }
        };
        // Not before the token has been verified: nobody has made-up titles looked up.
        let title = self.title(request, &site.body.host).await??;
        let id = crypto::session_id()?;
        pipeline::admit(facts, &site.body, &session_keys.body, &title.body, &grant, now(), id)
    }

    async fn site(&mut self, facts: &Facts) -> Result<Rc<Document<Site>>, Stop> {
        let unknown = || Denial::new(Reason::SiteUnknown, format!("no site is named `{}`", facts.host));
        let host: Host = facts.host.parse().map_err(|_| unknown())?;
        let documents = self.documents()?;
        let site = documents.site(&host).await?.ok_or_else(unknown)?;
        self.cors = site.body.cors.clone();
        Ok(site)
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
        Ok(title.ok_or_else(unknown).and_then(|title| pipeline::on_site(&title.body, host).map(|()| title)))
    }
}

fn documents(env: &Env, context: Context) -> Result<Documents, Fault> {
    let kv = env
        .kv("CATALOG")
        .map_err(|error| Fault::new(FaultKind::Configuration, format!("CATALOG: {error}")))?;
    Ok(Documents { kv, context: Rc::new(context) })
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
