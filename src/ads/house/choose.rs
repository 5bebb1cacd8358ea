//! The choice of campaigns for a viewer's break, as one function over the questions that it asks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use super::Audience;
use super::count::Count;
use super::dice::Dice;
use super::index::Index;
use super::order::{Ordered, order};
use super::told::{Outcome, Why, tell};
use crate::ads::viewer::{self, Answer, Choosable, Playable, Position, Question, Taken};
use crate::ads::{Ad, Candidate, NonLinear, Offered, Room};
use crate::catalog::{
    Campaign, CampaignId, CampaignUse, Campaigns, Creative, CreativeId, CreativeKind, Document,
};
use crate::time::UnixTime;

/// Answers the questions of a choice.
#[expect(async_fn_in_trait, reason = "decisions stay on the thread that began them")]
pub trait Sources {
    /// The documents of creatives, in the order of their ids. `None`: there is none, or it cannot be read now.
    async fn creatives(&self, ids: &[CreativeId]) -> Vec<Option<Rc<Document<Creative>>>>;

    /// The answer of the viewer's store. `None`: it does not answer, and the viewer has seen nothing.
    async fn viewer(&self, question: &Question) -> Option<Answer>;

    /// Whether a decision may take a campaign so many times, which are counted. `None`: the counter does not answer, and the campaign
    /// may be taken.
    async fn count(&self, count: &Count) -> Option<bool>;
}

/// The ads of the site's own campaigns for a break.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Linear ads, in order.
    pub candidates: Vec<Candidate>,
    /// Items beside the content.
    pub non_linear: Vec<NonLinear>,
    /// The number of campaigns whose conditions the break meets.
    pub eligible: usize,
    /// Campaigns that are only rehearsed, and that would have been tried.
    pub rehearsed: Vec<CampaignId>,
    /// Whether the decision was recorded earlier, for the same break of the same session.
    pub again: bool,
    /// Why each campaign was taken or left, if that was asked for.
    pub why: Option<Why>,
}

impl Chosen {
    /// Puts the ads among those of an ad server.
    pub fn offer(self, offered: &mut Offered, order: CampaignUse) {
        let own = self.candidates.into_iter().map(Some);
        match order {
            CampaignUse::First => drop(offered.places.splice(..0, own)),
            CampaignUse::Last => offered.places.extend(own),
            CampaignUse::Never => return,
        }
        offered.non_linear.extend(self.non_linear);
    }
}

/// The time of a pod that is left as full: no ad is shorter.
const SHORTEST: Duration = Duration::from_secs(5);

/// The most creatives of a campaign that take turns for one viewer.
const MOST_CREATIVES: usize = 8;

/// The most documents of creatives that are read for one decision.
const MOST_READ: usize = 64;

/// The campaigns whose creatives are read together.
const BATCH: usize = 6;

/// How often a choice is made anew because a campaign of it had reached its cap.
const MOST_ANEW: usize = 3;

