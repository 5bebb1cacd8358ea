//! The sequence of a request, as `docs/ARCHITECTURE.md` walks through it.

use std::borrow::Cow;
use std::rc::Rc;

use super::{Answer, Delivery, Evidence, Found, Learned, Note, below, clock, entry, renewal, trace};
use crate::admission::Admission;
use crate::catalog::{Document, Host, KeySet, Site, Title, TitleId};
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::heading::Heading;
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::resource::{MediaRequest, ResourceKind};
use crate::rewrite::{Rewrite, SharedManifest};
use crate::rights::{self, Policies};
use crate::route::{Route, route};
use crate::steering;
use crate::stop::Stop;
use crate::streams::{Newcomer, Running};
use crate::time::UnixTime;
use crate::token::{Asked, Grant, Use};

/// A life that has ended.
#[derive(Debug)]
pub struct Ended<R> {
    /// The reply, as the driver sends it.
    pub reply: R,
    /// Why the request was not served.
    pub refusal: Option<Stop>,
    /// What the life has found out.
    pub learned: Learned,
}

/// Answers a request.
pub async fn answer<D: Delivery>(facts: &Facts, driver: &D) -> Ended<D::Reply> {
    let mut learned = Learned::default();
    match serve(facts, driver, &mut learned).await {
        Ok(reply) => Ended { reply, refusal: None, learned },
        Err(stop) => refuse(facts, stop, learned, driver).await,
    }
}

/// Refuses a request. The site's pages may read why, even where the refusal came before the site was asked for.
pub async fn refuse<D: Delivery>(
    facts: &Facts,
    stop: Stop,
    mut learned: Learned,
    driver: &D,
) -> Ended<D::Reply> {
    learned.find_site_for_refusal(facts, driver).await;
    let reply = learned.guarded(Reply::from(&stop), facts);
    Ended { reply: driver.reply(facts, Answer::Whole(reply)), refusal: Some(stop), learned }
}

async fn serve<D: Delivery>(facts: &Facts, driver: &D, learned: &mut Learned) -> Result<D::Reply, Stop> {
    let reply = match route(facts)? {
        media @ (Route::Entry | Route::Below(..)) => {
            let decided = decide(facts, media, driver, learned).await?;
            return deliver(decided, driver, learned).await;
        }
        Route::Preflight => {
            learned.find_site(facts, driver).await?;
            Reply { status: 204, ..Reply::default() }
        }
        Route::Healthz => Reply::json(200, &serde_json::json!({ "status": "ok" })),
        control => driver.control(facts, control).await?,
    };
    Ok(driver.reply(facts, Answer::Whole(learned.guarded(reply, facts))))
}

/// A request for media whose viewer was let in.
#[derive(Debug)]
pub struct Decided<'f, S> {
    /// The request, as it is served.
    facts: Cow<'f, Facts>,
    site: Rc<Document<Site>>,
    session_keys: Rc<Document<KeySet>>,
    request: MediaRequest,
    /// The viewer, the session and the permit.
    pub admission: Admission,
    /// The use of a viewer token that is to be counted.
    usage: Option<(Grant, Use)>,
    /// The reply in place of the resource, if there is one.
    instead: Option<Reply>,
    /// Where the resource lies.
    source: S,
}

/// Decides on a request for media: who asks, what they may see, and where it lies. It has no effect.
pub async fn decide<'f, E: Evidence>(
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
    let instead = renewal::renew(&request, &mut admission, &site.body, &session_keys.body, now(evidence))?;
    trace::record_stores(evidence, &site.body, &admission, usage.as_ref(), instead.is_some());
    trace::record_renewal(evidence, &admission, instead.as_ref());
    let facts = renewal::without_skip(facts, &admission);
    let source = evidence.source(&facts, &request, &site, &title.body, &admission.permit)?;
    evidence.record("source", || trace::source(&request, source.as_ref()));
    Ok(Decided { facts, site, session_keys, request, admission, usage, instead, source })
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
    let met = entry::prove(&challenges, evidence).await?;
    let asked = Asked { facts, policy: &site.body.tokens, now: now(evidence) };
    let grant = presented.grant(met.key, &asked)?;
    learned.is_verified = true;
    evidence.record("grant", || trace::grant(&grant, met));
    let usage = Use::of(facts, &site.body, &grant, met, now(evidence))?;
    // Not before the token has been verified: nobody has made-up titles looked up.
    let title = find_title(&request, &site.body, evidence).await?;
    let checked = entry::check_grant(&grant, &title.body, documents.session.revocations());
    evidence.record("credential", || trace::credential(&documents.session, checked.as_ref().err()));
    checked?;
    let id = match entry::session_id(facts, &site.body, &request, &grant, met) {
        Some(id) => id,
        None => evidence.session_id()?,
    };
    let now = now(evidence);
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
        below::check(facts, &request, &session, key, &site.body, revocations, now(evidence))?;
        Ok(session)
    });
    evidence.record("credential", || trace::credential(&documents, checked.as_ref().err()));
    let session = checked?;
    let title = find_title(&request, &site.body, evidence).await?;
    let now = now(evidence);
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

