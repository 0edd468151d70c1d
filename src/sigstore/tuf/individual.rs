//! Repositories from before there was a trusted root: keys and certificates are targets of their own, told apart by `custom` metadata
//! (`{"sigstore":{"usage":"Fulcio","status":"Active"}}`), or by the names that they had before that.

use serde_json::Value;

use super::TufError;
use crate::crypto::{Certificate, PublicKey};
use crate::format::trusted_root::TrustedRoot;

/// The most targets that are looked at.
const MOST: usize = 64;

/// What a target is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// Certificates of certificate authorities.
    Fulcio,
    /// The key of a transparency log.
    Rekor,
    /// The key of a Certificate Transparency log.
    Ctfe,
    /// Certificates of a timestamp authority.
    Tsa,
}

/// The usages, as `custom` metadata names them, and the names that such targets have without it; a trailing `*` stands for a number.
const USAGES: [(&str, Usage, &[&str]); 4] = [
    ("fulcio", Usage::Fulcio, &["fulcio.crt.pem", "fulcio_v1.crt.pem", "fulcio_intermediate_v1.crt.pem"]),
    ("rekor", Usage::Rekor, &["rekor.pub"]),
    ("ctfe", Usage::Ctfe, &["ctfe.pub"]),
    ("tsa", Usage::Tsa, &["tsa_leaf.crt.pem", "tsa_intermediate_0.crt.pem", "tsa_intermediate_1.crt.pem", "tsa_root.crt.pem"]),
];

/// The names of all targets in verified `targets.json`.
pub(super) fn names(metadata: &[u8]) -> Vec<String> {
    let metadata: Value = serde_json::from_slice(metadata).unwrap_or_default();
    metadata["signed"]["targets"].as_object().into_iter().flatten().take(MOST).map(|(name, _)| name.clone()).collect()
}

/// The targets in verified `targets.json` that together stand for a trusted root. Those whose key no longer counts are among them: what was
/// signed in its time still verifies.
pub(super) fn usages(metadata: &[u8]) -> Vec<(Usage, String)> {
    let parsed: Value = serde_json::from_slice(metadata).unwrap_or_default();
    let targets = &parsed["signed"]["targets"];
    let mut found = Vec::new();
    for (word, usage, fallbacks) in USAGES {
        let is_for = |target: &Value| target["custom"]["sigstore"]["usage"].as_str().is_some_and(|said| said.eq_ignore_ascii_case(word));
        let before = found.len();
        let listed = targets.as_object().into_iter().flatten().take(MOST);
        found.extend(listed.filter(|(_, target)| is_for(target)).map(|(name, _)| (usage, name.clone())));
        if found.len() == before {
            found.extend(fallbacks.iter().filter(|name| !targets[**name].is_null()).map(|name| (usage, (*name).to_owned())));
        }
    }
    found
}

/// The trusted root that the targets make.
///
/// # Errors
/// A target that is not what it is for.
pub(super) fn trusted_root(targets: &[(Usage, String, Vec<u8>)]) -> Result<TrustedRoot, TufError> {
    let mut root = TrustedRoot::default();
    let mut stampers = Vec::new();
    let mut authorities = Vec::new();
    for (usage, name, content) in targets {
        let broken = |reason: String| TufError::Target { name: name.clone(), reason };
        let certificates = || Certificate::all_from_pem(content).map_err(|error| broken(error.to_string()));
        let key = || PublicKey::from_pem(content).map_err(|error| broken(error.to_string()));
        match usage {
            Usage::Fulcio => authorities.extend(certificates()?),
            Usage::Tsa => stampers.extend(certificates()?),
            Usage::Rekor => root.add_transparency_log(key()?),
            Usage::Ctfe => root.add_ct_log(key()?),
        }
    }
    root.add_certificate_pool(authorities);
    if !stampers.is_empty() {
        root.add_timestamp_chain(stampers);
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::crypto::certificate::testing::{Template, keys};

    #[test]
    fn custom_metadata_comes_before_names() {
        let custom = |usage: &str| json!({ "custom": { "sigstore": { "usage": usage, "status": "Active" } } });
        let targets = json!({ "signed": { "targets": {
            "a.pem": custom("Fulcio"), "fulcio.crt.pem": {}, "rekor.pub": {}, "k2": custom("CTFE"), "ctfe.pub": custom("CTFE"), "other": {},
        } } });
        let metadata = targets.to_string().into_bytes();
        let found = usages(&metadata);
        let expected = [(Usage::Fulcio, "a.pem"), (Usage::Rekor, "rekor.pub"), (Usage::Ctfe, "k2"), (Usage::Ctfe, "ctfe.pub")];
        assert_eq!(found, expected.map(|(usage, name)| (usage, name.to_owned())));
        assert_eq!(names(&metadata).len(), 6);
        assert_eq!((usages(b"junk"), names(b"{}")), (vec![], vec![]));
    }

    #[test]
    fn a_trusted_root_is_made_of_them() {
        let [key] = keys();
        let ca = Template::leaf("ca", "ca", &key).sign(&key).to_pem();
        let of = |usage, text: String| (usage, "name".to_owned(), text.into_bytes());
        let root = trusted_root(&[
            of(Usage::Fulcio, ca.clone()),
            of(Usage::Rekor, key.public().to_pem()),
            of(Usage::Ctfe, key.public().to_pem()),
            of(Usage::Tsa, ca),
        ]);
        let root = root.unwrap();
        assert_eq!((root.certificate_authorities.len(), root.transparency_logs.len(), root.ct_logs.len()), (1, 1, 1));
        assert_eq!(root.timestamp_authorities.len(), 1);
        assert!(trusted_root(&[of(Usage::Rekor, "junk".into())]).unwrap_err().to_string().contains("name"));
    }
}
