//! The flags of `sign-blob` and `verify-blob`.

use clap::Args;

use super::signing_config::DEFAULT_REKOR_URL;
use super::{
    CertVerifyArgs, CommonVerifyArgs, FulcioArgs, Given, OidcArgs, SecurityKeyArgs, SignatureDigestArgs, SigningConfigArgs, TimestampArgs,
};
use crate::cli::flags::ADDED;

/// `cosign sign-blob [flags] FILE...`
#[derive(Debug, Clone, Args)]
pub struct SignBlobArgs {
    /// The files; `-` for standard input.
    pub blobs: Vec<String>,

    /// The private key: a file, env://VARIABLE, a URL, a KMS URI or a Kubernetes secret
    #[arg(long, default_value_t)]
    pub key: String,

    /// A PEM file with the certificate of the key, which goes into the bundle
    #[arg(long, default_value_t)]
    pub certificate: String,

    /// A PEM file with the certificates above it, from the issuer of the signing certificate to the root
    #[arg(long, default_value_t)]
    pub certificate_chain: String,

    /// Answer questions with yes
    #[arg(long, short = 'y')]
    pub yes: bool,

    /// Ask Fulcio for a certificate of the given key
    #[arg(long, hide = true, long_help = "support for this flag will be removed in the future")]
    pub issue_certificate: bool,

    /// The kind of key to make when signing with an identity
    #[arg(long, default_value = "ecdsa-sha2-256-nistp256")]
    pub signing_algorithm: String,

    /// Files to write.
    #[command(flatten)]
    pub output: BlobOutputArgs,

    /// A hardware key.
    #[command(flatten)]
    pub security_key: SecurityKeyArgs,

    /// The services.
    #[command(flatten)]
    pub signing_config: SigningConfigArgs,

    /// The certificate authority.
    #[command(flatten)]
    pub fulcio: FulcioArgs,

    /// The provider of identity tokens.
    #[command(flatten)]
    pub oidc: OidcArgs,

    /// The timestamp authority.
    #[command(flatten)]
    pub timestamp: TimestampArgs,
}

/// Files that a signature of a file is written to.
#[derive(Debug, Clone, Default, Args)]
pub struct BlobOutputArgs {
    /// Write all that is needed to verify the file to this file
    #[arg(long, default_value_t)]
    pub bundle: String,

    /// Whether signature and certificate are written in base64
    #[arg(
        long,
        default_value_t = true,
        hide = true,
        long_help = "please use --bundle, which already base64 encodes content as appropriate"
    )]
    pub b64: bool,

    /// The older name of --output-signature
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the signature"
    )]
    pub output: String,

    /// Write the signature to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the signature"
    )]
    pub output_signature: String,

    /// Write the certificate to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the certificate"
    )]
    pub output_certificate: String,

    /// Write the signed timestamp to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the signed timestamp"
    )]
    pub rfc3161_timestamp: String,
}

/// `cosign verify-blob [flags] FILE`
#[derive(Debug, Clone, Args)]
pub struct VerifyBlobArgs {
    /// The file; `-` for standard input; `sha256:HEX` where it is not at hand.
    pub blob: String,

    /// The public key: a file, env://VARIABLE, a URL, a KMS URI or a Kubernetes secret
    #[arg(long, default_value_t)]
    pub key: String,

    /// The file with the bundle
    #[arg(long, default_value_t)]
    pub bundle: String,

    /// The signature: itself, or the path or URL of a file that holds it
    #[arg(long, default_value_t, hide = true, long_help = "please use --bundle to provide a signature")]
    pub signature: String,

    /// The path or URL of a file with the signed timestamp
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the signed timestamp"
    )]
    pub rfc3161_timestamp: String,

    /// The URL of the transparency log
    #[arg(long, default_value = DEFAULT_REKOR_URL, hide = true, long_help = "please use --bundle, which includes the Rekor inclusion proof")]
    pub rekor_url: String,

    /// The form of the result on standard output: text (which is none) or json
    #[arg(long, default_value = "text", help_heading = ADDED)]
    pub output: String,

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
