//! The flags of `sign-blob` and `verify-blob`.

use clap::Args;

use super::{SignerArgs, VerifierArgs};
use crate::cli::flags::ADDED;

/// `cosign sign-blob [flags] FILE...`
#[derive(Debug, Clone, Args)]
pub struct SignBlobArgs {
    /// The files; `-` for standard input.
    pub blobs: Vec<String>,

    /// The kind of key to make when signing with an identity
    #[arg(long, default_value = "ecdsa-sha2-256-nistp256")]
    pub signing_algorithm: String,

    /// Files to write.
    #[command(flatten)]
    pub output: BlobOutputArgs,

    /// Who signs, and with which services.
    #[command(flatten)]
    pub signer: SignerArgs,
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

    /// The form of the result on standard output: text (which is none) or json
    #[arg(long, default_value = "text", help_heading = ADDED)]
    pub output: String,

    /// Who must have signed, and what is believed.
    #[command(flatten)]
    pub verifier: VerifierArgs,
}
