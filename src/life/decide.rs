//! The first half of the sequence: who asks, what they may see, and where it lies.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use super::ad_file::AdMedia;
use super::{Evidence, Learned, Permitted, below, entry, renewal, trace};
use crate::admission::Admission;
use crate::catalog::{Document, Host, KeySet, Site, Title, TitleId};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::resource::MediaRequest;
use crate::rights::{self, Policies};
use crate::route::Route;
use crate::stop::Stop;
use crate::token::{Asked, Grant, Use};

/// A request for media whose viewer was let in.
#[derive(Debug)]
pub struct Decided<'f, S> {
    /// The request, as it is served.
    pub(super) facts: Cow<'f, Facts>,
    pub(super) site: Rc<Document<Site>>,
    pub(super) session_keys: Rc<Document<KeySet>>,
    pub(super) title: Rc<Document<Title>>,
    pub(super) request: MediaRequest,
    /// The viewer, the session and the permit.
    pub admission: Admission,
    /// The use of a viewer token that is to be counted.
    pub(super) usage: Option<(Grant, Use)>,
    /// The reply in place of the resource, if there is one.
    pub(super) instead: Option<Reply>,
    /// The creative that the request is for; `None`: it is for the title itself.
    pub(super) ad: Option<AdMedia>,
    /// The resource's URL at the media origin.
    pub(super) source: S,
    /// The time until the break, where its pod is decided ahead.
    pub(super) ahead: Option<Duration>,
}

/// Decides on a request for media: who asks, what they may see, and where it lies. It has no effect.
pub(super) async fn decide<'f, E: Evidence>(
    facts: &'f Facts,
    route: Route,
    evidence: &E,
    learned: &mut Learned,
) -> Result<Decided<'f, E::Source>, Stop> {
    evidence.record("route", || trace::route(&route));
    let site = learned.find_site(facts, evidence).await?;
    let Admitted { request, session_keys, title, mut admission, usage } = match route {
        Route::Below(request, token) => resume(facts, request, token, &site, evidence, learned).await?,
        _ => enter(facts, &site, evidence, learned).await?,
    };
    evidence.record("permit", || trace::permit(&admission));
    let of = (&site.body, &title.body);
    let instead = renewal::renew(&request, &mut admission, of, &session_keys.body, evidence.now())?;
    trace::record_stores(evidence, &site.body, &admission, usage.as_ref(), instead.is_some());
    trace::record_renewal(evidence, &admission, instead.as_ref());
    let facts = renewal::without_skip(facts, &admission);
    let permit = &admission.permit;
    let ad = match &request.ad {
        Some(file) => Some(AdMedia::find(&file.address.creative, &site.body, permit, evidence).await?),
        None => None,
    };
    let (folder, generation, caps) = match &ad {
        Some(ad) => (ad.folder.as_str(), ad.generation, &ad.caps),
        None => (&*permit.folder, title.body.generation, &permit.caps),
    };
    let permitted = Permitted { facts: &facts, request: &request, site: &site, folder, generation, caps };
    let source = evidence.source(&permitted)?;
    evidence.record("source", || trace::source(&request, source.as_ref()));
    Ok(Decided {
        facts,
        site,
        session_keys,
        title,
        request,
        admission,
        usage,
        instead,
        ad,
        source,
        ahead: None,
    })
}

/// A viewer who was let in, and for what.
struct Admitted {
    request: MediaRequest,
    session_keys: Rc<Document<KeySet>>,
    title: Rc<Document<Title>>,
    admission: Admission,
    usage: Option<(Grant, Use)>,
}

