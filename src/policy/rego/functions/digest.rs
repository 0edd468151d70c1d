//! `crypto.*`: digests and codes in hexadecimal.

use regorus::Value;

use super::{Function, text};
use crate::crypto::legacy_digest::{md5, sha1};
use crate::crypto::mac::{Hmac, hmac};
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::hex;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("crypto.md5", 1, |values| Some(hexadecimal(&md5(text(values, 0)?.as_bytes())))),
    ("crypto.sha1", 1, |values| Some(hexadecimal(&sha1(text(values, 0)?.as_bytes())))),
    ("crypto.sha256", 1, |values| Some(Value::from(Digest::sha256(text(values, 0)?).hex()))),
    ("crypto.hmac.md5", 2, |values| code(Hmac::Md5, values)),
    ("crypto.hmac.sha1", 2, |values| code(Hmac::Sha1, values)),
    ("crypto.hmac.sha256", 2, |values| code(Hmac::Sha2(HashAlgorithm::Sha256), values)),
    ("crypto.hmac.sha512", 2, |values| code(Hmac::Sha2(HashAlgorithm::Sha512), values)),
    ("crypto.hmac.equal", 2, |values| Some(Value::from(text(values, 0)? == text(values, 1)?))),
];

fn hexadecimal(bytes: &[u8]) -> Value {
    Value::from(hex::encode(bytes))
}

/// The code of a message (the first argument) under a key (the second).
fn code(function: Hmac, values: &[Value]) -> Option<Value> {
    Some(hexadecimal(&hmac(function, text(values, 1)?.as_bytes(), text(values, 0)?.as_bytes())))
}
