//! Numbers of seconds within bounds.

use serde::{Deserialize, Deserializer, de};

pub(super) fn bounded<'de, D: Deserializer<'de>>(
    deserializer: D,
    least: u64,
    most: u64,
) -> Result<u64, D::Error> {
    within(u64::deserialize(deserializer)?, least, most)
}

pub(super) fn within<E: de::Error>(secs: u64, least: u64, most: u64) -> Result<u64, E> {
    if (least..=most).contains(&secs) {
        Ok(secs)
    } else {
        Err(de::Error::custom(format_args!("expected {least} to {most} seconds, found {secs}")))
    }
}
