//! The questions of the decision on a pod, besides documents.

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::ads::house::Count;
use crate::ads::macros::Values;
use crate::ads::resolve::{Order, Ping, Reach, Resolution};
use crate::ads::{Format, Pod, viewer};
use crate::cache::Kept;
use crate::catalog::{AdServer, BreakId, Host, SessionId, Site, TitleId, WantedCreative};
use crate::facts::Facts;
use crate::token::session::Session;

/// A break, as one viewer sees it in one format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ViewersBreak<'a> {
    /// The site.
    pub host: &'a Host,
    /// The title.
    pub title: &'a TitleId,
    /// The viewer's session.
    pub session: SessionId,
    /// The break.
    pub break_id: &'a BreakId,
    /// The format of its list: creatives may have only one of them.
    pub format: Format,
}

/// A pod that isolates share. If it is empty, a decision ahead has brought nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedPod {
    /// The pod.
    pub pod: Pod,
    /// The time until which it holds, in Unix milliseconds.
    pub until_ms: u64,
}

/// Answers the questions of the decision on a pod. Where nothing answers, the decision goes on without.
#[expect(async_fn_in_trait, reason = "lives stay on the thread that began them")]
pub trait Choosing: Evidence {
    /// The pod of a viewer's break, if it was decided lately. `None`: this request is to decide it, within the limit. Other requests
    /// wait for it as long.
    async fn decided_pod(&self, of: &ViewersBreak<'_>, limit: Duration) -> Option<Rc<Pod>>;

    /// The manifest of the content that a break is in. `None`: it cannot be had.
    async fn content(&self, source: &Self::Source) -> Option<Rc<Kept>>;

    /// Remembers a decision until then, for other requests of the viewer for the same break.
    fn remember_pod(&self, of: &ViewersBreak<'_>, pod: &Rc<Pod>, until_ms: u64);

    /// The pod of a viewer's break that was decided elsewhere, where an ad server would decide anew.
    async fn shared_pod(&self, of: &ViewersBreak<'_>) -> Option<SharedPod> {
        let _ = of;
        None
    }

    /// Shares a decision that an ad server has a part in.
    fn share_pod(&self, of: &ViewersBreak<'_>, pod: &SharedPod) {
        let _ = (of, pod);
    }

    /// The answer of the viewer's store to a question, which it records.
    async fn viewer(
        &self,
        facts: &Facts,
        site: &Site,
        session: &Session,
        question: &viewer::Question,
    ) -> Option<viewer::Answer>;

    /// Whether a campaign may be taken so many times more, which are counted.
    async fn count(&self, facts: &Facts, site: &Site, count: &Count) -> Option<bool>;

    /// The addresses to which requests for a site's ads may lead. `chosen`: the URL of the ad server that its operator has chosen, or
    /// nothing.
    fn reach(&self, site: &Site, server: &AdServer, chosen: &str) -> Reach {
        Reach::new(Some(&site.host), chosen, server.hosts.as_deref(), false)
    }

    /// The ads of an ad server. `None`: it is not asked.
    async fn ad_server(
        &self,
        facts: &Facts,
        site: &Site,
        server: &AdServer,
        order: &Order<'_>,
    ) -> Option<Resolution>;

    /// Tells ad servers of errors, behind the reply.
    fn tell_ad_servers(&self, site: &Site, reach: &Reach, values: &Values, pings: Vec<Ping>);

    /// Reports creatives that nobody has conditioned, behind the reply.
    fn report_wanted(&self, site: &Site, wanted: Vec<WantedCreative>);

    /// The value of some work; `None`: it takes longer than `limit`.
    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T>;
}
