//! Rules of the documents of advertising that their types do not express.

use stagedoor::catalog::{
    AdPolicy, AdTemplate, CampaignUse, Campaigns, Creative, CreativeKind, TitleAds, Unfilled,
};
use stagedoor::resource::{ResourceKind, ResourcePath};
use stagedoor::token::Credentials;

use super::rules::{Rules, countries, unique};

impl Rules for Campaigns {
    fn id(&self) -> &str {
        self.host.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        unique(report, "campaigns", "id", "campaign", self.campaigns.iter().map(|campaign| &campaign.id));
        for (index, campaign) in self.campaigns.iter().enumerate() {
            let at = |member: &str| format!("campaigns[{index}].{member}");
            if campaign.creatives.is_empty() {
                report(at("creatives"), "expected at least one creative, or nothing is shown".to_owned());
            }
            if let Some(territories) = &campaign.territories {
                countries(report, &at("territories"), territories);
                if territories.allow.is_empty() {
                    let detail = "expected at least one territory, or the campaign is nowhere".to_owned();
                    report(at("territories.allow"), detail);
                }
            }
        }
    }
}

impl Rules for Creative {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        if self.sites.is_empty() {
            let detail = "expected at least one site, or the creative is shown nowhere".to_owned();
            report("sites".to_owned(), detail);
        }
        if self.id.is_of_other_site(&self.sites) {
            let detail = "expected the site of this id among `sites`: an id of this form belongs to one site's creative of an ad \
                          server. `stagedoor origin wanted` lists the ids of each site";
            report("id".to_owned(), detail.to_owned());
        }
        let duration_ms = match &self.kind {
            CreativeKind::Linear(media) => {
                for (member, path, kind) in
                    [("hls", &media.hls, ResourceKind::Playlist), ("dash", &media.dash, ResourceKind::Mpd)]
                {
                    if let Some(detail) = path.as_deref().and_then(|path| no_manifest(path, kind)) {
                        report(format!("kind.linear.{member}"), detail);
                    }
                }
                if media.hls.is_none() && media.dash.is_none() {
                    let detail = "expected `hls`, `dash` or both, or no player can play it".to_owned();
                    report("kind.linear".to_owned(), detail);
                }
                media.duration_ms
            }
            CreativeKind::NonLinear { duration_ms, .. } => *duration_ms,
        };
        if let Some(offset_s) = self.skip_offset_s
            && u64::from(offset_s) * 1_000 >= duration_ms
        {
            let detail = format!("expected less than its duration, {duration_ms} ms, found {offset_s} s");
            report("skip_offset_s".to_owned(), detail);
        }
    }
}

/// Why the edge serves no manifest of this kind at a path below a creative's folder.
fn no_manifest(path: &str, kind: ResourceKind) -> Option<String> {
    // The names below this folder are the edge's own.
    let is_own = path.split('/').any(|segment| segment == "_stagedoor");
    if !is_own && ResourcePath::parse(path).is_ok_and(|read| read.kind() == kind) {
        return None;
    }
    let name = if kind == ResourceKind::Mpd { "a name in .mpd" } else { "a name in .m3u8 or .m3u" };
    Some(format!("expected the path of a manifest, with {name} and without `_stagedoor/`, found `{path}`"))
}

