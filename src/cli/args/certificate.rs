//! What a certificate has to say and to be trusted by.

use clap::Args;

/// Whom a certificate has to name.
#[derive(Debug, Clone, Default, Args)]
pub struct CertIdentityArgs {
    /// The identity that the certificate has to name: an e-mail address, a URI, a DNS name or an IP address
    #[arg(long, default_value_t)]
    pub certificate_identity: String,

    /// A regular expression (Go's syntax, unanchored: add ^ and $) for that identity
    #[arg(long, default_value_t)]
    pub certificate_identity_regexp: String,

    /// The OIDC issuer that the certificate has to name
    #[arg(long, default_value_t)]
    pub certificate_oidc_issuer: String,

    /// A regular expression (Go's syntax, unanchored: add ^ and $) for that issuer
    #[arg(long, default_value_t)]
    pub certificate_oidc_issuer_regexp: String,

    /// The event that has to have triggered the GitHub workflow
    #[arg(long, default_value_t)]
    pub certificate_github_workflow_trigger: String,

    /// The commit that the GitHub workflow has to have run on
    #[arg(long, default_value_t)]
    pub certificate_github_workflow_sha: String,

    /// The name that the GitHub workflow has to have
    #[arg(long, default_value_t)]
    pub certificate_github_workflow_name: String,

    /// The repository that the GitHub workflow has to have run for
    #[arg(long, default_value_t)]
    pub certificate_github_workflow_repository: String,

    /// The Git ref that the GitHub workflow has to have run on
    #[arg(long, default_value_t)]
    pub certificate_github_workflow_ref: String,
}

/// A certificate given by hand, and what it is checked against.
#[derive(Debug, Clone, Default, Args)]
pub struct CertVerifyArgs {
    /// Whom the certificate has to name.
    #[command(flatten)]
    pub identity: CertIdentityArgs,

    /// A PEM file with the certificate of the signature
    #[arg(long, default_value_t, hide = true, long_help = "please use --bundle with --trusted-root to provide the public certificate")]
    pub certificate: String,

    /// A PEM file with the certificates above it, from its issuer to the root
    #[arg(long, default_value_t, hide = true, long_help = "please use --trusted-root to provide the certificate chain")]
    pub certificate_chain: String,

    /// A PEM file with root certificates
    #[arg(long, default_value_t, hide = true, long_help = "please use --trusted-root to provide CA certificates")]
    pub ca_roots: String,

    /// A PEM file with intermediate certificates, to be used with --ca-roots
    #[arg(long, default_value_t, hide = true, long_help = "please use --trusted-root to provide CA certificates")]
    pub ca_intermediates: String,

    /// A file with a detached SCT
    #[arg(long, default_value_t, hide = true, long_help = "a Signed Certificate Timestamp is now provided via a Sigstore bundle")]
    pub sct: String,

    /// Do not ask for the proof that the certificate was published (its SCT)
    #[arg(long)]
    pub insecure_ignore_sct: bool,
}

/// A rule of the identity flags that is broken. The texts are cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFlagsError {
    /// A key and an identity.
    #[error(
        "exactly one of: key reference (--key) or certificate identity (--certificate-identity or --certificate-identity-regexp), must be provided. To determine which to use, inspect the bundle's 'verificationMaterial' field: if 'publicKey' is present, use key reference; if 'certificate' or 'x509CertificateChain' is present, use certificate identity"
    )]
    KeyAndIdentity,
    /// Neither a key nor an identity.
    #[error("--certificate-identity or --certificate-identity-regexp is required for verification in keyless mode")]
    NoIdentity,
    /// An identity without its issuer.
    #[error("--certificate-oidc-issuer or --certificate-oidc-issuer-regexp is required for verification in keyless mode")]
    NoIssuer,
}

impl CertIdentityArgs {
    /// Not both a key and an identity, nor two identities.
    ///
    /// # Errors
    /// [`IdentityFlagsError::KeyAndIdentity`].
    pub fn at_most_one(&self, key: &str) -> Result<(), IdentityFlagsError> {
        let given = [key, &self.certificate_identity, &self.certificate_identity_regexp].iter().filter(|text| !text.is_empty()).count();
        if given > 1 { Err(IdentityFlagsError::KeyAndIdentity) } else { Ok(()) }
    }

    /// A key (`--key`, or the hardware key that `security_key` tells of) or one identity with its issuer.
    ///
    /// # Errors
    /// [`IdentityFlagsError`].
    pub fn check(&self, key: &str, security_key: bool) -> Result<(), IdentityFlagsError> {
        self.at_most_one(key)?;
        if !key.is_empty() || security_key {
            return Ok(());
        }
        if self.certificate_identity.is_empty() && self.certificate_identity_regexp.is_empty() {
            return Err(IdentityFlagsError::NoIdentity);
        }
        if self.certificate_oidc_issuer.is_empty() && self.certificate_oidc_issuer_regexp.is_empty() {
            return Err(IdentityFlagsError::NoIssuer);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_an_identity() {
        let identity = |identity: &str, regexp: &str, issuer: &str| CertIdentityArgs {
            certificate_identity: identity.to_owned(),
            certificate_identity_regexp: regexp.to_owned(),
            certificate_oidc_issuer: issuer.to_owned(),
            ..Default::default()
        };
        assert_eq!(identity("", "", "").check("k", false), Ok(()));
        assert_eq!(identity("", "", "").check("", true), Ok(()));
        assert_eq!(identity("a", "", "i").check("", false), Ok(()));
        assert_eq!(identity("a", "", "").check("k", false), Err(IdentityFlagsError::KeyAndIdentity));
        assert_eq!(identity("a", "b", "i").check("", false), Err(IdentityFlagsError::KeyAndIdentity));
        assert_eq!(identity("", "", "i").check("", false), Err(IdentityFlagsError::NoIdentity));
        assert_eq!(identity("", "a", "").check("", false), Err(IdentityFlagsError::NoIssuer));
    }
}
