//! Attributes that consist of digits.

/// Whether a text consists of one or more digits.
pub(super) fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
