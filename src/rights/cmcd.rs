//! Common Media Client Data, which players send about themselves.
//!
//! ```text
//! list  = pair *("," pair)
//! pair  = key [ "=" ( string / token ) ]
//! ```
//!
//! [CTA-5004 section 2], the text form, as it stands in the query parameter `CMCD` and in the `CMCD-` headers. It is the
//! viewer's own word.
//!
//! [CTA-5004 section 2]: https://cdn.cta.tech/cta/media/media/resources/standards/pdfs/cta-5004-final.pdf

use std::borrow::Cow;

use crate::facts::Facts;

/// The CMCD of a request: the query parameter, or else all headers as one list.
pub fn of(facts: &Facts) -> Option<Cow<'_, str>> {
    const HEADERS: [&str; 4] = ["CMCD-Session", "CMCD-Request", "CMCD-Object", "CMCD-Status"];
    if let Some(list) = facts.query_parameter("CMCD") {
        return Some(Cow::Owned(list));
    }
    let mut lists = HEADERS.into_iter().filter_map(|name| facts.headers.named(name));
    let first = Cow::Borrowed(lists.next()?);
    Some(lists.fold(first, |all, list| Cow::Owned([&all, ",", list].concat())))
}

/// The value of a key, without its quotes. A device class needs no escapes, so a value with an escape is no device
/// class.
pub(super) fn value<'a>(list: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = list.trim();
    while !rest.is_empty() {
        let (name, after) = match rest.find(['=', ',']) {
            Some(at) if rest.get(at..)?.starts_with('=') => (rest.get(..at)?, rest.get(at + 1..)?),
            // A key without a value is true.
            Some(at) => {
                rest = rest.get(at + 1..)?.trim_start();
                continue;
            }
            None => return None,
        };
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = closing_quote(quoted)?;
                (quoted.get(..end)?, quoted.get(end + 1..)?)
            }
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after.get(..end)?.trim_end(), after.get(end..)?)
            }
        };
        if name.trim() == key {
            return Some(value);
        }
        rest = next.trim_start().strip_prefix(',').unwrap_or_default().trim_start();
    }
    None
}

/// The integer value of a key. Of a list in brackets, as the second version of CMCD writes it (`mtp=(2500;v 96;a)`),
/// the first number counts; of a decimal number, the integer part.
pub(super) fn number(list: &str, key: &str) -> Option<u32> {
    let value = value(list, key)?.trim_start_matches('(').trim_start();
    let len = value.bytes().take_while(u8::is_ascii_digit).count();
    let is_number = matches!(value.as_bytes().get(len), None | Some(b'.' | b';' | b' ' | b')'));
    let digits = value.get(..len).filter(|digits| is_number && !digits.is_empty())?;
    Some(digits.parse().unwrap_or(u32::MAX))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Headers;
    use crate::redacted::Redacted;

    #[test]
    fn cmcd_lists() {
        let table = [
            ("k=\"tv\"", Some("tv")),
            ("k=tv", Some("tv")),
            ("bs,k=tv", Some("tv")),
            ("bl=100, k=\"tv\" ,su", Some("tv")),
            ("cid=\"a,k=x\",k=\"tv\"", Some("tv")),
            ("cid=\"a\\\",k=x\",k=\"tv\"", Some("tv")),
            ("k=\"tv", None),
            ("kk=\"tv\"", None),
            ("k", None),
            (",,,", None),
            ("", None),
        ];
        for (list, expected) in table {
            assert_eq!(value(list, "k"), expected, "{list}");
        }
    }

    #[test]
    fn numbers() {
        for (list, expected) in [
            ("mtp=25400", Some(25_400)),
            ("br=1,mtp=0", Some(0)),
            ("mtp=2500.7", Some(2_500)),
            ("mtp=(2500;v 96;a),su", Some(2_500)),
            ("mtp=( 2500 96)", Some(2_500)),
            ("mtp=99999999999", Some(u32::MAX)),
            ("mtp=-1", None),
            ("mtp=12x", None),
            ("mtp=\"\"", None),
            ("mtp", None),
            ("", None),
        ] {
            assert_eq!(number(list, "mtp"), expected, "{list}");
        }
    }

    #[test]
    fn the_query_comes_before_the_headers_and_those_are_one() {
        let header = |name: &str, value: &str| (name.to_owned(), Redacted::new(value.to_owned()));
        let all = vec![header("cmcd-session", "sid=\"x\""), header("cmcd-request", "mtp=100")];
        let facts = |query: &str, all: &[(String, Redacted<String>)]| Facts {
            query: Redacted::new(query.to_owned()),
            headers: Headers { all: all.to_vec(), ..Headers::default() },
            ..Facts::default()
        };
        assert_eq!(of(&facts("", &all)).as_deref(), Some("sid=\"x\",mtp=100"));
        assert_eq!(of(&facts("CMCD=mtp%3D200", &all)).as_deref(), Some("mtp=200"));
        assert_eq!(of(&facts("", &[])), None);
    }
}
