//! The flags of `verify-attestation` and `verify-blob-attestation`.

use clap::Args;

use super::{RegistryArgs, VerifierArgs};

/// `cosign verify-attestation [flags] IMAGE...`
#[derive(Debug, Clone, Args)]
pub struct VerifyAttestationArgs {
    /// The images.
    pub images: Vec<String>,

    /// The type of the predicate: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex, custom, or a URI
    #[arg(long = "type", default_value = "custom")]
    pub predicate_type: String,

    /// A policy that the attestation has to satisfy: a file in CUE (.cue) or Rego (.rego); repeatable, or several with commas between
    #[arg(long)]
    pub policy: Vec<String>,

    /// Whether the attestation has to be about the image
    #[arg(long, default_value_t = true)]
    pub check_claims: bool,

    /// The form of the result: json or text, which are the same here
    #[arg(long, short = 'o', default_value = "json")]
    pub output: String,

    /// The images are directories that `cosign save` wrote
    #[arg(long)]
    pub local_image: bool,

    /// Who must have signed, and what is believed.
    #[command(flatten)]
    pub verifier: VerifierArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign verify-blob-attestation [flags] [FILE]`
#[derive(Debug, Clone, Args)]
pub struct VerifyBlobAttestationArgs {
    /// The file, and nothing else.
    pub words: Vec<String>,

    /// The file with the bundle
    #[arg(long, default_value_t)]
    pub bundle: String,

    /// The file with the signed envelope
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

    /// The type of the predicate: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex, custom, or a URI
    #[arg(long = "type", default_value = "custom")]
    pub predicate_type: String,

    /// Whether the attestation has to be about the file
    #[arg(long, default_value_t = true)]
    pub check_claims: bool,

    /// The digest of the file in hexadecimal, where it is not at hand; with --digestAlg
    #[arg(long, default_value_t)]
    pub digest: String,

    /// The function of that digest: sha256, sha384 or sha512
    #[arg(long = "digestAlg", default_value_t)]
    pub digest_algorithm: String,

    /// Who must have signed, and what is believed.
    #[command(flatten)]
    pub verifier: VerifierArgs,
}
