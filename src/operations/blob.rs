//! Files to sign or to verify: read once, as a stream, however large.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;

use crate::ambient::Context;
use crate::crypto::{Digest, HashAlgorithm, Hasher};
use crate::encoding::{PathError, hex, text};
use crate::http::{Url, redact};
use crate::keys::load::{FetchError, FetchUrl};
use crate::verify::Blob;

/// The most bytes that are fetched from a URL: 128 MiB, as attachments. Local files have no limit.
pub const MAX_FETCHED: u64 = 128 << 20;
/// How much is read at once.
const BUFFER: usize = 256 * 1024;

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobInput {
    /// Standard input (`-`).
    Stdin,
    /// A file.
    File(PathBuf),
    /// An `http(s)://` URL.
    Url(String),
    /// A variable (`env://NAME`).
    Env(String),
}

/// Why a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(PathError),
    /// It cannot be read to its end.
    #[error(transparent)]
    Read(PathError),
    /// The URL gave nothing.
    #[error("loading URL {url}: {source}")]
    Url {
        /// Without user, password, query and fragment.
        url: String,
        /// What went wrong.
        source: FetchError,
    },
    /// The variable is not set.
    #[error("loading URL: env var ${0} not found")]
    Env(String),
    /// A scheme that is none of ours.
    #[error("loading URL: unrecognized scheme: {0}://")]
    Scheme(String),
}

/// What is needed of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its digests by these functions.
    pub hashes: Vec<HashAlgorithm>,
    /// All its bytes: for pure Ed25519, which signs no digest.
    pub bytes: bool,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct ReadBlob {
    /// The digests that were wanted.
    pub digests: Vec<Digest>,
    /// The bytes, where they were wanted.
    pub bytes: Option<Vec<u8>>,
}

impl ReadBlob {
    /// As the engine takes it.
    pub fn as_blob(&self) -> Blob<'_> {
        Blob { digests: self.digests.clone(), bytes: self.bytes.as_deref() }
    }
}

impl BlobInput {
    /// What an argument names.
    ///
    /// # Errors
    /// [`BlobError::Scheme`].
    pub fn parse(typed: &str) -> Result<Self, BlobError> {
        match typed.split_once("://") {
            _ if typed == "-" => Ok(Self::Stdin),
            Some(("http" | "https", _)) => Ok(Self::Url(typed.to_owned())),
            Some(("env", name)) => Ok(Self::Env(name.to_owned())),
            Some((scheme, _)) => Err(BlobError::Scheme(text::quote(scheme))),
            None => Ok(Self::File(PathBuf::from(typed))),
        }
    }

    /// A file that is not there is told of before anything is asked of a network.
    ///
    /// # Errors
    /// [`BlobError::Open`].
    pub fn check_there(&self) -> Result<(), BlobError> {
        match self {
            Self::File(path) => fs::metadata(path).map(drop).map_err(PathError::of("open", path)).map_err(BlobError::Open),
            _ => Ok(()),
        }
    }

    /// Reads it once, to its end.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn read(&self, wanted: &Wanted, urls: &dyn FetchUrl, context: &Context) -> Result<ReadBlob, BlobError> {
        match self {
            Self::Stdin => stream(io::stdin().lock(), wanted).map_err(PathError::of("read", "/dev/stdin")).map_err(BlobError::Read),
            Self::File(path) => {
                let file = File::open(path).map_err(PathError::of("open", path)).map_err(BlobError::Open)?;
                stream(file, wanted).map_err(PathError::of("read", path)).map_err(BlobError::Read)
            }
            Self::Url(url) => {
                let shown = || Url::parse(url).map(|url| redact::url(&url)).unwrap_or_default();
                let fetched = urls.fetch(url, MAX_FETCHED).await.map_err(|source| BlobError::Url { url: shown(), source })?;
                Ok(in_memory(fetched, wanted))
            }
            Self::Env(name) => {
                let value = context.env.var(name).ok_or_else(|| BlobError::Env(text::quote(name)))?;
                Ok(in_memory(value.into_bytes(), wanted))
            }
        }
    }
}

/// A digest in place of a file: `sha256:HEX`, also sha384 and sha512.
pub fn parse_digest(typed: &str) -> Option<Digest> {
    let (algorithm, digits) = typed.split_once(':')?;
    Digest::from_bytes(HashAlgorithm::from_name(algorithm)?, &hex::decode(digits)?)
}

fn in_memory(bytes: Vec<u8>, wanted: &Wanted) -> ReadBlob {
    ReadBlob { digests: wanted.hashes.iter().map(|hash| hash.digest(&bytes)).collect(), bytes: wanted.bytes.then_some(bytes) }
}

fn stream(mut source: impl Read, wanted: &Wanted) -> io::Result<ReadBlob> {
    let mut hashers: Vec<Hasher> = wanted.hashes.iter().map(|hash| Hasher::new(*hash)).collect();
    let mut kept = wanted.bytes.then(Vec::new);
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hashers.iter_mut().for_each(|hasher| hasher.update(&buffer[..count]));
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&buffer[..count]);
        }
    }
    Ok(ReadBlob { digests: hashers.into_iter().map(Hasher::finish).collect(), bytes: kept })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn arguments() {
        assert_eq!(BlobInput::parse("-").unwrap(), BlobInput::Stdin);
        assert_eq!(BlobInput::parse("env://X").unwrap(), BlobInput::Env("X".into()));
        assert_eq!(BlobInput::parse("a:b").unwrap(), BlobInput::File("a:b".into()));
        assert_eq!(BlobInput::parse("ftp://x").unwrap_err().to_string(), "loading URL: unrecognized scheme: ftp://");
    }

    #[test]
    fn digests_of_either_case() {
        let digest = Digest::sha256(b"x");
        assert_eq!(parse_digest(&format!("sha256:{}", digest.hex().to_uppercase())), Some(digest));
        for none in ["sha256:00", "md5:d41d8cd98f00b204e9800998ecf8427e", "x", "sha256:zz"] {
            assert_eq!(parse_digest(none), None, "{none}");
        }
    }

    #[test]
    fn a_stream_gives_what_the_whole_would() {
        let bytes = vec![7; BUFFER + 1];
        let wanted = Wanted { hashes: vec![HashAlgorithm::Sha256, HashAlgorithm::Sha512], bytes: true };
        let (streamed, whole) = (stream(bytes.as_slice(), &wanted).unwrap(), in_memory(bytes, &wanted));
        assert_eq!((streamed.digests, streamed.bytes), (whole.digests, whole.bytes));
    }
}
