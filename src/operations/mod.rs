//! One file for each thing that a command does: fetches, asks the engine, stores. No clap, no printing but through [`crate::ambient::Ui`].

pub mod fetch_url;
pub mod files;
pub mod generate_key_pair;
pub mod import_key_pair;
mod key_file;
pub mod login;
pub mod outputs;
pub mod place;
mod progress;
pub mod public_key;
pub mod sign_image;
pub mod triangulate;
pub mod verify_image;
