//! `catnip`: the networks from which the token may be used.
//!
//! ```text
//! catnip = [+ entry]
//! entry  = ASN: uint
//!        / 52(address: bstr) / 52([length: uint, address: bstr])          IPv4
//!        / 54(address: bstr) / 54([length: uint, address: bstr])          IPv6
//!        / address: bstr / text                                           as some write it
//! ```
//!
//! One matching entry is enough. The tags are defined by [RFC 9164], which lets a prefix omit its last bytes if they
//! are zero.
//!
//! [RFC 9164]: https://www.rfc-editor.org/rfc/rfc9164

use std::net::IpAddr;

use super::cbor::Value;
use crate::catalog::Lock;
use crate::facts::Facts;
use crate::token::network::Network as Prefix;

/// The most entries.
const MOST: usize = 256;

/// The relation of the viewer's network to a `catnip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// The viewer is in one of the entries. A session stays bound to the property that keeps it there.
    Named(Lock),
    /// In none of the entries; this holds as long as the given property of the network stays the same.
    Foreign(Lock),
}

/// Compares the viewer's network with the entries. The error names the entry that is not understood, or the unknown
/// property of the viewer.
pub(super) fn look(catnip: &Value, facts: &Facts) -> Result<Network, String> {
    let entries = catnip.list();
    if entries.is_empty() || entries.len() > MOST {
        return Err(format!("expected 1 to {MOST} networks"));
    }
    let mut unclear = None;
    let mut foreign = Lock::default();
    for written in entries {
        match Entry::read(written) {
            Some(Entry::Asn(number)) => {
                foreign.asn = true;
                match facts.geography.asn {
                    Some(asn) if asn == number => {
                        return Ok(Network::Named(Lock { asn: true, ..Lock::default() }));
                    }
                    Some(_) => {}
                    None => unclear = Some("the viewer's autonomous system is not known"),
                }
            }
            Some(Entry::Prefix(prefix)) => {
                foreign.address = true;
                match facts.address {
                    Some(address) if prefix.contains(address) => {
                        // Every address of a family is still a network that the token names.
                        let any = Lock { network: true, ..Lock::default() };
                        return Ok(Network::Named(if prefix.is_any() { any } else { prefix.lock() }));
                    }
                    Some(_) => {}
                    None => unclear = Some("the viewer's address is not known"),
                }
            }
            None => unclear = Some("expected an ASN, an address or a prefix"),
        }
    }
    match unclear {
        None => Ok(Network::Foreign(foreign)),
        Some(why) => Err(why.to_owned()),
    }
}

enum Entry {
    Asn(u32),
    Prefix(Prefix),
}

