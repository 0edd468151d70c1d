//! Cryptography: the only importer of cryptographic crates (but for rustls in `http/tls`), and home of the [`Signer`] and
//! [`Verifier`] traits. Mechanisms only; what must hold is decided in `verify/`.

mod asn1;
pub mod certificate;
pub mod chain;
pub mod digest;
mod ecdsa_signature;
mod ed25519_prehash;
pub mod encrypted_pem;
pub mod legacy_digest;
pub mod log_key;
pub mod mac;
pub mod merkle;
pub mod private_key;
pub mod public_key;
mod rsa_key;
pub mod scheme;
pub mod sct;
pub mod signer;
pub mod timestamp;

pub use certificate::{Certificate, CertificateError, ExtendedKeyUsage, SignatureError};
pub use digest::{Digest, HashAlgorithm, Hasher};
pub use log_key::{LogKey, ValidityPeriod};
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use scheme::{Curve, KeyAlgorithm, SignatureScheme};
pub use signer::{Message, SignError, Signer, Verifier, VerifyError};
