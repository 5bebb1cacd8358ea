//! Fills in a template.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::values::{Extra, Value, Values, consent_parameters, is_macro};

/// All but the unreserved characters ([RFC 3986 section 2.3]).
///
/// [RFC 3986 section 2.3]: https://www.rfc-editor.org/rfc/rfc3986#section-2.3
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest name of a macro, in bytes.
const LONGEST_NAME: usize = 64;

/// The longest URL, in bytes. Nothing longer is made, however often a template names a macro.
pub const LONGEST_URL: usize = 16 * 1024;

/// A template with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The URL.
    pub url: String,
    /// The variables that have no value.
    pub missing: Vec<String>,
    /// Whether it would be longer than [`LONGEST_URL`]. What is made of it is cut, and is no URL.
    pub is_too_long: bool,
}

/// Fills in the macros of a template. Of a template that is longer than any URL, nothing is made: its macros may have no value.
pub fn fill(template: &str, values: &Values, extra: &Extra) -> Filled {
    fill_by(template, |name| values.find(name, extra))
}

/// A URL that is requested as it stands: each macro of VAST that is left in it becomes `-1`.
pub fn settled(url: &str) -> String {
    let unknown = |name: &str| is_macro(name).then_some(Value::Unknown);
    let Filled { url: settled, is_too_long, .. } = fill_by(url, unknown);
    if is_too_long { url.to_owned() } else { settled }
}

/// Fills in the macros for whose names there is a value. The others stay as they are.
pub(super) fn fill_by(template: &str, find: impl Fn(&str) -> Option<Value>) -> Filled {
    let mut filled = Filled {
        url: String::with_capacity(template.len().min(LONGEST_URL) + 64),
        missing: Vec::new(),
        is_too_long: false,
    };
    if template.len() > LONGEST_URL {
        filled.is_too_long = true;
        return filled;
    }
    let mut rest = template;
    while let Some(at) = rest.find(['[', '%', '$']) {
        let (front, behind) = rest.split_at(at);
        filled.url.push_str(front);
        if filled.url.len() > LONGEST_URL {
            filled.is_too_long = true;
            return filled;
        }
        let found = BRACKETS.iter().find_map(|(open, close)| name(behind, open, close));
        let value = found.and_then(|(name, _)| find(name).map(|value| (name, value)));
        rest = match (found, value) {
            (Some((_, after)), Some((name, value))) => {
                match value {
                    Value::Known(text) => {
                        for piece in utf8_percent_encode(&text, RESERVED) {
                            if filled.url.len() > LONGEST_URL {
                                break;
                            }
                            filled.url.push_str(piece);
                        }
                    }
                    Value::Unknown => filled.url.push_str("-1"),
                    Value::Nothing => filled.missing.push(name.to_owned()),
                }
                after
            }
            _ => {
                // One character, which is of ASCII.
                let (character, after) = behind.split_at(1);
                filled.url.push_str(character);
                after
            }
        };
    }
    filled.url.push_str(rest);
    filled.is_too_long = filled.url.len() > LONGEST_URL;
    filled
}

/// Whether a template asks for parameters of the viewer's query, as consent is.
pub fn asks_for_parameters(template: &str, player_params: &[String]) -> bool {
    let allowed = player_params.iter().map(String::as_str);
    let names = consent_parameters().iter().copied().chain(allowed);
    let parameters = names.map(|name| (name.to_owned(), "1".to_owned())).collect();
    let without = Values { player_params: player_params.to_vec(), ..Values::default() };
    let with = Values { parameters, ..without.clone() };
    let [without, with] = [without, with].map(|values| fill(template, &values, &Extra::default()).url);
    without != with
}

const BRACKETS: [(&str, &str); 5] = [("[", "]"), ("%%", "%%"), ("%5B", "%5D"), ("%5b", "%5d"), ("${", "}")];

