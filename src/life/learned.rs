//! Facts that a life learns about its request, for the log and for the reply's guard.

use std::rc::Rc;
use std::time::Duration;

use super::Evidence;
use crate::ads::Happening;
use crate::catalog::{BreakId, CampaignId, CorsPolicy, Document, SessionId, Site};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::reply::Reply;
use crate::stop::Stop;
use crate::token::{Grant, Seen, Use};

/// Facts that a life learns about its request.
#[derive(Debug, Default)]
pub struct Learned {
    /// The site of the request's host. Until it is known, the host may be made up.
    pub site: Option<Rc<Document<Site>>>,
    /// Whether a viewer token or a session token has been verified. Until then, the title may be made up.
    pub is_verified: bool,
    /// The session that the request shows, once its token is known to be genuine.
    pub session: Option<SessionId>,
    /// Further notes for the log.
    pub notes: Vec<Note>,
}

/// Something to be logged, whatever becomes of the request.
#[derive(Debug)]
pub enum Note {
    /// A rule that is being rehearsed would have refused.
    Rehearsed(Denial),
    /// Something broke, and the request was answered all the same.
    Overcome(Fault),
    /// A pod was decided.
    Ads(Decision),
    /// A viewer token was used again, which its site wants to be told.
    Reused(Box<(Grant, Use, Seen)>),
}

/// The events of the decision on a pod, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The break. `None`: the events are those of a VMAP document.
    pub break_id: Option<BreakId>,
    /// How long it took.
    pub took: Duration,
    /// What happened, in order.
    pub events: Vec<Happening>,
    /// Campaigns that are only rehearsed, and that would have been tried.
    pub rehearsed: Vec<CampaignId>,
}

impl Learned {
    /// Finds the site of a request.
    pub(super) async fn find_site(
        &mut self,
        facts: &Facts,
        evidence: &impl Evidence,
    ) -> Result<Rc<Document<Site>>, Stop> {
        let unknown = || Denial::new(Reason::SiteUnknown, format!("no site is named `{}`", facts.host));
        let site = evidence.site(&facts.host).await?.ok_or_else(unknown)?;
        Ok(Rc::clone(self.site.insert(site)))
    }

    /// Looks up the site of a request that was refused before its site was known: the site says which pages may read the
    /// refusal. The reason of the refusal stays, even if there is no such site.
    pub(super) async fn find_site_for_refusal(&mut self, facts: &Facts, evidence: &impl Evidence) {
        if self.site.is_none()
            && let Err(Stop::Failed(fault)) = self.find_site(facts, evidence).await
        {
            self.notes.push(Note::Overcome(fault));
        }
    }

    /// The reply as it leaves, by the policy of the site, else by the default one.
    pub(super) fn guarded(&self, reply: Reply, facts: &Facts) -> Reply {
        match &self.site {
            Some(site) => reply.guarded(&site.body.cors, facts),
            None => reply.guarded(&CorsPolicy::default(), facts),
        }
    }
}
