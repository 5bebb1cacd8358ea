//! The sequence of a request, as `docs/ARCHITECTURE.md` walks through it.

use std::rc::Rc;

use super::decide::decide;
use super::deliver::deliver;
use super::{Answer, Choosing, Decided, Delivery, Learned, filling, pod};
use crate::ads::address::Listing;
use crate::ads::{Opening, Pod};
use crate::catalog::Caps;
use crate::facts::Facts;
use crate::reply::Reply;
use crate::resource::ResourceKind;
use crate::route::{Route, route};
use crate::stop::Stop;

/// A life that has ended.
#[derive(Debug)]
pub struct Ended<R> {
    /// The reply, as the driver sends it.
    pub reply: R,
    /// Why the request was not served.
    pub refusal: Option<Stop>,
    /// The facts that the life has learned.
    pub learned: Learned,
}

/// Answers a request, or refuses it with the [`Stop`] that reading it has brought. The site's pages may read why, even where
/// the refusal came before the site was asked for.
pub async fn answer<D: Delivery>(facts: &Facts, read: Result<(), Stop>, driver: &D) -> Ended<D::Reply> {
    let mut learned = Learned::default();
    let served = match read {
        Ok(()) => serve(facts, driver, &mut learned).await,
        Err(stop) => Err(stop),
    };
    match served {
        Ok(reply) => Ended { reply, refusal: None, learned },
        Err(stop) => {
            learned.find_site_for_refusal(facts, driver).await;
            let reply = learned.guarded(Reply::from(&stop), facts);
            Ended { reply: driver.reply(facts, Answer::Whole(reply)), refusal: Some(stop), learned }
        }
    }
}

/// Decides on a request for media, as far as it has no effect: also on the pod, if it is for a break.
pub async fn explain<'f, C: Choosing>(
    facts: &'f Facts,
    route: Route,
    choosing: &C,
    learned: &mut Learned,
) -> Result<Decided<'f, C::Source>, Stop> {
    let decided = decide(facts, route, choosing, learned).await?;
    if let ResourceKind::Break(listing) = decided.request.kind {
        let opening = pod::open(&decided)?;
        filling::decide(&decided, &opening, listing, choosing, &mut learned.notes).await;
    }
    Ok(decided)
}

/// Decides what fills a break, for the viewer of any request for media of its title.
pub async fn explain_pod<C: Choosing>(
    facts: &Facts,
    route: Route,
    opening: &Opening,
    listing: Listing,
    choosing: &C,
) -> Result<(Caps, Rc<Pod>), Stop> {
    let mut learned = Learned::default();
    let decided = decide(facts, route, choosing, &mut learned).await?;
    let pod = filling::decide(&decided, opening, listing, choosing, &mut learned.notes).await;
    Ok((decided.admission.permit.caps, pod))
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
