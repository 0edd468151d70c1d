//! The flags of `sign`.

use clap::Args;

use super::{AnnotationArgs, ReferrersModeArgs, RegistryArgs, SignerArgs};

/// `cosign sign [flags] IMAGE...`
#[derive(Debug, Clone, Args)]
pub struct SignArgs {
    /// The images.
    pub images: Vec<String>,

    /// Whether the signature is stored in the registry
    #[arg(long, default_value_t = true)]
    pub upload: bool,

    /// Sign the images of a multi-platform image, too
    #[arg(long, short = 'r')]
    pub recursive: bool,

    /// A file with the payload to sign instead of the generated one
    #[arg(long, default_value_t, hide = true, long_help = "payload will always be generated automatically in future versions")]
    pub payload: String,

    /// Sign what is attached to the image instead of the image: sbom
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use OCI referrers for attachments; see `cosign attach sbom --registry-referrers-mode=oci-1-1 --help`"
    )]
    pub attachment: String,

    /// The image name that the payload claims; repeatable
    #[arg(long, hide = true, long_help = "not possible when OCI referrers become the default behavior")]
    pub sign_container_identity: Vec<String>,

    /// Store the time of creation with the signature
    #[arg(long, hide = true, long_help = "not used with the new bundle format")]
    pub record_creation_timestamp: bool,

    /// Files to write.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Annotations to sign.
    #[command(flatten)]
    pub annotations: AnnotationArgs,

    /// Who signs, and with which services.
    #[command(flatten)]
    pub signer: SignerArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// How the registry keeps references.
    #[command(flatten)]
    pub referrers_mode: ReferrersModeArgs,
}

/// Files that a signature of an image is written to.
#[derive(Debug, Clone, Default, Args)]
pub struct OutputArgs {
    /// Write all that is needed to verify the image to this file
    #[arg(long, default_value_t)]
    pub bundle: String,

    /// Write the signature to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the signature"
    )]
    pub output_signature: String,

    /// Write the signed payload to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the payload"
    )]
    pub output_payload: String,

    /// Write the certificate to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the certificate"
    )]
    pub output_certificate: String,
}
