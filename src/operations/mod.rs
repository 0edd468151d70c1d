//! One file for each thing that a command does: fetches, asks the engine, stores. No clap, no printing but through `ambient::Ui`.

pub mod files;
pub mod outputs;
pub mod place;
pub mod sign_image;
pub mod triangulate;
pub mod verify_image;
