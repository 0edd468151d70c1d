//! cosign: signs, verifies and stores signatures and attestations for container images and any other file.
//!
//! # The house
//!
//! A folder imports from lower floors only, never from a sibling, never upwards; `tests/architecture.rs` holds the table of
//! allowed arrows.
//!
//! ```text
//! cli/         8   what a person types and reads: the only folder that knows clap, the terminal and exit codes
//! operations/  7   one file for each thing a command does; fetches, asks the engine, stores
//! sign/        6   makes signatures                   entity/  6   an image and all that is attached to it
//! keys/        5   --key, parsed once, loaded as a Signer or Verifier
//! registry/    5   OCI distribution: one Repository trait over a registry and an OCI layout directory
//! sigstore/    5   Fulcio, Rekor, timestamp authority, OIDC, TUF
//! cloud/       4   credentials of AWS, Google, Azure, Alibaba Cloud
//! http/        3   one client: TLS, proxy, retry, trace, redact
//! verify/      3   the engine: pure and synchronous    policy/  3   Rego, CUE
//! format/      2   pure data: bundle, DSSE, in-toto, simple signing, log entries, trusted root, OCI
//! crypto/      1   the only importer of crypto crates; the Signer and Verifier traits
//! ambient/     ½   environment, clock, randomness, terminal and deadline, as traits
//! secret.rs    0   zeroized, never printed              encoding/  0  base64, hex, PEM, Go's JSON, safe text
//! ```
//!
//! Without the default feature `cli`, floors 0 to 3 less `http/` are left: a verifier to embed.

pub mod ambient;
pub mod crypto;
pub mod encoding;
pub mod format;
pub mod policy;
pub mod secret;
pub mod verify;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "k8s-keychain")]
pub mod cloud;
#[cfg(feature = "cli")]
pub mod entity;
#[cfg(feature = "cli")]
pub mod http;
#[cfg(feature = "cli")]
pub mod keys;
#[cfg(feature = "cli")]
pub mod operations;
#[cfg(feature = "cli")]
pub mod registry;
#[cfg(feature = "cli")]
pub mod sign;
#[cfg(feature = "cli")]
pub mod sigstore;