/// The rules of a site's policy, whose members are below `ads`. `credentials`: those of the site's viewers.
pub(super) fn policy(
    policy: &AdPolicy,
    credentials: &Credentials<'_>,
    report: &mut dyn FnMut(String, String),
) {
    let mut wrong = |member: &str, detail: String| report(format!("ads.{member}"), detail);
    if policy.shortest_s > policy.longest_s {
        wrong("shortest_s", format!("expected `longest_s`, {}, at most", policy.longest_s));
    }
    if policy.unfilled == Unfilled::Slate && policy.slate.is_none() {
        wrong("slate", "expected the id of a creative beside `\"unfilled\": \"slate\"`".to_owned());
    }
    if policy.campaigns == CampaignUse::Never && policy.server.is_none() {
        let detail = "expected an ad server beside `never`, or nothing fills the breaks".to_owned();
        wrong("campaigns", detail);
    }
    if let Some(server) = &policy.server {
        if server.total_ms < server.request_ms {
            wrong("server.total_ms", format!("expected `request_ms`, {}, at least", server.request_ms));
        }
        parameters(&server.url, policy, &mut |detail| wrong("server.url", detail));
        for (index, name) in server.player_params.iter().enumerate() {
            if credentials.holds_parameter(name.as_str()) {
                let detail =
                    format!("expected a parameter that holds no viewer token or session, found `{name}`");
                wrong(&format!("server.player_params[{index}]"), detail);
            }
        }
    }
    if let Some(territories) = &policy.territories {
        if territories.allow.is_empty() {
            let detail = "expected at least one territory, or no viewer sees ads".to_owned();
            wrong("territories.allow", detail);
        }
        countries(report, "ads.territories", territories);
    }
    if let Some(breaks) = &policy.breaks {
        breaks_rules(breaks, "ads.breaks", report);
        if let Some(vast) = &breaks.vast {
            parameters(vast, policy, &mut |detail| report("ads.breaks.vast".to_owned(), detail));
        }
    }
}

/// Reports parameters of the viewer's query that a template uses and the site does not pass on.
fn parameters(template: &AdTemplate, policy: &AdPolicy, report: &mut dyn FnMut(String)) {
    let passed = policy.server.as_ref().map(|server| server.player_params.as_slice()).unwrap_or_default();
    for name in template.macros().filter_map(|name| name.strip_prefix("player_params.")) {
        if !passed.iter().any(|known| known.as_str() == name) {
            report(format!(
                "expected a parameter of `ads.server.player_params`, found [player_params.{name}]"
            ));
        }
    }
}

