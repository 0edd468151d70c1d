//! Versions of bundles and their media types.

use super::BundleError;

/// A version that this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BundleVersion {
    /// 0.1: log entries need a promise.
    V0_1,
    /// 0.2: log entries need a proof.
    V0_2,
    /// 0.3: one certificate instead of a chain.
    V0_3,
}

const BASE: &str = "application/vnd.dev.sigstore.bundle";

impl BundleVersion {
    /// The media type that is written for it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V0_1 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
            Self::V0_2 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
            Self::V0_3 => "application/vnd.dev.sigstore.bundle.v0.3+json",
        }
    }

    /// The version that a media type says, in the old spelling or the new one (`.vX.Y[.Z]`, as semantic versions).
    ///
    /// # Errors
    /// [`BundleError::MediaType`].
    pub fn of_media_type(media_type: &str) -> Result<Self, BundleError> {
        let refused = || BundleError::MediaType(media_type.to_owned());
        let rest = media_type.strip_prefix(BASE).ok_or_else(refused)?;
        match rest {
            "+json;version=0.1" => return Ok(Self::V0_1),
            "+json;version=0.2" => return Ok(Self::V0_2),
            "+json;version=0.3" => return Ok(Self::V0_3),
            _ => {}
        }
        let version = rest.strip_prefix(".v").and_then(|rest| rest.strip_suffix("+json")).ok_or_else(refused)?;
        let parts: Vec<&str> = version.split('.').collect();
        let numeric =
            |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (*part == "0" || !part.starts_with('0'));
        if parts.len() > 3 || !parts.iter().all(numeric) {
            return Err(refused());
        }
        match (parts[0], parts.get(1).copied().unwrap_or("0"), parts.get(2).copied().unwrap_or("0")) {
            ("0", "1", _) => Ok(Self::V0_1),
            ("0", "2", _) => Ok(Self::V0_2),
            ("0", "3", _) => Ok(Self::V0_3),
            _ => Err(refused()),
        }
    }
}
