//! `cosign upload`.

pub mod blob;
pub mod wasm;

use super::{Action, Runnable, Spec, Words};

/// `upload` in the table of commands.
pub static GROUP: Spec = Spec {
    path: "upload",
    about: "Store files in a registry",
    long: "Stores files in a registry, each as an image of one layer.",
    usage: "[command]",
    notice: Some(
        "upload will be removed in v4.0.0 (see https://github.com/sigstore/cosign/issues/4696). Instead, please use `oras blob push` for uploading artifacts to a registry",
    ),
    ..Spec::DEFAULT
};