/// The rules of where breaks lie, below the member `at`.
pub(super) fn breaks_rules(breaks: &TitleAds, at: &str, report: &mut dyn FnMut(String, String)) {
    let Some(rolls) = &breaks.mid_rolls else { return };
    let pairs = rolls.at_s.iter().zip(rolls.at_s.iter().skip(1));
    for (index, (before, found)) in pairs.enumerate().filter(|(_, (before, found))| before >= found) {
        let member = format!("{at}.mid_rolls.at_s[{}]", index + 1);
        report(member, format!("expected a position after {before}, found {found}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::validate::{Invalid, document};

    /// The errors of a document, of which members are replaced by those of `change`.
    fn errors(key: &str, whole: &Value, change: &Value) -> Vec<(String, String)> {
        fn merge(under: &mut Value, over: &Value) {
            match (under, over) {
                (Value::Object(under), Value::Object(over)) => {
                    for (name, value) in over {
                        merge(under.entry(name.clone()).or_insert(Value::Null), value);
                    }
                }
                (under, over) => *under = over.clone(),
            }
        }
        let mut changed = whole.clone();
        merge(&mut changed, change);
        match document(&key.parse().unwrap(), changed.to_string().as_bytes()) {
            Ok(_) => Vec::new(),
            Err(Invalid::Fields(errors)) => {
                errors.into_iter().map(|error| (error.field, error.detail)).collect()
            }
            Err(other) => panic!("expected errors by field, found {other:?}"),
        }
    }

    #[test]
    fn each_wrong_member_is_named_with_the_remedy() {
        let site = json!({
            "host": "a.example", "media": { "origin": "https://m.example/" }, "tokens": { "issuers": ["i"] },
            "sessions": { "keys": "s" },
            "ads": { "server": { "url": "https://ads.example.com/vast?p=[player_params.page]", "player_params": ["page"] } },
        });
        let title = json!({
            "id": "harbour", "sites": ["a.example"], "offers": [],
            "ads": { "mid_rolls": { "longest_s": 60 } },
        });
        let campaigns = json!({ "host": "a.example", "campaigns": [{ "id": "a", "creatives": ["plum"] }] });
        let creative = json!({
            "id": "plum", "sites": ["a.example"],
            "kind": { "linear": { "media": "ads/plum/", "hls": "master.m3u8", "duration_ms": 20_000 } },
        });
        let overlay = json!({
            "id": "frame", "sites": ["a.example"],
            "kind": { "non_linear": {
                "layout": "squeezeback_frame", "url": "https://a.example/x.png", "media_type": "image/png", "duration_ms": 8_000,
            } },
        });
        for (key, whole) in [
            ("v1/site/a.example", &site),
            ("v1/title/harbour", &title),
            ("v1/campaigns/a.example", &campaigns),
            ("v1/creative/plum", &creative),
            ("v1/creative/frame", &overlay),
        ] {
            assert_eq!(errors(key, whole, &json!({})), [], "{key}");
        }
        let ads = |members: Value| json!({ "ads": members });
        let of_campaign = |members: Value| {
            let mut campaign = campaigns["campaigns"][0].clone();
            campaign.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            json!({ "campaigns": [campaign] })
        };
        let linear = |members: Value| json!({ "kind": { "linear": members } });
        let table = [
            ("site", ads(json!({ "longest_s": 0 })), "ads.longest_s", "expected 1 to 14400, found 0"),
            (
                "site",
                ads(json!({ "shortest_s": 301 })),
                "ads.shortest_s",
                "expected `longest_s`, 300, at most",
            ),
            ("site", ads(json!({ "unfilled": "slate" })), "ads.slate", "expected the id of a creative"),
            (
                "site",
                ads(json!({ "campaigns": "never", "server": null })),
                "ads.campaigns",
                "nothing fills the breaks",
            ),
            ("site", ads(json!({ "most_adds": 1 })), "ads.most_adds", "did you mean `most_ads`?"),
            ("site", ads(json!({ "server": { "url": "ads.example.com" } })), "ads.server.url", "https://"),
            (
                "site",
                ads(json!({ "server": { "player_params": [] } })),
                "ads.server.url",
                "`ads.server.player_params`",
            ),
            (
                "site",
                ads(json!({ "server": { "player_params": ["page", "token"] } })),
                "ads.server.player_params[1]",
                "holds no viewer token or session, found `token`",
            ),
            (
                "site",
                ads(json!({ "server": { "total_ms": 200 } })),
                "ads.server.total_ms",
                "expected `request_ms`, 3000, at least",
            ),
            ("site", ads(json!({ "territories": { "allow": ["XQ"] } })), "ads.territories.allow[0]", "XQ"),
            (
                "site",
                ads(json!({ "territories": { "allow": [] } })),
                "ads.territories.allow",
                "no viewer sees ads",
            ),
            (
                "site",
                ads(json!({ "insertion": { "skip": { "offset_s": 5, "label": "a\"b" } } })),
                "ads.insertion.skip.label",
                "the id of a label",
            ),
            (
                "site",
                ads(json!({ "breaks": { "vmap": "https://a.example/[session.id]" } })),
                "ads.breaks.vmap",
                "the same for all viewers",
            ),
            (
                "title",
                ads(json!({ "mid_rolls": { "at_s": [60, 60] } })),
                "ads.mid_rolls.at_s[1]",
                "expected a position after 60, found 60",
            ),
            (
                "title",
                ads(json!({ "mid_rolls": { "every_s": 1 } })),
                "ads.mid_rolls.every_s",
                "expected 10 to 86400, found 1",
            ),
            ("title", ads(json!({ "pre_roll": {} })), "ads.pre_roll.longest_s", "required"),
            ("title", json!({ "languages": ["English"] }), "languages[0]", "a language tag"),
            (
                "campaigns",
                json!({ "campaigns": [campaigns["campaigns"][0], campaigns["campaigns"][0]] }),
                "campaigns[1].id",
                "unique id",
            ),
            (
                "campaigns",
                of_campaign(json!({ "creatives": [] })),
                "campaigns[0].creatives",
                "at least one creative",
            ),
            (
                "campaigns",
                of_campaign(json!({ "weight": 0 })),
                "campaigns[0].weight",
                "expected 1 to 1000000, found 0",
            ),
            (
                "campaigns",
                of_campaign(json!({ "frequency": { "per_day": 0 } })),
                "campaigns[0].frequency.per_day",
                "expected 1 to",
            ),
            (
                "campaigns",
                of_campaign(json!({ "territories": { "allow": [] } })),
                "campaigns[0].territories.allow",
                "nowhere",
            ),
            (
                "campaigns",
                of_campaign(
                    json!({ "window": { "from": "2026-12-02T00:00:00Z", "until": "2026-12-01T00:00:00Z" } }),
                ),
                "campaigns[0].window",
                "expected",
            ),
            ("creative", json!({ "sites": [] }), "sites", "at least one site"),
            ("creative", linear(json!({ "hls": null })), "kind.linear", "expected `hls`, `dash` or both"),
            (
                "creative",
                linear(json!({ "hls": "../x.m3u8" })),
                "kind.linear.hls",
                "the path of a file below the folder",
            ),
            ("creative", linear(json!({ "hls": "main.mp4" })), "kind.linear.hls", "a name in .m3u8 or .m3u"),
            ("creative", linear(json!({ "hls": "index" })), "kind.linear.hls", "found `index`"),
            ("creative", linear(json!({ "hls": "main.mpd" })), "kind.linear.hls", "a name in .m3u8 or .m3u"),
            (
                "creative",
                linear(json!({ "hls": "a;x/..;y/m.m3u8" })),
                "kind.linear.hls",
                "the path of a manifest",
            ),
            ("creative", linear(json!({ "dash": "master.m3u8" })), "kind.linear.dash", "a name in .mpd"),
            (
                "creative",
                linear(json!({ "dash": "_stagedoor/break/x.mpd" })),
                "kind.linear.dash",
                "`_stagedoor/`",
            ),
            ("creative", linear(json!({ "hls": "x/_stagedoor/y.m3u8" })), "kind.linear.hls", "`_stagedoor/`"),
            (
                "creative",
                linear(json!({ "duration_ms": 0 })),
                "kind.linear.duration_ms",
                "expected 1 to 3600000",
            ),
            ("creative", linear(json!({ "hieghts": [] })), "kind.linear.hieghts", "did you mean `heights`?"),
            (
                "creative",
                json!({ "skip_offset_s": 20 }),
                "skip_offset_s",
                "expected less than its duration, 20000 ms",
            ),
            ("creative", json!({ "tracking": { "impresion": [] } }), "tracking.impresion", "impression"),
            (
                "creative",
                json!({ "tracking": { "impression": ["x"] } }),
                "tracking.impression[0]",
                "https or http URL",
            ),
            ("creative", json!({ "id": "wanted" }), "id", "not `wanted`"),
            (
                "overlay",
                json!({ "kind": { "non_linear": { "media_type": "application/javascript" } } }),
                "kind.non_linear.media_type",
                "a media type of a picture",
            ),
        ];
        for (document, change, field, detail) in table {
            let (key, whole) = match document {
                "site" => ("v1/site/a.example", &site),
                "title" => ("v1/title/harbour", &title),
                "campaigns" => ("v1/campaigns/a.example", &campaigns),
                "creative" => ("v1/creative/plum", &creative),
                _ => ("v1/creative/frame", &overlay),
            };
            let found = errors(key, whole, &change);
            assert!(
                found.iter().any(|(at, why)| at == field && why.contains(detail)),
                "{key} {change}: expected {field}: {detail}, found {found:?}"
            );
        }
    }

    #[test]
    fn long_lists_are_refused() {
        let many = |count: usize| {
            (0..count).map(|n| json!({ "id": format!("c{n}"), "creatives": ["x"] })).collect::<Vec<_>>()
        };
        let campaigns = |count| json!({ "host": "a.example", "campaigns": many(count) });
        assert_eq!(errors("v1/campaigns/a.example", &campaigns(10_000), &json!({})), []);
        let found = errors("v1/campaigns/a.example", &campaigns(10_001), &json!({}));
        assert_eq!(found, [("campaigns".to_owned(), "expected 10000 values at most, found more".to_owned())]);
    }
}
