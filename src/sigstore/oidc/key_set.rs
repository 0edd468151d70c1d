//! A provider's keys (RFC 7517), and checking a token's signature (RFC 7515) with them.

use serde::Deserialize;

use super::OidcError;
use super::claims::Jws;
use crate::crypto::{Curve, HashAlgorithm, Message, PublicKey, SignatureScheme};
use crate::encoding::base64;
use crate::secret::IdToken;

/// The most keys that are looked at.
const MAX_KEYS: usize = 64;

/// The keys of a provider.
pub(super) struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    key: PublicKey,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    #[serde(default)]
    kty: String,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads the keys of kinds that are known here; others are skipped.
    pub(super) fn parse(json: &[u8]) -> Result<Self, OidcError> {
        let document: Document =
            serde_json::from_slice(json).map_err(|error| OidcError::Provider(format!("the provider's keys cannot be read: {error}")))?;
        Ok(Self(document.keys.iter().take(MAX_KEYS).filter_map(|jwk| Some(Key { id: jwk.kid.clone(), key: jwk.key()? })).collect()))
    }

    /// Checks the signature of `token`.
    pub(super) fn verify(&self, token: &IdToken) -> Result<(), OidcError> {
        let jws = Jws::parse(token.expose())?;
        let text = |name| jws.header.get(name).and_then(|value| value.as_str());
        let scheme =
            text("alg").and_then(scheme).ok_or_else(|| OidcError::Token("oidc: id token signed with unsupported algorithm".into()))?;
        let message = Message::Bytes(jws.signed.as_bytes());
        let candidates = self.0.iter().filter(|key| text("kid").is_none() || key.id.is_none() || key.id.as_deref() == text("kid"));
        let holds = candidates.into_iter().any(|key| key.key.verify_allowing_p1363(scheme, message, &jws.signature).is_ok());
        if holds { Ok(()) } else { Err(OidcError::Token("failed to verify signature: failed to verify id token signature".into())) }
    }
}

/// The algorithms that providers sign with. Never `none`, never one with a shared secret.
fn scheme(algorithm: &str) -> Option<SignatureScheme> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    Some(match algorithm {
        "RS256" => SignatureScheme::RsaPkcs1(Sha256),
        "RS384" => SignatureScheme::RsaPkcs1(Sha384),
        "RS512" => SignatureScheme::RsaPkcs1(Sha512),
        "PS256" => SignatureScheme::RsaPss(Sha256),
        "PS384" => SignatureScheme::RsaPss(Sha384),
        "PS512" => SignatureScheme::RsaPss(Sha512),
        "ES256" => SignatureScheme::Ecdsa(Curve::P256, Sha256),
        "ES384" => SignatureScheme::Ecdsa(Curve::P384, Sha384),
        "ES512" => SignatureScheme::Ecdsa(Curve::P521, Sha512),
        "EdDSA" => SignatureScheme::Ed25519,
        _ => return None,
    })
}

impl Jwk {
    fn key(&self) -> Option<PublicKey> {
        let number = |text: &Option<String>| base64::decode_protojson(text.as_deref()?).ok();
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => PublicKey::from_rsa_numbers(&number(&self.n)?, &number(&self.e)?).ok(),
            ("EC", Some(curve)) => {
                let curve = match curve {
                    "P-256" => Curve::P256,
                    "P-384" => Curve::P384,
                    "P-521" => Curve::P521,
                    _ => return None,
                };
                let point: Vec<u8> = [vec![4], number(&self.x)?, number(&self.y)?].concat();
                PublicKey::from_point(curve, &point).ok()
            }
            ("OKP", Some("Ed25519")) => PublicKey::from_ed25519(&number(&self.x)?).ok(),
            _ => None,
        }
    }
}
