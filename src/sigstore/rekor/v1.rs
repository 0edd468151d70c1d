//! Rekor, API version 1.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Logged, LoggedContent, RekorError};
use crate::crypto::{Curve, Digest, KeyAlgorithm};
use crate::encoding::text::quote;
use crate::encoding::{base64, go_json, hex};
use crate::format::dsse::Envelope;
use crate::format::tlog::{EntryBody, InclusionProof, LogEntry};
use crate::http::header::LOCATION;
use crate::http::{Client, Method, Request, Response, StatusCode};
use crate::sigstore::service::{ANSWER_LIMIT, Service};

const LIMIT: Duration = Duration::from_secs(90);
/// The most entries that one answer may hold.
const MAX_ENTRIES: usize = 64;
/// The most entries that a log lets be searched for at once.
pub const MAX_QUERIES: usize = 10;
/// The most hashes of a proof.
const MAX_HASHES: usize = 64;

/// From this size on a connection that breaks is taken for a refusal of the size: logs and what stands before them just hang up.
const SUSPECT_SIZE: usize = 1 << 20;
/// What helps when an entry is too large.
const TOO_LARGE: &str = "this log takes envelopes whole: keep what is large out of the predicate and name it there by its digest, use a Rekor v2, which takes digests only (--signing-config), or sign without a log (--tlog-upload=false)";

/// What helps where there is no such log: versions 1 and 2 have other paths.
const NOT_THERE: &str = " (is this a Rekor of version 1, as --rekor-url names one? Logs of version 2 are named by a --signing-config)";
/// What helps where a key with a certificate signs envelopes by another function than SHA-256.
const OTHER_FUNCTION: &str = " (version 1 of Rekor checks envelopes with SHA-256, and this key signs with another function: use a P-256 key, or a Rekor v2 (--signing-config))";

/// A log.
pub struct Rekor {
    service: Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    body: Value,
    integrated_time: i64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: i64,
    verification: Option<Verification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    inclusion_proof: Option<Proof>,
    #[serde(default)]
    signed_entry_timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    #[serde(default)]
    checkpoint: String,
    #[serde(default)]
    hashes: Vec<String>,
    log_index: i64,
    root_hash: String,
    tree_size: i64,
}

impl Rekor {
    /// The log at `url`.
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(url: &str, client: &Client) -> Result<Self, RekorError> {
        Ok(Self { service: Service::new("Rekor", url, client, LIMIT)? })
    }

    /// Logs a signature. Where the log has it already, that entry is fetched.
    ///
    /// # Errors
    /// [`RekorError`].
    pub async fn log(&self, logged: &Logged<'_>) -> Result<LogEntry, RekorError> {
        let request = self.post("/api/v1/log/entries", &proposed(logged));
        let sent = request.body.as_ref().map_or(0, |body| body.len());
        let response = match self.service.send(request).await {
            Ok(response) => response,
            Err(source) if sent >= SUSPECT_SIZE && source.is_broken_connection() => {
                return Err(RekorError::PerhapsTooLarge { source: source.into(), megabytes: super::megabytes(sent), advice: TOO_LARGE });
            }
            Err(error) => return Err(error.into()),
        };
        match response.status {
            StatusCode::CREATED => self.one(&response),
            StatusCode::CONFLICT => self.existing(&response).await,
            _ => Err(RekorError::too_large(&response, sent, TOO_LARGE)
                .unwrap_or_else(|| self.service.refused(&response, advice(response.status, logged)).into())),
        }
    }

    /// The entry with that UUID.
    ///
    /// # Errors
    /// [`RekorError`].
    pub async fn by_uuid(&self, uuid: &str) -> Result<LogEntry, RekorError> {
        let known = (64..=80).contains(&uuid.len()) && uuid.bytes().all(|b| b.is_ascii_hexdigit());
        if !known {
            return Err(RekorError::Answer(format!("{} is no entry's UUID", quote(uuid))));
        }
        self.fetched(&format!("/api/v1/log/entries/{uuid}"), None).await
    }