/// Chooses among the site's own campaigns for the room of a pod. `explains`: whether the reasons are asked for.
///
/// The campaigns are tried in their order. As soon as those that every viewer may see fill the pod, no further creatives are read. If
/// the choice depends on what the viewer has seen, the viewer's store is asked once, and it makes the choice.
pub async fn choose<S: Sources>(
    document: &Campaigns,
    audience: &Audience<'_>,
    room: &Room<'_>,
    sources: &S,
    explains: bool,
) -> Chosen {
    let Ordered { campaigns, rehearsed, eligible } = order(document, audience);
    let mut known = Known { creatives: HashMap::new(), left: HashMap::new(), read: 0 };
    let mut question = Question {
        session: audience.session.to_string(),
        ends_at_s: audience.ends_at.as_secs(),
        break_id: audience.opening.id.clone(),
        position: Position::of(audience.opening),
        room_ms: u64::try_from(room.time.as_millis()).unwrap_or(u64::MAX),
        ads: u32::try_from(room.ads).unwrap_or(u32::MAX),
        labels: room.labels.iter().cloned().collect(),
        choices: Vec::new(),
        anew: false,
    };
    let dice = Dice::of(audience);
    let spots = &Index::of(document).spots;
    for batch in campaigns.chunks(BATCH) {
        if is_full(&question, audience.now) {
            break;
        }
        known
            .read(batch.iter().flat_map(|(_, one)| one.creatives.iter().take(MOST_CREATIVES)), sources)
            .await;
        for (number, campaign) in batch {
            if question.choices.len() >= viewer::MOST_CHOICES {
                break;
            }
            let spot = spots.get(*number).copied().unwrap_or_default();
            match known.choice(campaign, audience, room) {
                Ok(creatives) => {
                    let mut choice = Choosable {
                        campaign: campaign.id.clone(),
                        frequency: campaign.frequency,
                        capped: campaign.cap.is_some(),
                        separation: campaign.separation.clone(),
                        creatives,
                        turn: 0,
                    };
                    // The history of a viewer tells whose turn it is; without one, chance does.
                    if !choice.needs_history() {
                        choice.turn = dice.turn(spot);
                    }
                    question.choices.push(choice);
                }
                Err(why) => drop(known.left.insert(campaign.id.clone(), Outcome::Creative(why))),
            }
        }
    }
    let answer = known.ask(&mut question, document, audience, sources).await;
    known.read(answer.taken.iter().map(|taken| &taken.creative), sources).await;
    let mut chosen = Chosen {
        eligible,
        rehearsed: rehearsed.iter().map(|campaign| campaign.id.clone()).collect(),
        again: answer.again,
        ..Chosen::default()
    };
    let mut is_taken = HashSet::new();
    for taken in &answer.taken {
        // A campaign of an earlier decision may have ended since.
        let campaign = document.campaigns.iter().find(|one| one.id == taken.campaign);
        let creative = known.creatives.get(&taken.creative).and_then(Option::as_ref);
        if let (Some(campaign), Some(creative)) = (campaign, creative)
            && is_on(campaign, audience.now)
            && creative.body.sites.contains(&audience.site.host)
        {
            is_taken.insert(campaign.id.clone());
            match Candidate::of_campaign(&campaign.id, &campaign.separation, &creative.body) {
                Some(candidate) => chosen.candidates.push(candidate),
                None => chosen.non_linear.extend(beside(&campaign.id, &creative.body)),
            }
        }
    }
    if explains {
        let mut outcomes = HashMap::new();
        for (number, campaign) in &campaigns {
            let limit = answer.refused.iter().find(|refused| refused.campaign == campaign.id);
            let outcome = match (is_taken.contains(&campaign.id), known.left.get(&campaign.id), limit) {
                (true, ..) => Outcome::Taken,
                (false, Some(left), _) => left.clone(),
                (false, None, Some(refused)) => Outcome::Limit(refused.limit.clone()),
                (false, None, None) if answer.again => Outcome::Recorded,
                (false, None, None) => Outcome::Later,
            };
            outcomes.insert(*number, outcome);
        }
        chosen.why = Some(tell(document, audience, &outcomes));
    }
    chosen
}

/// Whether campaigns that every viewer may see fill the pod.
fn is_full(question: &Question, now: UnixTime) -> bool {
    if question.choices.len() >= viewer::MOST_CHOICES {
        return true;
    }
    let sure = question.choices.iter().filter(|choice| !choice.needs_history()).cloned().collect();
    let question = Question { choices: sure, ..question.clone() };
    let taken = viewer::decide(&question, &[], now).taken;
    let duration_ms = |taken: &Taken| {
        let choice = question.choices.iter().find(|choice| choice.campaign == taken.campaign)?;
        choice.creatives.iter().find(|one| one.id == taken.creative).map(|one| one.duration_ms)
    };
    let filled: u64 = taken.iter().filter_map(duration_ms).sum();
    let left = Duration::from_millis(question.room_ms.saturating_sub(filled));
    left < SHORTEST || taken.len() >= usize::try_from(question.ads).unwrap_or(usize::MAX)
}

fn is_on(campaign: &Campaign, now: UnixTime) -> bool {
    campaign.mode == crate::catalog::Mode::Enforce && campaign.window.is_open(now)
}

/// Facts that a choice has learned.
struct Known {
    creatives: HashMap<CreativeId, Option<Rc<Document<Creative>>>>,
    left: HashMap<CampaignId, Outcome>,
    /// The number of documents that were read.
    read: usize,
}

impl Known {
    /// Reads the documents of creatives that are not known yet.
    async fn read<S: Sources>(&mut self, ids: impl Iterator<Item = &CreativeId>, sources: &S) {
        let mut asked = Vec::new();
        for id in ids {
            if self.read < MOST_READ && !self.creatives.contains_key(id) && !asked.contains(id) {
                self.read += 1;
                asked.push(id.clone());
            }
        }
        if !asked.is_empty() {
            let found = sources.creatives(&asked).await;
            self.creatives.extend(asked.into_iter().zip(found));
        }
    }

