//! What fills a break, and why: the pod, the campaigns that were taken or left, and the ads that did not fit.

use serde_json::Value;
use stagedoor::ads::{Media, Opening, Pod, Role};

use super::human::{Page, all_saw, member, saw};

/// Writes what an explanation tells of a break. Of any other request, it writes nothing.
pub(super) fn write(page: &mut Page, trace: &Value) {
    let Some(decided) = saw(trace, "pod") else { return };
    page.section("Break");
    let of = |name: &str| decided.get(name).cloned().unwrap_or_default();
    let opening = serde_json::from_value::<Opening>(of("break"));
    match (opening, serde_json::from_value::<Pod>(of("pod"))) {
        (Ok(opening), Ok(found)) => pod(page, "  ", &opening, &found),
        _ if of("joined") == true => {
            page.line("  ", "The viewer joins within the break, and the site shows such viewers nothing.");
        }
        _ => page.line("  ", "No pod was decided: the viewer sees no advertising."),
    }
    reasons(page, trace);
}

/// Writes a pod: how much of the break it fills, and each item with its start.
pub(crate) fn pod(page: &mut Page, head: &str, opening: &Opening, pod: &Pod) {
    headline(page, head, opening, pod);
    for (_, start, slot) in pod.timeline() {
        let role = match slot.role {
            Role::Ad => "ad",
            Role::Bumper => "bumper",
            Role::Slate => "slate",
        };
        let media = match &slot.media {
            Media::Creative { id, .. } => format!("creative {id}"),
            Media::Direct { url, .. } => url.to_string(),
        };
        let campaign = slot.ad.as_ref().and_then(|ad| ad.campaign.as_ref());
        let of = campaign.map_or_else(String::new, |campaign| format!(", campaign {campaign}"));
        let head = format!("  {:>8}  ", seconds(start.as_secs_f64()));
        page.line(&head, &format!("{role}, {}: {media}{of}", seconds(slot.duration.as_secs_f64())));
    }
    for item in &pod.non_linear {
        page.line("    beside  ", &format!("{}, {}", item.ad.id, seconds(item.duration.as_secs_f64())));
    }
}

/// Writes why the pod is as it is.
pub(crate) fn reasons(page: &mut Page, trace: &Value) {
    for server in all_saw(trace, "ad server") {
        page.section("Ad server");
        page.line(
            "  ",
            &format!("{}: an explanation asks no ad server", member(server, &["url"]).unwrap_or("?")),
        );
    }
    for step in all_saw(trace, "campaigns") {
        campaigns(page, step);
    }
    let fits = all_saw(trace, "fit").filter_map(|fit| fit.get("left")?.as_array());
    let left: Vec<_> = fits.flatten().collect();
    if !left.is_empty() {
        page.section("Left out of the pod");
    }
    for left in left {
        let of = |name| member(left, &[name]).unwrap_or_default();
        page.line("  ", &format!("{}: {}", of("ad"), of("why")));
    }
}

fn headline(page: &mut Page, head: &str, opening: &Opening, pod: &Pod) {
    let ads = pod.slots.iter().filter(|slot| slot.role == Role::Ad).count();
    let room = opening.planned.map_or_else(
        || "whose end is not known".to_owned(),
        |planned| format!("of {}", seconds(planned.as_secs_f64())),
    );
    let what = if pod.is_empty() {
        format!("CONTENT: nothing fills the break {} {room}.", opening.id)
    } else {
        let filled = seconds(pod.duration().as_secs_f64());
        let ads = if ads == 1 { "1 ad".to_owned() } else { format!("{ads} ads") };
        format!("POD: {ads}, {filled} together, in the break {} {room}.", opening.id)
    };
    page.line(head, &what);
}

/// The campaigns that were taken or left, each with the conditions and limits that decided.
fn campaigns(page: &mut Page, step: &Value) {
    page.section("Campaigns");
    let told = step.get("why").and_then(|why| why.get("campaigns")).and_then(Value::as_array);
    for told in told.into_iter().flatten() {
        let is_taken = told.get("taken").and_then(Value::as_bool) == Some(true);
        let name = member(told, &["campaign"]).unwrap_or_default();
        page.line("  ", &format!("{name}: {}", if is_taken { "taken" } else { "left" }));
        for finding in told.get("findings").and_then(Value::as_array).into_iter().flatten() {
            let of = |name| member(finding, &[name]).unwrap_or("nothing");
            let passed = finding.get("passed").and_then(Value::as_bool) == Some(true);
            let mark = if passed { "ok  " } else { "STOP" };
            let head = format!("    {mark}  {:<11}  ", of("rule").replace('_', " "));
            page.line(&head, &format!("asks for {}; found {}", of("wanted"), of("saw")));
        }
    }
    let omitted = step.get("why").and_then(|why| why.get("omitted")).and_then(Value::as_u64);
    if let Some(omitted) = omitted.filter(|omitted| *omitted > 0) {
        page.line("  ", &format!("and {omitted} more"));
    }
}

fn seconds(secs: f64) -> String {
    format!("{secs} s")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::human::text;

    /// An explanation of the request for a break's list, with a decision.
    fn explained(decided: &Value) -> String {
        let why = json!({ "omitted": 0, "campaigns": [
            { "campaign": "plum", "taken": true, "findings": [] },
            { "campaign": "news", "taken": false, "findings": [
                { "of": "campaign news", "rule": "genres", "passed": false, "wanted": "a genre of news", "saw": "drama" }
            ] },
        ] });
        let steps = json!([
            { "step": "route", "saw": { "credential": "session token" } },
            { "step": "permit", "saw": { "offer": "everywhere", "caps": {}, "ads": "guided" } },
            { "step": "source", "saw": { "title": "gala", "resource": "_stagedoor/break/x.json", "url": "https://media.example.com/x" } },
            { "step": "campaigns", "saw": { "why": why } },
            { "step": "fit", "saw": { "left": [{ "ad": "pear", "why": "the break has no time left" }], "abandoned": false } },
            { "step": "pod", "saw": decided },
        ]);
        text(&json!({ "outcome": "permit", "caps": {}, "steps": steps }), 100)
    }

    #[test]
    fn a_break_is_explained_by_its_pod_and_its_campaigns() {
        let slot = json!({ "role": "ad", "duration_ms": 20_000, "media": { "creative": { "id": "plum" } },
            "ad": { "id": "plum", "campaign": "plum" } });
        let of = json!({ "id": "pre", "place": "pre_roll", "planned_ms": 30_000 });
        let found = explained(&json!({ "break": of, "pod": { "break": "pre", "slots": [slot] } }));
        for expected in [
            "the list of a break, which the edge makes",
            "POD: 1 ad, 20 s together, in the break pre of 30 s.",
            "ad, 20 s: creative plum, campaign plum",
            "plum: taken",
            "STOP  genres       asks for a genre of news; found drama",
            "pear: the break has no time left",
        ] {
            assert!(found.contains(expected), "{found}");
        }
        assert!(!found.contains("media.example.com"), "{found}");
    }

    #[test]
    fn a_viewer_who_joins_or_sees_no_ads_is_told_apart() {
        let joined = explained(&json!({ "break": "pre", "joined": true }));
        assert!(joined.contains("joins within the break"), "{joined}");
        let none = explained(&json!({ "break": "pre", "advertising": false }));
        assert!(none.contains("sees no advertising"), "{none}");
    }
}
