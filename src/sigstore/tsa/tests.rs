#![allow(clippy::unwrap_used)]
use super::*;
use crate::ambient::fake::{Fake, testdata};
use crate::format::bundle::Bundle;
use crate::sigstore::testing::{Server, answer, client, run};

fn real() -> (Vec<u8>, Vec<u8>, TrustedRoot) {
    let bundle = Bundle::parse(&testdata("keyless/bundles/kl-r2.json"), false).unwrap();
    let signature = bundle.to_signed().unwrap().content.signature().unwrap().to_vec();
    let trusted = TrustedRoot::parse(&testdata("keyless/trust/trusted_root.json")).unwrap();
    (signature, bundle.material.unwrap().timestamps.remove(0), trusted)
}

fn ask(server: &Server, signature: &[u8], trusted: Option<&TrustedRoot>) -> Result<Vec<u8>, String> {
    let service = TimestampService::new(&format!("{}/stamp?x=1", server.url), &client(&Fake::default())).unwrap();
    run(service.timestamp(signature, trusted, &Fake::default())).map_err(|error| error.to_string())
}

#[test]
fn the_url_is_taken_as_it_is() {
    let server = Server::answering([answer(400, "")]);
    ask(&server, b"s", None).unwrap_err();
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /stamp?x=1");
    assert!(asked.headers.iter().any(|header| header == "content-type: application/timestamp-query"));
}

#[test]
fn nonce_and_imprint_are_checked_whoever_is_trusted() {
    let (signature, response, trusted) = real();
    for trusted in [None, Some(&trusted)] {
        let error = ask(&Server::answering([answer(200, response.clone())]), &signature, trusted).unwrap_err();
        assert!(error.contains("does not verify: ") && error.contains("nonce"), "{error}");
    }
    let error = timestamp::verify_unanchored(&response, b"another", Expected::default()).unwrap_err();
    assert_eq!(error, TimestampError::ImprintMismatch);
    timestamp::verify_unanchored(&response, &signature, Expected::default()).unwrap();
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let (signature, response, trusted) = real();
    // A time stamp of the right signature by the right authority, but without our nonce.
    let error = ask(&Server::answering([answer(200, response.clone())]), &signature, Some(&trusted)).unwrap_err();
    assert!(error.contains("does not verify: ") && error.contains("nonce"), "{error}");
    let error = ask(&Server::answering([answer(200, response)]), &signature, Some(&TrustedRoot::default())).unwrap_err();
    assert!(error.contains("no timestamp authority is trusted"), "{error}");
}

#[test]
fn refusals_keep_their_bodies() {
    let (signature, _, trusted) = real();
    let server = Server::answering([answer(400, "bad request")]);
    let error = ask(&server, &signature, Some(&trusted)).unwrap_err();
    assert_eq!(error, format!("timestamp authority returned 400: bad request (asked was {}/stamp?x=REDACTED)", server.url));
    let error = ask(&Server::answering([answer(200, "garbage")]), &signature, Some(&trusted)).unwrap_err();
    assert!(error.contains("does not verify"), "{error}");
    // Which authorities are trusted is not the question then.
    assert!(!error.contains("in the trusted root?"), "{error}");
}
