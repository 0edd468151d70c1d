#![allow(clippy::unwrap_used)]
use super::*;
use crate::ambient::fake::Fake;
use crate::crypto::certificate::testing::{NOW, Template, keys};
use crate::crypto::{PrivateKey, Verifier};
use crate::sigstore::testing::{Asked, Server, answer, client, run};

fn token(claims: &str) -> IdToken {
    IdToken::new(format!("{}.{}.c2lnbmF0dXJl", base64::encode_url("{}"), base64::encode_url(claims)))
}

const ALICE: &str = r#"{"email":"alice@example.com","email_verified":true,"iss":"https://i","aud":"sigstore","exp":1767225900}"#;

fn reply(key: &PrivateKey) -> Vec<u8> {
    let leaf = Template::leaf("leaf", "ca", key).sign(key).to_pem();
    format!(r#"{{"signedCertificateEmbeddedSct":{{"chain":{{"certificates":[{leaf:?},{leaf:?}]}}}}}}"#).into_bytes()
}

fn ask(server: &Server, key: &PrivateKey, token: &IdToken) -> Result<IssuedCertificate, String> {
    let fulcio = Fulcio::new(&server.url, &client(&Fake::default())).unwrap();
    run(fulcio.certificate(key, token, NOW)).map_err(|error| error.to_string())
}

#[test]
fn the_request_shows_that_the_key_is_at_hand() {
    let [key] = keys();
    let server = Server::answering([answer(200, reply(&key))]);
    let issued = ask(&server, &key, &token(ALICE)).unwrap();
    assert_eq!(issued.leaf.spki_der(), key.public().spki_der());
    assert_eq!(issued.chain.len(), 1);
    let [Asked { line, headers, body }] = &server.asked()[..] else { panic!() };
    assert_eq!(line, "POST /api/v2/signingCert");
    assert!(headers.iter().any(|header| header.starts_with("authorization: Bearer ") && header.ends_with(".c2lnbmF0dXJl")));
    let sent: serde_json::Value = serde_json::from_slice(body).unwrap();
    let request = &sent["publicKeyRequest"];
    assert_eq!(request["publicKey"]["content"], key.public().to_pem());
    assert_eq!(request["publicKey"]["algorithm"], "ECDSA");
    let proof = base64::decode(request["proofOfPossession"].as_str().unwrap()).unwrap();
    key.public().verify(key.public().default_scheme(), Message::Bytes(b"alice@example.com"), &proof).unwrap();
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let [key, other] = keys();
    let server = Server::answering([answer(200, reply(&other))]);
    assert!(ask(&server, &key, &token(ALICE)).unwrap_err().contains("about another key"));
}

#[test]
fn a_refusal_keeps_its_body_and_says_what_to_do_and_never_the_token() {
    let [key] = keys();
    let secret = token(ALICE);
    let echo = format!(r#"{{"message":"processing the identity token {}"}}"#, secret.expose());
    let server = Server::answering([answer(400, echo)]);
    let error = ask(&server, &key, &secret).unwrap_err();
    assert!(error.starts_with("Fulcio returned 400: {\"message\":\"processing the identity token <redacted>"), "{error}");
    assert!(error.contains("issuer https://i"), "{error}");
    assert!(!error.contains("c2lnbmF0dXJl"), "{error}");
    let expired = token(r#"{"sub":"x","exp":1767225599}"#);
    let error = ask(&Server::answering([answer(400, "no")]), &key, &expired).unwrap_err();
    assert!(error.contains("expired at 2025-12-31T23:59:59Z"), "{error}");
    let audience = token(r#"{"sub":"x","aud":"other"}"#);
    let error = ask(&Server::answering([answer(401, "no")]), &key, &audience).unwrap_err();
    assert!(error.contains("audience is other"), "{error}");
}

#[test]
fn answers_that_are_none() {
    let [key] = keys();
    for (given, expected) in [
        (answer(200, "{}"), "Fulcio returned no certificates"),
        (answer(200, r#"{"signedCertificateEmbeddedSct":{"chain":{"certificates":[]}}}"#), "Fulcio returned no certificates"),
        (answer(201, reply(&key)), "Fulcio returned 201"),
        (answer(200, "<html>"), "the answer is no certificate"),
        (answer(500, "boom"), "Fulcio returned 500: boom"),
        (answer(429, "slow down"), "Fulcio returned 429: slow down"),
    ] {
        let error = ask(&Server::answering([given]), &key, &token(ALICE)).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = ask(&Server::answering([]), &key, &token(ALICE)).unwrap_err();
    assert!(error.starts_with("Fulcio: Post "), "{error}");
}

#[test]
fn nobody_is_asked_with_a_token_that_names_nobody() {
    let [key] = keys();
    let server = Server::answering([]);
    for (claims, expected) in [("{}", "no subject found in claims"), (r#"{"email":"a@b"}"#, "not verified by identity provider")] {
        assert_eq!(ask(&server, &key, &token(claims)).unwrap_err(), expected);
    }
    assert!(server.asked().is_empty());
}

#[test]
fn what_was_said_before_the_connection_broke_is_not_lost() {
    let [key] = keys();
    let server = Server::answering([answer(503, "busy for a while")]);
    let retry = crate::http::RetryPolicy { attempts: 2, first_wait: Duration::from_millis(1), ..Default::default() };
    let options = crate::http::ClientOptions { retry, ..crate::http::ClientOptions::of(crate::http::TlsOptions::default(), 2) };
    let fulcio = Fulcio::new(&server.url, &Client::new(&options, &Fake::default().context()).unwrap()).unwrap();
    let error = run(fulcio.certificate(&key, &token(ALICE), NOW)).unwrap_err().to_string();
    assert!(error.starts_with("Fulcio: Post ") && error.contains("503") && error.contains("busy for a while"), "{error}");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn the_projects_own_instances_take_one_audience() {
    let judged = |url: &str, audience: &str| {
        let claims = Claims::of(&token(&format!(r#"{{"sub":"x","aud":{audience}}}"#))).unwrap();
        refuse_audience(&Url::parse(url).unwrap(), &claims).map_err(|error| error.to_string())
    };
    assert_eq!(judged("https://fulcio.sigstore.dev", r#"["a","sigstore"]"#), Ok(()));
    assert!(judged("https://fulcio.sigstore.dev", r#""a""#).unwrap_err().contains("the identity token is for a, and "));
    assert_eq!(judged("https://fulcio.example", r#""a""#), Ok(()));
}

#[test]
fn keys_of_every_kind_are_certified() {
    use crate::crypto::{Curve, KeyAlgorithm};
    let kinds =
        [KeyAlgorithm::Ecdsa(Curve::P384), KeyAlgorithm::Ecdsa(Curve::P521), KeyAlgorithm::Rsa { bits: 2048 }, KeyAlgorithm::Ed25519];
    for (kind, named) in kinds.into_iter().zip(["ECDSA", "ECDSA", "RSA_PSS", "ED25519"]) {
        let key = PrivateKey::generate_as(kind, &Fake::default()).unwrap();
        assert_eq!(key.public().algorithm(), kind);
        let server = Server::answering([answer(400, "")]);
        ask(&server, &key, &token(ALICE)).unwrap_err();
        let sent: serde_json::Value = serde_json::from_slice(&server.asked()[0].body).unwrap();
        assert_eq!(sent["publicKeyRequest"]["publicKey"]["algorithm"], named);
        let proof = base64::decode(sent["publicKeyRequest"]["proofOfPossession"].as_str().unwrap()).unwrap();
        key.public().verify(key.public().default_scheme(), Message::Bytes(b"alice@example.com"), &proof).unwrap();
    }
    assert!(PrivateKey::generate_as(KeyAlgorithm::Rsa { bits: 1024 }, &Fake::default()).is_err());
}
