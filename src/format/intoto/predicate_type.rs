//! Predicate types by their short names, as `--type` takes them.

/// What `sign` puts into bundles: a signature without a statement of its own.
pub const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
/// `custom`: anything, wrapped in an object with a time.
pub const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";
/// `slsaprovenance`, `slsaprovenance02`.
pub const SLSA_PROVENANCE_V02: &str = "https://slsa.dev/provenance/v0.2";
/// `slsaprovenance1`.
pub const SLSA_PROVENANCE_V1: &str = "https://slsa.dev/provenance/v1";
/// `spdx`, `spdxjson`.
pub const SPDX: &str = "https://spdx.dev/Document";
/// `cyclonedx`.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";
/// `link`.
pub const LINK: &str = "https://in-toto.io/Link/v1";
/// `vuln`.
pub const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
/// `openvex`.
pub const OPENVEX: &str = "https://openvex.dev/ns";

/// Short names and what they stand for.
pub const SHORT_NAMES: [(&str, &str); 10] = [
    ("custom", CUSTOM),
    ("slsaprovenance", SLSA_PROVENANCE_V02),
    ("slsaprovenance02", SLSA_PROVENANCE_V02),
    ("slsaprovenance1", SLSA_PROVENANCE_V1),
    ("spdx", SPDX),
    ("spdxjson", SPDX),
    ("cyclonedx", CYCLONEDX),
    ("link", LINK),
    ("vuln", VULN),
    ("openvex", OPENVEX),
];

/// The type that a short name stands for; `None` for another name.
pub fn from_short_name(name: &str) -> Option<&'static str> {
    SHORT_NAMES.iter().find(|(short, _)| *short == name).map(|(_, full)| *full)
}
