//! The questions of the decision on a pod, besides documents.

use std::rc::Rc;
use std::time::Duration;

use super::Evidence;
use crate::ads::Pod;
use crate::catalog::{BreakId, Host, SessionId, TitleId};

/// A break, as one viewer sees it.
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
}

/// Answers the questions of the decision on a pod.
#[expect(async_fn_in_trait, reason = "lives stay on the thread that began them")]
pub trait Choosing: Evidence {
    /// The pod of a viewer's break, if it was decided lately. `None`: this request is to decide it.
    async fn decided_pod(&self, of: &ViewersBreak<'_>) -> Option<Rc<Pod>>;

    /// Remembers a decision, for other requests of the viewer for the same break.
    fn remember_pod(&self, of: &ViewersBreak<'_>, pod: &Rc<Pod>);

    /// The value of some work; `None`: it takes longer than `limit`.
    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T>;
}
