//! Whether a log entry is about this very signature: the signature itself, its key, and what it is over, each by itself.

use super::SignerKey;
use super::requirement::Artifact;
use crate::crypto::{Digest, HashAlgorithm, KeyAlgorithm, PublicKey, SignatureScheme};
use crate::encoding::hex;
use crate::format::material::{Form, Signed, SignedContent};
use crate::format::tlog::{EntryBody, EntrySignature, EntryVerifier, key_details};

/// Why a log entry is about something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// Another signature.
    #[error("transparency log signature does not match")]
    Signature,
    /// Another certificate or key.
    #[error("transparency log certificate does not match")]
    Key,
    /// Another kind of entry than a signature over an artifact needs.
    #[error("transparency log entry is not a hashedrekord or missing digest")]
    NotHashedRekord,
    /// Another kind of entry than an envelope needs.
    #[error("transparency log rekor v1 entry is not a dsse_v001 or intoto_v002 entry")]
    NotEnvelope,
    /// A way of signing that does not go with the key.
    #[error("transparency log key details do not match")]
    KeyDetails,
    /// The digest of something else.
    #[error("transparency log hashedrekord entry digest {logged} does not match artifact {signed}")]
    Digest {
        /// What the log has, hexadecimal.
        logged: String,
        /// What was signed, hexadecimal.
        signed: String,
    },
    /// A digest by another function than the signed one.
    #[error("transparency log hashedrekord entry digest algorithm mismatch: {signed} != {logged}")]
    Algorithm {
        /// What the log has.
        logged: &'static str,
        /// What was signed.
        signed: &'static str,
    },
    /// Another payload.
    #[error("transparency log dsse/intoto entry payload hash {logged} does not match envelope payload hash {signed}")]
    Payload {
        /// What the log has, hexadecimal.
        logged: String,
        /// What was signed, hexadecimal.
        signed: String,
    },
    /// The artifact's digest by the entry's function is not at hand.
    #[error("the artifact's {0} digest is not at hand")]
    DigestMissing(&'static str),
    /// Another signature (older form).
    #[error("signature in bundle does not match signature being verified")]
    LegacySignature,
    /// Another certificate or key (older form).
    #[error("comparing public key PEMs, expected that of the signature, got another")]
    LegacyKey,
    /// A digest by another function than SHA-256 (older form).
    #[error("unexpected algorithm: {0:?}")]
    LegacyAlgorithm(&'static str),
    /// The digest of something else (older form).
    #[error("matching bundle to payload: bundle={logged:?}, payload={signed:?}")]
    LegacyDigest {
        /// What the log has, hexadecimal.
        logged: String,
        /// What was signed, hexadecimal.
        signed: String,
    },
    /// Another kind of entry (older form).
    #[error("unsupported type")]
    LegacyKind,
}

/// Checks that `body` is about `signed`, made by `signer`.
pub(super) fn check(body: &EntryBody, signed: &Signed, artifact: Artifact<'_>, signer: SignerKey<'_>) -> Result<(), BindingError> {
    let legacy = signed.material.form == Form::Legacy;
    let (wrong_signature, wrong_key) =
        if legacy { (BindingError::LegacySignature, BindingError::LegacyKey) } else { (BindingError::Signature, BindingError::Key) };
    let [logged] = body.signatures() else { return Err(wrong_signature) };
    match &logged.signature {
        Some(signature) if has_signature(signed, signature) => {}
        // Only `intoto` 0.0.1 has none; there the digest of the whole envelope stands for it.
        None if legacy => {}
        _ => return Err(wrong_signature),
    }
    let same_key = match (&logged.verifier, signer) {
        (EntryVerifier::Certificate(logged), SignerKey::Certificate(leaf)) => logged.der() == leaf.der(),
        (EntryVerifier::PublicKey(logged), SignerKey::Key { key, certificate: None }) => logged.as_ref() == key,
        // A certificate that came along with a signature checked by its key: the log has the certificate.
        (EntryVerifier::Certificate(logged), SignerKey::Key { certificate: Some(leaf), .. }) => logged.der() == leaf.der(),
        _ => false,
    };
    if !same_key {
        return Err(wrong_key);
    }
    match body {
        EntryBody::HashedRekord { digest, signature, .. } => {
            if body.is_rekor_v2() && !has_fitting_details(signature, digest.algorithm()) {
                return Err(BindingError::KeyDetails);
            }
            // cosign takes SHA-256 only in the older form, also of what it signed itself by other functions. So it is for files here; the
            // signatures of images count by what their key signs with.
            let is_file = matches!(signed.content, SignedContent::Message(_));
            let fits = digest.algorithm() == HashAlgorithm::Sha256 || !is_file && signs_by(signer, digest.algorithm());
            if legacy && !fits {
                return Err(BindingError::LegacyAlgorithm(digest.algorithm().name()));
            }
            check_digest(digest, body.is_rekor_v2(), signed, artifact)
        }
        EntryBody::Envelope { payload_digest, envelope_digest, .. } => {
            check_envelope(payload_digest.as_ref(), envelope_digest.as_ref(), signed)
        }
    }
}

/// Whether the key may have signed a digest by that function: SHA-256, or one that goes with this kind of key.
fn signs_by(signer: SignerKey<'_>, hash: HashAlgorithm) -> bool {
    let goes_with = |key: &PublicKey| key.candidate_schemes().iter().any(|scheme| scheme.hash() == Some(hash));
    hash == HashAlgorithm::Sha256
        || match signer {
            SignerKey::Key { key, .. } => goes_with(key),
            SignerKey::Certificate(leaf) => leaf.public_key().is_ok_and(|key| goes_with(&key)),
        }
}

fn has_signature(signed: &Signed, logged: &[u8]) -> bool {
    match (&signed.content, signed.material.form) {
        (SignedContent::Envelope(envelope), Form::Legacy) => envelope.signatures.iter().any(|s| s.signature == logged),
        (content, _) => content.signature() == Some(logged),
    }
}

fn check_digest(logged: &Digest, is_v2: bool, signed: &Signed, artifact: Artifact<'_>) -> Result<(), BindingError> {
    let legacy = signed.material.form == Form::Legacy;
    let expected = match &signed.content {
        SignedContent::SimpleSigning { payload, .. } => logged.algorithm().digest(payload),
        SignedContent::Envelope(envelope) if is_v2 => envelope.signed_digest(logged.algorithm()),
        SignedContent::Envelope(_) if legacy => return Err(BindingError::LegacyKind),
        SignedContent::Envelope(_) => return Err(BindingError::NotEnvelope),
        SignedContent::Message(message) => match message.digest.as_ref().filter(|digest| !digest.bytes.is_empty()) {
            // The noted digest: that it is the artifact's is checked with the signature.
            Some(noted) if noted.hash() == Some(logged.algorithm()) => {
                Digest::from_bytes(logged.algorithm(), &noted.bytes).ok_or_else(|| different(logged, &noted.bytes))?
            }
            Some(noted) => {
                let signed = noted.hash().map_or("unknown", HashAlgorithm::name);
                return Err(BindingError::Algorithm { logged: logged.algorithm().name(), signed });
            }
            None => artifact_digest(artifact, logged.algorithm())?,
        },
    };
    match (expected == *logged, legacy) {
        (true, _) => Ok(()),
        (false, true) => Err(BindingError::LegacyDigest { logged: logged.hex(), signed: expected.hex() }),
        (false, false) => Err(different(logged, expected.bytes())),
    }
}

fn different(logged: &Digest, signed: &[u8]) -> BindingError {
    BindingError::Digest { logged: logged.hex(), signed: hex::encode(signed) }
}

fn artifact_digest(artifact: Artifact<'_>, algorithm: HashAlgorithm) -> Result<Digest, BindingError> {
    let known = match artifact {
        Artifact::Blob(blob) => blob.digest(algorithm).cloned().or_else(|| blob.bytes.map(|bytes| algorithm.digest(bytes))),
        Artifact::Image(digest) | Artifact::Digest(digest) => (digest.algorithm() == algorithm).then(|| digest.clone()),
        Artifact::InsecureAny => None,
    };
    known.ok_or(BindingError::DigestMissing(algorithm.name()))
}

/// Rekor v2 records how the key signs: that must be a way of this kind of key, over a digest by that function.
fn has_fitting_details(signature: &EntrySignature, algorithm: HashAlgorithm) -> bool {
    let (Some(name), Some(key)) = (&signature.key_details, signature.verifier.key()) else { return false };
    let Some(scheme) = key_details::scheme(name) else { return false };
    let same_curve = match (key.algorithm(), scheme) {
        (KeyAlgorithm::Ecdsa(of_key), SignatureScheme::Ecdsa(of_scheme, _)) => of_key == of_scheme,
        (KeyAlgorithm::Ecdsa(_), _) | (_, SignatureScheme::Ecdsa(..)) => false,
        _ => true,
    };
    same_curve && scheme.hash() == Some(algorithm) && key_details::name(&key, scheme) == Some(name.as_str())
}

fn check_envelope(payload: Option<&Digest>, whole: Option<&Digest>, signed: &Signed) -> Result<(), BindingError> {
    let legacy = signed.material.form == Form::Legacy;
    let SignedContent::Envelope(envelope) = &signed.content else {
        return Err(if legacy { BindingError::LegacyKind } else { BindingError::NotHashedRekord });
    };
    let different = |logged: &Digest, expected: &Digest| match legacy {
        true => BindingError::LegacyDigest { logged: logged.hex(), signed: expected.hex() },
        false => BindingError::Payload { logged: logged.hex(), signed: expected.hex() },
    };
    // Of a bundle's envelope only the payload can be compared; the older form has the envelope as it was sent to the log.
    let whole = whole.zip(signed.material.envelope_bytes.as_ref()).filter(|_| legacy);
    if let Some((logged, bytes)) = whole {
        let expected = logged.algorithm().digest(bytes);
        if expected != *logged {
            return Err(different(logged, &expected));
        }
    }
    match payload {
        Some(logged) => {
            let expected = logged.algorithm().digest(&envelope.payload);
            if expected == *logged { Ok(()) } else { Err(different(logged, &expected)) }
        }
        None if whole.is_some() => Ok(()),
        None => Err(BindingError::NotEnvelope),
    }
}
