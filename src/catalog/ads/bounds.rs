//! The bounds of members. An editor is told of them by the origin service, and the edge reads no document beyond them.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, de};
use url::Url;

use super::TrackingEvent;
use crate::catalog::{IdError, Territories};
use crate::reading::Quoted;

/// Reads a number from `LEAST` to `MOST`.
pub(in crate::catalog) fn number<'de, D, N, const LEAST: u64, const MOST: u64>(json: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + Copy + Into<u64>,
{
    let number = N::deserialize(json)?;
    let found = number.into();
    if (LEAST..=MOST).contains(&found) {
        Ok(number)
    } else {
        Err(de::Error::custom(format_args!("expected {LEAST} to {MOST}, found {found}")))
    }
}

/// The same for a member that may be null.
pub(super) fn optional<'de, D, N, const LEAST: u64, const MOST: u64>(json: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + Copy + Into<u64>,
{
    struct Within<N, const LEAST: u64, const MOST: u64>(N);
    impl<'de, N, const LEAST: u64, const MOST: u64> Deserialize<'de> for Within<N, LEAST, MOST>
    where
        N: Deserialize<'de> + Copy + Into<u64>,
    {
        fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
            number::<D, N, LEAST, MOST>(json).map(Self)
        }
    }
    Ok(Option::<Within<N, LEAST, MOST>>::deserialize(json)?.map(|Within(number)| number))
}

/// Reads a list of `MOST` values at most, and stops at the next one.
pub(in crate::catalog) fn list<'de, D, T, const MOST: usize>(json: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Values<T, const MOST: usize>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>, const MOST: usize> de::Visitor<'de> for Values<T, MOST> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut values: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while list.len() < MOST {
                match values.next_element()? {
                    Some(value) => list.push(value),
                    None => return Ok(list),
                }
            }
            match values.next_element::<de::IgnoredAny>()? {
                None => Ok(list),
                Some(_) => Err(de::Error::custom(format_args!("expected {MOST} values at most, found more"))),
            }
        }
    }
    json.deserialize_seq(Values::<T, MOST>(PhantomData))
}

/// The same for a member that may be null.
pub(super) fn optional_list<'de, D, T, const MOST: usize>(json: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Few<T, const MOST: usize>(Vec<T>);
    impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Few<T, MOST> {
        fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
            list::<D, T, MOST>(json).map(Self)
        }
    }
    Ok(Option::<Few<T, MOST>>::deserialize(json)?.map(|Few(list)| list))
}

/// A text that is read by a rule.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $read:expr;)*) => {$(
        $(#[$doc])*
        struct $name($inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                let read: fn(&str) -> Result<$inner, IdError> = $read;
                read(&String::deserialize(json)?).map(Self).map_err(de::Error::custom)
            }
        }
    )*};
}

texts! {
    /// A language tag.
    Language(String) = language;
    /// A URL that players request.
    WebUrl(Url) = web_url;
    /// A path below a folder.
    Path(String) = path;
    /// A codec.
    Codec(String) = |text| checked(text, is_codec(text), "a codec as RFC 6381 writes it, such as avc1.64001f");
    /// A media type that is shown beside the content.
    Shown(String) = |text| checked(text, is_shown(text), SHOWN);
    /// A name of a registry, or an id there.
    Registered(String) =
        |text| checked(text, is_registered(text), REGISTERED);
    /// The id of a button's label.
    Button(String) = |text| checked(text, is_button(text), "the id of a label: 1 to 64 of a-z, A-Z, 0-9, `.`, `-` and `_`");
    /// A name for people.
    Name(String) = |text| checked(text, text.len() <= 1_024, "a name of 1,024 bytes at most");
}

const SHOWN: &str = "a media type of a picture (image/png), film (video/mp4, application/vnd.apple.mpegurl, application/dash+xml) or page (text/html)";
const REGISTERED: &str = "1 to 256 visible ASCII characters";

/// Reads the languages of a document.
pub(in crate::catalog) fn languages<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<String>, D::Error> {
    Ok(list::<D, Language, 64>(json)?.into_iter().map(|Language(tag)| tag).collect())
}

