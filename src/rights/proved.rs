//! The properties that a viewer has proved at the entry, as decisions below it need them.

use crate::catalog::DeviceClass;
use crate::time::UnixTime;

/// The properties that a viewer had proved towards the chosen offer when the session was opened.
///
/// Below the entry, a request has no viewer token: rules about the viewer are answered from this value. It says which
/// conditions the viewer met, not which rules were enforced. So a session that was opened while a rule was off
/// continues when the rule is enforced if, and only if, its viewer would be let in.
///
/// Age and device are carried as values, since their limits depend on the place and on the site. The offer's plans and
/// entitlements are in its class, so a flag for each is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The viewer has a plan that the offer asks for, or it asks for none.
    pub plan: bool,
    /// The viewer has bought or rented what the offer sells, or it sells nothing.
    pub entitled: Entitled,
    /// The age of the viewer's profile, in years, if the token named it.
    pub age: Option<u8>,
    /// The class of the viewer's device, if it was recognised.
    pub device: Option<DeviceClass>,
}

/// Whether, and until when, a viewer has bought or rented what an offer sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entitled {
    /// Not now.
    No,
    /// Before this second.
    Until(UnixTime),
    /// For good.
    Always,
}

impl Entitled {
    /// Whether it is so at a time.
    pub fn at(self, now: UnixTime) -> bool {
        match self {
            Self::No => false,
            Self::Until(end) => now < end,
            Self::Always => true,
        }
    }
}

/// The greatest age that is carried exactly: a byte carries the age, and one value stands for no age.
const OLDEST: u8 = 254;

/// Stands for a token without an age.
const AGELESS: u8 = 255;

impl Proved {
    /// The value that a session with this end carries: an entitlement counts if it lasts until the end, and ages above
    /// the greatest one are cut to it.
    #[must_use]
    pub fn carried(self, ends_at: UnixTime) -> Self {
        let lasts = match self.entitled {
            Entitled::No => false,
            Entitled::Until(end) => ends_at <= end,
            Entitled::Always => true,
        };
        let entitled = if lasts { Entitled::Until(ends_at) } else { Entitled::No };
        Self { entitled, age: self.age.map(|age| age.min(OLDEST)), ..self }
    }

    /// The age as one byte.
    pub const fn age_byte(self) -> u8 {
        match self.age {
            Some(age) if age < OLDEST => age,
            Some(_) => OLDEST,
            None => AGELESS,
        }
    }

    /// The age of a byte.
    pub const fn age_of([byte]: [u8; 1]) -> Option<u8> {
        if byte == AGELESS { None } else { Some(byte) }
    }

    /// The device class as a number below 16; 0: not recognised.
    pub fn device_number(self) -> u8 {
        let number = self.device.and_then(|device| DeviceClass::ALL.iter().position(|one| *one == device));
        number.and_then(|number| u8::try_from(number + 1).ok()).unwrap_or_default()
    }

    /// The device of a number.
    pub fn device_of(number: u8) -> Option<DeviceClass> {
        DeviceClass::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

/// A session's token has four bits for the device class, and one value stands for none.
const _: () = assert!(DeviceClass::ALL.len() < 16, "the devices do not fit into a session's token");

#[cfg(test)]
mod tests {
    use super::*;

    const END: UnixTime = UnixTime::from_secs(100);

    #[test]
    fn an_entitlement_is_carried_if_it_lasts_as_long_as_the_session() {
        let carried =
            |entitled| Proved { plan: true, entitled, age: Some(255), device: None }.carried(END).entitled;
        assert_eq!(carried(Entitled::No), Entitled::No);
        assert_eq!(carried(Entitled::Until(UnixTime::from_secs(99))), Entitled::No);
        assert_eq!(carried(Entitled::Until(END)), Entitled::Until(END));
        assert_eq!(carried(Entitled::Always), Entitled::Until(END));
        assert!(carried(Entitled::Always).at(UnixTime::from_secs(99)));
        assert!(!carried(Entitled::Always).at(END));
    }

    #[test]
    fn ages_and_devices_read_back() {
        let devices = DeviceClass::ALL.into_iter().map(Some).chain([None]);
        for (age, device) in (0..=OLDEST).map(Some).chain([None]).zip(devices.cycle()) {
            let proved = Proved { plan: false, entitled: Entitled::No, age, device };
            assert_eq!(Proved::age_of([proved.age_byte()]), age);
            assert_eq!(Proved::device_of(proved.device_number()), device);
        }
        assert_eq!(Proved::device_of(15), None);
    }
}
