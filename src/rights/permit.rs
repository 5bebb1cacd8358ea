//! Permits: the access that rights allow.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Proved;
use crate::catalog::{
    AdsMode, BlackoutId, Caps, DeviceClass, EntitlementId, MediaPath, Model, Offer, OfferId, Plan, Ratings,
    VarianceId,
};
use crate::time::UnixTime;

/// The media that a viewer may watch of a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The offer that it comes from.
    pub offer: OfferId,
    /// The limits that it puts on a manifest: the offer's, and the token's own.
    pub caps: Caps,
    /// The cut that is shown; `None`: the title's own.
    pub variance: Option<VarianceId>,
    /// The blackout that replaces it.
    pub replaced: Option<Replaced>,
    /// The folder below the media origin, ending in `/`: of the title, of its cut, or of its replacement.
    pub folder: String,
    /// How advertising reaches the viewer. `None`: the viewer sees none, by the offer or by the site's policy.
    pub ads: Option<AdsMode>,
    /// When it ends: with the offer's window or the viewer's rental.
    pub until: Option<UnixTime>,
    /// Its class.
    pub class: Class,
    /// The properties that the viewer has proved, for decisions below the entry. `None`: the session was opened before
    /// sessions carried them.
    pub proved: Option<Proved>,
}

/// A replacement that is shown in place of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The blackout.
    pub blackout: BlackoutId,
    /// The kind of replacement: `slate` or `alternate`.
    pub by: &'static str,
}

/// A short stable id of everything in a permit that was proved or that limits the media: two viewers of one class get
/// the same bytes out of one folder.
///
/// The conditions of an offer on the viewer (plans, entitlements, device, age) are part of it, since they are proved at
/// the entry only. So a session of one offer does not work for an offer with other plans, and a session ends when its
/// offer changes its plans. Whether the viewer met each condition is not part of it: see [`Proved`].
///
/// The replacement during a blackout is not part of it: the folder is decided with each request, and a session outlives
/// the blackout that it was opened under.
///
/// Four bytes of SHA-256 over the offer's conditions and limits, in a fixed order. The cut and the token's own limit
/// are added by exclusive or, each as four bytes of a hash of its own, so no offer has to be hashed again below a
/// session. A title has a handful of classes, so four bytes keep them apart; a session cannot be moved to another
/// class, since its token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub [u8; 4]);

impl Class {
    /// The part that changes nothing.
    pub(super) const NEUTRAL: Self = Self([0; 4]);

