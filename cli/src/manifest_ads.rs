//! The breaks of `stagedoor manifest rewrite --ads`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};
use stagedoor::ads::address::{BREAK_FOLDER, Listing, Seal};
use stagedoor::ads::{Break, BreakId, ListRequest, Opening, Plan, Pod};
use stagedoor::catalog::{AdPolicy, Host, KeySet, MidRolls, Site, TitleAds, TitleId};
use stagedoor::{dash, hls};

use crate::failure::Misuse;
use crate::input;

/// How breaks are inserted.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ads {
    /// By players: HLS interstitials, DASH alternative MPD events.
    Guided,
}

/// The options of breaks.
#[derive(clap::Args)]
pub(crate) struct AdArguments {
    /// Insert breaks: the breaks that the manifest marks, those of the site's policy, and those of --break and --break-at.
    #[arg(long, value_enum)]
    ads: Option<Ads>,
    /// A break, as `stagedoor ads pod` takes it. Repeatable.
    #[arg(long = "break", value_name = "BREAK.json", requires = "ads")]
    breaks: Vec<PathBuf>,
    /// A break at this position, in seconds, in place of the policy's positions. Repeatable.
    #[arg(long, value_name = "SECONDS", requires = "ads")]
    break_at: Vec<u32>,
    /// The pod that fills the break with its id. Its list, which players fetch at the break, is written to standard error, or
    /// with --json as a member.
    #[arg(long, value_name = "POD.json", requires = "ads")]
    pod: Option<PathBuf>,
}

/// The breaks of a manifest, and all that their plan is made of.
pub(crate) struct Breaks {
    policy: AdPolicy,
    own: Option<TitleAds>,
    given: Vec<Break>,
    pod: Option<Pod>,
    keys: KeySet,
    host: Host,
    title: TitleId,
}

impl AdArguments {
    /// Reads the files. `None`: no breaks are inserted.
    ///
    /// Addresses of pods are sealed with a key of the command's own, so no edge opens them.
    pub(crate) fn read(&self, site: Option<&Site>, title: &str) -> Result<Option<Breaks>, Misuse> {
        if self.ads.is_none() {
            return Ok(None);
        }
        let given = self.breaks.iter().map(|path| input::json(path)).collect::<Result<_, _>>()?;
        let policy = site.and_then(|site| site.ads.clone()).unwrap_or_default();
        let own = (!self.break_at.is_empty()).then(|| TitleAds {
            mid_rolls: Some(MidRolls {
                at_s: self.break_at.clone(),
                every_s: None,
                not_first_s: 0,
                not_last_s: 0,
                most: None,
                longest_s: policy.longest_s,
            }),
            ..TitleAds::default()
        });
        let broken = |error: serde_json::Error| Misuse(format!("the command's own documents: {error}"));
        let secret = "A".repeat(43);
        let keys = json!({ "issuer": "command", "keys": [{ "kid": "command", "kty": "oct", "alg": "HS256", "k": secret }] });
        let title = if title.is_empty() { "title" } else { title };
        Ok(Some(Breaks {
            policy,
            own,
            given,
            // The output of `stagedoor ads pod` says beside the pod why it is so.
            pod: self.pod.as_ref().map(|path| input::json_without(path, "explanation")).transpose()?,
            keys: serde_json::from_value(keys).map_err(broken)?,
            host: match site {
                Some(site) => site.host.clone(),
                None => serde_json::from_value(json!("command.invalid")).map_err(broken)?,
            },
            title: serde_json::from_value(json!(title)).map_err(broken)?,
        }))
    }
}

impl Breaks {
    /// The plan of the manifest.
    pub(crate) fn plan(&self) -> Plan<'_> {
        let plan = Plan::of(&self.policy, self.own.as_ref(), None, self.seal());
        Plan { given: &self.given, ..plan }
    }

    const fn seal(&self) -> Seal<'_> {
        Seal { keys: &self.keys, host: &self.host, title: &self.title }
    }

    /// The list of the pod, for the request that players make from a manifest. `None`: no pod was given.
    pub(crate) fn list(&self, manifest: &[u8], request: &ListRequest<'_>) -> Result<Option<Value>, Misuse> {
        let Some(pod) = &self.pod else { return Ok(None) };
        let openings = self.openings(manifest);
        let found = openings.iter().find(|(_, opening)| opening.id == pod.break_id);
        let Some((listing, opening)) = found else {
            let ids: Vec<_> = openings.iter().map(|(_, opening)| opening.id.as_str()).collect();
            return Err(Misuse(format!(
                "--pod: expected the pod of a break of the manifest ({}), found the pod of `{}`",
                if ids.is_empty() { "it has none".to_owned() } else { ids.join(", ") },
                pod.break_id
            )));
        };
        let skip = self.policy.insertion.skip.as_ref();
        Ok(Some(match listing {
            Listing::Assets => hls::asset_list(opening, pod, skip, request)
                .and_then(|list| serde_json::from_slice(&list).ok())
                .unwrap_or(Value::Null),
            Listing::Mpd => dash::list_mpd(pod, request).map_or(Value::Null, Value::String),
        }))
    }

    /// The breaks of `--break` that a manifest does not have.
    pub(crate) fn absent(&self, manifest: &[u8]) -> Vec<&BreakId> {
        let openings = self.openings(manifest);
        let is_absent = |id: &&BreakId| openings.iter().all(|(_, opening)| opening.id != **id);
        self.given.iter().map(|given| &given.opening.id).filter(is_absent).collect()
    }

    /// The title, for requests.
    pub(crate) const fn title(&self) -> &TitleId {
        &self.title
    }

    /// The breaks whose addresses a manifest has.
    fn openings(&self, manifest: &[u8]) -> Vec<(Listing, Opening)> {
        let text = String::from_utf8_lossy(manifest);
        let addresses = text.split(BREAK_FOLDER).skip(1);
        let mut found: Vec<(Listing, Opening)> = Vec::new();
        for address in addresses {
            let end = address.find(['?', '"', '<', '&', '\'']).unwrap_or(address.len());
            let path = [BREAK_FOLDER, address.get(..end).unwrap_or_default()].concat();
            let Some((listing, sealed)) = Listing::of_path(&path) else { continue };
            let opening =
                self.seal().open(sealed).filter(|opening| !found.iter().any(|(_, other)| other == opening));
            found.extend(opening.map(|opening| (listing, opening)));
        }
        found
    }
}
