//! The formats that Sigstore and OCI exchange, as pure data: no input or output, no clock.

pub mod bundle;
pub mod content_type;
pub mod dsse;
pub mod intoto;
pub mod material;
pub mod oci;
pub mod proto_json;
pub mod signing_config;
pub mod simple_signing;
pub mod tlog;
pub mod trusted_root;
