//! The flags of `verify`.

use clap::Args;

use super::{AnnotationArgs, RegistryArgs, VerifierArgs};

/// `cosign verify [flags] IMAGE...`
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The images.
    pub images: Vec<String>,

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

    /// Who must have signed, and what is believed.
    #[command(flatten)]
    pub verifier: VerifierArgs,

    /// Annotations to ask for.
    #[command(flatten)]
    pub annotations: AnnotationArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}