    /// The entry at that index.
    ///
    /// # Errors
    /// [`RekorError`].
    pub async fn by_index(&self, index: u64) -> Result<LogEntry, RekorError> {
        self.fetched("/api/v1/log/entries", Some(&format!("logIndex={index}"))).await
    }

    /// The entries that are about one of these very signatures; none where the log has seen none. Envelopes are looked for as `dsse` and as
    /// `intoto`, which older programs made. At most [`MAX_QUERIES`] of them are looked for.
    ///
    /// # Errors
    /// [`RekorError`].
    pub async fn search(&self, logged: &[Logged<'_>]) -> Result<Vec<LogEntry>, RekorError> {
        let entries: Vec<Value> = logged.iter().flat_map(|one| [Some(proposed(one)), as_intoto(one)]).flatten().take(MAX_QUERIES).collect();
        let query = json!({ "entryUUIDs": null, "logIndexes": null, "entries": entries });
        let response = self.service.send(self.post("/api/v1/log/entries/retrieve", &query)).await?;
        if response.status != StatusCode::OK {
            return Err(self.service.refused(&response, "").into());
        }
        let found: Vec<BTreeMap<String, Entry>> = self.parse(&response)?;
        if found.len() > MAX_ENTRIES {
            return Err(RekorError::Answer(format!("more than {MAX_ENTRIES} entries")));
        }
        found.into_iter().flatten().map(|(_, entry)| entry.read()).collect()
    }

    /// The UUIDs of the entries about an artifact, by its `sha256:HEX` digest (Rekor's search index).
    ///
    /// # Errors
    /// [`RekorError`].
    pub async fn uuids_by_hash(&self, digest: &str) -> Result<Vec<String>, RekorError> {
        let response = self.service.send(self.post("/api/v1/index/retrieve", &json!({ "hash": digest }))).await?;
        if response.status != StatusCode::OK {
            return Err(self.service.refused(&response, "").into());
        }
        self.parse(&response)
    }

    fn post(&self, path: &str, body: &Value) -> Request {
        // Text and objects always have a JSON form.
        let body = go_json::to_vec(body).unwrap_or_default();
        Request::new(Method::POST, self.service.endpoint(path), ANSWER_LIMIT).body("application/json", body)
    }

    async fn fetched(&self, path: &str, query: Option<&str>) -> Result<LogEntry, RekorError> {
        let mut url = self.service.endpoint(path);
        url.set_query(query);
        let response = self.service.send(Request::new(Method::GET, url, ANSWER_LIMIT)).await?;
        if response.status != StatusCode::OK {
            return Err(self.service.refused(&response, "").into());
        }
        self.one(&response)
    }

    /// The entry that a conflict names.
    async fn existing(&self, conflict: &Response) -> Result<LogEntry, RekorError> {
        let location = conflict.header(LOCATION).unwrap_or_default();
        let said = String::from_utf8_lossy(&conflict.body);
        // Its message ends with the UUID, should a proxy have dropped the header.
        let named = || said.split(|letter: char| !letter.is_ascii_hexdigit()).find(|word| (64..=80).contains(&word.len()));
        let uuid = location.rsplit('/').next().filter(|uuid| !uuid.is_empty()).or_else(named);
        let uuid = uuid.ok_or_else(|| self.service.refused(conflict, " (it does not say where)"))?;
        self.by_uuid(uuid).await
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, response: &Response) -> Result<T, RekorError> {
        serde_json::from_slice(&response.body).map_err(|error| self.service.answer(format!("the answer cannot be read: {error}")).into())
    }

    fn one(&self, response: &Response) -> Result<LogEntry, RekorError> {
        let entries: BTreeMap<String, Entry> = self.parse(response)?;
        let mut entries = entries.into_values();
        match (entries.next(), entries.next()) {
            (Some(entry), None) => entry.read(),
            _ => Err(RekorError::Answer("the answer does not hold one entry".to_owned())),
        }
    }
}

/// What to do about a refusal, where it can be known.
fn advice(status: StatusCode, logged: &Logged<'_>) -> &'static str {
    let by_another_function = matches!(logged.key.algorithm(), Some(KeyAlgorithm::Ecdsa(Curve::P384 | Curve::P521)));
    match logged.content {
        _ if status == StatusCode::NOT_FOUND => NOT_THERE,
        LoggedContent::Envelope { .. } if status == StatusCode::BAD_REQUEST && by_another_function => OTHER_FUNCTION,
        _ => "",
    }
}

/// What the log is asked to take.
fn proposed(logged: &Logged<'_>) -> Value {
    let key = logged.key.base64_pem();
    match logged.content {
        LoggedContent::Digest(digest) => json!({
            "apiVersion": "0.0.1",
            "spec": {
                "data": { "hash": { "algorithm": digest.algorithm().name(), "value": digest.hex() } },
                "signature": { "content": base64::encode(logged.signature), "publicKey": { "content": key } },
            },
            "kind": "hashedrekord",
        }),
        LoggedContent::Envelope { envelope, json } => json!({
            "apiVersion": "0.0.1",
            "spec": { "proposedContent": { "envelope": json_text(envelope, json), "verifiers": [key] } },
            "kind": "dsse",
        }),
    }
}

/// The form of an envelope in the log that older programs chose (`intoto` 0.0.1).
fn as_intoto(logged: &Logged<'_>) -> Option<Value> {
    let LoggedContent::Envelope { envelope, json } = logged.content else { return None };
    let json = json_text(envelope, json);
    let hash = Digest::sha256(&json).hex();
    Some(json!({
        "apiVersion": "0.0.1",
        "spec": {
            "content": { "envelope": json, "hash": { "algorithm": "sha256", "value": hash } },
            "publicKey": logged.key.base64_pem(),
        },
        "kind": "intoto",
    }))
}

fn json_text(envelope: &Envelope, json: Option<&[u8]>) -> String {
    let json = json.map_or_else(|| envelope.to_json(), <[u8]>::to_vec);
    String::from_utf8(json).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl Entry {
    fn read(self) -> Result<LogEntry, RekorError> {
        let broken = |what: &str| RekorError::Answer(format!("the entry's {what} cannot be read"));
        let body = self.body.as_str().and_then(|body| base64::decode_lenient(body).ok()).ok_or_else(|| broken("body"))?;
        let parsed = EntryBody::parse(&body).map_err(|error| RekorError::Answer(format!("the entry's body: {error}")))?;
        let verification = self.verification.ok_or_else(|| broken("verification"))?;
        let promise = base64::decode_lenient(&verification.signed_entry_timestamp).map_err(|_| broken("promise"))?;
        let inclusion_proof = verification.inclusion_proof.map(Proof::read).transpose()?;
        Ok(LogEntry {
            log_index: self.log_index,
            log_id: hex::decode(&self.log_id).ok_or_else(|| broken("log id"))?,
            kind: parsed.kind().to_owned(),
            version: parsed.version().to_owned(),
            integrated_time: self.integrated_time,
            inclusion_promise: (!promise.is_empty()).then_some(promise),
            inclusion_proof,
            canonicalized_body: body,
        })
    }
}

impl Proof {
    fn read(self) -> Result<InclusionProof, RekorError> {
        let broken = || RekorError::Answer("the entry's inclusion proof cannot be read".to_owned());
        if self.hashes.len() > MAX_HASHES {
            return Err(broken());
        }
        Ok(InclusionProof {
            log_index: self.log_index,
            root_hash: hex::decode(&self.root_hash).ok_or_else(broken)?,
            tree_size: self.tree_size,
            hashes: self.hashes.iter().map(|hash| hex::decode(hash)).collect::<Option<_>>().ok_or_else(broken)?,
            checkpoint: self.checkpoint,
        })
    }
}

#[cfg(test)]
mod tests;
