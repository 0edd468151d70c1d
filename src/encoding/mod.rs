//! Encodings that every floor above needs.

pub mod base64;
pub mod go_json;
pub mod hex;
pub mod io_error;
pub mod pattern;
pub mod pem;
pub mod text;
pub mod unix_time;

pub use io_error::PathError;
pub use unix_time::UnixTime;
