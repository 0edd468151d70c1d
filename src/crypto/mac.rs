//! HMAC (RFC 2104): what cloud providers authenticate requests with, and what policies ask for.

use aws_lc_rs::hmac;

use super::HashAlgorithm;
use super::legacy_digest::md5;

/// The function inside of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hmac {
    /// MD5: for old data only.
    Md5,
    /// SHA-1: for old data only.
    Sha1,
    /// One of the SHA-2 family.
    Sha2(HashAlgorithm),
}

/// The code for `message` under `key`.
pub fn hmac(function: Hmac, key: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match function {
        Hmac::Md5 => return hmac_md5(key, message),
        Hmac::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hmac::Sha2(HashAlgorithm::Sha256) => hmac::HMAC_SHA256,
        Hmac::Sha2(HashAlgorithm::Sha384) => hmac::HMAC_SHA384,
        Hmac::Sha2(HashAlgorithm::Sha512) => hmac::HMAC_SHA512,
    };
    hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
}

/// The 32 bytes of the code for `message` under `key`.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut code = [0; 32];
    code.copy_from_slice(tag.as_ref());
    code
}

fn hmac_md5(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..16].copy_from_slice(&md5(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |pad: u8, message: &[u8]| md5(&[&block.map(|byte| byte ^ pad)[..], message].concat());
    padded(0x5c, &padded(0x36, message)).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::hex;

    #[test]
    fn the_second_vector_of_rfc_4231_and_of_rfc_2202() {
        let code = |function| hex::encode(hmac(function, b"Jefe", b"what do ya want for nothing?"));
        let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(hmac_sha256(b"Jefe", b"what do ya want for nothing?")), sha256);
        assert_eq!(code(Hmac::Sha2(HashAlgorithm::Sha256)), sha256);
        assert_eq!(code(Hmac::Sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(code(Hmac::Md5), "750c783e6ab0b503eaa86e310a5db738");
    }

    #[test]
    fn a_long_key_is_hashed_first() {
        let code = hmac(Hmac::Md5, &[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex::encode(code), "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    }
}
