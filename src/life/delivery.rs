//! The questions of a delivery: manifests, files, and the two stores that count.

use std::rc::Rc;

use super::{Ahead, Choosing, DecisionAhead};
use crate::ads::Opening;
use crate::cache::{Kept, Stamp};
use crate::catalog::Site;
use crate::facts::Facts;
use crate::fault::Fault;
use crate::heading::Heading;
use crate::manifest::Template;
use crate::reply::Reply;
use crate::rewrite::{Rewrite, SharedManifest};
use crate::route::Route;
use crate::stop::Stop;
use crate::streams::{Newcomer, Running};
use crate::token::{Seen, Use};

/// Answers the questions of a whole life ([`answer`](super::answer)), and sends its reply.
///
/// A question has no effect until it is answered. So a driver that cannot answer one leaves it pending, and drops the life as
/// if it had not been.
#[expect(async_fn_in_trait, reason = "lives stay on the thread that began them")]
pub trait Delivery: Choosing {
    /// A compiled manifest, with what the driver remembers beside it.
    type Template: AsRef<Template>;
    /// A whole file in memory.
    type File;
    /// The body of a file that is still coming in.
    type Body;
    /// A reply as the driver sends it.
    type Reply;

    /// A manifest as the media origin has it, MPDs with their remote parts.
    async fn manifest(&self, source: &Self::Source) -> Result<Rc<Kept>, Stop>;

    /// The template of a manifest. A pure function of its arguments, which a driver may remember.
    fn template(&self, rewrite: &Rewrite<'_>, manifest: &Kept) -> Result<Rc<Self::Template>, Stop>;

    /// A file, as the request's range and conditions ask for it.
    async fn file(&self, facts: &Facts, source: &Self::Source) -> Result<Found<Self>, Stop>;

    /// Counts the use of a viewer token. `None`: the store did not answer, and no use of this token is refused.
    async fn count_use(&self, facts: &Facts, site: &Site, usage: &Use) -> Result<Option<Seen>, Fault>;

    /// Begins a stream, or refuses it if its viewer has no place left.
    async fn begin_stream(&self, facts: &Facts, site: &Site, newcomer: &Newcomer) -> Result<(), Stop>;

    /// Keeps the place of a running stream, or refuses the stream if another one has taken its place.
    async fn keep_stream(&self, facts: &Facts, site: &Site, running: &Running) -> Result<(), Stop>;

    /// The next break of a viewer whose pod is to be decided ahead. It counts as begun. `breaks`: those of the manifest that is
    /// answered; `None`: those of the viewer's last one.
    async fn next_ahead(&self, ahead: &Ahead<'_>, breaks: Option<&[Opening]>) -> Option<Opening>;

    /// Makes a decision behind the reply.
    fn decide_ahead(&self, decision: DecisionAhead<Self::Source>);

    /// Answers at one of the edge's own paths.
    async fn control(&self, facts: &Facts, route: Route) -> Result<Reply, Stop>;

    /// Sends an answer.
    fn reply(&self, facts: &Facts, answer: Answer<'_, Self>) -> Self::Reply;
}

/// A file as a driver has it.
pub enum Found<D: Delivery + ?Sized> {
    /// All of it, in memory, for a request that asks for all of it.
    Whole(D::File, Stamp),
    /// The head of a reply, and a body that is still coming in.
    Streamed(Reply, D::Body),
}

/// The answer to a request, ready to be sent.
pub enum Answer<'a, D: Delivery + ?Sized> {
    /// Written by the edge itself.
    Whole(Reply),
    /// A viewer's own copy of a manifest: its head, and what its body is rendered from.
    Manifest(Reply, &'a Rewrite<'a>, &'a Rc<D::Template>),
    /// A manifest that is the same for a whole class. Its head is a function of the heading, and may be remembered.
    Shared(SharedManifest<'a>, &'a Rc<D::Template>, Heading<'a>),
    /// A whole file. Its head is a function of the heading, and may be remembered.
    File(&'a D::File, Heading<'a>),
    /// A file that is still coming in.
    Streamed(Reply, D::Body),
}
