//! Connection failures in Go's words, which programs look for.

use std::error::Error as StdError;
use std::io;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use crate::encoding::text;
use crate::encoding::unix_time::UnixTime;

/// Why a request failed: the innermost cause, for TLS and refused connections as Go says it.
pub fn reason(error: &(dyn StdError + 'static), server: &str) -> String {
    let mut cause = error;
    loop {
        if let Some(tls) = cause.downcast_ref::<Error>() {
            return tls_reason(tls);
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            if let Some(inner) = io.get_ref() {
                // `source()` would skip the error that is wrapped.
                cause = inner;
                continue;
            }
            if io.kind() == io::ErrorKind::ConnectionRefused {
                return format!("dial tcp {server}: connect: connection refused");
            }
            if io.kind() == io::ErrorKind::UnexpectedEof {
                return "unexpected EOF".to_owned();
            }
        }
        match cause.source() {
            Some(source) => cause = source,
            None => return text::quote(&cause.to_string()),
        }
    }
}

fn tls_reason(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => format!("tls: failed to verify certificate: x509: {}", certificate_reason(error)),
        Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_reason(*alert)),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => "http: server gave HTTP response to HTTPS client".to_owned(),
        other => format!("tls: {}", text::quote(&other.to_string())),
    }
}

fn certificate_reason(error: &CertificateError) -> String {
    const DATES: &str = "certificate has expired or is not yet valid";
    let moment = |time: rustls::pki_types::UnixTime| UnixTime(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    match error {
        CertificateError::UnknownIssuer => "certificate signed by unknown authority".to_owned(),
        CertificateError::Expired | CertificateError::NotValidYet => DATES.to_owned(),
        CertificateError::ExpiredContext { time, not_after } => {
            format!("{DATES}: current time {} is after {}", moment(*time), moment(*not_after))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            format!("{DATES}: current time {} is before {}", moment(*time), moment(*not_before))
        }
        CertificateError::NotValidForNameContext { expected, presented } => name_reason(expected, presented),
        // A self-signed certificate that is not among the roots.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "certificate signed by unknown authority".to_owned()
        }
        other => text::quote(&other.to_string()),
    }
}

fn name_reason(expected: &ServerName<'_>, presented: &[String]) -> String {
    let expected_text = text::quote(&expected.to_str());
    let of_kind = |kind: &str| -> Vec<String> {
        let inner = |name: &String| name.strip_prefix(kind)?.strip_suffix(')').map(|name| text::quote(name.trim_matches(['(', '"'])));
        presented.iter().filter_map(inner).collect()
    };
    let (names, missing) = match expected {
        ServerName::IpAddress(_) => (of_kind("IpAddress"), "IP"),
        _ => (of_kind("DnsName"), "DNS"),
    };
    match (names.is_empty(), missing) {
        (false, _) => format!("certificate is valid for {}, not {expected_text}", names.join(", ")),
        (true, "IP") => format!("cannot validate certificate for {expected_text} because it doesn't contain any IP SANs"),
        (true, _) => format!("certificate is not valid for any names, but wanted to match {expected_text}"),
    }
}

fn alert_reason(alert: AlertDescription) -> String {
    let known = match alert {
        AlertDescription::BadCertificate => "bad certificate",
        AlertDescription::CertificateRequired => "certificate required",
        AlertDescription::UnknownCA => "unknown certificate authority",
        AlertDescription::HandshakeFailure => "handshake failure",
        AlertDescription::ProtocolVersion => "protocol version not supported",
        other => return format!("alert {other:?}"),
    };
    known.to_owned()
}
