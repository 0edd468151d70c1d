//! `cosign attach`.

pub mod attestation;
pub mod sbom;
pub mod signature;

use super::{Action, Runnable, Spec, Words};

/// `attach` in the table of commands.
pub static GROUP: Spec = Spec {
    path: "attach",
    about: "Attach to an image what was made elsewhere",
    long: "Stores signatures, attestations and SBOMs that were made elsewhere beside an image in a registry.",
    usage: "[command]",
    notice: Some(
        "attach will be removed in v4.0.0 (see https://github.com/sigstore/cosign/issues/4696). Instead, please use oras for attaching artifacts to other artifacts in a registry",
    ),
    ..Spec::DEFAULT
};
