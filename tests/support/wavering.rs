//! An edge that wavers: each answer comes at once, or late, or not before the life has been dropped and lived anew.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use stagedoor::ads::house::Count;
use stagedoor::ads::macros::Values;
use stagedoor::ads::resolve::{Order, Ping, Reach, Resolution};
use stagedoor::ads::viewer::{Answer as ViewersAnswer, Question};
use stagedoor::ads::vmap::Vmap;
use stagedoor::ads::{Opening, Pod};
use stagedoor::cache::{Kept, Source, SourceError};
use stagedoor::catalog::{
    AdServer, AdTemplate, Campaigns, Creative, CreativeId, Document, Host, SessionId, Site, Title, TitleId,
    WantedCreative,
};
use stagedoor::facts::Facts;
use stagedoor::fault::Fault;
use stagedoor::life::{
    self, Ahead, Answer, Choosing, DecisionAhead, Delivery, Ended, EntryDocuments, Evidence, Found,
    Permitted, SessionDocuments, SharedPod, ViewersBreak,
};
use stagedoor::reply::Reply;
use stagedoor::rewrite::Rewrite;
use stagedoor::route::Route;
use stagedoor::stop::Stop;
use stagedoor::streams::{Newcomer, Running};
use stagedoor::time::UnixTime;
use stagedoor::token::session::Session;
use stagedoor::token::{Challenge, Presented, Seen, Use};

use crate::support::edge::{Compiled, Edge};

/// Numbers that look like chance, the same for one seed (xorshift64).
pub(crate) struct Chance(Cell<u64>);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    fn below(&self, end: u64) -> u64 {
        let mut number = self.0.get();
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        self.0.set(number);
        (number >> 11) % end
    }
}

/// Lives a request, as often as answers are missing.
pub(crate) fn live(edge: &Edge<'_>, facts: &Facts, now: UnixTime, chance: &Chance) -> Ended<Reply> {
    edge.set_now(now);
    let remembered = RefCell::default();
    // Each life that is dropped leaves one answer more.
    for _ in 0..20 {
        let wavering = Wavering {
            edge,
            chance,
            remembered: &remembered,
            has_missed: Cell::new(false),
            has_acted: Cell::new(false),
        };
        let mut life = pin!(life::answer(facts, Ok(()), &wavering));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match life.as_mut().poll(&mut context) {
                Poll::Ready(ended) => return ended,
                Poll::Pending if wavering.has_missed.get() => break,
                Poll::Pending => {}
            }
        }
    }
    panic!("the questions do not end: {facts:?}")
}

struct Wavering<'a> {
    edge: &'a Edge<'a>,
    chance: &'a Chance,
    /// The questions that are answered at once.
    remembered: &'a RefCell<BTreeSet<&'static str>>,
    /// This life is waiting for an answer that never comes.
    has_missed: Cell<bool>,
    /// This life has had an effect.
    has_acted: Cell<bool>,
}

impl Wavering<'_> {
    /// Waits as chance will have it, for ever the first time perhaps.
    async fn waver(&self, question: &'static str) {
        if self.remembered.borrow().contains(question) {
            return;
        }
        let mut polls = self.chance.below(4);
        if polls == 3 && !self.has_acted.get() {
            self.remembered.borrow_mut().insert(question);
            self.has_missed.set(true);
            pending::<()>().await;
        }
        poll_fn(|_| {
            if polls == 0 {
                return Poll::Ready(());
            }
            polls -= 1;
            Poll::Pending
        })
        .await;
    }

    /// The same for a question with an effect. A driver that has had one sees its life through.
    async fn act(&self, question: &'static str) {
        if !self.has_acted.get() {
            self.waver(question).await;
        }
        self.has_acted.set(true);
    }
}

impl Evidence for Wavering<'_> {
    type Source = Rc<Source>;

    fn now_ms(&self) -> u64 {
        self.edge.now_ms()
    }

    async fn site(&self, host: &str) -> Result<Option<Rc<Document<Site>>>, Fault> {
        self.waver("site").await;
        self.edge.site(host).await
    }

    async fn session_documents(&self, site: &Site) -> Result<SessionDocuments, Fault> {
        self.waver("session documents").await;
        self.edge.session_documents(site).await
    }

    async fn entry_documents(&self, site: &Site, token: &dyn Presented) -> Result<EntryDocuments, Fault> {
        self.waver("entry documents").await;
        self.edge.entry_documents(site, token).await
    }

    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault> {
        self.waver("signature").await;
        self.edge.is_genuine(challenge).await
    }

    async fn title(&self, id: &TitleId) -> Result<Option<Rc<Document<Title>>>, Fault> {
        self.waver("title").await;
        self.edge.title(id).await
    }

    async fn campaigns(&self, host: &Host) -> Result<Option<Rc<Document<Campaigns>>>, Fault> {
        self.waver("campaigns").await;
        self.edge.campaigns(host).await
    }

    async fn creative(&self, id: &CreativeId) -> Result<Option<Rc<Document<Creative>>>, Fault> {
        self.waver("creative").await;
        self.edge.creative(id).await
    }

    async fn vmap(&self, facts: &Facts, site: &Site, url: &AdTemplate) -> Option<Rc<Vmap>> {
        self.waver("vmap").await;
        self.edge.vmap(facts, site, url).await
    }

    fn session_id(&self) -> Result<SessionId, Fault> {
        self.edge.session_id()
    }

    fn source(&self, resource: &Permitted<'_>) -> Result<Rc<Source>, SourceError> {
        self.edge.source(resource)
    }
}

