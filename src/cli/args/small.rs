//! The flags of commands about key files, tags and logins.

use clap::Args;

use super::given::password;
use super::{AnnotationArgs, RegistryArgs, SecurityKeyArgs};
use crate::secret::Password;

/// `cosign generate-key-pair [flags] [SCHEME://REF]`
#[derive(Debug, Clone, Args)]
pub struct GenerateKeyPairArgs {
    /// Where else the pair is stored; only the first counts.
    pub words: Vec<String>,

    /// Make the pair in a key management service, at this URI
    #[arg(long, default_value_t)]
    pub kms: String,

    /// What the names of the files start with, before .key and .pub
    #[arg(long, default_value = "cosign")]
    pub output_key_prefix: String,
}

/// `cosign generate [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct GenerateArgs {
    /// The image.
    pub image: String,

    /// What the payload says besides.
    #[command(flatten)]
    pub annotations: AnnotationArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign import-key-pair [flags]`
#[derive(Debug, Clone, Args)]
pub struct ImportKeyPairArgs {
    /// Ignored, as in cosign.
    pub words: Vec<String>,

    /// A PEM file with the private key to import
    #[arg(long, short = 'k', default_value_t)]
    pub key: String,

    /// What the names of the new files start with, before .key and .pub
    #[arg(long, short = 'o', default_value = "import-cosign")]
    pub output_key_prefix: String,

    /// Overwrite an existing key without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// `cosign public-key [flags]`
#[derive(Debug, Clone, Args)]
pub struct PublicKeyArgs {
    /// Ignored, as in cosign.
    pub words: Vec<String>,

    /// The private key: a file, env://VARIABLE, a URL, a KMS URI or a Kubernetes secret
    #[arg(long, default_value_t)]
    pub key: String,

    /// Write the public key to this file instead of standard output
    #[arg(long, default_value_t)]
    pub outfile: String,

    /// A hardware key.
    #[command(flatten)]
    pub security_key: SecurityKeyArgs,
}

/// `cosign triangulate [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct TriangulateArgs {
    /// The image, and nothing else.
    pub words: Vec<String>,

    /// What to locate: signature, attestation, sbom or digest
    #[arg(long = "type", default_value = "signature")]
    pub attachment_type: String,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign login [flags] SERVER`
#[derive(Debug, Clone, Args)]
pub struct LoginArgs {
    /// The registry.
    #[arg(default_value_t)]
    pub server: String,

    /// The user name
    #[arg(long, short = 'u', default_value_t)]
    pub username: String,

    /// The password
    #[arg(long, short = 'p', default_value = "", value_parser = password)]
    pub password: Password,

    /// Take the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
}
