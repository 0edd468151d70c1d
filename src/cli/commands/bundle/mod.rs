//! `cosign bundle`.

pub mod create;
pub mod inspect;
pub mod upgrade;

use super::{Action, Runnable, Spec, Words, write_document};

/// The group in the table of commands.
pub static SPEC: Spec = Spec { path: "bundle", about: "Make, show and upgrade Sigstore bundles", usage: "[command]", ..Spec::DEFAULT };