impl Choosing for Wavering<'_> {
    async fn decided_pod(&self, of: &ViewersBreak<'_>, limit: Duration) -> Option<Rc<Pod>> {
        self.waver("decided pod").await;
        self.edge.decided_pod(of, limit).await
    }

    async fn content(&self, source: &Rc<Source>) -> Option<Rc<Kept>> {
        self.waver("content").await;
        self.edge.content(source).await
    }

    fn remember_pod(&self, of: &ViewersBreak<'_>, pod: &Rc<Pod>, until_ms: u64) {
        self.edge.remember_pod(of, pod, until_ms);
    }

    async fn shared_pod(&self, of: &ViewersBreak<'_>) -> Option<SharedPod> {
        self.waver("shared pod").await;
        self.edge.shared_pod(of).await
    }

    fn share_pod(&self, of: &ViewersBreak<'_>, pod: &SharedPod) {
        self.edge.share_pod(of, pod);
    }

    async fn viewer(
        &self,
        facts: &Facts,
        site: &Site,
        session: &Session,
        question: &Question,
    ) -> Option<ViewersAnswer> {
        self.act("viewer").await;
        self.edge.viewer(facts, site, session, question).await
    }

    async fn count(&self, facts: &Facts, site: &Site, count: &Count) -> Option<bool> {
        self.act("count").await;
        self.edge.count(facts, site, count).await
    }

    async fn ad_server(
        &self,
        facts: &Facts,
        site: &Site,
        server: &AdServer,
        order: &Order<'_>,
    ) -> Option<Resolution> {
        self.act("ad server").await;
        self.edge.ad_server(facts, site, server, order).await
    }

    fn tell_ad_servers(&self, site: &Site, reach: &Reach, values: &Values, pings: Vec<Ping>) {
        self.edge.tell_ad_servers(site, reach, values, pings);
    }

    fn report_wanted(&self, site: &Site, wanted: Vec<WantedCreative>) {
        self.edge.report_wanted(site, wanted);
    }

    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        self.edge.within(limit, work).await
    }
}

impl Delivery for Wavering<'_> {
    type Template = Compiled;
    type File = Infallible;
    type Body = String;
    type Reply = Reply;

    async fn manifest(&self, source: &Rc<Source>) -> Result<Rc<Kept>, Stop> {
        self.waver("manifest").await;
        self.edge.manifest(source).await
    }

    fn template(&self, rewrite: &Rewrite<'_>, manifest: &Kept) -> Result<Rc<Compiled>, Stop> {
        self.edge.template(rewrite, manifest)
    }

    async fn file(&self, facts: &Facts, source: &Rc<Source>) -> Result<Found<Self>, Stop> {
        self.waver("file").await;
        match self.edge.file(facts, source).await? {
            Found::Whole(file, _) => match file {},
            Found::Streamed(head, body) => Ok(Found::Streamed(head, body)),
        }
    }

    async fn count_use(&self, facts: &Facts, site: &Site, usage: &Use) -> Result<Option<Seen>, Fault> {
        self.act("use").await;
        self.edge.count_use(facts, site, usage).await
    }

    async fn begin_stream(&self, facts: &Facts, site: &Site, newcomer: &Newcomer) -> Result<(), Stop> {
        self.act("new stream").await;
        self.edge.begin_stream(facts, site, newcomer).await
    }

    async fn keep_stream(&self, facts: &Facts, site: &Site, running: &Running) -> Result<(), Stop> {
        self.waver("stream").await;
        self.edge.keep_stream(facts, site, running).await
    }

    async fn next_ahead(&self, ahead: &Ahead<'_>, breaks: Option<&[Opening]>) -> Option<Opening> {
        self.act("next ahead").await;
        self.edge.next_ahead(ahead, breaks).await
    }

    fn decide_ahead(&self, decision: DecisionAhead<Rc<Source>>) {
        self.edge.decide_ahead(decision);
    }

    async fn control(&self, facts: &Facts, route: Route) -> Result<Reply, Stop> {
        self.edge.control(facts, route).await
    }

    fn reply(&self, facts: &Facts, answer: Answer<'_, Self>) -> Reply {
        let answer = match answer {
            Answer::Whole(reply) => Answer::Whole(reply),
            Answer::Manifest(head, rewrite, template) => Answer::Manifest(head, rewrite, template),
            Answer::Shared(manifest, template, heading) => Answer::Shared(manifest, template, heading),
            Answer::File(file, _) => match *file {},
            Answer::Streamed(head, body) => Answer::Streamed(head, body),
        };
        self.edge.reply(facts, answer)
    }
}