    /// The class of the permits that an offer gives.
    pub(super) fn of(offer: &Offer, ratings: &Ratings) -> Self {
        let Offer { caps, plans, entitlements, devices, model, .. } = offer;
        let mut hash = Sha256::new();
        let mut plans: Vec<_> = plans.iter().map(Plan::as_str).collect();
        plans.sort_unstable();
        for plan in plans {
            hash.update(plan);
            hash.update([0]);
        }
        hash.update(b"max_height");
        hash.update(caps.max_height.map_or([0xff; 8], |height| u64::from(height).to_be_bytes()));
        // Later members are hashed only if they are set, so that existing classes stay the same.
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                hash.update([0]);
                hash.update(name);
                hash.update([0]);
                hash.update(value);
            }
        };
        let number = |value: Option<u32>| value.map(|value| value.to_string());
        let flag = |value: Option<bool>| value.map(|value| value.to_string());
        let list = |values: Option<&Vec<String>>| {
            values.map(|values| sorted(values.iter().map(|v| v.to_ascii_lowercase())))
        };
        add("max_bitrate_kbps", number(caps.max_bitrate_kbps));
        add("hdr", flag(caps.hdr));
        add("codecs", list(caps.codecs.as_ref()));
        add("audio", list(caps.audio.as_ref()));
        add("subtitles", list(caps.subtitles.as_ref()));
        add("max_frame_rate", caps.max_frame_rate.map(|rate| rate.thousandths().to_string()));
        add("hdcp", caps.hdcp.map(|level| level.name().to_owned()));
        add("allowed_cpc", caps.allowed_cpc.as_ref().map(labels));
        add("max_streams", number(caps.max_streams));
        add("offline", flag(caps.offline));
        add("rewind_s", number(caps.rewind_s));
        add("ads", offer.ads().map(|ads| ads.name().to_owned()));
        let entitlements = entitlements.iter().map(|one| EntitlementId::as_str(one).to_owned());
        add("entitlements", some(sorted(entitlements)));
        add("rental_s", offer.rental_s.map(|secs| secs.to_string()));
        add("devices", some(sorted(devices.iter().map(|device| DeviceClass::name(*device).to_owned()))));
        let ratings = ratings.iter().map(|rated| format!("{}={}", rated.system.name(), rated.mark));
        add("ratings", some(sorted(ratings)));
        // A model that asks for something which the offer does not name: no viewer has it, and a viewer who has proved
        // nothing must not be taken for one who does.
        let asks_in_vain = match model {
            Some(Model::Svod) => offer.plans.is_empty(),
            Some(Model::Tvod) => offer.entitlements.is_empty(),
            _ => false,
        };
        add("asks in vain", model.filter(|_| asks_in_vain).map(|model| model.name().to_owned()));
        first_four(hash)
    }

    /// The part of a class that stands for a cut.
    pub(super) fn variance(media: &MediaPath) -> Self {
        Self::tag("variance", media.as_str())
    }

    /// The part of a class that stands for the token's own limit.
    pub(super) fn token_height(height: u32) -> Self {
        Self::tag("token max_height", &height.to_string())
    }

    /// The class with a part added; adding the same part again removes it.
    pub(super) const fn with(self, Self([a, b, c, d]): Self) -> Self {
        let Self([w, x, y, z]) = self;
        Self([w ^ a, x ^ b, y ^ c, z ^ d])
    }

    fn tag(name: &str, value: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [name.as_bytes(), &[0], value.as_bytes()] {
            hash.update(part);
        }
        first_four(hash)
    }
}

fn first_four(hash: Sha256) -> Class {
    let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
    Class([a, b, c, d])
}

/// The values in order, each with its end marked.
fn sorted(values: impl Iterator<Item = String>) -> String {
    let mut values: Vec<_> = values.map(|value| value + "\n").collect();
    values.sort_unstable();
    values.concat()
}

