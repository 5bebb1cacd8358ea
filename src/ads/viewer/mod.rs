//! What a viewer has seen of a site's campaigns, and which of them the viewer sees next.
//!
//! The store of a viewer ([`Record`]s, in a Durable Object) is asked one [`Question`] a decision: it chooses among the campaigns by the
//! limits of each, records what is taken, and answers. Asked again for the same break of the same session, it answers as before.
//! Where it does not answer, the edge decides by the same function with an empty history ([`decide`]).

mod choose;
mod limit;
mod position;

use serde::{Deserialize, Serialize};

use crate::catalog::{BreakId, CampaignId, CreativeId, Frequency, Label, SessionId};
use crate::time::UnixTime;
use crate::token::session::Session;

pub use choose::decide;
pub use limit::{Limit, Refused};
pub use position::Position;

/// How long a record counts, in seconds: a day, for `per_day`, or as long as its session or the delay of a campaign.
pub const DAY_S: u64 = 86_400;

/// The most records of a viewer that are kept. The oldest go first.
pub const MOST_RECORDS: u32 = 400;

/// The most campaigns of a question.
pub const MOST_CHOICES: usize = 24;

/// A question to the store of a viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The session.
    pub session: String,
    /// When the session ends, in Unix seconds.
    pub ends_at_s: u64,
    /// The break.
    #[serde(rename = "break")]
    pub break_id: BreakId,
    /// Where the break lies.
    #[serde(default)]
    pub position: Option<Position>,
    /// The time that the ads may take, in milliseconds.
    pub room_ms: u64,
    /// The number of ads.
    pub ads: u32,
    /// The categories of ads that stand in the pod already.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// The campaigns, in the order in which they are tried.
    pub choices: Vec<Choosable>,
    /// Whether the decision that was recorded before is replaced: a campaign of it had reached its cap.
    #[serde(default)]
    pub anew: bool,
}

/// A campaign that may be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choosable {
    /// The campaign.
    pub campaign: CampaignId,
    /// How often the viewer may see it.
    #[serde(default)]
    pub frequency: Frequency,
    /// Whether all viewers together may see it a limited number of times.
    #[serde(default)]
    pub capped: bool,
    /// Its categories.
    #[serde(default)]
    pub separation: Vec<Label>,
    /// Its creatives, which take turns.
    pub creatives: Vec<Playable>,
    /// Which creative is first for a viewer who has seen none of them.
    #[serde(default)]
    pub turn: u32,
}

/// A creative that may be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playable {
    /// The creative.
    pub id: CreativeId,
    /// The time that it takes, in milliseconds. Zero: it is shown beside the content, and takes none.
    pub duration_ms: u64,
}

impl Choosable {
    /// Whether the choice depends on what the viewer has seen, or has to be made once.
    pub fn needs_history(&self) -> bool {
        let Frequency { per_session, per_day, delay_s, .. } = self.frequency;
        self.capped || per_session.is_some() || per_day.is_some() || delay_s.is_some()
    }
}

/// An ad that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its creative.
    pub creative: CreativeId,
}

/// A decision that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The session.
    pub session: String,
    /// The break.
    pub break_id: String,
    /// Where the break lies.
    pub position: Option<Position>,
    /// When it was recorded.
    pub at: UnixTime,
    /// The ads.
    pub taken: Vec<Taken>,
}

/// The answer to a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The ads, in order.
    pub taken: Vec<Taken>,
    /// Whether they were recorded by an earlier question.
    #[serde(default)]
    pub again: bool,
    /// Campaigns that a limit kept out, each with the limit.
    #[serde(default)]
    pub refused: Vec<Refused>,
}

impl Question {
    /// When a record of the answer ends: it has to count for every limit of its campaigns.
    pub fn record_ends_at(&self, now: UnixTime) -> UnixTime {
        let delays = self.choices.iter().filter_map(|choice| choice.frequency.delay_s).map(u64::from);
        let longest_s = delays.max().unwrap_or_default().max(DAY_S);
        UnixTime::from_secs(now.plus_secs(longest_s).as_secs().max(self.ends_at_s))
    }
}

/// Records an answer among a viewer's records, in place of an earlier one of the same break. Nothing is recorded of an empty answer:
/// the break may be filled later.
pub fn record(records: &mut Vec<Record>, question: &Question, answer: &Answer, now: UnixTime) {
    if answer.again {
        return;
    }
    let Question { session, break_id, position, .. } = question;
    records.retain(|record| record.session != *session || record.break_id != break_id.as_str());
    if !answer.taken.is_empty() {
        let (session, break_id) = (session.clone(), break_id.to_string());
        records.push(Record { session, break_id, position: *position, at: now, taken: answer.taken.clone() });
    }
}

/// The viewer of a session, as the name of a store: by the subject of the viewer token, or else by the session.
pub fn name(session: &Session) -> String {
    let (kind, tag) = match session.subject {
        Some(subject) => ("subject", subject),
        None => ("session", session.id.0),
    };
    // The bytes of both are written as those of a session's id.
    format!("{kind}-{}", SessionId(tag))
}
