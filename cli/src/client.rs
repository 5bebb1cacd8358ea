//! HTTP to a system of a profile.
//!
//! ```ignore
//! let client = Client::new(profile.edge()?, context.output)?;
//! let reply = client.send("POST", "/_stagedoor/explain", &[("stagedoor-signature", &signature)], Some(&body))?;
//! ```
//!
//! A reply of any status is a [`Reply`]. A system that cannot be reached, or does not answer in time, is
//! [`Failure::Broken`]. Redirects are not followed, since a request carries secrets. Without TLS, a remark says so, unless the
//! system is on this machine. Names below `localhost` are this machine (RFC 6761 section 6.3).

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Request;
use ureq::tls::{RootCerts, TlsConfig};
use url::{Host, Url};

use crate::failure::Failure;
use crate::output::Output;

/// A connection to one system.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    /// As the profile has it, for messages.
    address: Url,
    /// Scheme, host and port of the connection.
    base: String,
    /// The value of `Host`, if it is not the connection's.
    host: Option<String>,
}

/// A reply of any status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as JSON, if it can be read so.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Client {
    /// The time limit for a connection.
    const CONNECT_WITHIN: Duration = Duration::from_secs(5);
    /// The time limit for a whole request.
    const ANSWER_WITHIN: Duration = Duration::from_secs(30);
    /// The greatest size of a reply. A page of the origin's API has 4 MiB.
    const MAX_BYTES: u64 = 64 * 1024 * 1024;

    /// A client of the system at this address.
    pub(crate) fn new(address: &Url, output: Output) -> Result<Self, Failure> {
        let is_near = is_loopback(address);
        if address.scheme() == "http" && !is_near {
            output.remark(&format!(
                "stagedoor: warning: {address} is not encrypted, and others can read the secrets that are sent: use https"
            ));
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Self::CONNECT_WITHIN))
            .timeout_global(Some(Self::ANSWER_WITHIN))
            .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build());
        if is_near {
            config = config.proxy(None);
        }
        let authority = |host: &str| match address.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let name = address.host_str().unwrap_or_default();
        // The resolver of a system does not know every name below localhost.
        let below_localhost = address.scheme() == "http" && name.ends_with(".localhost");
        let connected = if below_localhost { "localhost" } else { name };
        Ok(Self {
            agent: config.build().into(),
            address: address.clone(),
            base: format!("{}://{}", address.scheme(), authority(connected)),
            host: below_localhost.then(|| authority(name)),
        })
    }

    /// Sends a request. `path` begins with a slash, and may have a query.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Reply, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(host) = &self.host {
            request = request.header("host", host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let unfit = |error: ureq::http::Error| Failure::Broken(format!("{}: {error}", self.address));
        let answered = match body {
            Some(body) => self.agent.run(request.body(body).map_err(unfit)?),
            None => self.agent.run(request.body(()).map_err(unfit)?),
        };
        let mut answer = answered.map_err(|error| self.unreached(&error))?;
        let body = answer.body_mut().with_config().limit(Self::MAX_BYTES).read_to_vec();
        let body = body.map_err(|error| self.unreached(&error))?;
        let status = answer.status().as_u16();
        if (300..400).contains(&status) {
            return Err(Failure::Broken(format!(
                "{} answers with a redirect (status {status}): put the address that it leads to into the profile",
                self.address
            )));
        }
        Ok(Reply { status, body })
    }

    fn unreached(&self, error: &ureq::Error) -> Failure {
        let address = &self.address;
        Failure::Broken(match error {
            ureq::Error::Timeout(_) => format!("{address} does not answer in time ({error})"),
            ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
                format!("{address} refuses the connection: is it running, and is this its address?")
            }
            ureq::Error::HostNotFound => format!("{address}: there is no such host"),
            error => format!("{address} cannot be reached: {error}"),
        })
    }
}

/// Whether an address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    const OUTPUT: Output = Output { json: true };

    /// A server that gives one reply, and returns the head of the request.
    fn server(reply: &'static str) -> (u16, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            stream.write_all(reply.as_bytes()).unwrap();
            String::from_utf8(head).unwrap()
        });
        (port, served)
    }

    fn client(address: &str) -> Client {
        Client::new(&address.parse().unwrap(), OUTPUT).unwrap()
    }

    #[test]
    fn names_below_localhost_are_this_machine() {
        let (port, served) = server("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
        let client = client(&format!("http://tv.localhost:{port}"));
        let reply = client.send("GET", "/a?b", &[("authorization", "Bearer key")], None).unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (404, &b"{}"[..]));
        let head = served.join().unwrap().to_lowercase();
        assert!(
            head.starts_with("get /a?b ") && head.contains(&format!("host: tv.localhost:{port}\r\n")),
            "{head}"
        );
    }

    #[test]
    fn a_redirect_is_not_followed_with_the_secrets() {
        let (port, served) =
            server("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        let failure = client(&format!("http://127.0.0.1:{port}")).send("GET", "/", &[], None).unwrap_err();
        served.join().unwrap();
        assert!(failure.to_string().contains("answers with a redirect (status 302)"), "{failure}");
    }

    #[test]
    fn this_machine_is_told_from_others() {
        let near = |address: &str| is_loopback(&address.parse().unwrap());
        assert!(near("http://127.0.0.2:1") && near("http://[::1]") && near("http://a.localhost"));
        assert!(
            !near("http://localhost.example.com")
                && !near("http://192.0.2.1")
                && !near("http://[2001:db8::1]")
        );
    }
}