/// Reads codecs.
pub(super) fn codecs<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<String>, D::Error> {
    Ok(list::<D, Codec, 16>(json)?.into_iter().map(|Codec(codec)| codec).collect())
}

/// Reads heights of pictures.
pub(super) fn heights<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<u32>, D::Error> {
    struct Height(u32);
    impl<'de> Deserialize<'de> for Height {
        fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
            number::<D, u32, 1, 16_384>(json).map(Self)
        }
    }
    Ok(list::<D, Height, 32>(json)?.into_iter().map(|Height(height)| height).collect())
}

/// Reads a URL that players request.
pub(super) fn url<'de, D: Deserializer<'de>>(json: D) -> Result<Url, D::Error> {
    WebUrl::deserialize(json).map(|WebUrl(url)| url)
}

/// Reads a URL that players request, or null.
pub(super) fn optional_url<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Url>, D::Error> {
    Ok(Option::<WebUrl>::deserialize(json)?.map(|WebUrl(url)| url))
}

/// Reads the URLs of events.
pub(super) fn tracking<'de, D: Deserializer<'de>>(
    json: D,
) -> Result<BTreeMap<TrackingEvent, Vec<Url>>, D::Error> {
    struct Urls(Vec<Url>);
    impl<'de> Deserialize<'de> for Urls {
        fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
            Ok(Self(list::<D, WebUrl, 32>(json)?.into_iter().map(|WebUrl(url)| url).collect()))
        }
    }
    let events = BTreeMap::<TrackingEvent, Urls>::deserialize(json)?;
    Ok(events.into_iter().map(|(event, Urls(urls))| (event, urls)).collect())
}

/// Reads a path below a folder, or null.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Path>::deserialize(json)?.map(|Path(path)| path))
}

/// Reads a media type that is shown beside the content.
pub(super) fn shown<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    Shown::deserialize(json).map(|Shown(media_type)| media_type)
}

/// Reads a name of a registry, or an id there.
pub(super) fn registered<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    Registered::deserialize(json).map(|Registered(text)| text)
}

/// Reads the id of a button's label, or null.
pub(super) fn optional_button<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Button>::deserialize(json)?.map(|Button(label)| label))
}

/// Reads a name for people, or null.
pub(super) fn optional_name<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Name>::deserialize(json)?.map(|Name(name)| name))
}

/// The most entries of the territories of a campaign, or of a site's advertising: each is compared with the viewer's place.
pub(super) const MOST_TERRITORIES: usize = 1_000;

/// Reads territories, or null.
pub(super) fn optional_territories<'de, D: Deserializer<'de>>(
    json: D,
) -> Result<Option<Territories>, D::Error> {
    let territories = Option::<Territories>::deserialize(json)?;
    let found = territories.as_ref().map_or(0, |list| list.allow.len() + list.deny.len());
    if found <= MOST_TERRITORIES {
        Ok(territories)
    } else {
        Err(de::Error::custom(format_args!(
            "expected {MOST_TERRITORIES} territories at most, in `allow` and `deny` together, found {found}"
        )))
    }
}

fn checked(text: &str, holds: bool, expected: &'static str) -> Result<String, IdError> {
    if holds { Ok(text.to_owned()) } else { Err(IdError::new(expected, text)) }
}

