//! What `bundle inspect` shows of a certificate.

use super::tree::Tree;
use crate::crypto::sct::Sct;
use crate::crypto::{Certificate, Curve, KeyAlgorithm, PublicKey};
use crate::encoding::hex;

/// Names of the bits of a key usage, from the first one on.
const KEY_USAGES: [&str; 9] = [
    "Digital Signature",
    "Content Commitment",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Cert Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
];

/// Names of extended key usages.
const EXTENDED_KEY_USAGES: [(&str, &str); 10] = [
    ("2.5.29.37.0", "Any"),
    ("1.3.6.1.5.5.7.3.1", "Server Auth"),
    ("1.3.6.1.5.5.7.3.2", "Client Auth"),
    ("1.3.6.1.5.5.7.3.3", "Code Signing"),
    ("1.3.6.1.5.5.7.3.4", "Email Protection"),
    ("1.3.6.1.5.5.7.3.5", "IPSEC End System"),
    ("1.3.6.1.5.5.7.3.6", "IPSEC Tunnel"),
    ("1.3.6.1.5.5.7.3.7", "IPSEC User"),
    ("1.3.6.1.5.5.7.3.8", "Time Stamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSP Signing"),
];

/// Names of Fulcio's extensions, by their last arc, from 1 on.
const FULCIO: [&str; 24] = [
    "OIDC Issuer",
    "GitHub Workflow Trigger",
    "GitHub Workflow SHA",
    "GitHub Workflow Name",
    "GitHub Workflow Repository",
    "GitHub Workflow Ref",
    "OtherName SAN",
    "Issuer (V2)",
    "Build Signer URI",
    "Build Signer Digest",
    "Runner Environment",
    "Source Repository URI",
    "Source Repository Digest",
    "Source Repository Ref",
    "Source Repository Identifier",
    "Source Repository Owner URI",
    "Source Repository Owner Identifier",
    "Build Config URI",
    "Build Config Digest",
    "Build Trigger",
    "Run Invocation URI",
    "Source Repository Visibility At Signing",
    "Deployment Environment",
    "Token Subject",
];
const FULCIO_ARC: &str = "1.3.6.1.4.1.57264.1.";
const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";
/// Key usage, extended key usage, both key identifiers, alternative names: shown before the others.
const SHOWN_BEFORE: [&str; 5] = ["2.5.29.15", "2.5.29.37", "2.5.29.14", "2.5.29.35", "2.5.29.17"];

/// Adds what a certificate says.
pub(super) fn add(node: &mut Tree, der: &[u8]) {
    let certificate = match Certificate::from_der(der) {
        Ok(certificate) => certificate,
        Err(error) => {
            node.add("Error", format_args!("parsing certificate: {error}"));
            return;
        }
    };
    node.add("Signature Algorithm", certificate.signature_algorithm_name());
    if !certificate.subject().is_empty() {
        node.add("Subject", certificate.subject());
    }
    let [name, organization, country] = certificate.issuer_parts();
    if name.or(organization).or(country).is_some() {
        let issuer = node.add("Issuer", "");
        for (label, value) in [("Common Name", name), ("Organization", organization), ("Country", country)] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                issuer.add(label, value);
            }
        }
    }
    let validity = node.add("Validity", "");
    validity.add("Not Before", certificate.not_before());
    validity.add("Not After", certificate.not_after());
    add_key(node.add("Subject Public Key Info", ""), &certificate);
    add_extensions(node.add("Extensions", ""), &certificate);
    node.present("Signature", certificate.signature().len());
}

fn add_key(node: &mut Tree, certificate: &Certificate) {
    let Ok(key) = certificate.public_key() else {
        node.add("Algorithm", "Unknown");
        return;
    };
    match key.algorithm() {
        KeyAlgorithm::Ecdsa(curve) => {
            node.add("Algorithm", "ECDSA");
            let (name, length) = match curve {
                Curve::P256 => ("P-256", 65),
                Curve::P384 => ("P-384", 97),
                Curve::P521 => ("P-521", 133),
            };
            node.add("Curve", name);
            add_key_bytes(node, &key, length);
        }
        KeyAlgorithm::Ed25519 => {
            node.add("Algorithm", "Ed25519");
            add_key_bytes(node, &key, 32);
        }
        KeyAlgorithm::Rsa { bits } => {
            node.add("Algorithm", "RSA");
            node.add("Key Size", format_args!("{bits} bits"));
        }
    }
}

