#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::*;
use crate::ambient::fake::Fake;
use crate::crypto::certificate::testing::{NOW, keys};
use crate::crypto::{Message, PrivateKey};
use crate::encoding::base64;
use crate::secret::IdToken;
use crate::sigstore::testing::{Answer, Asked, Server, answer, run};

fn signed(key: &PrivateKey, claims: &Value) -> String {
    let head = base64::encode_url(r#"{"alg":"ES256"}"#);
    let text = format!("{head}.{}", base64::encode_url(claims.to_string()));
    let signature = key.sign_now(key.public().default_scheme(), Message::Bytes(text.as_bytes())).unwrap();
    format!("{text}.{}", base64::encode_url(signature))
}

/// A provider that lets everybody in; `change` changes the claims of its tokens.
fn provider(nonce: Option<&'static str>, change: impl Fn(&mut Value) + Send + 'static) -> Server {
    let [key] = keys();
    let point = &key.public().spki_der()[27..];
    let jwks = json!({"keys":[{"kty":"EC","crv":"P-256","x":base64::encode_url(&point[..32]),"y":base64::encode_url(&point[32..])}]});
    let mut pending = true;
    Server::new(move |asked: &Asked| {
        let host = asked.headers.iter().find_map(|header| header.strip_prefix("host: ")).unwrap();
        let base = format!("http://{host}");
        Some(match asked.line.as_str() {
            "GET /.well-known/openid-configuration" => answer(
                200,
                json!({
                    "issuer": base, "authorization_endpoint": format!("{base}/auth"), "token_endpoint": format!("{base}/token"),
                    "device_authorization_endpoint": format!("{base}/device"), "jwks_uri": format!("{base}/keys"),
                    "code_challenge_methods_supported": ["S256"],
                })
                .to_string(),
            ),
            "GET /keys" => answer(200, jwks.to_string()),
            "POST /device" => answer(
                200,
                json!({"device_code": "dev-secret", "user_code": "AB", "verification_uri": "http://x", "interval": 1, "expires_in": 9})
                    .to_string(),
            ),
            "POST /token" if std::mem::take(&mut pending) && asked.body.starts_with(b"client_id=sigstore&code_verifier") => {
                answer(400, r#"{"error":"authorization_pending"}"#)
            }
            "POST /token" => {
                let mut claims = json!({"iss": base, "aud": "sigstore", "sub": "me", "exp": NOW.0 + 60, "nonce": nonce});
                change(&mut claims);
                answer(200, json!({"id_token": signed(&key, &claims)}).to_string())
            }
            _ => answer(404, ""),
        })
    })
}

fn request(issuer: &str) -> TokenRequest {
    TokenRequest {
        given: None,
        disable_ambient: true,
        provider: None,
        flow: String::new(),
        issuer: Some(issuer.to_owned()),
        client_id: "sigstore".into(),
        client_secret: None,
        redirect_url: None,
        consented: false,
    }
}

fn world() -> Fake {
    Fake::default().at(std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(NOW.0).unwrap()))
}

fn get(request: &TokenRequest, world: &Fake) -> Result<IdToken, String> {
    run(token(request, &world.context())).map_err(|error| error.to_string())
}

#[test]
fn the_device_flow_waits_and_instructs_on_stderr() {
    let (server, world) = (provider(None, |_| {}), world());
    let token = get(&request(&server.url), &world).unwrap();
    assert_eq!(claims::Claims::of(&token).unwrap().subject().unwrap(), "me");
    assert_eq!(
        world.said(),
        [
            "Non-interactive mode detected, using device flow.",
            "Enter the verification code AB in your browser at: http://x",
            "Code will be valid for 9 seconds",
            "Token received!"
        ]
    );
    assert_eq!(world.stdout(), "");
}

#[test]
fn a_token_is_checked_before_it_is_used() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 4] = [
        (|claims| claims["aud"] = "other".into(), "expected audience \"sigstore\" got [\"other\"]"),
        (|claims| claims["exp"] = NOW.0.into(), "token is expired"),
        (|claims| claims["iss"] = "https://evil".into(), "issued by a different provider"),
        (|claims| claims["email"] = "a@b".into(), "not verified by identity provider"),
    ];
    for (change, expected) in cases {
        let server = provider(None, change);
        let request = TokenRequest { flow: "client_credentials".into(), ..request(&server.url) };
        let error = get(&request, &world()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_provider_must_be_the_issuer_and_know_pkce() {
    let other = Server::answering([answer(200, r#"{"issuer":"https://other"}"#)]);
    assert!(get(&request(&other.url), &world()).unwrap_err().contains("issuer did not match"));
    let without = Server::new(|asked: &Asked| {
        let host = asked.headers.iter().find_map(|header| header.strip_prefix("host: ")).unwrap();
        Some(answer(200, json!({"issuer": format!("http://{host}"), "authorization_endpoint": "http://a"}).to_string()))
    });
    assert!(get(&request(&without.url), &world()).unwrap_err().contains("PKCE is not supported by OIDC provider"));
}

#[test]
fn a_token_is_taken_as_value_or_file_and_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::write(&path, "e30.e30.c2ln\n").unwrap();
    let given = |text: &str| get(&TokenRequest { given: Some(IdToken::new(text)), ..request("") }, &world());
    assert_eq!(given("e30.e30.c2ln").unwrap().expose(), "e30.e30.c2ln");
    assert_eq!(given(path.to_str().unwrap()).unwrap().expose(), "e30.e30.c2ln");
    assert!(given("/nowhere/token").unwrap_err().contains("open /nowhere/token: no such file or directory"));
    let broken = "eyJhbGciOi!.eyJzdWIi.c2ln";
    assert!(!given(broken).unwrap_err().contains("eyJ"));
    assert!(!given(&"eyJ".repeat(2000)).unwrap_err().contains("eyJ"));
}

fn ambient(world: &Fake) -> Result<Option<String>, String> {
    let context = world.context();
    let found = run(ambient::token(None, &crate::sigstore::testing::client(world), &context));
    found.map(|token| token.map(|token| token.expose().to_owned())).map_err(|error| error.to_string())
}

fn github(given: Answer) -> (Server, Fake) {
    let server = Server::answering([given]);
    let world = Fake::default()
        .with_var("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("{}/token?api=1", server.url))
        .with_var("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-secret");
    (server, world)
}

#[test]
fn github_hands_out_a_token_for_sigstore() {
    let (server, world) = github(answer(200, r#"{"count":1,"value":"a.b.c"}"#));
    assert_eq!(ambient(&world).unwrap().as_deref(), Some("a.b.c"));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "GET /token?api=1&audience=sigstore");
    assert!(asked.headers.contains(&"authorization: bearer request-secret".to_owned()));
}

#[test]
fn a_refusal_of_github_is_no_empty_token() {
    let (_server, world) = github(answer(401, "request-secret is no good"));
    let error = ambient(&world).unwrap_err();
    assert!(error.contains("GitHub returned 401: <redacted> is no good"), "{error}");
}

#[test]
fn a_job_without_permission_is_told_at_once() {
    let world = Fake::default().with_var("GITHUB_ACTIONS", "true");
    assert!(ambient(&world).unwrap_err().contains("id-token: write"));
    assert_eq!(ambient(&Fake::default()).unwrap(), None);
}

#[test]
fn the_variable_comes_before_github() {
    let (server, world) = github(answer(500, ""));
    let world = world.with_var("SIGSTORE_ID_TOKEN", "v.v.v");
    assert_eq!(ambient(&world).unwrap().as_deref(), Some("v.v.v"));
    assert!(server.asked().is_empty());
    assert_eq!(ambient(&Fake::default().with_var("SIGSTORE_ID_TOKEN", "")).unwrap(), None);
}

#[test]
fn buildkite_and_google() {
    let server = Server::answering([answer(200, r#"{"token":"b.b.b"}"#)]);
    let world = Fake::default()
        .with_var("BUILDKITE_AGENT_ACCESS_TOKEN", "agent")
        .with_var("BUILDKITE_AGENT_ENDPOINT", &format!("{}/v3", server.url))
        .with_var("BUILDKITE_JOB_ID", "0190-aa");
    assert_eq!(ambient(&world).unwrap().as_deref(), Some("b.b.b"));
    assert_eq!(server.asked()[0].line, "POST /v3/jobs/0190-aa/oidc/tokens");
    let server = Server::new(|_| Some(answer(200, "g.g.g")));
    let host = server.url.strip_prefix("http://").unwrap().to_owned();
    assert_eq!(ambient(&Fake::default().with_var("GCE_METADATA_HOST", &host)).unwrap().as_deref(), Some("g.g.g"));
}

#[test]
fn the_browser_must_bring_the_state_back() {
    use std::io::{Read, Write};
    let visit = |query: &'static str| {
        run(async move {
            let listener = listener::Listener::open(None).await.unwrap();
            let url = crate::http::Url::parse(listener.redirect()).unwrap();
            let port = url.port().unwrap();
            let browser = std::thread::spawn(move || {
                for target in ["/favicon.ico", query] {
                    let mut stream = std::net::TcpStream::connect(("localhost", port)).unwrap();
                    stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
                    let _ = stream.read_to_end(&mut Vec::new());
                }
            });
            let code = listener.code("right").await.map(|code| code.expose().to_owned());
            browser.join().unwrap();
            code
        })
    };
    assert_eq!(visit("/auth/callback?code=c&state=right"), Ok("c".to_owned()));
    assert_eq!(visit("/auth/callback?code=c&state=wrong"), Err("invalid state token".to_owned()));
    assert_eq!(visit("/auth/callback?error=denied&state=right"), Err("the provider refused: denied".to_owned()));
}

#[test]
fn the_nonce_binds_a_token_to_its_request() {
    let server = provider(Some("mine"), |_| {});
    let client = crate::sigstore::testing::client(&world());
    run(async {
        let known = provider::Provider::discover(&server.url, &client).await.unwrap();
        let [key] = keys();
        let claims = json!({"iss": server.url, "aud": "sigstore", "sub": "me", "exp": NOW.0 + 60, "nonce": "mine"});
        let token = IdToken::new(signed(&key, &claims));
        known.check(&token, &request(&server.url), Some("mine"), NOW).await.unwrap();
        let error = known.check(&token, &request(&server.url), Some("other"), NOW).await.unwrap_err();
        assert!(error.to_string().contains("nonce does not match value sent"));
        let mut altered = token.expose().to_owned();
        altered.replace_range(altered.len() - 2.., "AA");
        let error = known.check(&IdToken::new(altered), &request(&server.url), Some("mine"), NOW).await.unwrap_err();
        assert!(error.to_string().contains("failed to verify id token signature"), "{error}");
    });
}
