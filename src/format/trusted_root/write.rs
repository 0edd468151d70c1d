//! Writing `trusted_root.json` as protojson writes it: fields in their order, empty ones left out.

use serde_json::{Map, Value, json};

use super::{CertificateAuthority, MEDIA_TYPE, NamedTimestampAuthority, TransparencyLog, TrustedRoot};
use crate::crypto::{Certificate, HashAlgorithm, KeyAlgorithm, LogKey, PublicKey, SignatureScheme, ValidityPeriod};
use crate::encoding::{UnixTime, base64, go_json};
use crate::format::tlog::key_details;

/// A log key of a size that a trusted root has no name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unsupported public key for a log: {0}")]
pub struct UnnamedKey(pub KeyAlgorithm);

impl TrustedRoot {
    /// The JSON; within each kind the one that counts from the earliest moment comes first.
    ///
    /// # Errors
    /// [`UnnamedKey`].
    pub fn to_json(&self) -> Result<Vec<u8>, UnnamedKey> {
        let mut object = Map::new();
        object.insert("mediaType".to_owned(), MEDIA_TYPE.into());
        put(&mut object, "tlogs", log_instances(&self.transparency_logs)?);
        let mut authorities: Vec<&CertificateAuthority> = self.certificate_authorities.iter().collect();
        authorities.sort_by_key(|authority| authority.valid.start);
        put(&mut object, "certificateAuthorities", authorities.into_iter().map(certificate_authority).collect());
        put(&mut object, "ctlogs", log_instances(&self.ct_logs)?);
        let mut stampers: Vec<&NamedTimestampAuthority> = self.timestamp_authorities.iter().collect();
        stampers.sort_by_key(|named| named.authority.valid.start);
        put(&mut object, "timestampAuthorities", stampers.into_iter().filter_map(timestamp_authority).collect());
        // Text, lists and objects always have a JSON form.
        Ok(go_json::to_vec(&Value::Object(object)).unwrap_or_default())
    }
}

fn put(object: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        object.insert(name.to_owned(), values.into());
    }
}

fn put_text(object: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        object.insert(name.to_owned(), text.into());
    }
}

pub(crate) fn period(valid: &ValidityPeriod) -> Value {
    let mut object = Map::new();
    for (name, moment) in [("start", valid.start), ("end", valid.end)] {
        put_text(&mut object, name, &moment.as_ref().map_or_else(String::new, UnixTime::to_string));
    }
    object.into()
}

fn log_instances(logs: &[TransparencyLog]) -> Result<Vec<Value>, UnnamedKey> {
    let mut logs: Vec<&TransparencyLog> = logs.iter().collect();
    logs.sort_by_key(|log| log.key.valid.start);
    logs.into_iter().map(|log| log_instance(&log.base_url, &log.key)).collect()
}

fn log_instance(url: &str, log: &LogKey) -> Result<Value, UnnamedKey> {
    let mut object = Map::new();
    put_text(&mut object, "baseUrl", url);
    object.insert("hashAlgorithm".to_owned(), "SHA2_256".into());
    let key = json!({
        "rawBytes": base64::encode(log.key.spki_der()),
        "keyDetails": key_details::name(&log.key, scheme(&log.key)).ok_or_else(|| UnnamedKey(log.key.algorithm()))?,
        "validFor": period(&log.valid),
    });
    object.insert("publicKey".to_owned(), key);
    object.insert("logId".to_owned(), json!({ "keyId": base64::encode(&log.id) }));
    Ok(object.into())
}

/// How logs sign with a key of that kind.
fn scheme(key: &PublicKey) -> SignatureScheme {
    match key.algorithm() {
        KeyAlgorithm::Rsa { .. } => SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256),
        KeyAlgorithm::Ed25519 => SignatureScheme::Ed25519,
        KeyAlgorithm::Ecdsa(_) => key.default_scheme(),
    }
}

fn certificate_authority(authority: &CertificateAuthority) -> Value {
    let chain = authority.intermediates.iter().chain([&authority.root]);
    chain_instance(&authority.root, &authority.uri, chain, &authority.valid)
}

/// `None` for an authority without a root, which a trusted root cannot say.
fn timestamp_authority(named: &NamedTimestampAuthority) -> Option<Value> {
    let authority = &named.authority;
    let root = authority.roots.last()?;
    let chain = authority.leaf.iter().chain(&authority.intermediates).chain([root]);
    Some(chain_instance(root, &named.uri, chain, &authority.valid))
}

fn chain_instance<'a>(root: &Certificate, uri: &str, chain: impl Iterator<Item = &'a Certificate>, valid: &ValidityPeriod) -> Value {
    let mut object = Map::new();
    let mut subject = Map::new();
    put_text(&mut subject, "organization", root.organization().unwrap_or_default());
    put_text(&mut subject, "commonName", root.common_name().unwrap_or_default());
    object.insert("subject".to_owned(), subject.into());
    put_text(&mut object, "uri", uri);
    let certificates: Vec<Value> = chain.map(|certificate| json!({ "rawBytes": base64::encode(certificate.der()) })).collect();
    object.insert("certChain".to_owned(), json!({ "certificates": certificates }));
    object.insert("validFor".to_owned(), period(valid));
    object.into()
}
