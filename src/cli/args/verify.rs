//! The flags of `verify`.

use clap::Args;

use super::signing_config::DEFAULT_REKOR_URL;
use super::{AnnotationArgs, CertVerifyArgs, CommonVerifyArgs, Given, RegistryArgs, SecurityKeyArgs, SignatureDigestArgs};

/// `cosign verify [flags] IMAGE...`
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The images.
    pub images: Vec<String>,

    /// The public key: a file, env://VARIABLE, a URL, a KMS URI or a Kubernetes secret
    #[arg(long, default_value_t)]
    pub key: String,

    /// Check that what was signed is this image and carries the annotations that are asked for
    #[arg(long, default_value_t = true)]
    pub check_claims: bool,

    /// The form of the result: json or text
    #[arg(long, short = 'o', default_value = "json")]
    pub output: String,

    /// Take the argument for the path of an image that `cosign save` wrote
    #[arg(long)]
    pub local_image: bool,

    /// Verify what is attached to the image instead of the image: sbom
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use OCI referrers for attachments and verify with `--experimental-oci11`"
    )]
    pub attachment: String,

    /// The signature: itself, or the path or URL of a file that holds it
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "signatures are automatically fetched from the OCI registry during image verification"
    )]
    pub signature: String,

    /// The path or URL of a file with the payload
    #[arg(long, default_value_t, hide = true, long_help = "payload will always be verified from the bundle in future versions")]
    pub payload: String,

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

    /// Annotations to ask for.
    #[command(flatten)]
    pub annotations: AnnotationArgs,

    /// A hardware key.
    #[command(flatten)]
    pub security_key: SecurityKeyArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// Which flags were given.
    #[arg(skip)]
    pub given: Given,
}
