//! Where a server may send this program: redirects, upload locations, token realms, next pages.

use std::net::{Ipv4Addr, Ipv6Addr};

use reqwest::Url;
use url::Host;

use super::{HttpError, redact};

/// How many redirects are followed.
pub const REDIRECT_LIMIT: usize = 10;

/// Whether both URLs mean the same host and port; the port that goes without saying is that of `origin`'s scheme, since servers behind a proxy
/// that ends TLS often name themselves with the wrong scheme.
pub fn same_server(origin: &Url, other: &Url) -> bool {
    let port = |url: &Url| url.port().or_else(|| origin.port_or_known_default());
    origin.host() == other.host() && port(origin) == port(other)
}

/// Resolves a `Location` against the URL that answered with it and checks it: as [`check`]. On `origin`'s own server the scheme stays that of `origin`.
///
/// # Errors
/// [`HttpError::Refused`].
pub fn resolve(origin: &Url, base: &Url, location: &str) -> Result<Url, HttpError> {
    let refused = |reason| HttpError::Refused { from: redact::url(base), to: shown(location), reason };
    let mut target = base.join(location).map_err(|_| refused("it is no URL"))?;
    if same_server(origin, &target) && target.set_scheme(origin.scheme()).is_err() {
        return Err(refused("it is no URL of http or https"));
    }
    check(origin, &target)?;
    Ok(target)
}

/// Refuses what `origin` must not send this program to: other schemes than http and https, plain http from an https server, and addresses of
/// this machine or of private networks (unless they are `origin` itself), which would let a registry reach into the network behind it.
///
/// # Errors
/// [`HttpError::Refused`].
pub fn check(origin: &Url, target: &Url) -> Result<(), HttpError> {
    let refused = |reason| Err(HttpError::Refused { from: redact::url(origin), to: redact::url(target), reason });
    match (origin.scheme(), target.scheme()) {
        (_, "https") | ("http", "http") => {}
        (_, "http") => return refused("it leads from https to plain http"),
        _ => return refused("it is neither http nor https"),
    }
    let private = match target.host() {
        Some(Host::Ipv4(address)) => is_private_v4(address),
        Some(Host::Ipv6(address)) => is_private_v6(address),
        Some(Host::Domain(_)) => false,
        None => return refused("it has no host"),
    };
    if private && !same_server(origin, target) {
        return refused("its host is a private or link-local address");
    }
    Ok(())
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified() || address.is_multicast()
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_private_v4(mapped);
    }
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
}

fn shown(location: &str) -> String {
    match location.split_once('?') {
        Some((path, _)) => format!("{path}?REDACTED"),
        None => location.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn follow(origin: &str, location: &str) -> Result<String, String> {
        let origin = Url::parse(origin).unwrap();
        resolve(&origin, &origin, location).map(String::from).map_err(|error| error.to_string())
    }

    #[test]
    fn the_own_server_keeps_its_scheme() {
        assert_eq!(follow("https://r.example/v2/", "http://r.example/up?x=1").unwrap(), "https://r.example/up?x=1");
        assert_eq!(follow("http://127.0.0.1:5000/v2/", "/up").unwrap(), "http://127.0.0.1:5000/up");
        assert_eq!(follow("http://10.0.0.1:5000/v2/", "https://10.0.0.1:5000/up").unwrap(), "http://10.0.0.1:5000/up");
        assert_eq!(follow("https://r.example/v2/", "https://cdn.example/x").unwrap(), "https://cdn.example/x");
    }

    #[test]
    fn private_networks_and_plain_http_are_refused() {
        for location in [
            "https://169.254.169.254/latest",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.1.1.1/",
            "https://[::ffff:10.1.1.1]/",
            "https://0.0.0.0/",
            "https://[fd00:ec2::254]/",
            "http://cdn.example/x",
            "file:///etc/passwd",
            "https://2130706433/",
        ] {
            assert!(follow("https://r.example/v2/", location).is_err(), "{location}");
        }
        let refused = follow("https://r.example/", "http://cdn.example/x?sig=hunter2").unwrap_err();
        assert!(!refused.contains("hunter2"), "{refused}");
        assert!(follow("http://127.0.0.1:5000/", "http://127.0.0.1:5001/").is_err());
    }
}
