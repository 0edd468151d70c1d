//! What all verifying commands share.

use clap::Args;

use super::{CertVerifyArgs, DEFAULT_REKOR_URL, Given, IdentityFlagsError, SecurityKeyArgs};

/// What is checked, and with what.
#[derive(Debug, Clone, Args)]
pub struct CommonVerifyArgs {
    /// Use no service but the registry
    #[arg(
        long,
        hide = true,
        long_help = "To verify in an airgapped environment, provide a --bundle with the signature and verification material, and a --trusted-root file with the service keys and certificates"
    )]
    pub offline: bool,

    /// A PEM file with the certificates of the timestamp authority: its root, perhaps intermediates and its own
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --trusted-root to provide the timestamp authority certificate chain"
    )]
    pub timestamp_certificate_chain: String,

    /// Ask for a signed timestamp (RFC 3161)
    #[arg(long)]
    pub use_signed_timestamps: bool,

    /// Do not ask for an entry in a transparency log, for signatures that were never entered
    #[arg(long)]
    pub insecure_ignore_tlog: bool,

    /// Do not ask for an entry in a transparency log, and do not warn about it
    #[arg(long, hide = true, long_help = "please use --insecure-ignore-tlog instead")]
    pub private_infrastructure: bool,

    /// Find signatures by OCI 1.1 referrers, in the older form too
    #[arg(long, hide = true, long_help = "OCI referrers will be the default behavior in future versions")]
    pub experimental_oci11: bool,

    /// How much is verified at the same time, at most
    #[arg(long, default_value = "10", allow_negative_numbers = true)]
    pub max_workers: i64,

    /// A file with the trusted root: the keys and certificates of the services
    #[arg(long, default_value_t)]
    pub trusted_root: String,

    /// Whether signatures in Sigstore bundles are looked for
    #[arg(long, default_value_t = true, hide = true, long_help = "this will be the only supported format in future versions")]
    pub new_bundle_format: bool,

    /// Allow a certificate chain in a bundle of version 0.3 or later
    #[arg(long)]
    pub allow_certificate_chain: bool,
}

impl CommonVerifyArgs {
    /// Whether no log entry is asked for.
    pub fn ignores_tlog(&self) -> bool {
        self.insecure_ignore_tlog || self.private_infrastructure
    }

    /// What to warn of when log entries of `what` (such as `signature`) are not asked for.
    pub fn tlog_warning(&self, what: &str) -> Option<String> {
        let warns = self.insecure_ignore_tlog && !self.private_infrastructure;
        warns.then(|| {
            format!(
                "Skipping tlog verification is an insecure practice that lacks transparency and auditability verification for the {what}."
            )
        })
    }
}

/// The digest that was signed.
#[derive(Debug, Clone, Args)]
pub struct SignatureDigestArgs {
    /// The digest algorithm of the signature: sha224, sha256, sha384 or sha512
    #[arg(long, default_value = "sha256", hide = true, long_help = "please use --bundle, which already includes the digest algorithm")]
    pub signature_digest_algorithm: String,
}

/// Who must have signed, and what is believed.
#[derive(Debug, Clone, Args)]
pub struct VerifierArgs {
    /// The public key: a file, env://VARIABLE, a URL, a KMS URI or a Kubernetes secret
    #[arg(long, default_value_t)]
    pub key: String,

    /// The URL of the transparency log
    #[arg(long, default_value = DEFAULT_REKOR_URL, hide = true, long_help = "please use --bundle, which includes the Rekor inclusion proof")]
    pub rekor_url: String,

    /// What is checked, and with what.
    #[command(flatten)]
    pub common: CommonVerifyArgs,

    /// The digest that was signed.
    #[command(flatten)]
    pub signature_digest: SignatureDigestArgs,

    /// Certificates.
    #[command(flatten)]
    pub certificate: CertVerifyArgs,

    /// A hardware key.
    #[command(flatten)]
    pub security_key: SecurityKeyArgs,

    /// Which flags were given.
    #[arg(skip)]
    pub given: Given,
}

impl VerifierArgs {
    /// A key, or one identity with its issuer.
    ///
    /// # Errors
    /// [`IdentityFlagsError`].
    pub fn check_signer(&self) -> Result<(), IdentityFlagsError> {
        self.certificate.identity.check(&self.key, self.security_key.security_key)
    }

    /// Whether the log may be asked for entries.
    pub fn may_look_up(&self) -> bool {
        !self.common.offline && !self.common.ignores_tlog()
    }
}