impl Entry {
    fn read(written: &Value) -> Option<Self> {
        match written {
            Value::Integer(number) => u32::try_from(*number).ok().map(Self::Asn),
            Value::Text(text) => Self::parse(text),
            Value::Bytes(address) => match address.len() {
                4 => Self::prefix(Family::V4, address, 32),
                16 => Self::prefix(Family::V6, address, 128),
                _ => None,
            },
            Value::Tag(tag, content) => {
                let family = match tag {
                    52 => Family::V4,
                    54 => Family::V6,
                    _ => return None,
                };
                match content.as_ref() {
                    Value::Bytes(address) if address.len() == family.size() => {
                        Self::prefix(family, address, family.bits())
                    }
                    Value::Array(parts) => match parts.as_slice() {
                        [Value::Integer(length), Value::Bytes(address)] => {
                            Self::prefix(family, address, u8::try_from(*length).ok()?)
                        }
                        _ => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `AS64496`, `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
    fn parse(text: &str) -> Option<Self> {
        if let Some(number) = text.strip_prefix("AS").unwrap_or(text).parse().ok().map(Self::Asn) {
            return Some(number);
        }
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse().ok()?)),
            None => (text, None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => Self::prefix(Family::V4, &address.octets(), length.unwrap_or(32)),
            IpAddr::V6(address) => Self::prefix(Family::V6, &address.octets(), length.unwrap_or(128)),
        }
    }

    /// A prefix whose last bytes may be omitted.
    fn prefix(family: Family, address: &[u8], length: u8) -> Option<Self> {
        if address.len() > family.size() {
            return None;
        }
        let mut octets = [0; 16];
        octets.iter_mut().zip(address).for_each(|(octet, given)| *octet = *given);
        let address = match family {
            Family::V4 => IpAddr::from(*octets.first_chunk::<4>()?),
            Family::V6 => IpAddr::from(octets),
        };
        Prefix::new(address, length.into()).map(Self::Prefix)
    }
}

#[derive(Clone, Copy)]
enum Family {
    V4,
    V6,
}

impl Family {
    const fn size(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Geography;

    fn facts(address: &str, asn: Option<u32>) -> Facts {
        Facts {
            address: address.parse().ok(),
            geography: Geography { asn, ..Geography::default() },
            ..Facts::default()
        }
    }

    fn tagged(tag: u64, length: Option<i64>, address: &[u8]) -> Value {
        let address = Value::Bytes(address.to_vec());
        let content = match length {
            Some(length) => Value::Array(vec![Value::Integer(length), address]),
            None => address,
        };
        Value::Tag(tag, Box::new(content))
    }

    const DOCUMENTATION: [u8; 16] = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

    #[test]
    fn every_form_of_a_network_matches_or_not() {
        let open = Lock::default();
        let (network, address, asn) =
            (Lock { network: true, ..open }, Lock { address: true, ..open }, Lock { asn: true, ..open });
        let text = |text: &str| Value::Text(text.to_owned());
        for (entry, inside, outside, lock) in [
            (Value::Integer(64_496), ("", Some(64_496)), ("", Some(64_497)), asn),
            (text("AS64496"), ("", Some(64_496)), ("", Some(64_497)), asn),
            (tagged(52, None, &[192, 0, 2, 1]), ("192.0.2.1", None), ("192.0.2.2", None), address),
            (tagged(52, Some(24), &[192, 0, 2, 0]), ("192.0.2.9", None), ("192.0.3.0", None), network),
            (tagged(52, Some(24), &[192, 0, 2]), ("192.0.2.9", None), ("192.0.3.0", None), network),
            (tagged(52, Some(25), &[192, 0, 2, 0]), ("192.0.2.127", None), ("192.0.2.128", None), address),
            (tagged(52, Some(0), &[]), ("1.2.3.4", None), ("2001:db8::1", None), network),
            (tagged(54, None, &DOCUMENTATION), ("2001:db8::1", None), ("2001:db8::2", None), address),
            (
                tagged(54, Some(32), &DOCUMENTATION[..4]),
                ("2001:db8::2", None),
                ("2001:db9::1", None),
                network,
            ),
            (tagged(54, Some(64), &DOCUMENTATION), ("2001:db8::2", None), ("2001:db8:0:1::", None), address),
            (Value::Bytes(vec![192, 0, 2, 1]), ("::ffff:192.0.2.1", None), ("192.0.2.2", None), address),
            (Value::Bytes(DOCUMENTATION.to_vec()), ("2001:db8::1", None), ("192.0.2.2", None), address),
            (text("192.0.2.0/24"), ("192.0.2.9", None), ("192.0.3.0", None), network),
            (text("2001:db8::/48"), ("2001:db8::9", None), ("2001:db8:1::", None), network),
            (text("192.0.2.1"), ("192.0.2.1", None), ("192.0.2.0", None), address),
        ] {
            let catnip = Value::Array(vec![entry]);
            let look = |(address, asn)| look(&catnip, &facts(address, asn));
            assert_eq!(look(inside), Ok(Network::Named(lock)), "{catnip:?}");
            let foreign = Lock { address: lock != asn, asn: lock == asn, ..open };
            assert_eq!(look(outside), Ok(Network::Foreign(foreign)), "{catnip:?}");
        }
    }

    #[test]
    fn one_entry_is_enough_and_what_is_not_known_is_said() {
        let mixed = Value::Array(vec![Value::Null, Value::Integer(7), tagged(52, None, &[192, 0, 2, 1])]);
        assert!(matches!(look(&mixed, &facts("", Some(7))), Ok(Network::Named(_))));
        assert!(matches!(look(&mixed, &facts("192.0.2.1", Some(8))), Ok(Network::Named(_))));
        for (catnip, facts, why) in [
            (mixed, facts("192.0.2.2", Some(8)), "expected an ASN"),
            (Value::Integer(7), facts("192.0.2.2", None), "system is not known"),
            (tagged(52, None, &[192, 0, 2, 1]), facts("", Some(8)), "address is not known"),
            (tagged(52, Some(33), &[192, 0, 2, 1]), facts("192.0.2.1", None), "expected an ASN"),
            (tagged(52, Some(8), &DOCUMENTATION), facts("192.0.2.1", None), "expected an ASN"),
            (tagged(52, None, &[192, 0]), facts("192.0.2.1", None), "expected an ASN"),
            (tagged(53, None, &[192, 0, 2, 1]), facts("192.0.2.1", None), "expected an ASN"),
            (Value::Array(vec![]), facts("192.0.2.1", None), "1 to 256"),
            (Value::Array(vec![Value::Integer(1); 257]), facts("", Some(1)), "1 to 256"),
        ] {
            let error = look(&catnip, &facts).unwrap_err();
            assert!(error.contains(why), "{catnip:?}: {error}");
        }
    }
}
