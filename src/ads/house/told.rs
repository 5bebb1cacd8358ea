//! Why each campaign was taken or left, in the form of the rights' trace.

use std::collections::HashMap;

use serde::Serialize;

use super::Audience;
use super::rule::Rule;
use crate::ads::viewer::Limit;
use crate::catalog::{Campaign, CampaignId, Campaigns};
use crate::rights::Finding;
use crate::sorting;

/// Why the campaigns of a site were taken or left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The campaigns that were taken, then those that could have been, then the others in the order of the document.
    pub campaigns: Vec<Told>,
    /// The number of further campaigns, of which nothing is told.
    pub omitted: usize,
}

/// Why a campaign was taken or left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The campaign.
    pub campaign: CampaignId,
    /// Whether it was taken.
    pub taken: bool,
    /// Of a campaign that was taken, the conditions that it states. Of any other, the conditions and limits that kept it out.
    pub findings: Vec<Finding>,
}

/// The outcome for a campaign whose conditions are all met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken.
    Taken,
    /// A limit of the campaign or the pod kept it out.
    Limit(Limit),
    /// None of its creatives can be shown: why the last of them cannot.
    Creative(String),
    /// All viewers together have seen it as often as they may.
    Cap(u64),
    /// The pod was full, or enough campaigns had been tried.
    Later,
    /// The decision was recorded earlier, without it.
    Recorded,
}

/// The most campaigns of an explanation.
const MOST: usize = 100;

/// Tells why campaigns were taken or left.
pub(super) fn tell(document: &Campaigns, audience: &Audience<'_>, outcomes: &HashMap<usize, Outcome>) -> Why {
    let campaigns = document.campaigns.iter().enumerate();
    let rank = |number: &usize| match outcomes.get(number) {
        Some(Outcome::Taken) => 0,
        Some(Outcome::Later) => 2,
        Some(_) => 1,
        None => 3,
    };
    let mut numbers: Vec<_> = campaigns.map(|(number, _)| number).collect();
    sorting::by_key(&mut numbers, rank);
    let told = numbers.iter().take(MOST).filter_map(|number| {
        document.campaigns.get(*number).map(|campaign| one(campaign, audience, outcomes.get(number)))
    });
    Why { campaigns: told.collect(), omitted: document.campaigns.len().saturating_sub(MOST) }
}

fn one(campaign: &Campaign, audience: &Audience<'_>, outcome: Option<&Outcome>) -> Told {
    let finding = |rule, passed, (wanted, saw): (String, String)| Finding {
        of: format!("campaign {}", campaign.id),
        rule,
        mode: campaign.mode.name(),
        passed,
        wanted,
        saw,
    };
    let of_rule = |rule: &Rule| {
        let passed = rule.is_met(campaign, audience);
        finding(rule.name(), passed, rule.in_words(campaign, audience))
    };
    let taken = outcome == Some(&Outcome::Taken);
    let mut findings: Vec<_> = Rule::ALL
        .iter()
        .filter(|rule| if taken { rule.is_stated(campaign) } else { !rule.is_met(campaign, audience) })
        .map(of_rule)
        .collect();
    let left = |rule, wanted: &str, saw: &str| finding(rule, false, (wanted.to_owned(), saw.to_owned()));
    match outcome {
        None if findings.is_empty() => {
            findings.push(left("mode", "`enforce`", "`log`: it is only rehearsed"));
        }
        None | Some(Outcome::Taken) => {}
        Some(Outcome::Limit(limit)) => {
            let (rule, wanted, saw) = limit.in_words();
            findings.push(finding(rule, false, (wanted, saw)));
        }
        Some(Outcome::Creative(saw)) => {
            findings.push(left("creatives", "a creative that can be shown with the content", saw));
        }
        Some(Outcome::Cap(cap)) => {
            let wanted = format!("at most {cap} for all viewers together");
            findings.push(left("cap", &wanted, "all of them taken"));
        }
        Some(Outcome::Later) => {
            findings.push(left(
                "order",
                "time left in the pod when its turn comes",
                "a pod that was full before",
            ));
        }
        Some(Outcome::Recorded) => {
            findings.push(left(
                "history",
                "a break for which nothing is decided yet",
                "an earlier decision without it",
            ));
        }
    }
    Told { campaign: campaign.id.clone(), taken, findings }
}
