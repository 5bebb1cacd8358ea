//! Sections as text: base64, as in tags of HLS and in MPDs, or hexadecimal digits, as in `EXT-X-DATERANGE`.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding may be missing.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// The reason why a text is no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing.
    #[error("expected base64 or hexadecimal digits, found nothing")]
    Empty,
    /// A character that neither has.
    #[error("expected base64 or hexadecimal digits, found {found:?} at character {at}")]
    Character {
        /// The character.
        found: char,
        /// Its place, counted from 1.
        at: usize,
    },
    /// Hexadecimal digits behind `0x` of which one is not.
    #[error("expected hexadecimal digits behind `0x`, found {found:?} at character {at}")]
    Digit {
        /// The character.
        found: char,
        /// Its place, counted from 1.
        at: usize,
    },
    /// Base64 that ends within a byte.
    #[error("expected base64, found {length} characters of it, which end within a byte")]
    Unfinished {
        /// How many characters there are.
        length: usize,
    },
}

/// The bytes of base64 (either alphabet, with or without padding) or of hexadecimal digits (with or without `0x`). White space is
/// passed over. Digits without `0x` that are both are hexadecimal if they begin with `fc`, as sections do.
pub fn bytes(text: &str) -> Result<Vec<u8>, TextError> {
    // As sections nearly always come.
    if text.starts_with('/')
        && let Ok(bytes) = BASE64.decode(text)
    {
        return Ok(bytes);
    }
    let dense: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    if let Some(digits) = dense.strip_prefix("0x").or_else(|| dense.strip_prefix("0X")) {
        return match digits.chars().position(|sign| !sign.is_ascii_hexdigit()) {
            None if digits.is_empty() => Err(TextError::Empty),
            None => Ok(hexadecimal(digits)),
            Some(at) => {
                Err(TextError::Digit { found: digits.chars().nth(at).unwrap_or_default(), at: at + 3 })
            }
        };
    }
    let is_section = dense.get(..2).is_some_and(|begin| begin.eq_ignore_ascii_case("fc"));
    if is_section && dense.bytes().all(|sign| sign.is_ascii_hexdigit()) {
        return Ok(hexadecimal(&dense));
    }
    if dense.is_empty() {
        return Err(TextError::Empty);
    }
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "+/-_=".contains(sign);
    if let Some((at, found)) = dense.chars().enumerate().find(|(_, sign)| !is_sign(*sign)) {
        return Err(TextError::Character { found, at: at + 1 });
    }
    let engine = if dense.contains(['-', '_']) { BASE64_URL } else { BASE64 };
    engine.decode(&dense).map_err(|_| TextError::Unfinished { length: dense.len() })
}

/// The first of an odd number of digits is a byte by itself, as in HLS.
fn hexadecimal(digits: &str) -> Vec<u8> {
    let digit = |sign: u8| char::from(sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut digits = digits.bytes().filter_map(digit);
    let mut bytes = Vec::with_capacity(digits.size_hint().1.unwrap_or_default().div_ceil(2));
    let even = digits.clone().count() % 2 == 0;
    if !even {
        bytes.extend(digits.next());
    }
    while let (Some(high), Some(low)) = (digits.next(), digits.next()) {
        bytes.push(high << 4 | low);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_digits_are_told_apart() {
        for text in ["/DARAA==", "/DARAA", " /DAR\n AA== ", "_DARAA", "0xFC301100", "0Xfc301100", "FC301100"]
        {
            assert_eq!(bytes(text).as_deref(), Ok(&[0xfc, 0x30, 0x11, 0x00][..]), "{text}");
        }
        assert_eq!(bytes("0xFC3").as_deref(), Ok(&[0x0f, 0xc3][..]));
        assert_eq!(bytes(""), Err(TextError::Empty));
        assert_eq!(bytes("0x"), Err(TextError::Empty));
        assert_eq!(bytes("/DA!"), Err(TextError::Character { found: '!', at: 4 }));
        assert_eq!(bytes("0xFCg0"), Err(TextError::Digit { found: 'g', at: 5 }));
        assert_eq!(bytes("/DARA"), Err(TextError::Unfinished { length: 5 }));
        assert_eq!(bytes("/D=ARA"), Err(TextError::Unfinished { length: 6 }));
    }
}
