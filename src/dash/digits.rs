//! Digits, of which some attributes may have nothing else.

/// Whether a text is one or more digits.
pub(super) fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
