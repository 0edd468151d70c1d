//! What Fulcio writes into certificates (Fulcio's `docs/oid-info.md`).

use der::Tag;

use super::super::asn1::{Der, Malformed};
use super::extension::Extension;

/// 1.3.6.1.4.1.57264.1
const FULCIO: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1];
const FULCIO_TEXT: &str = "1.3.6.1.4.1.57264.1";
/// The OIDC issuer, second form.
const ISSUER_V2: u32 = 8;

/// Names of the values by last arc, as cosign's and sigstore-go's JSON write them.
const NAMES: [(u32, &str); 21] = [
    (1, "oidcIssuer"),
    (2, "githubWorkflowTrigger"),
    (3, "githubWorkflowSha"),
    (4, "githubWorkflowName"),
    (5, "githubWorkflowRepository"),
    (6, "githubWorkflowRef"),
    (8, "issuer"),
    (9, "buildSignerURI"),
    (10, "buildSignerDigest"),
    (11, "runnerEnvironment"),
    (12, "sourceRepositoryURI"),
    (13, "sourceRepositoryDigest"),
    (14, "sourceRepositoryRef"),
    (15, "sourceRepositoryIdentifier"),
    (16, "sourceRepositoryOwnerURI"),
    (17, "sourceRepositoryOwnerIdentifier"),
    (18, "buildConfigURI"),
    (19, "buildConfigDigest"),
    (20, "buildTrigger"),
    (21, "runInvocationURI"),
    (22, "sourceRepositoryVisibilityAtSigning"),
];

/// Fulcio's extensions of one certificate: 1.3.6.1.4.1.57264.1.N, in the order in which they stand.
///
/// Values up to .6 are raw text, later ones a DER string. One that is neither has no value, and is not replaced by an older form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FulcioExtensions(Vec<(u32, Option<String>)>);

impl FulcioExtensions {
    pub(super) fn of(extensions: &[Extension]) -> Self {
        let arcs = extensions.iter().filter_map(|extension| {
            let arc = match extension.oid.as_bytes().strip_prefix(FULCIO)? {
                [arc] if *arc < 0x80 => u32::from(*arc),
                _ => return None,
            };
            let value = match arc {
                1..=6 => String::from_utf8(extension.value.clone()).ok(),
                _ => der_text(&extension.value).ok(),
            };
            Some((arc, value))
        });
        Self(arcs.collect())
    }

    /// The OIDC issuer: the second form (.8) where it is there, else the first (.1).
    pub fn issuer(&self) -> Option<&str> {
        if self.0.iter().any(|(arc, _)| *arc == ISSUER_V2) { self.value(ISSUER_V2) } else { self.value(1) }
    }

    /// The value under 1.3.6.1.4.1.57264.1.`arc`.
    pub fn value(&self, arc: u32) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == arc).and_then(|(_, value)| value.as_deref())
    }

    /// The value by its name in cosign's and sigstore-go's JSON: `githubWorkflowRef`, `buildSignerURI`, …
    pub fn named(&self, name: &str) -> Option<&str> {
        NAMES.iter().find(|(_, known)| *known == name).and_then(|(arc, _)| self.value(*arc))
    }

    /// Pairs (OID, value) in the order of the certificate.
    pub fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().filter_map(|(arc, value)| Some((format!("{FULCIO_TEXT}.{arc}"), value.as_deref()?)))
    }

    /// The name of an OID in that JSON; `None` for others.
    pub fn name_of(oid: &str) -> Option<&'static str> {
        let arc: u32 = oid.strip_prefix(FULCIO_TEXT)?.strip_prefix('.')?.parse().ok()?;
        NAMES.iter().find(|(known, _)| *known == arc).map(|(_, name)| *name)
    }
}

fn der_text(value: &[u8]) -> Result<String, Malformed> {
    let mut der = Der::new(value);
    let element = der.next()?;
    der.finish()?;
    match element.tag {
        Tag::Utf8String => String::from_utf8(element.value.to_vec()).map_err(|_| Malformed),
        Tag::PrintableString | Tag::Ia5String if element.value.is_ascii() => {
            String::from_utf8(element.value.to_vec()).map_err(|_| Malformed)
        }
        _ => Err(Malformed),
    }
}
