//! The headers of requests on behalf of a device (VAST 4.3 section 1.2.1; IAB's guidelines for server-side insertion).

use super::values::{SERVER, Values};

/// The longest value that is passed on, in bytes.
const LONGEST: usize = 1_024;

/// The headers of a request to an ad server. They tell the device's address and user agent; the request itself is this server's.
pub fn headers(values: &Values) -> Vec<(&'static str, String)> {
    let address = values.address.map(|address| address.to_string());
    let passed = [
        ("X-Device-IP", address.clone()),
        ("X-Forwarded-For", address),
        ("X-Device-User-Agent", values.user_agent.clone()),
        ("X-Device-Referer", values.page.clone()),
        ("X-Device-Accept-Language", values.language.clone()),
    ];
    let passed =
        passed.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| is_fit(value))?)));
    let own = [
        ("User-Agent", SERVER.to_owned()),
        ("Accept", "application/xml, text/xml;q=0.9, */*;q=0.1".to_owned()),
    ];
    own.into_iter().chain(passed).collect()
}

/// Whether a value can stand in a header.
fn is_fit(value: &str) -> bool {
    (1..=LONGEST).contains(&value.len()) && value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_is_told_apart_from_the_server() {
        let values = Values {
            address: "2001:db8::7".parse().ok(),
            user_agent: Some("TV/1.0".to_owned()),
            page: Some("a\r\nX-Evil: 1".to_owned()),
            ..Values::default()
        };
        let headers = headers(&values);
        let find =
            |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(find("X-Device-IP"), Some("2001:db8::7"));
        assert_eq!(find("X-Forwarded-For"), Some("2001:db8::7"));
        assert_eq!(find("X-Device-User-Agent"), Some("TV/1.0"));
        assert_eq!(find("X-Device-Referer"), None);
        assert_eq!(find("User-Agent"), Some(SERVER));
    }
}
