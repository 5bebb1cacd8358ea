//! The outcome of a rehearsal: fill, requests a second, and money.

use serde::Serialize;
use serde_json::{Value, json};

use super::crowd::{Crowd, Use};
use crate::text;

/// Prices of the platform, in US dollars. The defaults are Cloudflare's of November 2026, beyond what a plan includes.
#[derive(clap::Args)]
pub(super) struct Prices {
    /// The price of a million requests to the Worker.
    #[arg(long, value_name = "USD", default_value_t = 0.30)]
    price_requests: f64,
    /// The price of a million milliseconds of the Worker's CPU.
    #[arg(long, value_name = "USD", default_value_t = 0.02)]
    price_cpu: f64,
    /// The price of a million requests to Durable Objects.
    #[arg(long, value_name = "USD", default_value_t = 0.15)]
    price_objects: f64,
    /// The CPU time of a decision on a pod.
    #[arg(long, value_name = "MS", default_value_t = 2.0)]
    cpu_decision_ms: f64,
    /// The requests of a player for one ad: playlists, and segments of pictures and sound.
    #[arg(long, value_name = "N", default_value_t = 14)]
    requests_per_ad: u32,
    /// The CPU time of any other request.
    #[arg(long, value_name = "MS", default_value_t = 0.2)]
    cpu_request_ms: f64,
}

#[derive(Serialize)]
pub(super) struct Report {
    viewers: u32,
    breaks: Vec<OfBreak>,
    total: OfBreak,
    usd: Usd,
}

/// Figures of a break, or of all.
#[derive(Serialize)]
struct OfBreak {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_s: Option<f64>,
    duration_s: f64,
    viewers: u64,
    decisions: u64,
    /// Requests to the ad server.
    requests: u64,
    requests_per_s_mean: f64,
    requests_per_s_peak: u64,
    refused_by_rate: u64,
    failed: u64,
    durable_object_calls: u64,
    ads: u64,
    fill_percent: f64,
}

#[derive(Serialize)]
struct Usd {
    decisions: f64,
    durable_objects: f64,
    delivery_of_ads: f64,
    total: f64,
    per_thousand_ads: f64,
}

impl Report {
    pub(super) fn of(crowd: &Crowd<'_>, uses: &[Use], prices: &Prices) -> Self {
        let mut all = Use { id: "all".to_owned(), ..Use::default() };
        for used in uses {
            all.duration += used.duration;
            all.viewers += used.viewers;
            all.decisions += used.decisions;
            all.refused += used.refused;
            all.failed += used.failed;
            all.questions += used.questions;
            all.ads += used.ads;
            all.seen_s += used.seen_s;
            all.there_s += used.there_s;
            for (second, requests) in &used.requests {
                *all.requests.entry(*second).or_default() += requests;
            }
        }
        let usd = Usd::of(&all, prices);
        let total = OfBreak { start_s: None, planned_s: None, ..OfBreak::of(&all) };
        Self { viewers: crowd.viewers, breaks: uses.iter().map(OfBreak::of).collect(), total, usd }
    }

    pub(super) fn text(&self) -> String {
        let row = |of: &OfBreak| {
            let start = of.start_s.map_or_else(String::new, |start| format!("{start:.1}"));
            vec![
                start,
                format!("{:.1}", of.duration_s),
                of.decisions.to_string(),
                of.requests.to_string(),
                format!("{:.1}", of.requests_per_s_mean),
                of.requests_per_s_peak.to_string(),
                of.refused_by_rate.to_string(),
                of.durable_object_calls.to_string(),
                format!("{:.1}", of.fill_percent),
                of.id.clone(),
            ]
        };
        let head = [
            "start s", "lasts s", "decided", "asked", "mean/s", "peak/s", "refused", "objects", "fill %",
            "break",
        ];
        let rows: Vec<_> = self.breaks.iter().chain([&self.total]).map(row).collect();
        let money: Value = json!({
            "viewers": self.viewers,
            "failed": self.total.failed,
            "ads": self.total.ads,
            "usd": {
                "decisions": format!("{:.4}", self.usd.decisions),
                "durable objects": format!("{:.4}", self.usd.durable_objects),
                "delivery of ads": format!("{:.4}", self.usd.delivery_of_ads),
                "total": format!("{:.4}", self.usd.total),
                "per thousand ads": format!("{:.4}", self.usd.per_thousand_ads),
            },
        });
        format!("{}\n\n{}", text::table(&head, &rows), text::members(&money))
    }
}

impl OfBreak {
    fn of(used: &Use) -> Self {
        let requests: u64 = used.requests.values().sum();
        let seconds = match (used.requests.first_key_value(), used.requests.last_key_value()) {
            (Some((first, _)), Some((last, _))) => last - first + 1,
            _ => 1,
        };
        Self {
            id: used.id.clone(),
            start_s: Some(used.start.as_secs_f64()),
            planned_s: used.planned.map(|planned| planned.as_secs_f64()),
            duration_s: used.duration.as_secs_f64(),
            viewers: used.viewers,
            decisions: used.decisions,
            requests,
            requests_per_s_mean: ratio(float(requests), float(seconds)),
            requests_per_s_peak: used.requests.values().copied().max().unwrap_or_default(),
            refused_by_rate: used.refused,
            failed: used.failed,
            durable_object_calls: used.questions,
            ads: used.ads,
            fill_percent: 100.0 * ratio(used.seen_s, used.there_s),
        }
    }
}

impl Usd {
    fn of(all: &Use, prices: &Prices) -> Self {
        let request = |cpu_ms: f64| (prices.price_requests + cpu_ms * prices.price_cpu) / 1e6;
        let decisions = float(all.decisions) * request(prices.cpu_decision_ms);
        let durable_objects = float(all.questions) * prices.price_objects / 1e6;
        let delivery_of_ads =
            float(all.ads) * f64::from(prices.requests_per_ad) * request(prices.cpu_request_ms);
        let total = decisions + durable_objects + delivery_of_ads;
        let per_thousand_ads = 1_000.0 * ratio(total, float(all.ads));
        Self { decisions, durable_objects, delivery_of_ads, total, per_thousand_ads }
    }
}

fn ratio(above: f64, below: f64) -> f64 {
    if below > 0.0 { above / below } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a rehearsal are far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}
