#![allow(clippy::unwrap_used)]
use super::*;
use crate::ambient::fake::{Fake, testdata};
use crate::crypto::Digest;
use crate::crypto::certificate::testing::keys;
use crate::format::bundle::Bundle;
use crate::http::{ClientOptions, RetryPolicy, TlsOptions};
use crate::sigstore::rekor::LoggedKey;
use crate::sigstore::testing::{Answer, Server, answer, client, run};

/// An entry of a real log, and the same as the log's API gives it.
fn real() -> (LogEntry, String) {
    let bundle = Bundle::parse(&testdata("keyless/bundles/kl-r1.json"), false).unwrap();
    let entry = bundle.material.unwrap().log_entries.remove(0).entry;
    let proof = entry.inclusion_proof.as_ref().unwrap();
    let json = json!({ "uuid": {
        "body": base64::encode(&entry.canonicalized_body),
        "integratedTime": entry.integrated_time,
        "logID": hex::encode(&entry.log_id),
        "logIndex": entry.log_index,
        "verification": {
            "inclusionProof": {
                "checkpoint": proof.checkpoint,
                "hashes": proof.hashes.iter().map(hex::encode).collect::<Vec<_>>(),
                "logIndex": proof.log_index,
                "rootHash": hex::encode(&proof.root_hash),
                "treeSize": proof.tree_size,
            },
            "signedEntryTimestamp": base64::encode(entry.inclusion_promise.as_ref().unwrap()),
        },
    }});
    (entry, json.to_string())
}

fn log(server: &Server, client: &Client) -> Result<LogEntry, String> {
    let [key] = keys();
    let digest = Digest::sha256("x");
    let logged = Logged { content: LoggedContent::Digest(&digest), signature: b"s", key: LoggedKey::PublicKey(key.public()) };
    run(Rekor::new(&server.url, client).unwrap().log(&logged)).map_err(|error| error.to_string())
}

fn conflict() -> Answer {
    (409, vec![("Location", format!("/api/v1/log/entries/{}", "ab".repeat(40)))], b"an equivalent entry already exists".to_vec())
}

#[test]
fn an_entry_is_read_as_bundles_hold_it() {
    let (entry, json) = real();
    let server = Server::answering([answer(201, json)]);
    assert_eq!(log(&server, &client(&Fake::default())).unwrap(), entry);
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /api/v1/log/entries");
    let [key] = keys();
    let sent: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(sent["kind"], "hashedrekord");
    assert_eq!(sent["spec"]["data"]["hash"]["value"], Digest::sha256("x").hex());
    assert_eq!(sent["spec"]["signature"]["publicKey"]["content"], base64::encode(key.public().to_pem()));
}

#[test]
fn an_entry_that_is_there_already_is_fetched() {
    let (entry, json) = real();
    let server = Server::answering([conflict(), answer(200, json)]);
    assert_eq!(log(&server, &client(&Fake::default())).unwrap(), entry);
    assert_eq!(server.asked()[1].line, format!("GET /api/v1/log/entries/{}", "ab".repeat(40)));
    let told = format!("an equivalent entry already exists in the transparency log with UUID {}", "cd".repeat(40));
    let server = Server::answering([answer(409, told), answer(200, real().1)]);
    assert_eq!(log(&server, &client(&Fake::default())).unwrap(), entry);
    assert_eq!(server.asked()[1].line, format!("GET /api/v1/log/entries/{}", "cd".repeat(40)));
    let nowhere = Server::answering([answer(409, "there")]);
    assert!(log(&nowhere, &client(&Fake::default())).unwrap_err().contains("does not say where"));
    let elsewhere = Server::answering([(409, vec![("Location", "/x/../../secret".to_owned())], vec![])]);
    assert!(log(&elsewhere, &client(&Fake::default())).unwrap_err().contains("is no entry's UUID"));
}

