//! The variant that a viewer's player begins with.

use super::cmcd;
use crate::catalog::{DeviceClass, PlaylistPolicy, Start};

/// Finds where a player is to begin: by the throughput that it says it has measured, else as the site has it for the class
/// of its device. `None`: with the first variant that there is.
///
/// | CMCD key ([CTA-5004 section 3]) | |
/// | --- | --- |
/// | `mtp`, measured throughput | four fifths of it are used, so that a player that begins does not stall at once |
/// | `tb`, top bit rate that the player may play | no more than that |
/// | `rtp`, throughput that the player asks for at most | no more than that |
///
/// The last two are no measurements, so they only bound a rate. The site's height for the device holds together with a
/// measurement: a screen does not grow with the network. A reported rate is rounded down to hundreds of kbit/s, as
/// CTA-5004 rounds throughput, so that many players ask for few playlists.
///
/// [CTA-5004 section 3]: https://cdn.cta.tech/cta/media/media/resources/standards/pdfs/cta-5004-final.pdf
pub fn start(policy: &PlaylistPolicy, device: Option<DeviceClass>, cmcd: Option<&str>) -> Option<Start> {
    let told = |key| cmcd.and_then(|list| cmcd::number(list, key)).filter(|kbps| *kbps > 0);
    let rule = device.and_then(|device| policy.start.get(&device));
    let measured = told("mtp").map(|kbps| kbps / 5 * 4 + kbps % 5 * 4 / 5);
    if measured.is_none() && rule.is_none() {
        return None;
    }
    let rule = rule.copied().unwrap_or_default();
    let told = [measured, told("tb"), told("rtp")].into_iter().flatten().min();
    let told = told.map(|kbps| (kbps / 100 * 100).max(100));
    let rate = [told, rule.max_bitrate_kbps.filter(|_| measured.is_none())].into_iter().flatten().min();
    Some(Start { max_bitrate_kbps: rate, ..rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_come_before_devices() {
        let policy: PlaylistPolicy = serde_json::from_str(
            r#"{ "start": { "mobile": { "max_height": 480, "max_bitrate_kbps": 1000 }, "tv": { "max_height": 1080 } } }"#,
        )
        .unwrap();
        let of = |max_height, max_bitrate_kbps| Some(Start { max_height, max_bitrate_kbps });
        for (device, cmcd, expected) in [
            (None, "", None),
            (Some(DeviceClass::Desktop), "", None),
            (Some(DeviceClass::Mobile), "", of(Some(480), Some(1000))),
            (Some(DeviceClass::Tv), "", of(Some(1080), None)),
            (None, "mtp=2500", of(None, Some(2000))),
            (None, "mtp=2499", of(None, Some(1900))),
            (Some(DeviceClass::Mobile), "mtp=2500", of(Some(480), Some(2000))),
            (None, "mtp=7", of(None, Some(100))),
            (Some(DeviceClass::Mobile), "tb=1800", of(Some(480), Some(1000))),
            (Some(DeviceClass::Mobile), "mtp=0", of(Some(480), Some(1000))),
            (None, "mtp=2500,tb=1800,rtp=1900", of(None, Some(1800))),
            (None, "mtp=2500,tb=9000,rtp=1500", of(None, Some(1500))),
            (None, "tb=1800,rtp=1900", None),
            (Some(DeviceClass::Tv), "tb=1800", of(Some(1080), Some(1800))),
            (None, "mtp=99999999999", of(None, Some(3_435_973_800))),
        ] {
            assert_eq!(start(&policy, device, Some(cmcd)), expected, "{device:?} {cmcd}");
        }
        assert_eq!(start(&policy, None, None), None);
    }
}
