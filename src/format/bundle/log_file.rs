//! A log entry in a file of its own: `attach signature --rekor-response`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::legacy::{LegacyError, LocalBundle, RekorBundle, RekorPayload};

/// One entry as Rekor's own API answers.
#[derive(Deserialize)]
struct Answer {
    body: String,
    #[serde(rename = "integratedTime")]
    integrated_time: i64,
    #[serde(rename = "logIndex")]
    log_index: i64,
    #[serde(rename = "logID")]
    log_id: String,
    verification: Verification,
}

#[derive(Deserialize)]
struct Verification {
    #[serde(rename = "signedEntryTimestamp")]
    signed_entry_timestamp: String,
}

/// Reads the entry: `--bundle` JSON of version 2, the entry with its promise as layers hold it, or Rekor's answer (`{UUID: entry}`). `None` where
/// the file is JSON without any.
///
/// # Errors
/// No JSON object, or an entry that cannot be read.
pub fn read(json: &[u8]) -> Result<Option<RekorBundle>, LegacyError> {
    let local = LocalBundle::parse(json)?;
    let found = match local.rekor_bundle {
        Some(bundle) => Some(bundle),
        None => of_layer(json).or_else(|| of_answer(json)),
    };
    if let Some(bundle) = &found {
        bundle.to_entry()?;
    }
    Ok(found.filter(|bundle| !bundle.signed_entry_timestamp.is_empty()))
}

fn of_layer(json: &[u8]) -> Option<RekorBundle> {
    let bundle = RekorBundle::parse(std::str::from_utf8(json).ok()?).ok()?;
    (!bundle.signed_entry_timestamp.is_empty()).then_some(bundle)
}

fn of_answer(json: &[u8]) -> Option<RekorBundle> {
    let mut entries = serde_json::from_slice::<BTreeMap<String, Answer>>(json).ok()?.into_values();
    let (Some(entry), None) = (entries.next(), entries.next()) else { return None };
    Some(RekorBundle {
        signed_entry_timestamp: entry.verification.signed_entry_timestamp,
        payload: RekorPayload {
            body: entry.body.into(),
            integrated_time: entry.integrated_time,
            log_index: entry.log_index,
            log_id: entry.log_id,
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const ENTRY: &str = r#"{"SignedEntryTimestamp":"AA==","Payload":{"body":"e30=","integratedTime":1,"logIndex":2,"logID":"00"}}"#;

    #[test]
    fn three_forms_of_one_entry() {
        let local = format!(r#"{{"base64Signature":"AA==","rekorBundle":{ENTRY}}}"#);
        let answer =
            r#"{"24296f":{"body":"e30=","integratedTime":1,"logIndex":2,"logID":"00","verification":{"signedEntryTimestamp":"AA=="}}}"#;
        for json in [ENTRY, &local, answer] {
            assert_eq!(read(json.as_bytes()).unwrap().unwrap().to_json(), ENTRY, "{json}");
        }
        assert_eq!(read(b"{}").unwrap(), None);
        assert!(read(b"7").is_err() && read(b"x").is_err());
        assert!(read(ENTRY.replace("\"00\"", "\"zz\"").as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_entry_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
