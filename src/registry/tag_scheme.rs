//! Tags derived from an image's digest: where signatures, attestations and SBOMs of the older form lie, and the referrers fallback tag.

use crate::crypto::Digest;

/// What is attached to an image under a tag of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attachment {
    /// `.sig`
    Signature,
    /// `.att`
    Attestation,
    /// `.sbom`
    Sbom,
}

impl Attachment {
    /// The end of the tag, without the dot.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Attestation => "att",
            Self::Sbom => "sbom",
        }
    }
}

/// `[prefix]sha256-<hex>.sig|.att|.sbom`; `prefix` is that of `--attachment-tag-prefix`, empty for none.
pub fn attachment_tag(prefix: &str, subject: &Digest, attachment: Attachment) -> String {
    format!("{prefix}{}.{}", referrers_tag(subject), attachment.suffix())
}

/// `sha256-<hex>`: the referrers fallback tag of distribution-spec 1.1.
pub fn referrers_tag(subject: &Digest) -> String {
    format!("{}-{}", subject.algorithm().name(), subject.hex())
}

/// Whether a tag is derived from a digest: a fallback tag, or one of an attachment, with any prefix.
pub fn is_derived(tag: &str) -> bool {
    let (stem, attached) = match tag.rsplit_once('.') {
        Some((stem, "sig" | "att" | "sbom")) => (stem, true),
        _ => (tag, false),
    };
    let is_digest = |hex: &str| Digest::parse(&format!("sha256:{hex}")).is_some();
    stem.rsplit_once("sha256-").is_some_and(|(prefix, hex)| is_digest(hex) && (attached || prefix.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_those_of_the_go_program() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let empty = Digest::sha256(b"");
        assert_eq!(referrers_tag(&empty), format!("sha256-{hex}"));
        assert_eq!(attachment_tag("", &empty, Attachment::Signature), format!("sha256-{hex}.sig"));
        assert_eq!(attachment_tag("pre", &empty, Attachment::Attestation), format!("presha256-{hex}.att"));
        assert_eq!(attachment_tag("", &empty, Attachment::Sbom), format!("sha256-{hex}.sbom"));
        for tag in [referrers_tag(&empty), attachment_tag("pre", &empty, Attachment::Sbom)] {
            assert!(is_derived(&tag), "{tag}");
        }
        assert!(!is_derived("v1.sig") && !is_derived(&format!("presha256-{hex}")) && !is_derived("sha256-00.sig"));
    }
}
