//! The class of a viewer's device, as far as the request identifies it.

use super::cmcd;
use crate::catalog::{DeviceClass, DevicePolicy, UserAgent};

/// Finds the device's class: by the token's claim, else by the site's custom CMCD key, else by a hint in `User-Agent`.
///
/// `cmcd` is a list of `key=value` as [`super::cmcd()`] finds it. Only the claim is proved; the others are the viewer's own
/// word.
pub fn device(
    claim: Option<DeviceClass>,
    cmcd: Option<&str>,
    user_agent: Option<&str>,
    policy: &DevicePolicy,
) -> Option<DeviceClass> {
    let told = || {
        let value = cmcd::value(cmcd?, policy.cmcd_key.as_deref()?)?;
        DeviceClass::from_name(&value.to_ascii_lowercase())
    };
    let hint = || match policy.user_agent {
        UserAgent::Hint => hint(user_agent?),
        UserAgent::Ignore => None,
    };
    claim.or_else(told).or_else(hint)
}

/// The first of these that `User-Agent` holds decides; the case does not matter.
///
/// Boxes and sets come first, since they also say Android, Linux or Safari; then consoles, tablets, telephones, and last
/// what remains of browsers. An iPad that asks for the desktop's pages says that it is a Macintosh, and is taken for one.
const HINTS: [(&str, DeviceClass); 37] = [
    ("crkey", DeviceClass::Cast),
    ("googlecast", DeviceClass::Cast),
    ("playstation", DeviceClass::Console),
    ("xbox", DeviceClass::Console),
    ("nintendo", DeviceClass::Console),
    ("appletv", DeviceClass::Stb),
    ("apple tv", DeviceClass::Stb),
    ("tvos", DeviceClass::Stb),
    ("roku", DeviceClass::Stb),
    // Fire TV, sticks and boxes: https://developer.amazon.com/docs/fire-tv/user-agent-strings.html
    ("; aft", DeviceClass::Stb),
    ("fire tv", DeviceClass::Stb),
    ("chromecast", DeviceClass::Stb),
    ("mi box", DeviceClass::Stb),
    ("shield android tv", DeviceClass::Stb),
    ("set-top", DeviceClass::Stb),
    ("settop", DeviceClass::Stb),
    (" stb", DeviceClass::Stb),
    // Samsung: https://developer.samsung.com/smarttv/develop/guides/fundamentals/retrieving-platform-information.html
    ("tizen", DeviceClass::Tv),
    ("smart-tv", DeviceClass::Tv),
    ("smarttv", DeviceClass::Tv),
    // LG: https://webostv.developer.lge.com/develop/specifications/web-api-and-web-engine
    ("web0s", DeviceClass::Tv),
    ("webos", DeviceClass::Tv),
    ("netcast", DeviceClass::Tv),
    ("bravia", DeviceClass::Tv),
    ("hbbtv", DeviceClass::Tv),
    ("viera", DeviceClass::Tv),
    ("vidaa", DeviceClass::Tv),
    ("googletv", DeviceClass::Tv),
    ("android tv", DeviceClass::Tv),
    ("ipad", DeviceClass::Tablet),
    ("iphone", DeviceClass::Mobile),
    ("ipod", DeviceClass::Mobile),
    ("kindle", DeviceClass::Tablet),
    ("tablet", DeviceClass::Tablet),
    ("windows nt", DeviceClass::Desktop),
    ("macintosh", DeviceClass::Desktop),
    ("x11", DeviceClass::Desktop),
];

fn hint(user_agent: &str) -> Option<DeviceClass> {
    let text = user_agent.chars().take(512).collect::<String>().to_ascii_lowercase();
    let found = HINTS.iter().find(|(word, _)| text.contains(word)).map(|(_, class)| *class);
    match found {
        // Android: a telephone says Mobile, a tablet does not.
        // https://developer.chrome.com/docs/multidevice/user-agent
        None | Some(DeviceClass::Desktop) if text.contains("android") => {
            Some(if text.contains("mobile") { DeviceClass::Mobile } else { DeviceClass::Tablet })
        }
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn user_agents() {
        use DeviceClass::{Cast, Console, Desktop, Mobile, Stb, Tablet, Tv};
        let table = [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                Some(Mobile),
            ),
            ("AppleCoreMedia/1.0.0.21F79 (iPhone; U; CPU OS 17_5 like Mac OS X; en_us)", Some(Mobile)),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
                Some(Tablet),
            ),
            ("AppleCoreMedia/1.0.0.20G75 (iPad; U; CPU OS 16_6 like Mac OS X; en_gb)", Some(Tablet)),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36",
                Some(Mobile),
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
                Some(Tablet),
            ),
            (
                "Mozilla/5.0 (Linux; Android 11; BRAVIA 4K VH2 Build/RTT2) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36",
                Some(Tv),
            ),
            ("ExampleApp/1.0 (Linux; Android 12; Android TV) ExoPlayerLib/2.19", Some(Tv)),
            (
                "Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7633; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/110 Mobile Safari/537.36",
                Some(Stb),
            ),
            ("AppleCoreMedia/1.0.0.21L569 (Apple TV; U; CPU OS 17_5 like Mac OS X; en_us)", Some(Stb)),
            ("AppleTV11,1/11.1", Some(Stb)),
            ("Roku/DVP-12.5 (12.5.0.4178-88)", Some(Stb)),
            (
                "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36",
                Some(Tv),
            ),
            (
                "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
                Some(Tv),
            ),
            (
                "Mozilla/5.0 (PlayStation; PlayStation 5/4.03) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
                Some(Console),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edge/44",
                Some(Console),
            ),
            (
                "Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 CrKey/1.56.500000",
                Some(Cast),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
                Some(Desktop),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                Some(Desktop),
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", Some(Desktop)),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
                Some(Desktop),
            ),
            ("curl/8.5.0", None),
            ("", None),
        ];
        for (user_agent, expected) in table {
            let policy = DevicePolicy::default();
            assert_eq!(device(None, None, Some(user_agent), &policy), expected, "{user_agent}");
            let ignored = DevicePolicy { user_agent: UserAgent::Ignore, ..policy };
            assert_eq!(device(None, None, Some(user_agent), &ignored), None);
        }
    }

    #[test]
    fn the_claim_comes_before_cmcd_and_that_before_the_user_agent() {
        let policy =
            DevicePolicy { cmcd_key: Some("com.example-device".to_owned()), ..DevicePolicy::default() };
        let (cmcd, roku) = (Some("bl=1,com.example-device=\"tv\""), Some("Roku/DVP-12.5"));
        assert_eq!(device(Some(DeviceClass::Mobile), cmcd, roku, &policy), Some(DeviceClass::Mobile));
        assert_eq!(device(None, cmcd, roku, &policy), Some(DeviceClass::Tv));
        assert_eq!(device(None, cmcd, roku, &DevicePolicy::default()), Some(DeviceClass::Stb));
        assert_eq!(device(None, None, None, &policy), None);
    }

    proptest! {
        #[test]
        fn any_list_and_any_user_agent_are_read(list in "[ak=,\"\\\\ \u{e9}]{0,24}", user_agent in ".{0,600}") {
            let policy = DevicePolicy { cmcd_key: Some("k".to_owned()), ..DevicePolicy::default() };
            let _ = device(None, Some(&list), Some(&user_agent), &policy);
        }
    }
}
