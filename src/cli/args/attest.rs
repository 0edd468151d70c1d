//! The flags of `attest` and `attest-blob`.

use clap::Args;

use super::{RegistryArgs, SignerArgs};

/// What is attested.
#[derive(Debug, Clone, Default, Args)]
pub struct PredicateArgs {
    /// The type of the predicate: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex, custom, or a URI
    #[arg(long = "type", default_value = "custom")]
    pub predicate_type: String,

    /// The file with the predicate; - for standard input
    #[arg(long, default_value_t)]
    pub predicate: String,

    /// The file with the whole statement, instead of a predicate
    #[arg(long, default_value_t)]
    pub statement: String,
}

/// Who attests what: what both commands share.
#[derive(Debug, Clone, Args)]
pub struct AttestingArgs {
    /// Write all that is needed to verify the attestation to this file
    #[arg(long, default_value_t)]
    pub bundle: String,

    /// The kind of entry in the transparency log: dsse or intoto
    #[arg(
        long,
        default_value = "dsse",
        hide = true,
        long_help = "support for this flag will be removed in the future. it is strongly discouraged to rely on Rekor for attestation storage, and in future releases of Rekor, this functionality will be removed."
    )]
    pub rekor_entry_type: String,

    /// What is attested.
    #[command(flatten)]
    pub predicate: PredicateArgs,

    /// Who signs, and with which services.
    #[command(flatten)]
    pub signer: SignerArgs,
}

/// `cosign attest [flags] IMAGE...`
#[derive(Debug, Clone, Args)]
pub struct AttestArgs {
    /// The images.
    pub images: Vec<String>,

    /// Do not store the attestation in the registry
    #[arg(long)]
    pub no_upload: bool,

    /// Take away earlier attestations of the same predicate type
    #[arg(long, hide = true, long_help = "not needed when OCI referrers become the default behavior")]
    pub replace: bool,

    /// Store the time of creation with the attestation
    #[arg(long, hide = true, long_help = "not used with the new bundle format")]
    pub record_creation_timestamp: bool,

    /// Who attests what.
    #[command(flatten)]
    pub attesting: AttestingArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign attest-blob [flags] FILE`
#[derive(Debug, Clone, Args)]
pub struct AttestBlobArgs {
    /// The file, and nothing else; with --statement it may be missing.
    pub words: Vec<String>,

    /// The digest of the file in hexadecimal, instead of reading it
    #[arg(long, default_value_t)]
    pub hash: String,

    /// Files to write.
    #[command(flatten)]
    pub output: AttestationOutputArgs,

    /// Who attests what.
    #[command(flatten)]
    pub attesting: AttestingArgs,
}

/// Files that an attestation of a file is written to.
#[derive(Debug, Clone, Default, Args)]
pub struct AttestationOutputArgs {
    /// Write the signed envelope to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the signature"
    )]
    pub output_signature: String,

    /// Write the statement to this file
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use --bundle to provide the output bundle location, which will include the attestation"
    )]
    pub output_attestation: String,

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
    pub rfc3161_timestamp_bundle: String,
}
