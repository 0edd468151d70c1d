//! `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, read as Go's `http.ProxyFromEnvironment` reads them.

use std::net::IpAddr;

use reqwest::Url;

use super::HttpError;
use crate::ambient::Env;
use crate::encoding::{base64, hex};

/// Which proxy a request goes through.
#[derive(Debug, Clone, Default)]
pub struct ProxyRules {
    http: Option<Url>,
    https: Option<Url>,
    direct: Vec<Direct>,
}

/// A word of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Direct {
    Everything,
    Network { address: IpAddr, prefix: u8 },
    Address { address: IpAddr, port: Option<u16> },
    Domain { suffix: String, with_itself: bool, port: Option<u16> },
}

impl ProxyRules {
    /// Reads the variables; capitals come first.
    ///
    /// # Errors
    /// A proxy URL that is malformed, or of another kind than http and https; the URL itself, which may hold a password, is not quoted.
    pub fn from_env(env: &dyn Env) -> Result<Self, HttpError> {
        let variable = |upper: &str, lower: &str| [upper, lower].iter().find_map(|name| env.var(name).filter(|value| !value.is_empty()));
        // In a CGI script HTTP_PROXY would be a header of the client's request.
        let http = if env.var("REQUEST_METHOD").is_some() { None } else { variable("HTTP_PROXY", "http_proxy") };
        Ok(Self {
            http: http.map(|value| parse("HTTP_PROXY", &value)).transpose()?,
            https: variable("HTTPS_PROXY", "https_proxy").map(|value| parse("HTTPS_PROXY", &value)).transpose()?,
            direct: variable("NO_PROXY", "no_proxy").map(|value| value.split(',').filter_map(direct).collect()).unwrap_or_default(),
        })
    }

    /// The proxy for a request; `None` to connect directly, always so for this machine itself.
    pub fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let proxy = if url.scheme() == "https" { self.https.as_ref() } else { self.http.as_ref() }?;
        let host = url.host_str()?.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return None;
        }
        let port = url.port_or_known_default();
        let exempt = self.direct.iter().any(|word| word.matches(&host, address, port));
        (!exempt).then_some(proxy)
    }

    /// The passwords in the proxies' URLs, as they are sent and as they are written.
    pub fn passwords(&self) -> Vec<String> {
        let pair = |url: &Url| {
            let password = url.password()?;
            let decode = |text: &str| percent_decode(text.as_bytes());
            let sent = [decode(url.username()), b":".to_vec(), decode(password)].concat();
            Some([password.to_owned(), String::from_utf8_lossy(&decode(password)).into_owned(), base64::encode(sent)])
        };
        [&self.http, &self.https].into_iter().flatten().filter_map(pair).flatten().collect()
    }

    /// Whether there is any proxy.
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }
}

