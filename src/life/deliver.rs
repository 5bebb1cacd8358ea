//! The second half of the sequence: the bytes of what was decided on, and the stores that count.

use std::time::Duration;

use super::{
    Ahead, Answer, Decided, DecisionAhead, Delivery, Evidence, Found, Learned, Note, ahead, breaks, clock,
    entry, filling, pod, renewal,
};
use crate::ads::Opening;
use crate::ads::address::Listing;
use crate::facts::Method;
use crate::heading::Heading;
use crate::manifest::Template;
use crate::reply::Reply;
use crate::resource::ResourceKind;
use crate::rewrite::{Rewrite, SharedManifest};
use crate::steering;
use crate::stop::Stop;
use crate::streams::{Newcomer, Running};
use crate::token::{Grant, Use};

/// Delivers what was decided on. Then the next break may be decided ahead.
pub(super) async fn deliver<D: Delivery>(
    mut decided: Decided<'_, D::Source>,
    driver: &D,
    learned: &mut Learned,
) -> Result<D::Reply, Stop> {
    let mut next = None;
    let reply = served(&mut decided, driver, learned, &mut next).await?;
    if let Some((opening, until, listing)) = next {
        driver.decide_ahead(DecisionAhead { decided: decided.ahead_of(until), opening, listing });
    }
    Ok(reply)
}

/// A break that is to be decided ahead, the time until then, and the format of its list.
type Next = Option<(Opening, Duration, Listing)>;

async fn served<D: Delivery>(
    decided: &mut Decided<'_, D::Source>,
    driver: &D,
    learned: &mut Learned,
    next: &mut Next,
) -> Result<D::Reply, Stop> {
    let Decided { facts, site, admission, .. } = &*decided;
    if let Some(running) = Running::of(&admission.session).filter(|_| !admission.entered) {
        driver.keep_stream(facts, &site.body, &running).await?;
    }
    let usage = decided.usage.take();
    if let Some(reply) = decided.instead.take() {
        let is_same_use = count_use(decided, usage, driver, learned).await?;
        let reply = entry::reply_to_use(is_same_use, reply, decided.admission.renewal.as_ref())?;
        return Ok(decided.reply(driver, reply));
    }
    if decided.admission.entered {
        learned.notes.extend(decided.admission.rehearsed.drain(..).map(Note::Rehearsed));
    }
    match decided.request.kind {
        ResourceKind::Steering => {
            let reply = steering_manifest(decided, driver)?;
            Ok(decided.reply(driver, reply))
        }
        ResourceKind::Time => Ok(decided.reply(driver, clock::reply(driver.now_ms()))),
        ResourceKind::Segment => file(decided, driver).await,
        ResourceKind::Break(listing) => {
            let opening = pod::open(decided)?;
            let filled = filling::decide(decided, &opening, listing, driver, &mut learned.notes).await;
            *next = behind(decided, listing, &opening, driver).await;
            Ok(decided.reply(driver, pod::list(decided, listing, &opening, &filled)))
        }
        ResourceKind::Playlist
        | ResourceKind::Mpd
        | ResourceKind::Patch
        | ResourceKind::Assets
        | ResourceKind::OriginSteering => manifest(decided, usage, driver, learned, next).await,
    }
}

/// The steering manifest of the session, under a token that lives until its player asks again.
fn steering_manifest<S>(decided: &Decided<'_, S>, evidence: &impl Evidence) -> Result<Reply, Stop> {
    let Decided { facts, site, session_keys, request, admission, .. } = decided;
    let policy = steering::policy(&site.body)?;
    let now = evidence.now();
    let longer = renewal::until_reload(admission, &site.body, policy, &session_keys.body, now)?;
    let token = longer.as_ref().unwrap_or(&admission.token);
    Ok(steering::answer(facts, request, &site.body, policy, admission, token))
}

/// A segment, a key or another file.
async fn file<D: Delivery>(decided: &Decided<'_, D::Source>, driver: &D) -> Result<D::Reply, Stop> {
    let Decided { facts, site, admission, source, .. } = decided;
    Ok(match driver.file(facts, source).await? {
        Found::Whole(file, stamp) => {
            let age_s = stamp.file_age_s(driver.now_ms());
            let heading = Heading::of(facts, site, &admission.permit, &stamp, age_s);
            driver.reply(facts, Answer::File(&file, heading))
        }
        Found::Streamed(head, body) => driver.reply(facts, Answer::Streamed(decided.finished(head), body)),
    })
}

