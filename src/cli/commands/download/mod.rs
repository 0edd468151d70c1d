//! `cosign download`.

pub mod attestation;
pub mod sbom;
pub mod signature;

use super::{Action, Runnable, Spec, Words};

/// `download` in the table of commands.
pub static GROUP: Spec = Spec {
    path: "download",
    about: "Fetch what is attached to an image",
    long: "Prints what is attached to an image in a registry, without verifying it.",
    usage: "[command]",
    ..Spec::DEFAULT
};
