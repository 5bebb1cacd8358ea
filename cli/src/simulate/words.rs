//! A decision in words.

use serde_json::Value;
use stagedoor::catalog::Caps;
use stagedoor::rights::{Decision, Permit};

use super::matrix::rehearsed;

/// `offer caps` or `-` and the reason, followed by the rules that are only rehearsed.
pub(super) fn cell(decision: &Decision) -> String {
    let mut words = match &decision.outcome {
        Ok(permit) => {
            let variance = permit.variance.as_ref().map(|id| format!("cut:{id}"));
            let ads = permit.ads.map(|ads| format!("ads:{}", ads.name()));
            let words =
                [Some(permit.offer.to_string()), Some(short_caps(permit)), ads, variance, replaced(permit)];
            words.into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>()
        }
        Err(denial) => vec![format!("- {}", denial.reason)],
    };
    let rehearsed: Vec<_> = rehearsed(decision).into_iter().collect();
    if !rehearsed.is_empty() {
        words.push(format!("(log: {})", rehearsed.join(" ")));
    }
    words.join(" ")
}

/// `slate:cup-final`
pub(super) fn replaced(permit: &Permit) -> Option<String> {
    permit.replaced.as_ref().map(|replaced| format!("{}:{}", replaced.by, replaced.blackout))
}

/// `max_height=360 hdr=false`
pub(super) fn caps(caps: &Caps) -> String {
    let members = serde_json::to_value(caps).unwrap_or_default();
    let members = members.as_object().into_iter().flatten().map(|(name, value)| match value {
        Value::Array(list) => {
            let list: Vec<_> = list.iter().filter_map(Value::as_str).collect();
            format!("{name}={}", list.join("|"))
        }
        Value::Object(formats) => {
            let labels = |labels: &Value| {
                let labels = labels.as_array().into_iter().flatten().filter_map(Value::as_str);
                labels.collect::<Vec<_>>().join("/")
            };
            let formats = formats.iter().map(|(format, list)| format!("{format}:{}", labels(list)));
            format!("{name}={}", formats.collect::<Vec<_>>().join("|"))
        }
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    });
    members.collect::<Vec<_>>().join(" ")
}

/// `360p hdr=false`
fn short_caps(permit: &Permit) -> String {
    let height = permit.caps.max_height.map(|height| format!("{height}p"));
    let others = caps(&Caps { max_height: None, ..permit.caps.clone() }).replace("max_", "");
    [height, Some(others)].into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
