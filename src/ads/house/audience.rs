//! A viewer's break, as campaigns see it.

use crate::ads::Opening;
use crate::catalog::{DeviceClass, Plan, SessionId, Site, Title};
use crate::facts::Geography;
use crate::rights::{Permit, Policies, Whereabouts};
use crate::time::UnixTime;
use crate::token::session::Session;

/// A viewer's break, as campaigns see it.
#[derive(Clone, Debug)]
pub struct Audience<'a> {
    /// The site.
    pub site: &'a Site,
    /// The title.
    pub title: &'a Title,
    /// The break.
    pub opening: &'a Opening,
    /// The session.
    pub session: SessionId,
    /// When the session ends.
    pub ends_at: UnixTime,
    /// The place of the viewer.
    pub whereabouts: Whereabouts<'a>,
    /// The class of the viewer's device, if it was recognised.
    pub device: Option<DeviceClass>,
    /// The plans of the viewer's offer. The viewer has one of them: below a session, nobody knows which.
    pub plans: &'a [Plan],
    /// The time.
    pub now: UnixTime,
}

impl<'a> Audience<'a> {
    /// The audience of a break below a session.
    pub fn of(
        site: &'a Site,
        title: &'a Title,
        permit: &Permit,
        session: &Session,
        geography: &Geography,
        opening: &'a Opening,
        now: UnixTime,
    ) -> Self {
        let offer = title.offers.iter().find(|offer| offer.id == permit.offer);
        let proved = permit.proved.filter(|proved| proved.plan);
        Self {
            site,
            title,
            opening,
            session: session.id,
            ends_at: session.ends_by(&site.sessions),
            whereabouts: Whereabouts::of(geography, &Policies::from(site), session.bucket()),
            device: permit.proved.and_then(|proved| proved.device),
            plans: offer.filter(|_| proved.is_some()).map_or(&[], |offer| &offer.plans),
            now,
        }
    }
}
