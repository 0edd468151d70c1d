//! `io.jwt.*`: tokens are read and verified, none is made.

use regorus::Value;
use regorus::value::Object;

use super::jwk::{self, VerificationKey};
use super::{Function, text};
use crate::crypto::HashAlgorithm::{Sha256, Sha384, Sha512};
use crate::crypto::mac::{Hmac, hmac};
use crate::encoding::{UnixTime, base64, hex};

/// Tokens within tokens, at most.
const MAX_NESTING: usize = 8;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("io.jwt.decode", 1, |values| decode(text(values, 0)?, 0)),
    ("io.jwt.verify_rs256", 2, |values| verify("RS256", values)),
    ("io.jwt.verify_rs384", 2, |values| verify("RS384", values)),
    ("io.jwt.verify_rs512", 2, |values| verify("RS512", values)),
    ("io.jwt.verify_ps256", 2, |values| verify("PS256", values)),
    ("io.jwt.verify_ps384", 2, |values| verify("PS384", values)),
    ("io.jwt.verify_ps512", 2, |values| verify("PS512", values)),
    ("io.jwt.verify_es256", 2, |values| verify("ES256", values)),
    ("io.jwt.verify_es384", 2, |values| verify("ES384", values)),
    ("io.jwt.verify_es512", 2, |values| verify("ES512", values)),
    ("io.jwt.verify_eddsa", 2, |values| verify("EdDSA", values)),
    ("io.jwt.verify_hs256", 2, |values| verify_secret(Hmac::Sha2(Sha256), values)),
    ("io.jwt.verify_hs384", 2, |values| verify_secret(Hmac::Sha2(Sha384), values)),
    ("io.jwt.verify_hs512", 2, |values| verify_secret(Hmac::Sha2(Sha512), values)),
];

/// A token in its three parts.
struct Token<'a> {
    /// Header and payload as they were signed.
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Token<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        (!payload.contains('.')).then_some(Self { signed, header, payload, signature })
    }

    /// The header; encrypted tokens are none of these.
    fn header(&self) -> Option<Value> {
        let header = object(&decoded(self.header)?)?;
        field(&header, "enc").is_none().then_some(header)
    }

    fn signature(&self) -> Option<Vec<u8>> {
        base64::decode_url(self.signature).ok()
    }
}

fn decoded(part: &str) -> Option<String> {
    String::from_utf8(base64::decode_url(part).ok()?).ok()
}

fn object(json: &str) -> Option<Value> {
    let value = Value::from_json_str(json).ok()?;
    value.as_object().is_ok().then_some(value)
}

fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object().ok()?.get(&Value::from(name))
}

/// Header, payload, and signature in hexadecimal; of a token within the token, where the header says so.
fn decode(token: &str, nesting: usize) -> Option<Value> {
    let token = Token::parse(token)?;
    let header = token.header()?;
    let payload = decoded(token.payload)?;
    if field(&header, "cty").is_some_and(|kind| *kind == Value::from("JWT")) {
        return if nesting < MAX_NESTING { decode(payload.trim_matches(['"', '\'']), nesting + 1) } else { None };
    }
    let signature = hex::encode(token.signature()?);
    Some(Value::from(vec![header, object(&payload)?, Value::from(signature)]))
}

/// Whether one of the keys in the second argument signed the token in the first, under `algorithm` whatever the header says.
fn verify(algorithm: &str, values: &[Value]) -> Option<Value> {
    let token = Token::parse(text(values, 0)?)?;
    let keys = jwk::keys(text(values, 1)?)?;
    let signature = token.signature()?;
    let header = Header::read(&token.header()?)?;
    Some(Value::from(header.signed_by(&keys, algorithm, (token.signed.as_bytes(), &signature))))
}

fn verify_secret(function: Hmac, values: &[Value]) -> Option<Value> {
    let token = Token::parse(text(values, 0)?)?;
    let code = hmac(function, text(values, 1)?.as_bytes(), token.signed.as_bytes());
    Some(Value::from(code == token.signature()?))
}

/// What counts of a header.
#[derive(Default)]
struct Header {
    algorithm: String,
    key_id: String,
    content_type: String,
    /// It has an extension that must be understood and is not.
    is_foreign: bool,
}