    /// The creatives of a campaign that can be shown; else why the last of them cannot.
    fn choice(
        &self,
        campaign: &Campaign,
        audience: &Audience<'_>,
        room: &Room<'_>,
    ) -> Result<Vec<Playable>, String> {
        let mut playable = Vec::new();
        let mut why = "none".to_owned();
        for id in campaign.creatives.iter().take(MOST_CREATIVES) {
            let Some(Document { body, .. }) = self.creatives.get(id).and_then(Option::as_deref) else {
                why = format!("`{id}`, which has no document");
                continue;
            };
            if !body.sites.contains(&audience.site.host) {
                why = format!("`{id}`, which is not for {}", audience.site.host);
                continue;
            }
            let duration_ms = match &body.kind {
                CreativeKind::Linear(media) => media.duration_ms,
                CreativeKind::NonLinear { .. } => 0,
            };
            let candidate = Candidate::of_campaign(&campaign.id, &[], body);
            match candidate.map_or(Ok(()), |candidate| room.suits(&candidate)) {
                Ok(()) => playable.push(Playable { id: id.clone(), duration_ms }),
                Err(unfit) => why = format!("`{id}`: {unfit}"),
            }
        }
        if playable.is_empty() { Err(why) } else { Ok(playable) }
    }

    /// The choice, by the viewer's store if it depends on what the viewer has seen. A campaign that has reached its cap is left out,
    /// and the choice is made anew.
    ///
    /// The store records a choice before its caps are counted. So a choice that it repeats is counted again, which makes a difference
    /// only if the first request was cut off in between.
    async fn ask<S: Sources>(
        &mut self,
        question: &mut Question,
        document: &Campaigns,
        audience: &Audience<'_>,
        sources: &S,
    ) -> Answer {
        // How often the counters know each campaign to be taken.
        let mut counted: HashMap<CampaignId, u32> = HashMap::new();
        let mut tries = 0;
        loop {
            // A decision that the store has recorded has to be replaced there.
            let asks = question.anew || question.choices.iter().any(Choosable::needs_history);
            let asked = if asks { sources.viewer(question).await } else { None };
            let answer = asked.unwrap_or_else(|| viewer::decide(question, &[], audience.now));
            let mut is_over = HashSet::new();
            for (campaign, cap, ads) in capped(document, &answer.taken, counted.keys()) {
                let before = counted.get(&campaign).copied();
                if before == Some(ads) {
                    continue;
                }
                let count = Count {
                    campaign,
                    cap,
                    ads,
                    session: audience.session,
                    break_id: question.break_id.clone(),
                    until: question.record_ends_at(audience.now),
                    again: answer.again || before.is_some(),
                };
                if sources.count(&count).await == Some(false) {
                    self.left.insert(count.campaign.clone(), Outcome::Cap(cap));
                    is_over.insert(count.campaign);
                } else {
                    counted.insert(count.campaign, ads);
                }
            }
            if is_over.is_empty() || tries == MOST_ANEW {
                return answer;
            }
            tries += 1;
            // If many campaigns have reached their caps, those that are counted already and those without a cap have to do.
            question.choices.retain_mut(|choice| {
                if is_over.contains(&choice.campaign) || (choice.capped && tries == MOST_ANEW) {
                    let most = counted.get(&choice.campaign).copied().unwrap_or_default();
                    choice.frequency.per_break = Some(most);
                    return most > 0;
                }
                true
            });
            question.anew = true;
        }
    }
}

/// The campaigns with a cap that are taken, with cap and number, and those that were counted and are not taken any more.
fn capped<'a>(
    document: &Campaigns,
    taken: &[Taken],
    counted: impl Iterator<Item = &'a CampaignId>,
) -> Vec<(CampaignId, u64, u32)> {
    let mut ads: BTreeMap<&CampaignId, u32> = counted.map(|campaign| (campaign, 0)).collect();
    for taken in taken {
        *ads.entry(&taken.campaign).or_default() += 1;
    }
    let with_cap = ads.into_iter().filter_map(|(id, ads)| {
        let campaign = document.campaigns.iter().find(|campaign| campaign.id == *id)?;
        Some((id.clone(), campaign.cap?, ads))
    });
    with_cap.collect()
}

/// The item of a creative that is shown beside the content, from the start of the break.
fn beside(campaign: &CampaignId, creative: &Creative) -> Option<NonLinear> {
    let CreativeKind::NonLinear { layout, url, media_type, duration_ms } = &creative.kind else {
        return None;
    };
    Some(NonLinear {
        start: Duration::ZERO,
        duration: Duration::from_millis(*duration_ms),
        layout: *layout,
        url: url.clone(),
        media_type: media_type.clone(),
        ad: Ad::of_campaign(campaign, creative),
    })
}

#[cfg(test)]
mod tests;
