//! The site's own campaigns, chosen for simulated viewers as the edge chooses them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use stagedoor::ads::house::{Audience, Count, Counter, Sources, choose};
use stagedoor::ads::viewer::{self, Answer, Question, Record};
use stagedoor::ads::{Break, Candidate, Content, Furniture, Room, Terms};
use stagedoor::catalog::{
    CampaignId, Campaigns, Creative, CreativeId, Document, DocumentKey, SessionId, Site, Title, TitleId,
};
use stagedoor::documents::Documents;
use stagedoor::facts::Geography;
use stagedoor::life::at_once;
use stagedoor::rights::{Policies, Whereabouts};
use stagedoor::time::UnixTime;

use crate::failure::Misuse;

/// The site's own campaigns, and what simulated viewers have seen of them.
pub(super) struct Own {
    site: Site,
    title: Title,
    campaigns: Campaigns,
    geography: Geography,
    creatives: HashMap<CreativeId, Rc<Document<Creative>>>,
    seen: RefCell<HashMap<String, Vec<Record>>>,
    taken: RefCell<HashMap<CampaignId, Counter>>,
    now: Cell<UnixTime>,
    questions: Cell<u64>,
}

/// How long sessions last, from the beginning of the log.
const SESSION_S: u64 = 86_400;

impl Own {
    /// The campaigns of a site in a folder. `None`: it has none.
    pub(super) fn of(
        documents: &Documents,
        site: Site,
        title: &TitleId,
        geography: Geography,
    ) -> Result<Option<Self>, Misuse> {
        let fault = |fault: stagedoor::fault::Fault| Misuse(fault.to_string());
        let key = DocumentKey::Title(title.clone());
        let title = documents.read::<Title>(&key).map_err(fault)?;
        let title = title.ok_or_else(|| Misuse(format!("--documents has no {key}")))?.body;
        let key = DocumentKey::Campaigns(site.host.clone());
        let Some(campaigns) = documents.read::<Campaigns>(&key).map_err(fault)? else { return Ok(None) };
        let mut creatives = HashMap::new();
        for key in documents.0.keys() {
            if let DocumentKey::Creative(id) = key
                && let Some(creative) = documents.read::<Creative>(key).map_err(fault)?
            {
                creatives.insert(id.clone(), Rc::new(creative));
            }
        }
        Ok(Some(Self {
            site,
            title,
            campaigns: campaigns.body,
            geography,
            creatives,
            seen: RefCell::default(),
            taken: RefCell::default(),
            now: Cell::new(UnixTime::from_secs(0)),
            questions: Cell::default(),
        }))
    }

    /// The ads for a viewer's break at a time, behind those that it has already, and the questions to Durable Objects that the
    /// choice asked.
    pub(super) fn ads(
        &self,
        of: &Break,
        viewer: u32,
        elapsed: Option<Duration>,
        now: UnixTime,
        before: &[Candidate],
    ) -> (Vec<Candidate>, u64) {
        let Some(policy) = &self.site.ads else { return (Vec::new(), 0) };
        let terms = Terms { policy, elapsed, content: Content::default(), furniture: &Furniture::default() };
        let mut room = Room::of(of, &terms);
        for candidate in before {
            // An ad that does not fit is left out of the pod, too.
            let _taken = room.take(candidate);
        }
        let session = SessionId(u64::from(viewer).to_be_bytes());
        let [.., last] = session.0;
        let policies = Policies::from(&self.site);
        let audience = Audience {
            site: &self.site,
            title: &self.title,
            opening: &of.opening,
            session,
            ends_at: now.plus_secs(SESSION_S),
            whereabouts: Whereabouts::of(&self.geography, &policies, last % 100),
            device: None,
            plans: &[],
            now,
        };
        self.now.set(now);
        self.questions.set(0);
        // Every question is answered at once.
        let chosen = at_once(choose(&self.campaigns, &audience, &room, self, false)).unwrap_or_default();
        (chosen.candidates, self.questions.get())
    }
}

impl Sources for Own {
    async fn creatives(&self, ids: &[CreativeId]) -> Vec<Option<Rc<Document<Creative>>>> {
        ids.iter().map(|id| self.creatives.get(id).cloned()).collect()
    }

    async fn viewer(&self, question: &Question) -> Option<Answer> {
        self.questions.set(self.questions.get() + 1);
        let mut seen = self.seen.borrow_mut();
        let records = seen.entry(question.session.clone()).or_default();
        let answer = viewer::decide(question, records, self.now.get());
        viewer::record(records, question, &answer, self.now.get());
        Some(answer)
    }

    async fn count(&self, count: &Count) -> Option<bool> {
        self.questions.set(self.questions.get() + 1);
        Some(self.taken.borrow_mut().entry(count.campaign.clone()).or_default().take(count))
    }
}
