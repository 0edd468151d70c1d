#![allow(clippy::unwrap_used)]
use super::*;
use crate::ambient::fake::{Fake, testdata};
use crate::crypto::Digest;
use crate::crypto::certificate::testing::{Template, keys};
use crate::format::bundle::Bundle;
use crate::format::dsse::Envelope;
use crate::sigstore::testing::{Server, answer, client, run};

fn log(server: &Server, content: LoggedContent<'_>) -> Result<LogEntry, String> {
    let [key] = keys();
    let certificate = Template::leaf("leaf", "ca", &key).sign(&key);
    let logged = Logged { content, signature: b"s", key: LoggedKey::Certificate(&certificate) };
    run(Rekor::new(&server.url, &client(&Fake::default())).unwrap().log(&logged)).map_err(|error| error.to_string())
}

#[test]
fn an_entry_is_read_as_bundles_hold_it() {
    let json = testdata("keyless/bundles/kl-r2.json");
    let entry = Bundle::parse(&json, false).unwrap().material.unwrap().log_entries.remove(0).entry;
    let document: Value = serde_json::from_slice(&json).unwrap();
    let mut answered = document["verificationMaterial"]["tlogEntries"][0].clone();
    // As the log writes it: defaults and nulls are there.
    answered["integratedTime"] = "0".into();
    answered["inclusionPromise"] = Value::Null;
    let server = Server::answering([answer(201, answered.to_string())]);
    let envelope = Envelope::new("t", b"payload".to_vec(), b"s".to_vec());
    assert_eq!(log(&server, LoggedContent::Envelope { envelope: &envelope, json: None }).unwrap(), entry);
    let sent: Value = serde_json::from_slice(&server.asked()[0].body).unwrap();
    let request = &sent["hashedRekordRequestV002"];
    assert_eq!(request["digest"], base64::encode(Digest::sha256(envelope.signed_bytes()).bytes()));
    assert_eq!(request["signature"]["verifier"]["keyDetails"], "PKIX_ECDSA_P256_SHA_256");
    assert!(request["signature"]["verifier"]["x509Certificate"]["rawBytes"].is_string());
}

#[test]
fn an_entry_that_is_there_already_is_an_error_with_its_index() {
    let digest = Digest::sha256("x");
    let server = Server::answering([(409, vec![("X-Log-Index", "22".to_owned())], b"{\"code\":6}".to_vec())]);
    let error = log(&server, LoggedContent::Digest(&digest)).unwrap_err();
    assert!(error.starts_with("Rekor returned 409: {\"code\":6}; the same signature is in the log at index 22"), "{error}");
}

#[test]
fn refusals_keep_their_bodies() {
    let digest = Digest::sha256("x");
    for (given, expected) in [
        (answer(500, "boom"), "Rekor returned 500: boom"),
        (answer(200, "{}"), "Rekor returned 200: {}"),
        (answer(201, "<html>"), "the answer is no log entry"),
    ] {
        let error = log(&Server::answering([given]), LoggedContent::Digest(&digest)).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
