//! Times as JSON numbers and as ISO 8601 durations.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// A time in seconds, to the millisecond: a JSON number without a fraction if it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if millis.is_multiple_of(1000) {
            return serializer.serialize_u64(millis / 1000);
        }
        #[expect(clippy::cast_precision_loss, reason = "2^53 milliseconds are 285,000 years")]
        let seconds = millis as f64 / 1000.0;
        serializer.serialize_f64(seconds)
    }
}

/// As decimal seconds: `15`, `15.04`.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, millis) = (self.0.as_secs(), self.0.subsec_millis());
        match millis {
            0 => write!(f, "{whole}"),
            _ if millis % 100 == 0 => write!(f, "{whole}.{}", millis / 100),
            _ if millis % 10 == 0 => write!(f, "{whole}.{:02}", millis / 10),
            _ => write!(f, "{whole}.{millis:03}"),
        }
    }
}

impl Seconds {
    /// As an ISO 8601 duration in seconds: `PT15.04S`.
    pub fn iso(self) -> String {
        format!("PT{self}S")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_are() {
        for (millis, expected) in
            [(0, "0"), (15_000, "15"), (15_100, "15.1"), (15_040, "15.04"), (15_007, "15.007")]
        {
            let seconds = Seconds(Duration::from_millis(millis));
            assert_eq!(serde_json::to_string(&seconds).unwrap(), expected);
            assert_eq!(seconds.iso(), format!("PT{expected}S"));
        }
    }
}