/// A manifest: its bytes, its template, then the stores that count, and the reply.
async fn manifest<D: Delivery>(
    decided: &Decided<'_, D::Source>,
    usage: Option<(Grant, Use)>,
    driver: &D,
    learned: &mut Learned,
    next: &mut Next,
) -> Result<D::Reply, Stop> {
    let Decided { facts, site, request, admission, ad, source, .. } = decided;
    let caps = ad.as_ref().map_or(&admission.permit.caps, |ad| &ad.caps);
    let scheduled = breaks::scheduled(decided, driver).await;
    let breaks = breaks::of_manifest(decided, scheduled.as_deref());
    let rewrite = Rewrite::of(facts, request, site, admission, caps, breaks, source.as_ref());
    let compiled = async {
        let manifest = driver.manifest(source).await?;
        let template = driver.template(&rewrite, &manifest)?;
        Ok((template, manifest.stamp))
    };
    let (template, stamp) = match compiled.await {
        Ok(compiled) => compiled,
        Err(stop) => {
            let (reply, fault) = renewal::instead_of_manifest(facts, request, admission, stop)?;
            learned.notes.push(Note::Overcome(fault));
            return Ok(decided.reply(driver, reply));
        }
    };
    // The stores come last, so that no outage of the media origin uses a token up, and no denial but that of a surplus stream. The
    // token comes first, so that its second use takes no stream's place.
    let is_same_use = count_use(decided, usage, driver, learned).await?;
    begin_stream(decided, driver).await?;
    let now_ms = driver.now_ms();
    let compiled = (*template).as_ref();
    if !compiled.breaks().is_empty() {
        *next = announced(decided, compiled, driver).await;
    }
    let is_plain = !admission.entered && !admission.renewed && facts.headers.if_none_match.is_none();
    if is_plain && compiled.is_shared() {
        let heading = Heading::of(facts, site, &admission.permit, &stamp, Some(stamp.age_s(now_ms)));
        let shared = SharedManifest { template: compiled, kind: request.kind };
        return Ok(driver.reply(facts, Answer::Shared(shared, &template, heading)));
    }
    let head = rewrite.head(compiled, &stamp, now_ms);
    let head = entry::reply_to_use(is_same_use, head, admission.renewal.as_ref())?;
    Ok(driver.reply(facts, Answer::Manifest(decided.finished(head), &rewrite, &template)))
}

/// The next break of a manifest that is to be decided ahead. A viewer begins on demand at the start.
async fn announced<D: Delivery>(decided: &Decided<'_, D::Source>, template: &Template, driver: &D) -> Next {
    let listing = ahead::listing(decided.request.kind).filter(|_| decided.facts.method != Method::Head)?;
    let ahead = Ahead::of(decided, listing, Duration::ZERO, driver.now_ms())?;
    let opening = driver.next_ahead(&ahead, Some(template.breaks())).await?;
    Some((ahead.until(&opening)?, opening)).map(|(until, opening)| (opening, until, listing))
}

/// The next break behind one whose list was asked for. On demand, that is where the viewer is.
async fn behind<D: Delivery>(
    decided: &Decided<'_, D::Source>,
    listing: Listing,
    opening: &Opening,
    driver: &D,
) -> Next {
    let position = opening.start.unwrap_or_default();
    let ahead = Ahead::of(decided, listing, position, driver.now_ms())?;
    let opening = driver.next_ahead(&ahead, None).await?;
    Some((ahead.until(&opening)?, opening)).map(|(until, opening)| (opening, until, listing))
}

/// Counts the use of a viewer token if its site or the token asks for that, and refuses a use too many. Returns whether the
/// use was counted before. A HEAD request is no use, because nothing in its reply can be watched.
async fn count_use<D: Delivery>(
    Decided { facts, site, .. }: &Decided<'_, D::Source>,
    usage: Option<(Grant, Use)>,
    driver: &D,
    learned: &mut Learned,
) -> Result<bool, Stop> {
    let Some((grant, usage)) = usage.filter(|_| facts.method != Method::Head) else { return Ok(false) };
    let Some(seen) = driver.count_use(facts, &site.body, &usage).await? else { return Ok(false) };
    usage.judge(seen)?;
    let is_same_use = usage.once && seen.again;
    if seen.uses > 1 && !seen.again {
        learned.notes.push(Note::Reused(Box::new((grant, usage, seen))));
    }
    Ok(is_same_use)
}

/// Begins a stream of a viewer who may watch a limited number, or refuses the stream if the viewer has no place left.
async fn begin_stream<D: Delivery>(decided: &Decided<'_, D::Source>, driver: &D) -> Result<(), Stop> {
    let Decided { facts, site, admission, .. } = decided;
    let begins = admission.entered && facts.method != Method::Head;
    match Newcomer::of(&admission.session, &admission.permit.caps).filter(|_| begins) {
        Some(newcomer) => driver.begin_stream(facts, &site.body, &newcomer).await,
        None => Ok(()),
    }
}

impl<S> Decided<'_, S> {
    /// A reply as it leaves: players keep nothing that stands in for the title, and pages may read it by the site's policy.
    fn finished(&self, reply: Reply) -> Reply {
        let is_replaced = self.admission.permit.replaced.is_some();
        reply.not_kept_if(is_replaced).guarded(&self.site.body.cors, &*self.facts)
    }

    /// Sends a reply that the edge has written itself.
    fn reply<D: Delivery<Source = S>>(&self, driver: &D, reply: Reply) -> D::Reply {
        driver.reply(&self.facts, Answer::Whole(self.finished(reply)))
    }
}
