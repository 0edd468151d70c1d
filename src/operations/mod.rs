//! One file for each thing that a command does: fetches, asks the engine, stores. No clap, no printing but through [`crate::ambient::Ui`].

pub mod attest_blob;
pub mod attest_image;
pub mod attested_statement;
pub mod blob;
pub mod create_bundle;
pub mod create_trusted_root;
pub mod download_attached;
pub mod fetch_url;
pub mod files;
pub mod generate_key_pair;
pub mod import_key_pair;
pub mod initialize;
mod key_file;
pub mod log_lookup;
pub mod login;
pub mod outputs;
pub mod place;
pub mod public_key;
pub mod sign_blob;
pub mod sign_image;
pub mod signing;
pub mod signing_key;
pub mod triangulate;
pub mod upgrade_bundle;
pub mod verify_blob;
pub mod verify_blob_attestation;
pub mod verify_image;
