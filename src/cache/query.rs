//! A query in one canonical spelling.
//!
//! Players re-encode URIs (`~`, `=` and `/` come back as `%7E`, `%3D` and `%2F`), so each byte has one spelling here:
//! the unreserved characters of [RFC 3986 section 2.3] and `+` stand for themselves, and all other bytes are
//! percent-encoded in capitals. `+` stays, since some media origins read it as a space and others as a plus sign, and
//! it differs from `%20` and `%2B`.
//!
//! [RFC 3986 section 2.3]: https://www.rfc-editor.org/rfc/rfc3986#section-2.3

use crate::token::hex;

/// The parameters of a query, in its order, each name and value in its canonical spelling.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (canonical(name), canonical(value))
    })
}

/// The canonical spelling of a name or value. A percent sign that begins no byte stands for itself.
pub(super) fn canonical(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, behind) = match (first, tail) {
            (b'%', [high, low, behind @ ..]) => match byte(*high, *low) {
                Some(byte) => (byte, behind),
                None => (b'%', tail),
            },
            _ => (*first, tail),
        };
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (byte, *first) == (b'+', b'+');
        if plain {
            spelled.push(char::from(byte));
        } else {
            spelled.push('%');
            spelled.push_str(&hex::encode(&[byte]).to_ascii_uppercase());
        }
        rest = behind;
    }
    spelled
}

fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Writes parameters in their order.
pub(super) fn write<'a>(parameters: impl IntoIterator<Item = &'a (String, String)>) -> String {
    let mut query = String::new();
    for (name, value) in parameters {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.push_str(value);
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_one_spelling() {
        for (spellings, expected) in [
            (&["a~b", "a%7Eb", "a%7eb"][..], "a~b"),
            (&["=x=", "%3Dx%3d"], "%3Dx%3D"),
            (&["/", "%2f", "%2F"], "%2F"),
            (&["+"], "+"),
            (&["%2B", "%2b"], "%2B"),
            (&["%20", " "], "%20"),
            (&["é", "%c3%a9"], "%C3%A9"),
            (&["%"], "%25"),
            (&["%zz", "%25zz"], "%25zz"),
            (&["%4"], "%254"),
            (&["%00"], "%00"),
        ] {
            for spelling in spellings {
                assert_eq!(canonical(spelling), expected, "{spelling:?}");
                assert_eq!(canonical(expected), expected, "{spelling:?}");
            }
        }
    }

    #[test]
    fn a_name_without_a_value_has_an_empty_one() {
        let found: Vec<_> = parameters("a&b=&&=c&d=e=f").collect();
        assert_eq!(write(&found), "a=&b=&=c&d=e%3Df");
        assert_eq!(parameters("").count(), 0);
    }
}
