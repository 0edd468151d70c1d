//! What `tree` prints, in cosign's form: for people, and for programs that look for its lines.

use std::fmt;

use crate::encoding::text;
use crate::operations::tree::{Group, GroupKind};
use crate::registry::tag_scheme::Attachment;

/// The first line, printed before anything is asked.
pub fn headline(image: &str) -> String {
    format!("📦 Supply Chain Security Related artifacts for an image: {image}\n")
}

/// What is attached to `image`.
pub struct AttachedTree<'a> {
    /// As it was typed.
    pub image: &'a str,
    /// Group by group.
    pub groups: &'a [Group],
}

impl fmt::Display for AttachedTree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups.is_empty() {
            let image = self.image;
            return write!(
                f,
                "No Supply Chain Security Related Artifacts found for image {image},\n start creating one with simply running$ cosign sign <img>"
            );
        }
        for group in self.groups {
            let reference = &group.reference;
            match &group.kind {
                GroupKind::Tag(Attachment::Signature) => writeln!(f, "└── 🔐 Signatures for an image tag: {reference}")?,
                GroupKind::Tag(Attachment::Sbom) => writeln!(f, "└── 📦 SBOMs for an image tag: {reference}")?,
                GroupKind::Tag(Attachment::Attestation) => writeln!(f, "└── 💾 Attestations for an image tag: {reference}")?,
                GroupKind::Referrer(kind) => writeln!(f, "└── 🔗 {} artifacts via OCI referrer: {reference}", text::quote(kind))?,
            }
            for (index, digest) in group.contents.iter().enumerate() {
                let branch = if index + 1 == group.contents.len() { "└──" } else { "├──" };
                writeln!(f, "   {branch} 🍒 {}", text::quote(digest))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cosigns() {
        let group = |kind, contents: &[&str]| Group {
            kind,
            reference: "r/a:t".to_owned(),
            contents: contents.iter().map(|content| (*content).to_owned()).collect(),
        };
        let groups = [group(GroupKind::Tag(Attachment::Signature), &["x", "y"]), group(GroupKind::Referrer("t\n".into()), &["z"])];
        let shown = AttachedTree { image: "i", groups: &groups }.to_string();
        let expected = "└── 🔐 Signatures for an image tag: r/a:t\n   ├── 🍒 x\n   └── 🍒 y\n└── 🔗 t\\n artifacts via OCI referrer: r/a:t\n   └── 🍒 z\n";
        assert_eq!(shown, expected);
        assert!(AttachedTree { image: "i", groups: &[] }.to_string().ends_with("$ cosign sign <img>"));
    }
}
