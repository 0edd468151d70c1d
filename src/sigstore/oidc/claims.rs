//! What an identity token (a JWT, RFC 7519) says. Nothing of it is believed here: Fulcio checks the token.

use serde::Deserialize;
use serde_json::Value;

use crate::encoding::{UnixTime, base64};
use crate::secret::IdToken;

/// No token is longer.
const MAX_TOKEN: usize = 256 * 1024;

/// The claims that signing looks at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Claims {
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<Value>,
    #[serde(default)]
    aud: Option<Value>,
    #[serde(default)]
    exp: Option<f64>,
    #[serde(default)]
    nonce: Option<String>,
}

/// A token that cannot be used. The token itself is never quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// It is no JWT.
    #[error("the identity token is no JWT: {0}")]
    NoJwt(&'static str),
    /// Its e-mail address was not verified by whoever issued it.
    #[error("not verified by identity provider")]
    EmailNotVerified,
    /// It names nobody.
    #[error("no subject found in claims")]
    NoSubject,
}

/// The header, payload and signature of a compact JWS, decoded, and what is signed.
pub(super) struct Jws<'a> {
    pub(super) header: Value,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) signed: &'a str,
}

impl<'a> Jws<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, ClaimsError> {
        if token.len() > MAX_TOKEN {
            return Err(ClaimsError::NoJwt("it is too long"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(ClaimsError::NoJwt("it must have three parts"))?;
        let (header, payload) = signed.split_once('.').ok_or(ClaimsError::NoJwt("it must have three parts"))?;
        if payload.contains('.') {
            return Err(ClaimsError::NoJwt("it must have three parts"));
        }
        let decode = |part: &str| base64::decode_protojson(part).map_err(|_| ClaimsError::NoJwt("a part of it is no base64"));
        let header = serde_json::from_slice::<Value>(&decode(header)?).ok().filter(Value::is_object);
        Ok(Self {
            header: header.ok_or(ClaimsError::NoJwt("its header is no JSON object"))?,
            payload: decode(payload)?,
            signature: decode(signature)?,
            signed,
        })
    }
}

impl Claims {
    /// Reads them, unchecked.
    ///
    /// # Errors
    /// [`ClaimsError::NoJwt`].
    pub fn of(token: &IdToken) -> Result<Self, ClaimsError> {
        let jws = Jws::parse(token.expose())?;
        serde_json::from_slice(&jws.payload).map_err(|_| ClaimsError::NoJwt("its claims are no JSON object"))
    }

    /// Whom Fulcio will certify: the e-mail address, which must be verified, else the subject.
    ///
    /// # Errors
    /// [`ClaimsError`].
    pub fn subject(&self) -> Result<&str, ClaimsError> {
        match (self.email.as_deref().filter(|email| !email.is_empty()), self.sub.as_deref().filter(|sub| !sub.is_empty())) {
            (Some(email), _) => {
                let verified = match &self.email_verified {
                    Some(Value::Bool(verified)) => *verified,
                    Some(Value::String(text)) => text == "true",
                    _ => false,
                };
                if verified { Ok(email) } else { Err(ClaimsError::EmailNotVerified) }
            }
            (None, Some(sub)) => Ok(sub),
            (None, None) => Err(ClaimsError::NoSubject),
        }
    }

    /// Who issued it.
    pub fn issuer(&self) -> Option<&str> {
        self.iss.as_deref()
    }

    /// When it expires.
    pub fn expires(&self) -> Option<UnixTime> {
        // A number too large is the largest.
        #[allow(clippy::cast_possible_truncation)]
        self.exp.map(|seconds| UnixTime(seconds as i64))
    }

    /// Whom it is for.
    pub fn audience(&self) -> Option<Vec<String>> {
        match self.aud.as_ref()? {
            Value::String(one) => Some(vec![one.clone()]),
            Value::Array(several) => Some(several.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()),
            _ => None,
        }
    }

    /// The value that binds it to a request.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn token(claims: &str) -> IdToken {
        IdToken::new(format!("{}.{}.{}", base64::encode_url("{}"), base64::encode_url(claims), base64::encode_url("s")))
    }

    fn subject(claims: &str) -> Result<String, ClaimsError> {
        Claims::of(&token(claims)).unwrap().subject().map(str::to_owned)
    }

    #[test]
    fn an_email_must_be_verified() {
        assert_eq!(subject(r#"{"email":"a@b","email_verified":true,"sub":"x"}"#).unwrap(), "a@b");
        assert_eq!(subject(r#"{"email":"a@b","email_verified":"true"}"#).unwrap(), "a@b");
        for refused in
            [r#"{"email":"a@b","sub":"x"}"#, r#"{"email":"a@b","email_verified":false}"#, r#"{"email":"a@b","email_verified":1}"#]
        {
            assert_eq!(subject(refused), Err(ClaimsError::EmailNotVerified), "{refused}");
        }
        assert_eq!(subject(r#"{"sub":"x"}"#).unwrap(), "x");
        assert_eq!(subject("{}"), Err(ClaimsError::NoSubject));
    }

    #[test]
    fn audiences_come_one_or_many() {
        let audience = |claims| Claims::of(&token(claims)).unwrap().audience();
        assert_eq!(audience(r#"{"aud":"a"}"#), Some(vec!["a".to_owned()]));
        assert_eq!(audience(r#"{"aud":["a","b"]}"#), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(audience("{}"), None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            if let Ok(claims) = Claims::of(&IdToken::new(text)) {
                let _ = (claims.subject().map(str::to_owned), claims.expires(), claims.audience());
            }
        }
    }
}
