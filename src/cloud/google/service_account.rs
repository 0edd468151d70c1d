//! Keys of service accounts: an assertion signed with the key is exchanged for an access token (RFC 7523).

use super::CLOUD_PLATFORM;
use crate::cloud::{Caller, CloudError};
use crate::crypto::{HashAlgorithm, Message, PrivateKey, SignatureScheme};
use crate::encoding::{UnixTime, base64};
use crate::secret::{IdToken, PrivateKeyPem};

const WHAT: &str = "Google service account";
/// For how long an assertion is good, in seconds.
const LIFETIME: i64 = 3600;

/// The parts of a key file.
pub struct Key<'a> {
    /// The account.
    pub email: &'a str,
    /// The key's name.
    pub id: Option<&'a str>,
    /// The key itself, PKCS#8 or PKCS#1.
    pub pem: &'a str,
}

/// An access token for the account.
///
/// # Errors
/// A key that is none, or the token service.
pub async fn access_token(caller: &Caller, key: &Key<'_>, token_uri: &str) -> Result<IdToken, CloudError> {
    let assertion = assertion(key, token_uri, UnixTime::from(caller.context().clock.now()))?;
    caller.hide(&assertion);
    let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
    super::ask(caller, token_uri, &fields).await
}

fn assertion(key: &Key<'_>, audience: &str, now: UnixTime) -> Result<String, CloudError> {
    let part = |value: serde_json::Value| base64::encode_url(value.to_string());
    let header = match key.id {
        Some(id) => serde_json::json!({"alg": "RS256", "typ": "JWT", "kid": id}),
        None => serde_json::json!({"alg": "RS256", "typ": "JWT"}),
    };
    let claims = serde_json::json!({"iss": key.email, "scope": CLOUD_PLATFORM, "aud": audience, "iat": now.0, "exp": now.0.saturating_add(LIFETIME)});
    let signed = format!("{}.{}", part(header), part(claims));
    let private =
        PrivateKey::from_pem(&PrivateKeyPem::new(key.pem.as_bytes())).map_err(|error| CloudError::malformed(WHAT, error.to_string()))?;
    let signature = private
        .sign_now(SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256), Message::Bytes(signed.as_bytes()))
        .map_err(|error| CloudError::malformed(WHAT, error.to_string()))?;
    Ok(format!("{signed}.{}", base64::encode_url(signature)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::Verifier as _;

    #[test]
    fn assertions_are_signed_by_the_key_of_the_account() {
        let pem = String::from_utf8(crate::ambient::fake::testdata("keys/raw-rsa2048-pkcs8.pem")).unwrap();
        let token = assertion(&Key { email: "me@project", id: Some("k1"), pem: &pem }, "https://token", UnixTime(7)).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let private = PrivateKey::from_pem(&PrivateKeyPem::new(pem.as_bytes())).unwrap();
        let scheme = SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256);
        let again = private.sign_now(scheme, Message::Bytes(signed.as_bytes())).unwrap();
        assert_eq!(signature, base64::encode_url(&again), "PKCS#1 v1.5 is deterministic");
        private.public().verify(scheme, Message::Bytes(signed.as_bytes()), &again).unwrap();
        assert_eq!(header, base64::encode_url(r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#));
        let expected = format!(r#"{{"iss":"me@project","scope":"{CLOUD_PLATFORM}","aud":"https://token","iat":7,"exp":3607}}"#);
        assert_eq!(claims, base64::encode_url(expected));
    }

    #[test]
    fn a_key_that_is_none_is_an_error_that_does_not_show_it() {
        let error = assertion(&Key { email: "", id: None, pem: "hunter2" }, "", UnixTime(0)).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