/// At the entry: the viewer token, the rights, and a session.
async fn enter<E: Evidence>(
    facts: &Facts,
    site: &Document<Site>,
    evidence: &E,
    learned: &mut Learned,
) -> Result<Admitted, Stop> {
    let (request, presented) = entry::present(facts, &site.body)?;
    let documents = evidence.entry_documents(&site.body, &*presented).await?;
    let challenges = presented.challenges(documents.token_keys.set())?;
    evidence.record("token", || trace::token(&*presented, &challenges));
    let met = entry::prove(&*presented, &challenges, evidence).await?;
    let asked = Asked { facts, policy: &site.body.tokens, now: evidence.now() };
    let grant = presented.grant(met.key, &asked)?;
    learned.is_verified = true;
    let is_verified = !evidence.is_withheld(presented.keys(), met.key);
    evidence.record("grant", || trace::grant(&grant, met, is_verified));
    let usage = Use::of(facts, &site.body, &grant, met, evidence.now())?;
    // The title is looked up only for a verified token, so nobody can have made-up titles looked up.
    let title = find_title(&request, &site.body, evidence).await?;
    let checked = entry::check_grant(&grant, &title.body, documents.session.revocations());
    evidence.record("credential", || trace::credential(&documents.session, checked.as_ref().err()));
    checked?;
    let id = match entry::session_id(facts, &site.body, &request, &grant, met) {
        Some(id) => id,
        None => evidence.session_id()?,
    };
    let now = evidence.now();
    let viewer = entry::viewer(facts, &site.body, &grant, id);
    let policies = Policies::from(&site.body);
    let decision = trace::rights(
        evidence,
        (site, &title),
        || rights::decide(&title.body, &viewer, policies, now),
        || rights::explain(&title.body, &viewer, policies, now),
    );
    let entrant = entry::Entrant { facts, site: &site.body, title: &title.body, grant: &grant, id, now };
    let admission = entrant.admit(&documents.session, viewer.device, decision)?;
    let usage = usage.map(|usage| (grant, usage));
    Ok(Admitted { request, session_keys: documents.session.keys, title, admission, usage })
}

/// Below the entry: the session token, and the rights again.
async fn resume<E: Evidence>(
    facts: &Facts,
    request: MediaRequest,
    token: Redacted<String>,
    site: &Document<Site>,
    evidence: &E,
    learned: &mut Learned,
) -> Result<Admitted, Stop> {
    // No other document is looked up for a token that somebody made up.
    let documents = evidence.session_documents(&site.body).await?;
    let opened = evidence.open(token.expose(), &site.body, &documents.keys);
    let checked = opened.and_then(|(session, key)| {
        learned.session = Some(session.id);
        learned.is_verified = true;
        let revocations = documents.revocations();
        below::check(facts, &request, &session, key, &site.body, revocations, evidence.now())?;
        Ok(session)
    });
    evidence.record("credential", || trace::credential(&documents, checked.as_ref().err()));
    let session = checked?;
    let title = find_title(&request, &site.body, evidence).await?;
    let now = evidence.now();
    let resumed = below::resumed(facts, &session);
    let policies = Policies::from(&site.body);
    let decision = trace::rights(
        evidence,
        (site, &title),
        || rights::resume(&title.body, &resumed, policies, now),
        || rights::explain_resume(&title.body, &resumed, policies, now),
    );
    let admission = below::resume(facts, token, session, decision)?;
    Ok(Admitted { request, session_keys: documents.keys, title, admission, usage: None })
}

/// The title that is asked for. Whether there is one is told only to those who have a valid token.
async fn find_title(
    request: &MediaRequest,
    site: &Site,
    evidence: &impl Evidence,
) -> Result<Rc<Document<Title>>, Stop> {
    let title = evidence.title(&request.title).await?;
    let title = title.ok_or_else(|| unknown_title(&request.title, &site.host))?;
    check_site(&title.body, &site.host)?;
    Ok(title)
}

/// Checks that a title may be served by a site.
pub fn check_site(title: &Title, host: &Host) -> Result<(), Denial> {
    if title.sites.contains(host) { Ok(()) } else { Err(unknown_title(&title.id, host)) }
}

fn unknown_title(id: &TitleId, host: &Host) -> Denial {
    Denial::new(Reason::TitleUnknown, format!("`{id}` is not a title of {host}"))
}