impl Header {
    fn read(header: &Value) -> Option<Self> {
        let text = |name: &str| match field(header, name) {
            None => Some(String::new()),
            Some(Value::String(text)) => Some(text.to_string()),
            Some(_) => None,
        };
        text("typ")?;
        let is_foreign = match field(header, "crit") {
            None => false,
            Some(Value::Array(names)) if !names.is_empty() => {
                let known = ["alg", "kid", "typ", "cty", "crit"].map(Value::from);
                names.iter().any(|name| !known.contains(name) && header.as_object().is_ok_and(|fields| fields.get(name).is_some()))
            }
            Some(_) => return None,
        };
        Some(Self { algorithm: text("alg")?, key_id: text("kid")?, content_type: text("cty")?, is_foreign })
    }

    /// The key that the header names; else any whose algorithm is not another than the header's.
    fn signed_by(&self, keys: &[VerificationKey], algorithm: &str, (message, signature): (&[u8], &[u8])) -> bool {
        let named = keys.iter().find(|key| !self.key_id.is_empty() && key.key_id == self.key_id);
        if let Some(key) = named {
            return key.verify(algorithm, message, signature);
        }
        let mut fitting = keys.iter().filter(|key| key.algorithm.is_empty() || key.algorithm == self.algorithm);
        fitting.any(|key| key.verify(algorithm, message, signature))
    }
}

/// What `io.jwt.decode_verify` asks of a token.
struct Constraints {
    keys: Vec<VerificationKey>,
    algorithm: String,
    issuer: String,
    audience: String,
    /// In nanoseconds since 1970.
    time: f64,
}

impl Constraints {
    #[allow(clippy::cast_precision_loss)]
    fn read(fields: &Object, now: UnixTime) -> Option<Self> {
        let mut read =
            Self { keys: Vec::new(), algorithm: String::new(), issuer: String::new(), audience: String::new(), time: now.0 as f64 * 1e9 };
        let mut sources = 0;
        for (name, value) in fields.iter() {
            let text = || value.as_string().ok().map(|text| text.to_string());
            match &**name.as_string().ok()? {
                "cert" => {
                    read.keys = jwk::keys(&text()?)?;
                    sources += 1;
                }
                "secret" => {
                    let secret = text()?;
                    sources += usize::from(!secret.is_empty());
                    read.keys = vec![VerificationKey::secret(secret.into_bytes())];
                }
                "alg" => read.algorithm = text()?,
                "iss" => read.issuer = text()?,
                "aud" => read.audience = text()?,
                "time" => read.time = value.as_f64().ok().filter(|time| *time >= 0.0)?,
                _ => return None,
            }
        }
        (sources == 1).then_some(read)
    }

    /// The claims that the token has to make.
    fn hold_for(&self, payload: &Value) -> Option<bool> {
        let is = |value: &Value, expected: &str| matches!(value, Value::String(text) if **text == *expected);
        let issuer = self.issuer.is_empty() || field(payload, "iss").is_some_and(|issuer| is(issuer, &self.issuer));
        let audience = match field(payload, "aud") {
            Some(Value::Array(all)) => all.iter().any(|one| is(one, &self.audience)),
            Some(one) => is(one, &self.audience),
            None => self.audience.is_empty(),
        };
        let seconds = self.time / 1e9;
        let expired = match field(payload, "exp") {
            Some(expiry) => seconds >= expiry.as_f64().ok()?,
            None => false,
        };
        let early = match field(payload, "nbf") {
            Some(start) => seconds < start.as_f64().ok()?,
            None => false,
        };
        Some(issuer && audience && !expired && !early)
    }
}

/// Whether a token holds under constraints, its header, and its payload; the latter empty where it does not.
pub(super) fn decode_verify(values: &[Value], now: UnixTime) -> Option<Value> {
    let constraints = Constraints::read(values.get(1)?.as_object().ok()?, now)?;
    let unverified = || Some(Value::from(vec![Value::from(false), Value::new_object(), Value::new_object()]));
    let mut encoded = text(values, 0)?.to_owned();
    for _ in 0..MAX_NESTING {
        let token = Token::parse(&encoded)?;
        let shown = token.header()?;
        let header = Header::read(&shown)?;
        if header.algorithm.is_empty()
            || header.is_foreign
            || !(constraints.algorithm.is_empty() || constraints.algorithm == header.algorithm)
            || !header.signed_by(&constraints.keys, &header.algorithm, (token.signed.as_bytes(), &token.signature()?))
        {
            return unverified();
        }
        let payload = decoded(token.payload)?;
        if header.content_type.eq_ignore_ascii_case("JWT") {
            encoded = payload;
            continue;
        }
        let payload = object(&payload)?;
        return if constraints.hold_for(&payload)? { Some(Value::from(vec![Value::from(true), shown, payload])) } else { unverified() };
    }
    None
}
