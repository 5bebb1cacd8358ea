//! Addresses and networks to which tokens and sessions are bound.

use std::net::IpAddr;

use crate::catalog::Lock;
use crate::denial::{Denial, Reason};
use crate::facts::Facts;

/// Addresses that share their first bits ([RFC 4632 section 3.1]).
///
/// [RFC 4632 section 3.1]: https://www.rfc-editor.org/rfc/rfc4632#section-3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    length: u32,
}

impl Network {
    /// Reads `192.0.2.0/24` or a single address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let length = match length {
            Some(length) if (1..=3).contains(&length.len()) && length.bytes().all(|b| b.is_ascii_digit()) => {
                length.parse().ok()?
            }
            Some(_) => return None,
            None => bits_of(address),
        };
        Self::new(address, length)
    }

    /// The addresses that share the first `length` bits with this one; `None` if the address has fewer bits.
    pub(super) const fn new(address: IpAddr, length: u32) -> Option<Self> {
        if length <= bits_of(address) { Some(Self { address, length }) } else { None }
    }

    /// Whether it is every address of its family.
    pub(super) const fn is_any(self) -> bool {
        self.length == 0
    }

    /// Whether an address lies in it. An IPv4 address in IPv6 notation counts as IPv4.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = u32::from(own) ^ u32::from(other);
                differs.leading_zeros() >= self.length
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = u128::from(own) ^ u128::from(other);
                differs.leading_zeros() >= self.length
            }
            _ => false,
        }
    }

    /// The lock of a session that a token with this network opens: the viewer's network, or the address if the token's
    /// network is smaller.
    pub(super) fn lock(self) -> Lock {
        let largest = if self.address.is_ipv4() { 24 } else { 48 };
        if self.is_any() {
            Lock::default()
        } else if self.length <= largest {
            Lock { network: true, ..Lock::default() }
        } else {
            Lock { address: true, ..Lock::default() }
        }
    }
}

/// The number of bits of an address.
const fn bits_of(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The viewer's address, for a token that is bound to one.
pub(super) fn of_viewer(facts: &Facts) -> Result<IpAddr, Denial> {
    facts.address.ok_or_else(|| {
        Denial::new(Reason::TokenAddress, "the token is bound to an address, the viewer's is not known")
    })
}

/// The denial for a viewer with another address than the token's.
pub(super) fn other_address() -> Denial {
    Denial::new(Reason::TokenAddress, "the token is bound to another address than the viewer's")
}

/// The /24 of an IPv4 address, the /48 of an IPv6 address.
pub(super) fn prefix(address: Option<IpAddr>) -> [u8; 7] {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            [4, a, b, c, 0, 0, 0]
        }
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, e, f, ..] = v6.octets();
            [6, a, b, c, d, e, f]
        }
        None => [0; 7],
    }
}

pub(super) fn octets(address: Option<IpAddr>) -> [u8; 16] {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => v4.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(v6)) => v6.octets(),
        None => [0; 16],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (network, address, inside) in [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.99/24", "192.0.2.1", true),
            ("192.0.2.0/24", "::ffff:192.0.2.1", true),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        }
        for bad in
            ["", "192.0.2", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/+8", "2001:db8:4a7f:a732/64", "::/129"]
        {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
        let lock = |text: &str| {
            let lock = Network::parse(text).unwrap().lock();
            (lock.network, lock.address)
        };
        assert_eq!((lock("10.0.0.0/8"), lock("192.0.2.0/24")), ((true, false), (true, false)));
        assert_eq!((lock("192.0.2.0/25"), lock("2001:db8::/64")), ((false, true), (false, true)));
        assert_eq!(lock("0.0.0.0/0"), (false, false));
    }
}