/// The key itself is the end of its SPKI.
fn add_key_bytes(node: &mut Tree, key: &PublicKey, length: usize) {
    let spki = key.spki_der();
    let digits = hex::encode(&spki[spki.len().saturating_sub(length)..]);
    let (head, tail) = (digits.get(..8).unwrap_or_default(), digits.get(digits.len().saturating_sub(8)..).unwrap_or_default());
    node.add("Public Key", format_args!("{head}...{tail} ({length} bytes)"));
}

fn add_extensions(node: &mut Tree, certificate: &Certificate) {
    let (name, emails, uris) = (certificate.common_name(), certificate.email_addresses(), certificate.uris());
    if name.is_some() || !emails.is_empty() || !uris.is_empty() {
        let identity = node.add("Identity (Subject Alternative Name)", "");
        name.into_iter().for_each(|name| {
            identity.add("Common Name", name);
        });
        emails.iter().for_each(|email| {
            identity.add("Email", email);
        });
        uris.iter().for_each(|uri| {
            identity.add("URI", uri);
        });
    }
    let bits = certificate.key_usage_bits();
    let usages: Vec<&str> = KEY_USAGES.iter().enumerate().filter(|(at, _)| bits.contains(at)).map(|(_, name)| *name).collect();
    if !usages.is_empty() {
        node.add("Key Usage", usages.join(", "));
    }
    let named = |oid: &String| {
        EXTENDED_KEY_USAGES.iter().find(|(known, _)| known == oid).map(|(_, name)| (*name).to_owned()).ok_or_else(|| oid.clone())
    };
    let (known, unknown): (Vec<_>, Vec<_>) = certificate.extended_key_usages().iter().map(named).partition(Result::is_ok);
    for (label, names) in [("Extended Key Usage", known), ("Unknown Extended Key Usage", unknown)] {
        let names: Vec<String> = names.into_iter().map(|name| name.unwrap_or_else(|oid| oid)).collect();
        if !names.is_empty() {
            node.add(label, names.join(", "));
        }
    }
    for (label, id) in [("Subject Key ID", certificate.subject_key_id()), ("Authority Key ID", certificate.authority_key_id())] {
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            node.add(label, hex::encode(id));
        }
    }
    for extension in certificate.extensions().iter().filter(|extension| !SHOWN_BEFORE.contains(&extension.oid().as_str())) {
        let oid = extension.oid();
        let scts = if oid == SCT_LIST { Sct::embedded(certificate).unwrap_or_default() } else { Vec::new() };
        let arc = oid.strip_prefix(FULCIO_ARC).and_then(|arc| arc.parse::<usize>().ok());
        match arc.and_then(|arc| FULCIO.get(arc.checked_sub(1)?)) {
            _ if !scts.is_empty() => add_scts(node, &scts),
            Some(label) => {
                let value = extension.text().unwrap_or_else(|| String::from_utf8_lossy(&extension.value).into_owned());
                node.add(*label, value);
            }
            None => {
                node.add(format!("OID: {oid}"), format_args!("(Critical: {}) [{} bytes]", extension.critical, extension.value.len()));
            }
        }
    }
}

fn add_scts(node: &mut Tree, scts: &[Sct]) {
    let node = node.add("Signed Certificate Timestamps", scts.len());
    for (at, sct) in scts.iter().enumerate() {
        let one = node.add(format!("Signed Certificate Timestamp [{at}]"), "");
        one.add("Version", "v1");
        one.add("Log ID", hex::encode(sct.log_id()));
        one.add("Timestamp", sct.time());
        match sct.extensions().len() {
            0 => one.add("Extensions", "none"),
            length => one.add("Extensions", format_args!("{length} bytes")),
        };
        one.present("Signature", sct.signature().len());
    }
}
