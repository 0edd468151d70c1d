//! Public keys and large numbers, as Go's types write them.

use der::Tag;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::crypto::asn1::{Der, Malformed};
use crate::encoding::base64;

/// Go's `x509.PublicKeyAlgorithm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublicKeyAlgorithm {
    Unknown = 0,
    Rsa = 1,
    Ecdsa = 3,
    Ed25519 = 4,
}

/// The key: Go's `rsa.PublicKey`, `ecdsa.PublicKey`, `ed25519.PublicKey`, or nil.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum KeyJson {
    Rsa {
        #[serde(rename = "N")]
        modulus: Box<RawValue>,
        #[serde(rename = "E")]
        exponent: Box<RawValue>,
    },
    Ecdsa {
        #[serde(rename = "Curve")]
        curve: Curve,
        #[serde(rename = "X")]
        x: Box<RawValue>,
        #[serde(rename = "Y")]
        y: Box<RawValue>,
    },
    Ed25519(String),
    Unknown(Option<()>),
}

/// Go's curves show nothing of themselves.
#[derive(Serialize)]
pub(super) struct Curve {}

impl PublicKeyAlgorithm {
    /// Of a SubjectPublicKeyInfo.
    pub(super) fn of(spki: &[u8]) -> Self {
        split(spki).map_or(Self::Unknown, |(algorithm, _)| algorithm)
    }
}

impl KeyJson {
    /// Of a SubjectPublicKeyInfo.
    pub(super) fn of(spki: &[u8]) -> Self {
        let read = || -> Result<Self, Malformed> {
            let (algorithm, key) = split(spki)?;
            Ok(match algorithm {
                PublicKeyAlgorithm::Rsa => {
                    let mut numbers = Der::new(key).sequence()?;
                    Self::Rsa { modulus: number(numbers.unsigned()?), exponent: number(numbers.unsigned()?) }
                }
                PublicKeyAlgorithm::Ecdsa => {
                    let point = key.strip_prefix(&[4]).ok_or(Malformed)?;
                    let (x, y) = point.split_at(point.len() / 2);
                    Self::Ecdsa { curve: Curve {}, x: number(x), y: number(y) }
                }
                PublicKeyAlgorithm::Ed25519 => Self::Ed25519(base64::encode(key)),
                PublicKeyAlgorithm::Unknown => Self::Unknown(None),
            })
        };
        read().unwrap_or(Self::Unknown(None))
    }
}

fn split(spki: &[u8]) -> Result<(PublicKeyAlgorithm, &[u8]), Malformed> {
    let mut fields = Der::new(spki).sequence()?;
    let oid = fields.expect(Tag::Sequence).and_then(|algorithm| Der::new(algorithm.value).oid())?;
    let (key, _) = fields.bit_string()?;
    let algorithm = match oid.as_bytes() {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1] => PublicKeyAlgorithm::Rsa,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => PublicKeyAlgorithm::Ecdsa,
        [0x2b, 0x65, 0x70] => PublicKeyAlgorithm::Ed25519,
        _ => PublicKeyAlgorithm::Unknown,
    };
    Ok((algorithm, key))
}

/// A big-endian number in decimal, as Go's `big.Int` writes it.
pub(super) fn number(bytes: &[u8]) -> Box<RawValue> {
    /// Nine digits at a time.
    const BASE: u64 = 1_000_000_000;
    let mut groups: Vec<u64> = vec![0];
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for group in &mut groups {
            let value = (*group << 8) + carry;
            *group = value % BASE;
            carry = value / BASE;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut digits = groups.pop().unwrap_or(0).to_string();
    for group in groups.iter().rev() {
        digits.push_str(&format!("{group:09}"));
    }
    // Digits always are a JSON number.
    RawValue::from_string(digits).unwrap_or_default()
}
