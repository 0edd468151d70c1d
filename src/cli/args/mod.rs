//! The flags of commands, one flattened struct a file. What was typed, no more: rules about it are in the commands.
//!
//! The doc comment of a field is the help text of its flag. A hidden flag is a deprecated one, and its `long_help` is the
//! notice that using it gives (see [`crate::cli::flags`]). An empty text counts as not given, as in cosign.

mod annotations;
mod attach;
mod attest;
mod attestation;
mod blob;
mod bundle;
mod certificate;
mod copying;
mod download;
mod fulcio;
mod given;
mod global;
mod initialize;
mod key;
mod named_images;
mod oidc;
mod registry;
mod sign;
mod signer;
mod signing_config;
mod small;
mod timestamp;
mod tree;
mod trust;
mod upload;
mod verification;
mod verify;

pub use annotations::{AnnotationArgs, AnnotationError};
pub use attach::{AttachAttestationArgs, AttachSbomArgs, AttachSignatureArgs};
pub use attest::{AttestArgs, AttestBlobArgs, AttestationOutputArgs, AttestingArgs, PredicateArgs};
pub use attestation::{VerifyAttestationArgs, VerifyBlobAttestationArgs};
pub use blob::{BlobOutputArgs, SignBlobArgs, VerifyBlobArgs};
pub use bundle::{BundleCreateArgs, BundleInspectArgs, BundleUpgradeArgs};
pub use certificate::{CertIdentityArgs, CertVerifyArgs, IdentityFlagsError};
pub use copying::{CleanArgs, CopyArgs, LoadArgs, SaveArgs};
pub use download::{DownloadAttestationArgs, DownloadSbomArgs, DownloadSignatureArgs};
pub use fulcio::{DEFAULT_FULCIO_URL, FulcioArgs};
pub use given::Given;
pub use global::GlobalArgs;
pub use initialize::InitializeArgs;
pub use key::{KeyFlagsError, SecurityKeyArgs};
pub use named_images::{DockerfileVerifyArgs, ManifestVerifyArgs};
pub use oidc::{ClientSecretError, DEFAULT_OIDC_ISSUER, OidcArgs};
pub use registry::{ReferrersModeArgs, RegistryArgs};
pub use sign::{OutputArgs, SignArgs};
pub use signer::SignerArgs;
pub use signing_config::{DEFAULT_REKOR_URL, SigningConfigArgs};
pub use small::{GenerateArgs, GenerateKeyPairArgs, ImportKeyPairArgs, LoginArgs, PublicKeyArgs, TriangulateArgs};
pub use timestamp::TimestampArgs;
pub use tree::TreeArgs;
pub use trust::{OldTrustedRootArgs, SigningConfigCreateArgs, TrustedRootCreateArgs};
pub use upload::{UploadBlobArgs, UploadWasmArgs};
pub use verification::{CommonVerifyArgs, SignatureDigestArgs, VerifierArgs};
pub use verify::VerifyArgs;