/// The labels of each key format, in a fixed order instead of the document's.
fn labels(formats: &BTreeMap<String, Vec<String>>) -> String {
    let formats = formats.iter().map(|(format, labels)| {
        let labels = sorted(labels.iter().map(|label| label.to_ascii_lowercase()));
        format!("{}:{labels}", format.to_ascii_lowercase())
    });
    sorted(formats)
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    fn class(plans: &[&str], max_height: Option<u32>) -> String {
        with(&json!({ "plans": plans, "caps": { "max_height": max_height } }), &json!({})).to_string()
    }

    fn with(members: &Value, ratings: &Value) -> Class {
        let mut offer = json!({ "id": "o", "territories": { "allow": [] } });
        offer.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        Class::of(&serde_json::from_value(offer).unwrap(), &serde_json::from_value(ratings.clone()).unwrap())
    }

    #[test]
    fn classes_are_stable_and_follow_plans_and_limits() {
        // Session tokens in flight carry these: they may not change between builds.
        assert_eq!(class(&[], None), "036ccdc5");
        assert_eq!(class(&[], Some(360)), "b76257ee");
        assert_eq!(class(&["b", "a"], Some(360)), class(&["a", "b"], Some(360)));
        let all = [
            class(&[], Some(720)),
            class(&[], Some(1080)),
            class(&["a"], Some(720)),
            class(&["b"], Some(720)),
        ];
        assert!(all.iter().all(|one| all.iter().filter(|other| *other == one).count() == 1), "{all:?}");
    }

    #[test]
    fn whatever_is_proved_or_changes_bytes_is_another_class() {
        let members = [
            json!({}),
            json!({ "caps": { "max_height": 1 } }),
            json!({ "caps": { "max_bitrate_kbps": 1 } }),
            json!({ "caps": { "hdr": false } }),
            json!({ "caps": { "hdr": true } }),
            json!({ "caps": { "codecs": [] } }),
            json!({ "caps": { "codecs": ["avc1"] } }),
            json!({ "caps": { "audio": ["en"] } }),
            json!({ "caps": { "audio": ["en", "ar"] } }),
            json!({ "caps": { "subtitles": ["en"] } }),
            json!({ "caps": { "max_frame_rate": 30 } }),
            json!({ "caps": { "max_frame_rate": 30.001 } }),
            json!({ "caps": { "hdcp": "NONE" } }),
            json!({ "caps": { "hdcp": "TYPE-0" } }),
            json!({ "caps": { "allowed_cpc": {} } }),
            json!({ "caps": { "allowed_cpc": { "a": [] } } }),
            json!({ "caps": { "allowed_cpc": { "a": ["x"] } } }),
            json!({ "caps": { "allowed_cpc": { "a": [], "x": [] } } }),
            json!({ "caps": { "allowed_cpc": { "a": ["x", "y"] } } }),
            json!({ "caps": { "allowed_cpc": { "a": ["x"], "b": ["y"] } } }),
            json!({ "caps": { "max_streams": 1 } }),
            json!({ "caps": { "offline": false } }),
            json!({ "caps": { "rewind_s": 1 } }),
            json!({ "ads": "guided" }),
            json!({ "ads": "stitched" }),
            json!({ "plans": ["a"] }),
            json!({ "entitlements": ["a"] }),
            json!({ "entitlements": ["a"], "rental_s": 1 }),
            json!({ "entitlements": ["a", "b"] }),
            json!({ "devices": ["tv"] }),
            json!({ "model": "svod" }),
            json!({ "model": "tvod" }),
        ];
        let mut all: BTreeSet<_> = members.iter().map(|members| with(members, &json!({}))).collect();
        all.insert(with(&json!({}), &json!({ "uae": "15+" })));
        all.insert(with(&json!({}), &json!({ "uae": "18+" })));
        assert_eq!(all.len(), members.len() + 2);
        assert_eq!(
            with(&json!({ "model": "avod" }), &json!({})),
            with(&json!({ "ads": "guided" }), &json!({}))
        );
        // Two offers without advertising have the same bytes.
        assert_eq!(
            with(&json!({ "model": "avod", "ads": "none" }), &json!({})),
            with(&json!({}), &json!({}))
        );
        for (model, asked) in
            [("svod", json!({ "plans": ["a"] })), ("tvod", json!({ "entitlements": ["a"] }))]
        {
            let mut with_model = asked.clone();
            with_model["model"] = json!(model);
            assert_eq!(with(&with_model, &json!({})), with(&asked, &json!({})), "{model}");
        }
        let order = |list: [&str; 2]| with(&json!({ "caps": { "audio": list } }), &json!({}));
        assert_eq!(order(["ar", "en"]), order(["EN", "ar"]));
        let labels =
            |labels: [&str; 2]| with(&json!({ "caps": { "allowed_cpc": { "a": labels } } }), &json!({}));
        assert_eq!(labels(["x", "y"]), labels(["Y", "X"]));
    }

    #[test]
    fn what_is_added_twice_is_gone() {
        let class = with(&json!({}), &json!({}));
        let cut = Class::variance(&"cuts/a/".parse().unwrap());
        assert_ne!(class.with(cut), class);
        assert_eq!(class.with(cut).with(cut), class);
        assert_ne!(cut, Class::variance(&"cuts/b/".parse().unwrap()));
        assert_eq!(class.with(Class::NEUTRAL), class);
    }
}