/// ```abnf
/// tag = 2*8ALPHA *("-" 1*8alphanum)
/// ```
///
/// This is less than BCP 47 demands, and enough to tell a tag from a name such as `English`.
fn language(text: &str) -> Result<String, IdError> {
    let mut subtags = text.split('-');
    let first = subtags.next().unwrap_or_default();
    let holds = text.len() <= 35
        && (2..=8).contains(&first.len())
        && !(4..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    checked(text, holds, "a language tag (BCP 47) such as ar or pt-BR")
}

/// The longest URL, in bytes.
const LONGEST_URL: usize = 4_096;

fn web_url(text: &str) -> Result<Url, IdError> {
    let expected = "an https or http URL of 4,096 bytes at most, without credentials";
    let url = Url::parse(text).ok().filter(|url| {
        text.len() <= LONGEST_URL
            && matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
    });
    url.ok_or_else(|| IdError::new(expected, text))
}

/// Like a [`MediaPath`](crate::catalog::MediaPath), of a file.
fn path(text: &str) -> Result<String, IdError> {
    let holds = (1..=512).contains(&text.len())
        && !text.split('/').next().unwrap_or_default().contains(':')
        && text.split('/').all(|segment| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\\\"<>".contains(&byte))
        });
    checked(
        text,
        holds,
        "the path of a file below the folder, such as master.m3u8, without `.`, `..` and `%`",
    )
}

/// Whether it may be a name of a registry, or an id there.
pub(super) fn is_registered(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_codec(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_'))
}

fn is_shown(text: &str) -> bool {
    let is_name = |name: &str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
    };
    match text.split_once('/') {
        Some(("image" | "video", name)) => is_name(name),
        _ => matches!(
            text,
            "text/html"
                | "application/vnd.apple.mpegurl"
                | "application/x-mpegurl"
                | "application/x-mpegURL"
                | "application/dash+xml"
        ),
    }
}

fn is_button(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// A quoted part of a text, for a message.
pub(super) fn quoted(text: &str) -> impl Display + '_ {
    Quoted(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_forms() {
        for (text, expected) in [
            ("ar", true),
            ("pt-BR", true),
            ("zh-Hant-TW", true),
            ("de-1996", true),
            ("English", false),
            ("e", false),
            ("", false),
            ("ar_AE", false),
            ("-ar", false),
            ("ar-", false),
        ] {
            assert_eq!(language(text).is_ok(), expected, "{text}");
        }
        for (text, expected) in [
            ("https://a.example/?e=[ERRORCODE]", true),
            ("http://127.0.0.1:8080/x", true),
            ("ftp://a.example/", false),
            ("javascript:alert(1)", false),
            ("https://u:p@a.example/", false),
            ("/relative", false),
        ] {
            assert_eq!(web_url(text).is_ok(), expected, "{text}");
        }
        assert!(web_url(&format!("https://a.example/{}", "x".repeat(4_096))).is_err());
        for (text, expected) in [
            ("master.m3u8", true),
            ("hls/v2/main.m3u8", true),
            ("", false),
            ("/master.m3u8", false),
            ("a//b", false),
            ("../a", false),
            ("a/./b", false),
            ("https://a.example/x", false),
            ("a:b", false),
            ("a b", false),
            ("a%2e", false),
            ("a?b", false),
            ("a\"b", false),
        ] {
            assert_eq!(path(text).is_ok(), expected, "{text}");
        }
        for (text, expected) in [
            ("image/png", true),
            ("image/svg+xml", true),
            ("video/mp4", true),
            ("text/html", true),
            ("application/javascript", false),
            ("image/", false),
            ("png", false),
            ("image/png;x", false),
        ] {
            assert_eq!(is_shown(text), expected, "{text}");
        }
        assert!(is_codec("mp4a.40.2") && !is_codec("avc1, mp4a") && !is_codec(""));
        assert!(is_button("skip_ad-1.x") && !is_button("skip\"ad") && !is_button(""));
    }

    #[test]
    fn numbers_and_lists_keep_within_their_bounds() {
        fn read(json: &str) -> Result<u32, String> {
            number::<_, u32, 1, 300>(&mut serde_json::Deserializer::from_str(json))
                .map_err(|error| error.to_string())
        }
        assert_eq!((read("1"), read("300")), (Ok(1), Ok(300)));
        assert!(read("0").unwrap_err().contains("expected 1 to 300, found 0"), "{:?}", read("0"));
        let few = |json: &str| list::<_, u8, 2>(&mut serde_json::Deserializer::from_str(json));
        assert_eq!(few("[1,2]").unwrap(), [1, 2]);
        assert!(few("[1,2,3]").unwrap_err().to_string().contains("expected 2 values at most"));
    }
}