#[test]
fn a_log_that_commits_and_drops_the_connection_is_asked_again() {
    let (entry, json) = real();
    let mut answers = vec![None, Some(conflict()), Some(answer(200, json))].into_iter();
    let server = Server::new(move |_| answers.next().flatten());
    let retry = RetryPolicy { attempts: 2, first_wait: Duration::from_millis(1), ..RetryPolicy::default() };
    let options = ClientOptions { tls: TlsOptions::default(), user_agent: "test".into(), retry, ..ClientOptions::default() };
    let client = Client::new(&options, &Fake::default().context()).unwrap();
    assert_eq!(log(&server, &client).unwrap(), entry);
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn refusals_keep_their_bodies() {
    for (given, expected) in [
        (answer(400, r#"{"code":400,"message":"bad entry"}"#), "Rekor returned 400: {\"code\":400,\"message\":\"bad entry\"}"),
        (answer(500, "boom"), "Rekor returned 500: boom"),
        (answer(413, "big"), "Rekor returned 413: big (entry too large (0.0 MB): this log takes envelopes whole"),
        (answer(400, "http: request body too large"), "entry too large (0.0 MB)"),
        (answer(201, "[]"), "the answer cannot be read"),
        (answer(201, "{}"), "does not hold one entry"),
    ] {
        let error = log(&Server::answering([given]), &client(&Fake::default())).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_search_finds_entries_or_none() {
    let (entry, json) = real();
    let [key] = keys();
    let digest = Digest::sha256("x");
    let logged = Logged { content: LoggedContent::Digest(&digest), signature: b"s", key: LoggedKey::PublicKey(key.public()) };
    let server = Server::answering([answer(200, "[]"), answer(200, format!("[{json}]"))]);
    let rekor = Rekor::new(&server.url, &client(&Fake::default())).unwrap();
    assert!(run(rekor.search(&[logged])).unwrap().is_empty());
    assert_eq!(run(rekor.search(&[logged])).unwrap(), [entry]);
    let sent: Value = serde_json::from_slice(&server.asked()[0].body).unwrap();
    assert_eq!(sent["entries"][0]["kind"], "hashedrekord");
    assert!(sent["entryUUIDs"].is_null());
}

#[test]
fn an_envelope_is_searched_for_in_both_forms() {
    let [key] = keys();
    let envelope = Envelope::new("t", b"payload".to_vec(), b"s".to_vec());
    let content = LoggedContent::Envelope { envelope: &envelope, json: Some(b"{ }") };
    let server = Server::answering([answer(200, "[]")]);
    let rekor = Rekor::new(&server.url, &client(&Fake::default())).unwrap();
    run(rekor.search(&[Logged { content, signature: b"s", key: LoggedKey::PublicKey(key.public()) }])).unwrap();
    let sent: Value = serde_json::from_slice(&server.asked()[0].body).unwrap();
    assert_eq!(sent["entries"][0]["spec"]["proposedContent"]["envelope"], "{ }");
    assert_eq!(sent["entries"][1]["kind"], "intoto");
    assert_eq!(sent["entries"][1]["spec"]["content"]["hash"]["value"], Digest::sha256("{ }").hex());
}

#[test]
fn a_connection_that_breaks_under_a_large_entry_may_be_about_its_size() {
    let [key] = keys();
    let retry = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    let options = ClientOptions { tls: TlsOptions::default(), user_agent: "test".into(), retry, ..ClientOptions::default() };
    let client = Client::new(&options, &Fake::default().context()).unwrap();
    for (size, is_told) in [(2 << 20, true), (10, false)] {
        let envelope = Envelope::new("t", vec![b'x'; size], b"s".to_vec());
        let content = LoggedContent::Envelope { envelope: &envelope, json: None };
        let server = Server::new(|_| None);
        let logged = Logged { content, signature: b"s", key: LoggedKey::PublicKey(key.public()) };
        let error = run(Rekor::new(&server.url, &client).unwrap().log(&logged)).unwrap_err().to_string();
        assert_eq!(error.contains("(entry too large (2.7 MB)? this log takes envelopes whole"), is_told, "{error}");
    }
}

#[test]
fn entries_are_found_by_index_and_uuid() {
    let (entry, json) = real();
    let server = Server::answering([answer(200, json.clone()), answer(200, json), answer(200, r#"["u1"]"#)]);
    let rekor = Rekor::new(&server.url, &client(&Fake::default())).unwrap();
    assert_eq!(run(rekor.by_index(7)).unwrap(), entry);
    assert_eq!(run(rekor.by_uuid(&"ab".repeat(32))).unwrap(), entry);
    assert_eq!(run(rekor.uuids_by_hash("sha256:00")).unwrap(), ["u1"]);
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines[0], "GET /api/v1/log/entries?logIndex=7");
    assert_eq!(lines[2], "POST /api/v1/index/retrieve");
}

proptest::proptest! {
    #[test]
    fn foreign_entries_never_panic(body in ".{0,60}", id in ".{0,20}", hashes in proptest::collection::vec(".{0,10}", 0..3), root in ".{0,10}") {
        let json = json!({ "body": body, "integratedTime": 1, "logID": id, "logIndex": -1, "verification": {
            "inclusionProof": { "hashes": hashes, "logIndex": 0, "rootHash": root, "treeSize": -3 } } });
        let entry: Entry = serde_json::from_value(json).unwrap();
        proptest::prop_assert!(entry.read().is_err());
    }
}
