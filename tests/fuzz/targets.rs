//! What every fuzz target does with bytes: parse them, and where that succeeds, use and write what was read. The same functions run as
//! property tests on stable (`tests/parsers.rs`).

use cosign::crypto::sct::Sct;
use cosign::crypto::{Certificate, timestamp};
use cosign::format::bundle::Bundle;
use cosign::format::bundle::legacy::LocalBundle;
use cosign::format::dsse::Envelope;
use cosign::format::intoto::Statement;
use cosign::format::oci::manifest::Manifest;
use cosign::format::signing_config::SigningConfig;
use cosign::format::tlog::{Checkpoint, EntryBody};
use cosign::format::trusted_root::TrustedRoot;

/// What takes the bytes.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 8] = [
    ("bundle", bundle),
    ("legacy_bundle", legacy_bundle),
    ("certificate", certificate),
    ("timestamp", timestamp),
    ("checkpoint", checkpoint),
    ("dsse", dsse),
    ("trusted_root", trusted_root),
    ("manifest", manifest),
];

/// A bundle: what is read is written and read again unchanged.
pub fn bundle(bytes: &[u8]) {
    let Ok(bundle) = Bundle::read(bytes) else { return };
    let _ = (bundle.validate(false), bundle.validate(true), bundle.to_signed().is_ok());
    // Certificates that do not parse and other nonsense survive, too: nothing is lost.
    if bundle.validate(true).is_ok() || bundle.validate(false).is_ok() {
        assert_eq!(Bundle::read(&bundle.to_json()).as_ref(), Ok(&bundle));
    }
}

/// The `--bundle` JSON of version 2.
pub fn legacy_bundle(bytes: &[u8]) {
    let Ok(bundle) = LocalBundle::parse(bytes) else { return };
    let _ = (bundle.to_signed_message().is_ok(), bundle.clone().into_signed_envelope().is_ok());
    assert_eq!(LocalBundle::parse(&bundle.to_json()).as_ref(), Ok(&bundle));
}

/// A certificate and what it says.
pub fn certificate(bytes: &[u8]) {
    let _ = Certificate::all_from_pem(bytes);
    let Ok(certificate) = Certificate::from_der(bytes) else { return };
    let _ = (certificate.public_key(), certificate.subject(), certificate.issuer(), certificate.subject_alternative_names());
    let _ = (certificate.fulcio().issuer(), certificate.key_usage_bits(), certificate.extended_key_usages(), Sct::embedded(&certificate));
    assert!(Certificate::all_from_pem(certificate.to_pem().as_bytes()).is_ok_and(|read| read[0].der() == certificate.der()));
}

/// An RFC 3161 response.
pub fn timestamp(bytes: &[u8]) {
    let _ = timestamp::describe(bytes);
}

/// A checkpoint, and the body of a log entry.
pub fn checkpoint(bytes: &[u8]) {
    let _ = EntryBody::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Checkpoint::describe(text);
    }
}

/// An envelope and the statement in it.
pub fn dsse(bytes: &[u8]) {
    let _ = Statement::parse(bytes);
    let Ok(envelope) = Envelope::from_json(bytes) else { return };
    let _ = (envelope.signed_bytes(), envelope.single_signature().is_ok(), Statement::parse(&envelope.payload).is_ok());
    assert_eq!(Envelope::from_json(&envelope.to_json()).as_ref(), Ok(&envelope));
}

/// A trusted root, and a signing config: what is read is written and read again.
pub fn trusted_root(bytes: &[u8]) {
    if let Ok(config) = SigningConfig::parse(bytes) {
        assert!(SigningConfig::parse(&config.to_json()).is_ok());
    }
    let Ok(root) = TrustedRoot::parse(bytes) else { return };
    if let Ok(json) = root.to_json() {
        assert!(TrustedRoot::parse(&json).is_ok(), "{}", String::from_utf8_lossy(&json));
    }
}

/// An OCI manifest or index.
pub fn manifest(bytes: &[u8]) {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else { return };
    assert!(serde_json::to_vec(&manifest).is_ok());
}
