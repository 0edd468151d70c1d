//! Digests, whole and streamed.

use std::fmt;
use std::io::{self, Read};

use sha2::Digest as _;
use sha2::{Sha256, Sha384, Sha512};

use crate::encoding::hex;

/// A SHA-2 hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// The name in OCI digests and in-toto digest sets: `sha256`, `sha384`, `sha512`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The hash function of that name, exactly as [`HashAlgorithm::name`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512].into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Length of a digest in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of `bytes`.
    pub fn digest(self, bytes: impl AsRef<[u8]>) -> Digest {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes.as_ref());
        hasher.finish()
    }
}

/// A digest and the function that made it. Displays as `sha256:HEX`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: HashAlgorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// Wraps existing bytes; `None` when their length is not the function's.
    pub fn from_bytes(algorithm: HashAlgorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.size()).then(|| Self { algorithm, bytes: bytes.to_vec() })
    }

    /// Reads `sha256:HEX` (or sha384, sha512), lower-case hexadecimal only.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digits) = text.split_once(':')?;
        if digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        Self::from_bytes(HashAlgorithm::from_name(name)?, &hex::decode(digits)?)
    }

    /// SHA-256 of `bytes`.
    pub fn sha256(bytes: impl AsRef<[u8]>) -> Self {
        HashAlgorithm::Sha256.digest(bytes)
    }

    /// The function that made it.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The digest itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest in lower-case hexadecimal, without the algorithm.
    pub fn hex(&self) -> String {
        hex::encode(&self.bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex())
    }
}

/// Hashes a stream.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// An empty stream.
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Sha256 => State::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => State::Sha384(Sha384::new()),
            HashAlgorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// Reads `source` to its end; returns how many bytes there were.
    ///
    /// # Errors
    /// What the source says.
    pub fn update_from(&mut self, mut source: impl Read) -> io::Result<u64> {
        let mut buffer = vec![0; 64 * 1024];
        let mut total = 0;
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    self.update(&buffer[..count]);
                    total += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digest of all that was added.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha256(state) => Digest { algorithm: HashAlgorithm::Sha256, bytes: state.finalize().to_vec() },
            State::Sha384(state) => Digest { algorithm: HashAlgorithm::Sha384, bytes: state.finalize().to_vec() },
            State::Sha512(state) => Digest { algorithm: HashAlgorithm::Sha512, bytes: state.finalize().to_vec() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_is_strict() {
        let empty = Digest::sha256(b"");
        assert_eq!(empty.to_string(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Digest::parse(&empty.to_string()), Some(empty.clone()));
        assert_eq!(Digest::parse(&empty.to_string().to_uppercase()), None);
        assert_eq!(Digest::parse("sha256:00"), None);
        assert_eq!(Digest::parse("md5:d41d8cd98f00b204e9800998ecf8427e"), None);
    }

    #[test]
    fn a_stream_is_hashed_as_the_whole() -> io::Result<()> {
        for algorithm in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            let data = vec![7; 200_000];
            let mut hasher = Hasher::new(algorithm);
            assert_eq!(hasher.update_from(data.as_slice())?, 200_000);
            assert_eq!(hasher.finish(), algorithm.digest(&data));
        }
        Ok(())
    }
}