/// The name of a macro at the start of a text, and the text behind it.
fn name<'t>(text: &'t str, open: &str, close: &str) -> Option<(&'t str, &'t str)> {
    let inner = text.strip_prefix(open)?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let end = inner.char_indices().take(LONGEST_NAME + 1).find(|(_, c)| !is_part(*c))?.0;
    let (name, behind) = inner.split_at_checked(end)?;
    Some((name, behind.strip_prefix(close)?)).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{MACROS, VARIABLES};
    use super::*;
    use crate::ads::{ErrorCode, Place};

    fn values() -> Values {
        Values {
            now_ms: 1_453_036_507_127,
            random: 7,
            session: "s 1".to_owned(),
            address: "203.0.113.7".parse().ok(),
            user_agent: Some("TV/1.0 (x; y)".to_owned()),
            site: "watch.example.com".to_owned(),
            title: "harbour".to_owned(),
            place: Some(Place::MidRoll),
            start: Some(Duration::from_millis(321_123)),
            planned: Some(Duration::from_secs(60)),
            event_id: Some(42),
            most_ads: 4,
            player_params: vec!["section".to_owned()],
            parameters: vec![
                ("section".to_owned(), "sport&a=b".to_owned()),
                ("secret".to_owned(), "x".to_owned()),
                ("gdpr".to_owned(), "1".to_owned()),
                ("gdpr_consent".to_owned(), "BOLqFHuOLqFHuAABAENAAAAAAAAoAAA".to_owned()),
                ("us_privacy".to_owned(), "1YNN".to_owned()),
                ("gpp".to_owned(), "DBABMA~x".to_owned()),
                ("gpp_sid".to_owned(), "5,7".to_owned()),
                ("lmt".to_owned(), "1".to_owned()),
            ],
            ..Values::default()
        }
    }

    fn filled(template: &str) -> String {
        fill(template, &values(), &Extra::default()).url
    }

    #[test]
    fn macros_are_filled_in_and_encoded() {
        for (template, expected) in [
            ("t=[TIMESTAMP]", "t=2016-01-17T13%3A15%3A07.127Z"),
            ("[BREAKPOSITION]/[BREAKMAXDURATION]/[BREAKMAXADS]/[ADCOUNT]", "2/60/4/4"),
            ("[MEDIAPLAYHEAD]", "00%3A05%3A21.123"),
            ("%%DEVICEIP%%&%5BDEVICEUA%5D", "203.0.113.7&TV%2F1.0%20%28x%3B%20y%29"),
            ("[CONTENTID]", "watch.example.com%20harbour"),
            ("[SERVERSIDE]", "1"),
            ("[LIMITADTRACKING][REGULATIONS]", "1gdpr"),
            ("[GDPRCONSENT]", "BOLqFHuOLqFHuAABAENAAAAAAAAoAAA"),
            ("[GPPSTRING]/[GPPSECTIONID]", "DBABMA~x/5%2C7"),
            ("${GDPR}/${GDPR_CONSENT_755}/${US_PRIVACY}", "1/BOLqFHuOLqFHuAABAENAAAAAAAAoAAA/1YNN"),
            ("[session.id]&[session.avail_duration_secs]&[scte.event_id]", "s%201&60&42"),
            ("[player_params.section]", "sport%26a%3Db"),
            ("[player_params.secret]|[player_params.other]", "|"),
            ("[IFA]/[PLAYERSIZE]/[ERRORCODE]", "-1/-1/-1"),
            (
                "[OWN_MACRO]/[own.thing]/[a b]/[/%/$/${x}/[[SERVERSIDE]]",
                "[OWN_MACRO]/[own.thing]/[a b]/[/%/$/${x}/[1]",
            ),
            ("[consent.us_privacy]", "1YNN"),
            ("é[", "é["),
        ] {
            assert_eq!(filled(template), expected, "{template}");
        }
        let missing = fill("[player_params.other]", &values(), &Extra::default()).missing;
        assert_eq!(missing, ["player_params.other"]);
    }

    #[test]
    fn each_request_has_another_random_number() {
        let number = |request| fill("[CACHEBUSTING]", &values(), &Extra { request, ..Extra::default() }).url;
        assert_ne!(number(0), number(1));
        assert!((0..200).all(|request| number(request).len() == 8));
    }

    #[test]
    fn nothing_is_left_to_whoever_requests_a_settled_url() {
        let url = "https://t.example/?t=[TIMESTAMP]&p=%%PLAYERSTATE%%&own=[own.thing]&x=[a";
        assert_eq!(settled(url), "https://t.example/?t=-1&p=-1&own=[own.thing]&x=[a");
    }

    #[test]
    fn errors_are_told_their_code() {
        let extra = Extra { code: Some(ErrorCode::WrapperLimit), ..Extra::default() };
        assert_eq!(fill("[ERRORCODE]", &values(), &extra).url, "302");
    }

    #[test]
    fn a_template_of_brackets_is_filled_in_linear_time() {
        let long = "[".repeat(LONGEST_URL);
        assert_eq!(filled(&long), long);
    }

    #[test]
    fn however_often_a_macro_is_named_the_url_stays_short() {
        let values = Values { user_agent: Some("ü".repeat(100_000)), ..values() };
        let template = "[DEVICEUA]".repeat(10_000);
        let nothing = "[consent.gpp]".repeat(10_000);
        for template in [template.as_str(), "[DEVICEUA]", &"a".repeat(LONGEST_URL + 1), &nothing] {
            let filled = fill(template, &values, &Extra::default());
            assert!(filled.is_too_long);
            assert!(filled.url.len() <= LONGEST_URL + 8 && filled.missing.is_empty());
        }
        assert!(!fill(&"a".repeat(LONGEST_URL), &values, &Extra::default()).is_too_long);
    }

    #[test]
    fn templates_that_ask_for_the_viewers_parameters_are_told() {
        let asks = |template: &str| asks_for_parameters(template, &["section".to_owned()]);
        for template in [
            "[consent.tcf]",
            "%%GDPRCONSENT%%",
            "${US_PRIVACY}",
            "a[REGULATIONS]",
            "[IFA]",
            "[player_params.section]",
        ] {
            assert!(asks(template), "{template}");
        }
        for template in [
            "https://ads.example.com/vast?b=[break.id]&cb=[CACHEBUSTING]",
            "[player_params.other]",
            "[DEVICEIP]",
        ] {
            assert!(!asks(template), "{template}");
        }
    }

    #[test]
    fn every_macro_of_the_list_is_known() {
        for (name, _, _) in MACROS {
            assert!(values().find(name, &Extra::default()).is_some(), "{name}");
        }
        for (name, _) in VARIABLES {
            assert!(values().find(name, &Extra::default()).is_some(), "{name}");
        }
    }
}