/// Delivers what was decided on, and tells the stores of it.
async fn deliver<D: Delivery>(
    decided: Decided<'_, D::Source>,
    driver: &D,
    learned: &mut Learned,
) -> Result<D::Reply, Stop> {
    let Decided { facts, site, session_keys, request, mut admission, usage, instead, source } = decided;
    let facts = &*facts;
    let finished = |reply: Reply| reply.guarded(&site.body.cors, facts);
    let whole = |reply: Reply| Ok(driver.reply(facts, Answer::Whole(finished(reply))));
    if let Some(running) = Running::of(&admission.session).filter(|_| !admission.entered) {
        driver.keep_stream(facts, &site.body, &running).await?;
    }
    if let Some(reply) = instead {
        let is_same_use = count_use(facts, &site.body, usage, driver, learned).await?;
        return whole(entry::reply_to_use(is_same_use, reply, admission.renewal.as_ref())?);
    }
    if admission.entered {
        learned.notes.extend(admission.rehearsed.drain(..).map(Note::Rehearsed));
    }
    let admission = &admission;
    let is_replaced = admission.permit.replaced.is_some();
    match request.kind {
        ResourceKind::Steering => {
            let policy = steering::policy(&site.body)?;
            let longer =
                renewal::until_reload(admission, &site.body, policy, &session_keys.body, now(driver))?;
            let token = longer.as_ref().unwrap_or(&admission.token);
            let reply = steering::answer(facts, &request, &site.body, policy, admission, token);
            whole(reply.not_kept_if(is_replaced))
        }
        ResourceKind::Time => whole(clock::reply(driver.now_ms())),
        ResourceKind::Segment => Ok(match driver.file(facts, &source).await? {
            Found::Whole(file, stamp) => {
                let age_s = stamp.file_age_s(driver.now_ms());
                let heading = Heading::of(facts, &site, &admission.permit, &stamp, age_s);
                driver.reply(facts, Answer::File(&file, heading))
            }
            Found::Streamed(head, body) => {
                driver.reply(facts, Answer::Streamed(finished(head.not_kept_if(is_replaced)), body))
            }
        }),
        ResourceKind::Playlist
        | ResourceKind::Mpd
        | ResourceKind::Patch
        | ResourceKind::Assets
        | ResourceKind::OriginSteering => {
            let rewrite = Rewrite::of(facts, &request, &site, admission, source.as_ref());
            let compiled = async {
                let manifest = driver.manifest(&source).await?;
                let template = driver.template(&rewrite, &manifest)?;
                Ok::<_, Stop>((template, manifest.stamp))
            };
            let (template, stamp) = match compiled.await {
                Ok(compiled) => compiled,
                Err(stop) => {
                    let (reply, fault) = renewal::instead_of_manifest(facts, &request, admission, stop)?;
                    learned.notes.push(Note::Overcome(fault));
                    return whole(reply.not_kept_if(is_replaced));
                }
            };
            // Last, so that no denial and no outage of the media origin uses a token up, and a token's second use takes no place.
            let is_same_use = count_use(facts, &site.body, usage, driver, learned).await?;
            begin_stream(facts, &site.body, admission, driver).await?;
            let now_ms = driver.now_ms();
            let compiled = (*template).as_ref();
            let is_plain = !admission.entered && !admission.renewed && facts.headers.if_none_match.is_none();
            if is_plain && compiled.is_shared() {
                let heading = Heading::of(facts, &site, &admission.permit, &stamp, Some(stamp.age_s(now_ms)));
                let shared = SharedManifest { template: compiled, kind: request.kind };
                return Ok(driver.reply(facts, Answer::Shared(shared, &template, heading)));
            }
            let head = rewrite.head(compiled, &stamp, now_ms);
            let head = entry::reply_to_use(is_same_use, head, admission.renewal.as_ref())?;
            let head = finished(head.not_kept_if(is_replaced));
            Ok(driver.reply(facts, Answer::Manifest(head, &rewrite, &template)))
        }
    }
}

/// Counts the use of a viewer token where its site or the token asks for that, and refuses one too many. Returns whether it is
/// a use that was counted before. HEAD brings nothing that could be watched, and is no use.
async fn count_use<D: Delivery>(
    facts: &Facts,
    site: &Site,
    usage: Option<(Grant, Use)>,
    driver: &D,
    learned: &mut Learned,
) -> Result<bool, Stop> {
    let Some((grant, usage)) = usage.filter(|_| facts.method != Method::Head) else { return Ok(false) };
    let Some(seen) = driver.count_use(facts, site, &usage).await? else { return Ok(false) };
    usage.judge(seen)?;
    let is_same_use = usage.once && seen.again;
    if seen.uses > 1 && !seen.again {
        learned.notes.push(Note::Reused(Box::new((grant, usage, seen))));
    }
    Ok(is_same_use)
}

/// Begins a stream of a viewer who may watch a limited number, or refuses one too many.
async fn begin_stream<D: Delivery>(
    facts: &Facts,
    site: &Site,
    Admission { session, permit, entered, .. }: &Admission,
    driver: &D,
) -> Result<(), Stop> {
    let begins = *entered && facts.method != Method::Head;
    match Newcomer::of(session, &permit.caps).filter(|_| begins) {
        Some(newcomer) => driver.begin_stream(facts, site, &newcomer).await,
        None => Ok(()),
    }
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

fn now(evidence: &impl Evidence) -> UnixTime {
    UnixTime::from_secs(evidence.now_ms() / 1000)
}
