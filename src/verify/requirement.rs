//! What must hold. Wrong combinations have no way to be written: an SCT belongs to certificates only, an identity to a chain.

use std::collections::BTreeMap;

use super::identity::IdentityPolicy;
use crate::crypto::{Certificate, Digest, HashAlgorithm, PublicKey};
use crate::format::intoto::predicate_type;

/// What must hold for a signature to be believed.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// Who must have signed.
    pub trust: Trust,
    /// Whether a transparency log must have seen it.
    pub tlog: TlogRequirement,
    /// Where the time of signing comes from.
    pub time: TimeRequirement,
    /// What it must say about the artifact.
    pub claims: ClaimsRequirement,
    /// The predicate type that a statement must have, whether claims are checked or not; `None` takes any.
    pub predicate_type: Option<WantedPredicate>,
}

/// A predicate type as it was asked for, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPredicate {
    /// A short name or the type itself, for messages.
    pub name: String,
    /// The type.
    pub uri: String,
}

impl WantedPredicate {
    /// Reads `--type`: a short name, else the type itself.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), uri: predicate_type::from_short_name(name).unwrap_or(name).to_owned() }
    }
}

/// Who must have signed.
#[derive(Debug, Clone)]
pub enum Trust {
    /// The owner of one of these keys.
    Key(KeyTrust),
    /// Whoever a certificate authority of the trusted material certified as one of these identities.
    Identity {
        /// The identities.
        identities: IdentityPolicy,
        /// Whether a Certificate Transparency log must have seen the certificate.
        sct: SctRequirement,
    },
    /// The owner of this certificate, which must pass as under [`Trust::Identity`].
    Certificate {
        /// The certificate (`--certificate`).
        leaf: Box<Certificate>,
        /// The identities.
        identities: IdentityPolicy,
        /// Whether a Certificate Transparency log must have seen the certificate.
        sct: SctRequirement,
    },
}

/// Keys, of which any may have signed.
#[derive(Debug, Clone)]
pub struct KeyTrust {
    /// The keys.
    pub keys: Vec<PublicKey>,
    /// The hash function that the user asked for (`--signature-digest-algorithm`); `None` tries what goes with the key.
    pub hash: Option<HashAlgorithm>,
}

/// Whether a Certificate Transparency log must have seen the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SctRequirement {
    /// That many distinct logs of the trusted material must have signed an SCT in the certificate, or the given detached one must hold.
    Required {
        /// How many logs.
        threshold: usize,
        /// A detached SCT (`--sct`), for certificates without embedded ones.
        detached: Option<Vec<u8>>,
    },
    /// Not looked at.
    InsecureIgnore,
}

/// Whether a transparency log must have seen the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlogRequirement {
    /// That many distinct logs of the trusted material must have.
    Required {
        /// How many logs.
        threshold: usize,
    },
    /// Not looked at.
    InsecureIgnore,
}

/// Where the time of signing comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeRequirement {
    /// What the form asks for: integrated time of a verified promise, or a token where logs give no time, or, where logs are ignored, now. A key needs none.
    Automatic,
    /// Tokens of that many distinct authorities must hold (`--use-signed-timestamps`).
    SignedTimestamps {
        /// How many authorities.
        threshold: usize,
    },
}

/// What must be said about the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimsRequirement {
    /// The payload names the artifact.
    Check {
        /// Annotations that it must have.
        annotations: BTreeMap<String, String>,
    },
    /// What the payload says is not compared with the artifact (`--check-claims=false`). A bundle's statement must name it all the same, as in cosign.
    InsecureIgnore,
}

/// What the signature should be about.
#[derive(Debug, Clone, Copy)]
pub enum Artifact<'a> {
    /// An image, by the digest of its manifest.
    Image(&'a Digest),
    /// A file.
    Blob(&'a Blob<'a>),
    /// A file that is not at hand, by its digest.
    Digest(&'a Digest),
    /// Nothing is named: an envelope may be about anything (`verify-blob-attestation --check-claims=false`).
    InsecureAny,
}

/// A file, hashed as a stream.
#[derive(Debug, Clone, Default)]
pub struct Blob<'a> {
    /// Its digests, by each function of [`super::hashes_needed`].
    pub digests: Vec<Digest>,
    /// Its bytes, where [`super::needs_bytes`] asks for them (pure Ed25519).
    pub bytes: Option<&'a [u8]>,
}

impl<'a> Blob<'a> {
    /// A file that is in memory: everything at hand.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        let digests = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512].map(|hash| hash.digest(bytes));
        Self { digests: digests.into(), bytes: Some(bytes) }
    }

    /// Its digest by that function.
    pub fn digest(&self, algorithm: HashAlgorithm) -> Option<&Digest> {
        self.digests.iter().find(|digest| digest.algorithm() == algorithm)
    }
}

impl Requirement {
    /// The strict requirement: one log, one SCT (where there is a certificate), claims checked.
    pub fn new(trust: Trust) -> Self {
        Self {
            trust,
            tlog: TlogRequirement::Required { threshold: 1 },
            time: TimeRequirement::Automatic,
            claims: ClaimsRequirement::Check { annotations: BTreeMap::new() },
            predicate_type: None,
        }
    }

    /// The same without a look at transparency logs.
    #[must_use]
    pub fn insecure_ignore_tlog(self) -> Self {
        Self { tlog: TlogRequirement::InsecureIgnore, ..self }
    }

    /// The same without comparing claims with the artifact.
    #[must_use]
    pub fn insecure_ignore_claims(self) -> Self {
        Self { claims: ClaimsRequirement::InsecureIgnore, ..self }
    }

    /// The same with annotations that must be there. Nothing changes where claims are ignored.
    #[must_use]
    pub fn with_annotations(mut self, wanted: BTreeMap<String, String>) -> Self {
        if let ClaimsRequirement::Check { annotations } = &mut self.claims {
            *annotations = wanted;
        }
        self
    }
}

impl Trust {
    /// One key, with the hash function that goes with it.
    pub fn key(key: PublicKey) -> Self {
        Self::Key(KeyTrust { keys: vec![key], hash: None })
    }
}

impl SctRequirement {
    /// One log must have seen it.
    pub fn required() -> Self {
        Self::Required { threshold: 1, detached: None }
    }
}
