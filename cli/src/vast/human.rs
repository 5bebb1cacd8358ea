//! The outcome as text for people.

use std::time::Duration;

use stagedoor::ads::{Ad, Happening, Media, NonLinear, Slot, Tracking};

use super::{Conditioned, Outcome, Told};
use crate::terminal::plain;

pub(super) fn text(outcome: &Outcome) -> String {
    let Outcome { source, at, pod, spares, creatives, tracking, errors, events, requests, took_ms } = outcome;
    let mut lines = vec![match at {
        Some(at) => format!("{}, break {}", plain(source), plain(at)),
        None => plain(source),
    }];
    let count = pod.slots.len();
    let number = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let (ads, asked) = (number(count, "ad"), number(*requests, "request"));
    lines.push(format!("  pod: {ads}, {}; {asked} in {took_ms} ms", seconds(pod.duration())));
    for (number, start, found) in pod.timeline() {
        lines.push(format!("  {}. at {}", number + 1, seconds(start)));
        slot(found, &mut lines);
    }
    for found in spares {
        lines.push("  spare".to_owned());
        slot(found, &mut lines);
    }
    for NonLinear { layout, duration, url, media_type, ad, .. } in &pod.non_linear {
        lines.push(format!("  beside the content: {layout:?} for {}", seconds(*duration)));
        lines.push(format!("     {} {}", plain(media_type), plain(url.as_str())));
        told(ad, &mut lines);
    }
    if !creatives.is_empty() {
        lines.push("  creatives of the site".to_owned());
        let line =
            |Conditioned { ad, creative }: &Conditioned| format!("     {creative} of ad {}", plain(ad));
        lines.extend(creatives.iter().map(line));
    }
    if !tracking.is_empty() {
        lines.push("  of the break".to_owned());
        lines.extend(
            tracking.iter().map(|found| format!("     {} {}", found.event.name(), plain(&found.url))),
        );
    }
    if !errors.is_empty() {
        lines.push("  error URLs".to_owned());
        lines.extend(errors.iter().map(|Told { code, url }| format!("     {code} {}", plain(url))));
    }
    lines.push("  events".to_owned());
    for Happening { event, host, ad, detail, .. } in events {
        let parts =
            [host.as_deref().map(|host| format!("at {host}")), ad.as_deref().map(|ad| format!("ad {ad}"))];
        let parts: Vec<_> =
            parts.into_iter().flatten().chain([detail.clone()]).filter(|part| !part.is_empty()).collect();
        lines.push(plain(&format!("     {} {}", event.name(), parts.join(": "))).trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

fn slot(Slot { media, duration, ad, .. }: &Slot, lines: &mut Vec<String>) {
    let media = match media {
        Media::Direct { url, media_type } => format!("{} {}", plain(media_type), plain(url.as_str())),
        Media::Creative { id, .. } => format!("creative {id}"),
    };
    lines.push(format!("     {}, {media}", seconds(*duration)));
    if let Some(ad) = ad {
        told(ad, lines);
    }
}

fn told(ad: &Ad, lines: &mut Vec<String>) {
    let title =
        ad.title.as_deref().map(|title| format!(", \u{201c}{}\u{201d}", plain(title))).unwrap_or_default();
    let system = ad.system.as_deref().map(|system| format!(", by {}", plain(system))).unwrap_or_default();
    lines.push(format!("     ad {}{title}{system}", plain(&ad.id)));
    for id in &ad.identifiers {
        lines.push(format!("     universal ad id {} {}", plain(&id.scheme), plain(&id.value)));
    }
    if let Some(skip) = ad.skip_offset {
        lines.push(format!("     may be skipped after {}", seconds(skip)));
    }
    if let Some(page) = &ad.click_through {
        lines.push(format!("     leads to {}", plain(page)));
    }
    for Tracking { event, offset, url } in &ad.tracking {
        let at = offset.map(|offset| format!(" at {}", seconds(offset))).unwrap_or_default();
        lines.push(format!("     {}{at} {}", event.name(), plain(url)));
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
