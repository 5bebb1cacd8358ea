//! Decisions as CSV ([RFC 4180]) and as JSON, one record for each decision.
//!
//! [RFC 4180]: https://www.rfc-editor.org/rfc/rfc4180

use serde_json::{Value, json};
use stagedoor::catalog::{AdsMode, DeviceClass};
use stagedoor::denial::Denial;
use stagedoor::rights::{Decision, Permit};

use super::matrix::{Matrix, Named, Row, rehearsed};
use super::words::{caps, replaced};
use crate::failure::Failure;

const HEAD: [&str; 18] = [
    "title",
    "at",
    "place",
    "decided_at",
    "entitlements",
    "device",
    "age",
    "plans",
    "outcome",
    "offer",
    "caps",
    "ads",
    "variance",
    "replaced",
    "until",
    "reason",
    "detail",
    "rehearsed",
];

pub(super) fn csv(matrix: &Matrix<'_>) -> Result<Vec<u8>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Broken(format!("CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD).map_err(|error| failed(&error))?;
    for (row, plans, decision) in decisions(matrix) {
        writer.write_record(record(&row, plans, &decision)).map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

pub(super) fn json(matrix: &Matrix<'_>) -> Value {
    let decisions = decisions(matrix).map(|(row, plans, decision)| {
        let caps = decision.outcome.as_ref().ok().map(|permit| &permit.caps);
        let rehearsed = rehearsed(&decision);
        let mut of_row = json!({
            "title": row.title.id, "at": row.at, "place": row.place, "decided_at": row.decided_at,
            "entitlements": listed(&row.person.entitlements.0), "device": row.person.device.1.map(DeviceClass::name),
            "age": row.person.age.1, "plans": listed(plans), "rehearsed": rehearsed,
        });
        let outcome = match &decision.outcome {
            Ok(permit) => json!({
                "outcome": "permit", "offer": permit.offer, "caps": caps, "ads": permit.ads.map(AdsMode::name),
                "variance": permit.variance, "replaced": replaced(permit), "until": permit.until,
            }),
            Err(Denial { reason, detail, .. }) => {
                json!({ "outcome": "denial", "reason": reason.code(), "detail": detail })
            }
        };
        if let (Some(members), Value::Object(outcome)) = (of_row.as_object_mut(), outcome) {
            members.extend(outcome.into_iter().filter(|(_, value)| !value.is_null()));
        }
        of_row
    });
    let decisions: Vec<_> = decisions.collect();
    json!({
        "site": matrix.site.host, "undefined_groups": matrix.undefined().collect::<Vec<_>>(), "decisions": decisions,
    })
}

/// Every decision, with its row and its plans as they were written.
fn decisions<'m>(matrix: &'m Matrix<'_>) -> impl Iterator<Item = (Row<'m>, &'m str, Decision)> {
    let blocks = matrix.titles.iter().flat_map(|title| matrix.instants.iter().map(move |at| (title, *at)));
    blocks.flat_map(|(title, at)| matrix.rows(title, at)).flat_map(|mut row| {
        let decisions = std::mem::take(&mut row.decisions);
        let plans = matrix.plans.iter().map(|Named(name, _)| name.as_str());
        let all: Vec<_> = plans.zip(decisions).collect();
        all.into_iter()
            .map(move |(plans, decision)| (Row { decisions: Vec::new(), ..row.clone() }, plans, decision))
    })
}

/// `none` is an empty list, and `a+b` a list of two.
fn listed(text: &str) -> Vec<&str> {
    if text == "none" { Vec::new() } else { text.split('+').collect() }
}

fn record(row: &Row<'_>, plans: &str, decision: &Decision) -> [String; 18] {
    let [outcome, offer, caps, ads, variance, replaced, until, reason, detail] = match &decision.outcome {
        Ok(permit) => permitted(permit),
        Err(Denial { reason, detail, .. }) => {
            let none = String::new;
            [
                "denial".to_owned(),
                none(),
                none(),
                none(),
                none(),
                none(),
                none(),
                reason.to_string(),
                detail.clone(),
            ]
        }
    };
    [
        row.title.id.to_string(),
        row.at.to_string(),
        row.place.to_owned(),
        row.decided_at.as_ref().map(|places| places.join(" ")).unwrap_or_default(),
        row.person.entitlements.0.clone(),
        row.person.device.0.clone(),
        row.person.age.0.clone(),
        plans.to_owned(),
        outcome,
        offer,
        caps,
        ads,
        variance,
        replaced,
        until,
        reason,
        detail,
        rehearsed(decision).into_iter().collect::<Vec<_>>().join(" "),
    ]
}

fn permitted(permit: &Permit) -> [String; 9] {
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        "permit".to_owned(),
        permit.offer.to_string(),
        caps(&permit.caps),
        text(permit.ads.map(|ads| ads.name().to_owned())),
        text(permit.variance.as_ref().map(ToString::to_string)),
        text(replaced(permit)),
        text(permit.until.map(|until| until.to_string())),
        String::new(),
        String::new(),
    ]
}
