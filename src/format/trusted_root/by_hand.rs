//! Trusted material from single files: certificate chains, CA roots, log keys.

use super::{CertificateAuthority, NamedTimestampAuthority, TransparencyLog, TrustedRoot};
use crate::crypto::timestamp::TimestampAuthority;
use crate::crypto::{Certificate, Digest, LogKey, PublicKey, ValidityPeriod};

impl TrustedRoot {
    /// Adds an authority by its chain, root last (`--certificate-chain`). An empty chain adds nothing.
    pub fn add_certificate_chain(&mut self, mut chain: Vec<Certificate>) {
        if let Some(root) = chain.pop() {
            self.add_certificate_authorities(vec![root], &chain);
        }
    }

    /// Adds authorities, each with the same certificates below it (`--ca-roots`, `--ca-intermediates`).
    pub fn add_certificate_authorities(&mut self, roots: Vec<Certificate>, intermediates: &[Certificate]) {
        self.certificate_authorities.extend(roots.into_iter().map(|root| CertificateAuthority {
            uri: String::new(),
            root,
            intermediates: intermediates.to_vec(),
            valid: ValidityPeriod::default(),
            by_hand: true,
        }));
    }

    /// Adds authorities from one heap of certificates (`SIGSTORE_ROOT_FILE`): self-issued ones are roots, the others stand below each of them.
    pub fn add_certificate_pool(&mut self, certificates: Vec<Certificate>) {
        let is_root = |certificate: &Certificate| certificate.subject_der() == certificate.issuer_der();
        let (roots, intermediates): (Vec<_>, Vec<_>) = certificates.into_iter().partition(is_root);
        self.add_certificate_authorities(roots, &intermediates);
    }

    /// Adds a transparency log by its key (`SIGSTORE_REKOR_PUBLIC_KEY`); its id is the SHA-256 of the key.
    pub fn add_transparency_log(&mut self, key: PublicKey) {
        self.transparency_logs.push(TransparencyLog { base_url: String::new(), key: log_key(key) });
    }

    /// Adds a Certificate Transparency log by its key (`SIGSTORE_CT_LOG_PUBLIC_KEY_FILE`).
    pub fn add_ct_log(&mut self, key: PublicKey) {
        self.ct_logs.push(TransparencyLog { base_url: String::new(), key: log_key(key) });
    }

    /// Adds a timestamp authority by its chain (`--timestamp-certificate-chain`): a first certificate that is no authority is the one that must
    /// have signed; self-issued ones are roots.
    pub fn add_timestamp_chain(&mut self, chain: Vec<Certificate>) {
        let mut authority =
            TimestampAuthority { leaf: None, intermediates: Vec::new(), roots: Vec::new(), valid: ValidityPeriod::default() };
        for certificate in chain {
            if !certificate.is_ca() {
                authority.leaf = authority.leaf.or(Some(certificate));
            } else if certificate.subject_der() == certificate.issuer_der() {
                authority.roots.push(certificate);
            } else {
                authority.intermediates.push(certificate);
            }
        }
        self.timestamp_authorities.push(NamedTimestampAuthority { uri: String::new(), authority });
    }
}

fn log_key(key: PublicKey) -> LogKey {
    LogKey { id: Digest::sha256(key.spki_der()).bytes().to_vec(), key, valid: ValidityPeriod::default() }
}
