//! The flags of `attach`.

use std::path::PathBuf;

use clap::Args;

use super::{ReferrersModeArgs, RegistryArgs};

/// `cosign attach signature [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct AttachSignatureArgs {
    /// The image.
    pub image: String,

    /// The signature, in base64 or as it is: a file, a URL, env://VARIABLE, or - for standard input
    #[arg(long, default_value_t)]
    pub signature: String,

    /// A file with the payload that the signature is about, or with a bundle
    #[arg(long, default_value_t, overrides_with = "bundle")]
    pub payload: String,

    /// A file with a bundle (the same as --payload)
    #[arg(long, default_value_t, overrides_with = "payload")]
    pub bundle: String,

    /// A PEM file with the certificate of the signer
    #[arg(long, default_value_t)]
    pub certificate: String,

    /// A PEM file with the chain of that certificate, its issuer first, the root last
    #[arg(long, default_value_t)]
    pub certificate_chain: String,

    /// A file with an RFC 3161 time stamp of the signature
    #[arg(long, default_value_t)]
    pub tsr: String,

    /// A file with the transparency log's entry: what Rekor answered, or an older bundle
    #[arg(long, default_value_t)]
    pub rekor_response: String,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign attach attestation [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct AttachAttestationArgs {
    /// The image; further words are ignored, as in cosign.
    pub words: Vec<String>,

    /// A file with an attestation (a DSSE envelope) or a bundle, or with several, one behind the other; repeatable
    #[arg(long, value_name = "stringArray")]
    pub attestation: Vec<PathBuf>,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign attach sbom [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct AttachSbomArgs {
    /// The image.
    pub image: String,

    /// The SBOM: a file, a URL, env://VARIABLE, or - for standard input
    #[arg(long, default_value_t)]
    pub sbom: String,

    /// The SBOM's kind: spdx, cyclonedx or syft
    #[arg(long = "type", default_value = "spdx")]
    pub sbom_type: String,

    /// How it is written: json, xml or text
    #[arg(long, default_value_t)]
    pub input_format: String,

    /// How the reference is kept.
    #[command(flatten)]
    pub referrers_mode: ReferrersModeArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}
