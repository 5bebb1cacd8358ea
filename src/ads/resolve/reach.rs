//! The addresses that requests may lead to.
//!
//! Ad servers are chosen by strangers: a wrapper or a redirect may name any URL. So a request goes to a public host by a name
//! or an address, over http or https on its usual port, and never to the site itself. A name that resolves to a private address
//! is not found out here: the edge's requests leave from Cloudflare's network, which has no way to an operator's private one.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host as UrlHost, Url};

use crate::catalog::{Host, HostPattern, host_name};

/// The addresses that requests of a site may lead to.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The site, which is never asked. `None`: there is no site, as in the command.
    site: Option<Host>,
    /// Host and port of the site's own template, which the operator has chosen.
    server: Option<(String, u16)>,
    /// The hosts that the site allows besides; `None`: any public one.
    hosts: Option<Vec<HostPattern>>,
    /// Whether this machine may be asked: for development.
    loopback: bool,
}

impl Reach {
    /// The addresses that requests for a site may lead to. `template`: the site's URL of documents.
    pub fn new(site: Option<&Host>, template: &str, hosts: Option<&[HostPattern]>, loopback: bool) -> Self {
        // Macros within the host are no host of the operator's choice.
        let server = Url::parse(template).ok().and_then(|url| {
            let port = url.port_or_known_default()?;
            Some((host_name(url.host_str()?).to_owned(), port))
        });
        Self { site: site.cloned(), server, hosts: hosts.map(<[_]>::to_vec), loopback }
    }

    /// Whether a URL leads to this machine, which development may ask.
    pub fn is_this_machine(&self, url: &Url) -> bool {
        self.loopback && url.host().is_some_and(|host| is_loopback(&host))
    }

    /// Whether a request may go to a URL; the reason if not.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("expected an http or https URL, found the scheme `{}`", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("expected a URL without credentials".to_owned());
        }
        let host = url.host().ok_or("expected a URL with a host")?;
        let name = host_name(url.host_str().unwrap_or_default());
        let port = url.port_or_known_default().unwrap_or_default();
        let is_own_server = self.server.as_ref().is_some_and(|(host, own)| host == name && *own == port);
        if is_loopback(&host) && self.loopback {
            return Ok(());
        }
        if self.site.as_ref().is_some_and(|site| site.as_str() == name) {
            return Err(format!("expected an ad server, found the site's own host, `{name}`"));
        }
        check_public(&host)?;
        if !is_own_server && !matches!((url.scheme(), port), ("http", 80) | ("https", 443)) {
            return Err(format!(
                "expected the usual port, found {port}: only the ad server of the site may have another"
            ));
        }
        let is_allowed = |hosts: &Vec<HostPattern>| hosts.iter().any(|pattern| pattern.matches(name));
        if !is_own_server && !self.hosts.as_ref().is_none_or(is_allowed) {
            return Err(format!("expected a host of the site's `ads.server.hosts`, found `{name}`"));
        }
        Ok(())
    }
}

