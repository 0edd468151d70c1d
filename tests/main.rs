//! The flows: the built program as a person or a script calls it, against registries in this process, Debian's docker-registry and OCI
//! layouts. `COSIGN_BIN` names another program to test, `COSIGN_REF` a reference program to work together with.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

mod ambient_tokens;
mod attach;
mod attest_clients;
mod attestation_inputs;
mod attestations;
mod blob_checks;
mod blobs;
mod clean;
mod cloud_keychain;
mod commands;
mod concurrency;
mod copy;
mod copy_faults;
mod credentials;
mod documents;
mod exit_codes;
mod flags_of_sign;
mod foreign_tuf;
mod generate;
mod hostile;
mod hosts;
mod http2;
mod identity_tokens;
mod interop;
mod key_pairs;
mod keyless;
mod keyless_attestations;
mod layouts;
mod many;
mod mutations;
mod named_images;
mod parsers;
mod policies;
mod progress;
mod quirks;
mod rate_limits;
mod redaction;
mod registry_flags;
mod request_counts;
mod round_trips;
mod save_load;
mod second_opinion;
mod service_flags;
mod signals;
mod sigstore_faults;
mod sigstore_flows;
mod sigstore_interop;
mod test_registry;
mod tree;
mod tuf_faults;
mod upload;
