//! What is wrong with a text in base64, for the detail of a denial.

use base64::DecodeError;

/// Says why a text cannot be decoded. It quotes nothing of the text, which may be a secret.
pub(super) fn base64_fault(error: &DecodeError) -> String {
    match error {
        DecodeError::InvalidByte(offset, _) => {
            format!("found a character outside the alphabet at offset {offset}")
        }
        DecodeError::InvalidLength(length) => {
            format!("found {length} characters, which is one too many or three too few")
        }
        DecodeError::InvalidLastSymbol(..) => "found unused bits in the last character".to_owned(),
        DecodeError::InvalidPadding => "found the wrong padding".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn each_fault_is_named_without_the_text() {
        let fault = |text: &str| base64_fault(&URL_SAFE_NO_PAD.decode(text).unwrap_err());
        assert_eq!(fault("AAA\nAAAA"), "found a character outside the alphabet at offset 3");
        assert_eq!(fault("AAAAA"), "found 5 characters, which is one too many or three too few");
        assert_eq!(fault("AB"), "found unused bits in the last character");
        assert_eq!(fault("AA=="), "found the wrong padding");
        assert_eq!(base64_fault(&STANDARD.decode("AA=").unwrap_err()), "found the wrong padding");
    }
}