/// Whether a host is this machine.
fn is_loopback(host: &UrlHost<&str>) -> bool {
    match host {
        UrlHost::Domain(name) => {
            let name = host_name(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        UrlHost::Ipv4(address) => address.is_loopback(),
        UrlHost::Ipv6(address) => address.is_loopback(),
    }
}

/// Names that public resolvers do not know: special-use names ([RFC 6761], [RFC 6762], [RFC 8375], [RFC 9476]) and those of
/// private networks.
///
/// [RFC 6761]: https://www.rfc-editor.org/rfc/rfc6761
/// [RFC 6762]: https://www.rfc-editor.org/rfc/rfc6762
/// [RFC 8375]: https://www.rfc-editor.org/rfc/rfc8375
/// [RFC 9476]: https://www.rfc-editor.org/rfc/rfc9476
const PRIVATE_NAMES: [&str; 12] = [
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "alt",
    "onion",
];

fn check_public(host: &UrlHost<&str>) -> Result<(), String> {
    let refuse = |found: &dyn std::fmt::Display| Err(format!("expected a public host, found `{found}`"));
    match host {
        UrlHost::Domain(name) => {
            let name = host_name(name);
            let is_below = |suffix: &str| {
                name.strip_suffix(suffix).is_some_and(|front| front.is_empty() || front.ends_with('.'))
            };
            if !name.contains('.') || PRIVATE_NAMES.iter().any(|suffix| is_below(suffix)) {
                return refuse(&name);
            }
            Ok(())
        }
        UrlHost::Ipv4(address) if !is_public_v4(*address) => refuse(address),
        UrlHost::Ipv6(address) if !is_public_v6(*address) => refuse(address),
        UrlHost::Ipv4(_) | UrlHost::Ipv6(_) => Ok(()),
    }
}

/// Whether an address is globally reachable ([IANA's registry](https://www.iana.org/assignments/iana-ipv4-special-registry/)).
const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Whether an address is globally reachable ([IANA's registry](https://www.iana.org/assignments/iana-ipv6-special-registry/)).
/// An address that holds one of IPv4 (NAT64, 6to4) is as public as that one.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        (0x64, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && v4(g, h),
        (0x2002, _) => v4(b, c),
        // Teredo, benchmarking, ORCHID, documentation.
        (0x2001, 0x0 | 0x2 | 0x10..=0x3f | 0xdb8) => false,
        (0x3fff, 0x0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reach: &Reach, url: &str) -> Result<(), String> {
        reach.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        let site: Host = "watch.example.com".parse().unwrap();
        let reach = Reach::new(Some(&site), "https://ads.example.com:8443/vast", None, false);
        for bad in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://10.0.0.1/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://198.18.0.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a00:1]/",
            "http://[fc00::1]/",
            "http://[fd12::1]/",
            "http://[fe80::1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:db8::1]/",
            "http://[2001::1]/",
            "http://[ff02::1]/",
            "http://[::127.0.0.1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://router.local/",
            "http://db.internal/",
            "http://intranet/",
            "http://nas.home.arpa/",
            "http://metadata.google.internal/",
            "https://watch.example.com/",
            "https://WATCH.example.com./",
            "https://ads.example.net:8443/",
            "http://ads.example.net:443/",
            "https://user@ads.example.net/",
            "ftp://ads.example.net/",
            "file:///etc/passwd",
            "data:text/xml,x",
            "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "http://127\u{3002}0\u{3002}0\u{3002}1/",
        ] {
            assert!(check(&reach, bad).is_err(), "{bad}");
        }
        for good in [
            "https://ads.example.com:8443/x",
            "https://ads.example.net/",
            "http://ads.example.net/",
            "https://1.1.1.1/",
            "https://[2606:4700:4700::1111]/",
            "http://[64:ff9b::101:101]/",
            "https://example.localhosting.net/",
        ] {
            assert_eq!(check(&reach, good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_site_may_name_the_hosts() {
        let hosts: Vec<HostPattern> = serde_json::from_str(r#"["*.ads.example.net"]"#).unwrap();
        let reach = Reach::new(None, "https://ads.example.com/vast", Some(&hosts), false);
        assert_eq!(check(&reach, "https://ads.example.com/other"), Ok(()));
        assert_eq!(check(&reach, "https://a.ads.example.net/"), Ok(()));
        assert!(check(&reach, "https://ads.example.net/").unwrap_err().contains("ads.server.hosts"));
    }

    #[test]
    fn development_may_ask_this_machine() {
        let reach = Reach::new(None, "http://localhost:9000/vast", None, true);
        for good in
            ["http://localhost:9000/", "http://127.0.0.1:81/", "http://[::1]:9/", "http://ads.localhost:8/"]
        {
            assert_eq!(check(&reach, good), Ok(()), "{good}");
        }
        assert!(check(&reach, "http://10.0.0.1/").is_err());
    }
}
