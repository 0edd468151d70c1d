//! DER (X.690): one strict reader, and a writer of what keys and signatures need.

mod read;
mod write;

use der::asn1::ObjectIdentifier;

pub(super) use read::{Der, Element, Malformed, context, generalized_time, small, time, unsigned};
pub(super) use write::{NULL, tag, without_leading_zeros, write, write_algorithm, write_unsigned};

/// `id-ecPublicKey`.
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `rsaEncryption`.
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-Ed25519`.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
