//! The ad tag that a cue carries in a UPID, as [Google's Video Stitcher] reads it.
//!
//! ```text
//! MPU() of segmentation_upid_type 0x0C: private_data = base64 of
//! {"%%AD_TAG_ID%%": "https://ads.example.com/vast?slot=[slot]", "slot": "7"}
//! ```
//!
//! Members besides the tag fill `[member]` in it. Google's own ids of ad tags, which its live sessions resolve, name nothing here.
//!
//! [Google's Video Stitcher]: https://cloud.google.com/video-stitcher/docs/concepts/ad-markers

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::ads::AdTag;
use crate::catalog::AdTemplate;
use crate::scte35::{Upid, UpidValue};

/// The members that hold the tag, the first that is there.
const MEMBERS: [&str; 3] = ["%%AD_TAG_ID%%", "ad_tag_uri", "adTagUri"];

/// The ad tag of a UPID, or of the first of several that has one.
pub(super) fn of(upid: &Upid) -> Option<AdTag> {
    upid.each().find_map(|upid| match &upid.value {
        UpidValue::Private { private_data, .. } => of_data(&private_data.0),
        _ => None,
    })
}

fn of_data(data: &[u8]) -> Option<AdTag> {
    let json = STANDARD.decode(data).ok();
    let members: Map<String, Value> = serde_json::from_slice(json.as_deref().unwrap_or(data)).ok()?;
    let tag = MEMBERS.iter().find_map(|name| members.get(*name)?.as_str())?;
    if !tag.starts_with("https://") && !tag.starts_with("http://") {
        return None;
    }
    filled(tag, &members).map(AdTag::Url)
}

/// The tag with `[member]` filled in. Variables that are not members stay for the ad server's own. `None`: it is longer than the
/// URL of an ad server may be.
fn filled(tag: &str, members: &Map<String, Value>) -> Option<String> {
    let mut url = String::new();
    let mut rest = tag;
    while let Some((before, behind)) = rest.split_once('[') {
        url.push_str(before);
        if url.len() > AdTemplate::LONGEST {
            return None;
        }
        let found = behind.split_once(']').and_then(|(name, behind)| {
            let value = match members.get(name)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some((value, behind))
        });
        match found {
            Some((value, behind)) => {
                url.extend(utf8_percent_encode(&value, NON_ALPHANUMERIC));
                rest = behind;
            }
            None => {
                url.push('[');
                rest = behind;
            }
        }
    }
    url.push_str(rest);
    (url.len() <= AdTemplate::LONGEST).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scte35::UpidKind;

    fn tag(kind: u8, json: &str) -> Option<AdTag> {
        let bytes = [b"GOOG", STANDARD.encode(json).as_bytes()].concat();
        of(&Upid::new(UpidKind(kind), &bytes).unwrap())
    }

    #[test]
    fn a_tag_is_filled_from_its_upid() {
        let json = r#"{"%%AD_TAG_ID%%":"https://ads.example.com/v?slot=[slot]&n=[n]&r=[CACHEBUSTING]","slot":"a b","n":7}"#;
        let expected = "https://ads.example.com/v?slot=a%20b&n=7&r=[CACHEBUSTING]";
        assert_eq!(tag(0x0c, json), Some(AdTag::Url(expected.to_owned())));
        assert_eq!(tag(0x09, json), None);
        for other in [r#"{"%%AD_TAG_ID%%":"sports"}"#, r#"{"slot":"7"}"#, "{", "[]", ""] {
            assert_eq!(tag(0x0c, other), None, "{other}");
        }
    }

    /// A member stands in the tag as often as the tag names it, and each of its bytes may take three.
    #[test]
    fn a_tag_is_no_longer_than_the_url_of_an_ad_server() {
        let of = |times: usize, member: usize| {
            let url = format!("https://a.example/{}", "[a]".repeat(times));
            let json = serde_json::json!({ "adTagUri": url, "a": "<".repeat(member) });
            of_data(json.to_string().as_bytes())
        };
        assert!(matches!(of(10, 130), Some(AdTag::Url(url)) if url.len() > 3_000));
        assert_eq!(of(11, 130), None);
        assert_eq!(of(100_000, 100_000), None);
    }
}