impl Direct {
    fn matches(&self, host: &str, address: Option<IpAddr>, request_port: Option<u16>) -> bool {
        match self {
            Self::Everything => true,
            Self::Network { address: network, prefix } => address.is_some_and(|address| in_network(address, *network, *prefix)),
            Self::Address { address: exempt, port } => address == Some(*exempt) && (port.is_none() || *port == request_port),
            Self::Domain { suffix, with_itself, port } => {
                let named =
                    host.strip_suffix(suffix.as_str()).is_some_and(|before| before.ends_with('.') || (before.is_empty() && *with_itself));
                named && (port.is_none() || *port == request_port)
            }
        }
    }
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(hex::decode) {
            Some(byte) => {
                decoded.extend(byte);
                rest = &after[2..];
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    decoded
}

fn parse(variable: &'static str, value: &str) -> Result<Url, HttpError> {
    let failed = |reason: &str| HttpError::Proxy { variable, reason: reason.to_owned() };
    // As in Go, `proxy.example:3128` means http.
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    let url = url.map_err(|_| failed("invalid proxy address"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "socks5" | "socks5h" => Err(failed("SOCKS proxies are not supported yet")),
        _ => Err(failed("invalid proxy address")),
    }
}

fn direct(word: &str) -> Option<Direct> {
    let word = word.trim().to_ascii_lowercase();
    if word.is_empty() {
        return None;
    }
    if word == "*" {
        return Some(Direct::Everything);
    }
    if let Some((address, prefix)) = word.split_once('/') {
        return Some(Direct::Network { address: address.parse().ok()?, prefix: prefix.parse().ok()? });
    }
    let (host, port) = match word.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (word.as_str(), None),
    };
    if let Ok(address) = host.trim_matches(['[', ']']).parse() {
        return Some(Direct::Address { address, port });
    }
    let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
    let (suffix, with_itself) = match host.strip_prefix('.') {
        Some(domain) => (domain, false),
        None => (host, true),
    };
    (!suffix.is_empty()).then(|| Direct::Domain { suffix: suffix.to_owned(), with_itself, port })
}

fn in_network(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    fn shared(a: u128, b: u128, bits: u32, prefix: u8) -> bool {
        let prefix = u32::from(prefix);
        prefix <= bits && (prefix == 0 || (a ^ b) >> (bits - prefix) == 0)
    }
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => shared(u32::from(a).into(), u32::from(b).into(), 32, prefix),
        (IpAddr::V6(a), IpAddr::V6(b)) => shared(a.into(), b.into(), 128, prefix),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ffi::OsString;

    struct Vars(Vec<(&'static str, String)>);
    impl Env for Vars {
        fn var_os(&self, name: &str) -> Option<OsString> {
            self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into())
        }
        fn vars(&self) -> Vec<(String, String)> {
            Vec::new()
        }
    }

    fn rules(no_proxy: &str) -> ProxyRules {
        let env = vec![("HTTPS_PROXY", "proxy.example:3128".into()), ("no_proxy", no_proxy.to_owned())];
        ProxyRules::from_env(&Vars(env)).unwrap()
    }

    fn proxied(no_proxy: &str, url: &str) -> bool {
        rules(no_proxy).proxy_for(&Url::parse(url).unwrap()).is_some()
    }

    #[test]
    fn words_of_no_proxy_mean_what_they_mean_to_go() {
        assert!(proxied("", "https://r.example/"));
        assert!(!proxied("", "http://r.example/"), "HTTPS_PROXY is for https only");
        for (no_proxy, direct, through) in [
            ("example", "https://r.example/", "https://r.example2/"),
            (".r.example", "https://a.r.example/", "https://r.example/"),
            ("*.r.example", "https://a.r.example/", "https://r.example/"),
            ("r.example:444", "https://r.example:444/", "https://r.example/"),
            ("10.0.0.0/8", "https://10.2.3.4/", "https://11.2.3.4/"),
            ("10.2.3.4", "https://10.2.3.4/", "https://10.2.3.5/"),
            ("x, [2001:db8::1]:443", "https://[2001:db8::1]/", "https://[2001:db8::1]:444/"),
        ] {
            assert!(!proxied(no_proxy, direct), "{no_proxy} {direct}");
            assert!(proxied(no_proxy, through), "{no_proxy} {through}");
        }
        assert!(!proxied("*", "https://r.example/"));
    }

    #[test]
    fn this_machine_is_never_behind_a_proxy() {
        for url in ["https://localhost:5000/", "https://127.0.0.2/", "https://[::1]/"] {
            assert!(!proxied("", url), "{url}");
        }
    }

    #[test]
    fn a_bad_proxy_is_an_error_that_shows_no_password() {
        let error = ProxyRules::from_env(&Vars(vec![("HTTP_PROXY", "socks5://me:hunter2@x".into())])).unwrap_err().to_string();
        assert_eq!(error, "HTTP_PROXY: SOCKS proxies are not supported yet");
        assert!(ProxyRules::from_env(&Vars(vec![("HTTPS_PROXY", "http://".into())])).is_err());
    }

    #[test]
    fn passwords_are_known_as_written_and_as_sent() {
        let env = Vars(vec![("HTTP_PROXY", "http://me:p%40ss%zz@proxy.example".into())]);
        let passwords = ProxyRules::from_env(&env).unwrap().passwords();
        assert_eq!(passwords, ["p%40ss%zz", "p@ss%zz", &base64::encode("me:p@ss%zz")]);
    }

    proptest! {
        #[test]
        fn never_panics(word in "\\PC{0,40}|[0-9a-f.:/*\\[\\]]{0,40}") {
            let _ = (direct(&word), percent_decode(word.as_bytes()));
            let _ = parse("HTTP_PROXY", &word);
        }
    }
}
