//! The commands: one file each, and the table that says what there is.

pub mod attach;
pub mod attest;
pub mod attest_blob;
pub mod bundle;
pub mod clean;
pub mod completion;
pub mod copy;
pub mod debug;
pub mod dockerfile;
pub mod download;
pub mod env;
pub mod generate;
pub mod generate_key_pair;
pub mod help;
pub mod import_key_pair;
pub mod initialize;
pub mod load;
pub mod login;
pub mod manifest;
pub mod public_key;
pub mod save;
pub mod sign;
pub mod sign_blob;
pub mod signing_config;
pub mod spec;
pub mod tree;
pub mod triangulate;
pub mod trusted_root;
pub mod upload;
pub mod verify;
pub mod verify_attestation;
pub mod verify_blob;
pub mod verify_blob_attestation;
pub mod version;

use spec::later;
use std::path::Path;

use crate::ambient::Context;
use crate::cli::error::CommandError;
use crate::operations::files;
pub use spec::{Action, Call, Runnable, Spec, Words};

/// What cosign says about `--attachment sbom`.
const SBOM_NOTICE: &str = "SBOM attachments are deprecated and support will be removed in a Cosign release soon after 2024-02-22 \
    (see https://github.com/sigstore/cosign/issues/2755). Instead, please use SBOM attestations.";

/// The program itself.
pub static ROOT: Spec = Spec {
    path: "",
    about: "Signs, verifies and stores signatures and attestations of container images and other files",
    usage: "[command]",
    ..Spec::DEFAULT
};

/// All commands, in the order in which cosign suggests them. A group stands before its members.
static COMMANDS: &[&Spec] = &[
    &attach::GROUP,
    &attach::attestation::SPEC,
    &attach::sbom::SPEC,
    &attach::signature::SPEC,
    &attest::SPEC,
    &attest_blob::SPEC,
    &bundle::SPEC,
    &bundle::create::SPEC,
    &bundle::inspect::SPEC,
    &bundle::upgrade::SPEC,
    &clean::SPEC,
    &debug::GROUP,
    &debug::PROVIDERS,
    &tree::SPEC,
    &completion::SPEC,
    &copy::SPEC,
    &dockerfile::GROUP,
    &dockerfile::VERIFY,
    &download::GROUP,
    &download::attestation::SPEC,
    &download::sbom::SPEC,
    &download::signature::SPEC,
    &generate::SPEC,
    &generate_key_pair::SPEC,
    &import_key_pair::SPEC,
    &initialize::SPEC,
    &load::SPEC,
    &manifest::GROUP,
    &manifest::VERIFY,
    &later("piv-tool"),
    &later("piv-tool attestation"),
    &later("piv-tool generate-key"),
    &later("piv-tool reset"),
    &later("piv-tool set-management-key"),
    &later("piv-tool set-pin"),
    &later("piv-tool set-puk"),
    &later("piv-tool unblock"),
    &later("pkcs11-tool"),
    &later("pkcs11-tool list-keys-uris"),
    &later("pkcs11-tool list-tokens"),
    &public_key::SPEC,
    &save::SPEC,
    &sign::SPEC,
    &sign_blob::SPEC,
    &upload::GROUP,
    &upload::blob::SPEC,
    &upload::wasm::SPEC,
    &verify::SPEC,
    &verify_attestation::SPEC,
    &verify_blob::SPEC,
    &verify_blob_attestation::SPEC,
    &triangulate::SPEC,
    &trusted_root::GROUP,
    &trusted_root::CREATE,
    &signing_config::GROUP,
    &signing_config::CREATE,
    &env::SPEC,
    &version::SPEC,
    &login::SPEC,
    &later("generate-fig-spec"),
    &later("generateFigSpec"),
    &later("genFigSpec"),
    &help::SPEC,
];

/// Writes a document to the file of `--out` (mode 0600), or as one line to stdout.
///
/// # Errors
/// It cannot be written.
fn write_document(out: &str, mut document: Vec<u8>, context: &Context) -> Result<(), CommandError> {
    if out.is_empty() {
        document.push(b'\n');
        return Ok(context.ui.result(&document)?);
    }
    Ok(files::write_private(Path::new(out), &document)?)
}

/// The commands right below `parent`, in the order of the table.
pub fn children(parent: &'static Spec) -> impl Iterator<Item = &'static Spec> {
    COMMANDS.iter().copied().filter(move |spec| spec.parent() == parent.path)
}

/// The command below `parent` that is called `name`.
pub fn find_child(parent: &'static Spec, name: &str) -> Option<&'static Spec> {
    children(parent).find(|spec| spec.name() == name)
}

/// The commands below `parent` that help, suggestions and completion show, by name.
pub fn shown(parent: &'static Spec) -> Vec<&'static Spec> {
    let mut specs: Vec<_> = children(parent).filter(|spec| spec.is_shown()).collect();
    specs.sort_by_key(|spec| spec.path);
    specs
}

/// The commands at the top that `word` could have meant: those whose name starts with it or is at most two edits away.
pub fn suggestions(word: &str) -> Vec<&'static str> {
    let word = word.to_lowercase();
    let near = |name: &str| name.starts_with(&word) || edit_distance(&word, name) <= 2;
    children(&ROOT).filter(|spec| spec.is_shown() && spec.path != help::SPEC.path && near(spec.path)).map(|spec| spec.path).collect()
}

/// The Levenshtein distance of two words.
fn edit_distance(a: &str, b: &str) -> usize {
    // No command has a name that long.
    if a.len() > 64 {
        return a.len();
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_definition_is_sound() {
        for spec in COMMANDS {
            spec.command().debug_assert();
            assert!(spec.parent().is_empty() || COMMANDS.iter().any(|other| other.path == spec.parent()), "{}", spec.path);
        }
    }

    /// What the frame takes for a flag's type is what clap binds.
    #[test]
    fn every_flag_binds() {
        use crate::cli::argv::{Line, for_clap};
        use crate::cli::flag_value::Kind;
        use crate::cli::flags::Flags;
        for spec in COMMANDS.iter().filter(|spec| matches!(spec.action, Action::Run { .. })) {
            let command = spec.command();
            let flags = Flags::of(&command);
            let word = "w".to_owned();
            let words: &[String] = if matches!(spec.words, Words::Exactly(1)) { std::slice::from_ref(&word) } else { &[] };
            for flag in flags.iter() {
                let value = match flag.kind() {
                    Kind::Bool => "F",
                    Kind::Int | Kind::Uint => "0x10",
                    Kind::Duration => "-1.5s",
                    Kind::ReferrersMode => "oci-1-1",
                    Kind::CleanKind => "referrer",
                    Kind::Text | Kind::Array => "-a,\"",
                    Kind::List | Kind::Map => "-a=b,\"c=,\",=",
                };
                let word = format!("--{}={value}", flag.name());
                let (line, result) = Line::read(&[&word], flags, true);
                result.unwrap();
                command
                    .clone()
                    .try_get_matches_from(for_clap(&line.uses, flags, words))
                    .unwrap_or_else(|error| panic!("{} {word}: {error}", spec.path));
            }
        }
    }

    #[test]
    fn suggestions_are_cosigns() {
        assert_eq!(suggestions("sgin"), ["sign", "login"]);
        assert_eq!(suggestions("Sign"), ["sign", "sign-blob", "signing-config"]);
        assert!(suggestions("cop").is_empty());
        assert_eq!(suggestions("tri"), ["tree"], "a deprecated command (triangulate) is not suggested");
        assert!(suggestions(&"x".repeat(1000)).is_empty());
    }
}
