//! One file for each thing a command does: fetches, asks the engine, stores. Prints only through [`crate::ambient::Ui`].

pub mod generate_key_pair;
pub mod import_key_pair;
mod key_file;
pub mod public_key;
