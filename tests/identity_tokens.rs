//! Where identity tokens come from: given by hand, ambient, or by the flows of an OpenID provider; and the providers that fail or lie.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::json;

use crate::sigstore_flows::verify_blob;
use crate::support::http_client;
use crate::support::sandbox::{Call, Sandbox};
use crate::support::sigstore::ambient::{ACCOUNT, BUILDKITE_JOB, BUILDKITE_TOKEN, REQUEST_TOKEN, WORKFLOW};
use crate::support::sigstore::keys::KeyKind;
use crate::support::sigstore::oidc::{CLIENT_SECRET, Issuer};
use crate::support::sigstore::world::{Options, World};
use crate::support::sigstore::{Sigstore, path_text};

/// The virtual services, a file to sign, and an `xdg-open` that follows URLs.
struct Case {
    services: Sigstore,
    sandbox: Sandbox,
}

impl Case {
    fn new() -> Self {
        Self::of(Sigstore::virtual_services())
    }

    fn of(services: Sigstore) -> Self {
        let sandbox = services.sandbox();
        sandbox.write("file", "content");
        std::fs::create_dir(sandbox.path("bin")).unwrap();
        sandbox.write("bin/xdg-open", "#!/bin/sh\nexec curl -sL \"$1\" >page.html\n");
        std::fs::set_permissions(sandbox.path("bin/xdg-open"), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { services, sandbox }
    }

    fn issuer(&self) -> &Issuer {
        &self.services.world().issuer
    }

    /// `sign-blob` that has to find a token by itself.
    fn sign(&self, more: &[&str]) -> Call {
        self.sandbox.cosign([&["sign-blob", "--yes", "--bundle", "bundle.json"], more, &["file"]].concat())
    }

    /// With a browser.
    fn browse(&self, more: &[&str]) -> Call {
        let path = format!("{}:{}", path_text(&self.sandbox.path("bin")), std::env::var("PATH").unwrap_or_default());
        self.sign(&[&["--fulcio-auth-flow", "normal"], more].concat()).env("PATH", path)
    }

    /// What was signed is this one's.
    #[track_caller]
    fn is_of(&self, identity: &str) {
        let who = ["--certificate-identity", identity, "--certificate-oidc-issuer", &self.services.issuer];
        verify_blob(&self.sandbox, &who).run().exits(0);
    }

    /// Nothing was asked of Fulcio.
    fn fulcio_is_not_asked(&self) {
        assert_eq!(self.services.world().fulcio.service.count(), 0);
    }

    fn ambient(&self) -> &str {
        &self.services.world().ambient.service.url
    }
}

#[test]
fn given_as_a_value_a_file_or_a_variable() {
    // Of an algorithm that the Go program takes for a path.
    let case = Case::of(Sigstore::of_world(World::start(&Options { issuer: KeyKind::P256, ..Options::default() })));
    let token = String::from_utf8(case.services.token("?email=value@example.com")).unwrap();
    case.sign(&["--identity-token", &token]).run().exits(0);
    case.is_of("value@example.com");
    case.sandbox.write("padded", format!("\n{}\n", String::from_utf8(case.services.token("?email=file@example.com")).unwrap()));
    case.sign(&["--identity-token", "padded"]).run().exits(0);
    case.is_of("file@example.com");
    let token = String::from_utf8(case.services.token("?email=variable@example.com")).unwrap();
    case.sign(&[]).env("SIGSTORE_ID_TOKEN", token).run().exits(0);
    case.is_of("variable@example.com");
    case.sign(&["--identity-token", "missing"]).run().fails(1).says("open missing: no such file or directory");
    case.sign(&["--identity-token", "a.b.c"]).run().fails(1).says("neither a JWT nor the path of a file").does_not_say("a.b.c\"");
}

#[test]
fn subjects_that_are_no_e_mail() {
    let case = Case::new();
    for (subject, identity) in [("https://ci.example/job", "https://ci.example/job"), ("robot", "robot!sigstore.test")] {
        let claims = json!({ "sub": subject, "email": null, "email_verified": null });
        case.sandbox.write("token", case.issuer().token(&claims));
        case.sign(&["--identity-token", "token"]).run().exits(0);
        case.is_of(identity);
    }
    case.sandbox.write("token", case.issuer().token(&json!({ "email_verified": false })));
    case.sign(&["--identity-token", "token"]).run().fails(1).says("not verified by identity provider");
    case.sandbox.write("token", case.issuer().token(&json!({ "sub": null, "email": null })));
    case.sign(&["--identity-token", "token"]).run().fails(1).says("no subject found in claims");
}

#[test]
fn of_a_job_on_github() {
    let case = Case::new();
    let on_github = |url: &str, token: &str| {
        case.sign(&[]).env("GITHUB_ACTIONS", "true").env("ACTIONS_ID_TOKEN_REQUEST_URL", url).env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)
    };
    let url = format!("{}/actions?api-version=2", case.ambient());
    on_github(&url, REQUEST_TOKEN).run().exits(0);
    case.is_of(&format!("https://github.com/{WORKFLOW}"));
    // Refused, unreachable, not permitted: told at once; nobody waits for a code.
    on_github(&url, "another").run().fails(1).says("github-actions: ").says("401").says("bad credentials");
    let gone = on_github("http://127.0.0.1:9/?", REQUEST_TOKEN).run().fails(1);
    gone.says("github-actions: ").does_not_say("Enter the verification code");
    let missing = case.sign(&[]).env("GITHUB_ACTIONS", "true").run().fails(1);
    missing.says("add `permissions: id-token: write`").does_not_say("Enter the verification code");
    *case.services.world().ambient.instead.lock().unwrap() = Some((200, "{}".to_owned()));
    on_github(&url, REQUEST_TOKEN).run().fails(1).says("holds no \"value\"");
}

#[test]
fn of_buildkite_and_of_googles_machines() {
    let case = Case::new();
    let agent = case.sign(&[]).env("BUILDKITE_AGENT_ACCESS_TOKEN", BUILDKITE_TOKEN).env("BUILDKITE_JOB_ID", BUILDKITE_JOB);
    agent.env("BUILDKITE_AGENT_ENDPOINT", format!("{}/v3", case.ambient())).run().exits(0);
    case.is_of("organization:octo:pipeline:demo!sigstore.test");
    let agent = case.sign(&[]).env("BUILDKITE_AGENT_ACCESS_TOKEN", "another").env("BUILDKITE_JOB_ID", BUILDKITE_JOB);
    let agent = agent.env("BUILDKITE_AGENT_ENDPOINT", format!("{}/v3", case.ambient())).run().fails(1);
    agent.says("buildkite-agent: ").says("bad credentials");
    let host = case.ambient().trim_start_matches("http://").to_owned();
    case.sign(&[]).env("GCE_METADATA_HOST", &host).run().exits(0);
    case.is_of(ACCOUNT);
    let other = "other@project.iam.gserviceaccount.com";
    let acting = case.sign(&[]).env("GCE_METADATA_HOST", &host).env("GOOGLE_SERVICE_ACCOUNT_NAME", other);
    acting.env("GOOGLE_IAM_CREDENTIALS_ENDPOINT", case.ambient()).run().exits(0);
    case.is_of(other);
}

#[test]
fn the_order_of_sources_and_their_switches() {
    let case = Case::new();
    let url = format!("{}/actions?api-version=2", case.ambient());
    let token = |email: &str| String::from_utf8(case.services.token(&format!("?email={email}"))).unwrap();
    let on_github = |more: &[&str]| {
        let call = case.sign(more).env("ACTIONS_ID_TOKEN_REQUEST_URL", &url).env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN);
        call.env("SIGSTORE_ID_TOKEN", token("variable@example.com"))
    };
    on_github(&[]).run().exits(0);
    case.is_of("variable@example.com");
    case.sandbox.write("token", token("file@example.com"));
    on_github(&["--identity-token", "token"]).run().exits(0);
    case.is_of("file@example.com");
    on_github(&["--oidc-provider", "github-actions"]).run().exits(0);
    case.is_of(&format!("https://github.com/{WORKFLOW}"));
    on_github(&["--oidc-provider", "nosuch"]).run().fails(1).says("getting provider: nosuch is not a valid provider");
    let alone = on_github(&["--oidc-disable-ambient-providers", "--fulcio-auth-flow", "token"]).run().fails(1);
    alone.says("no identity token is at hand");
}

#[test]
fn the_browser() {
    let case = Case::new();
    let outcome = case.browse(&[]).run().exits(0).says("Your browser will now be opened to:\n");
    case.is_of("dev@example.com");
    assert!(case.sandbox.read("page.html").contains("igstore"), "{outcome}");
    let asked = case.services.world().issuer.service.asked();
    let paths: Vec<&str> = asked.iter().map(|request| request.path()).collect();
    assert_eq!(paths, ["/oidc/id-token", "/oidc/.well-known/openid-configuration", "/oidc/auth", "/oidc/token", "/oidc/keys"]);
    let authorize = &asked[2];
    let names: Vec<&str> = authorize.target.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split('=').next()).collect();
    assert_eq!(
        names,
        ["access_type", "client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_type", "scope", "state"]
    );
    // Neither code nor verifier is shown.
    let traced = case.browse(&["-d"]).run().exits(0);
    let body = String::from_utf8(case.services.world().issuer.service.asked().iter().rfind(|r| r.method == "POST").unwrap().body.clone());
    let verifier = body.unwrap().split('&').find_map(|field| field.strip_prefix("code_verifier=").map(str::to_owned)).unwrap();
    traced.does_not_say(&verifier);
}

#[test]
fn a_browser_that_does_not_open_or_comes_back_wrong() {
    let case = Case::new();
    // Without an opener the code is asked for.
    let closed = case.sign(&["--fulcio-auth-flow", "normal"]).env("PATH", path_text(&case.sandbox.path("tmp"))).without_stdin();
    let closed = closed.run().fails(1).says("executable file not found in $PATH").says("Go to the following link in a browser:");
    closed.says("urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob");
    case.issuer().forgets_the_state();
    case.browse(&[]).without_stdin().run().fails(1).says("error getting code from local server: ").says("invalid state token");
    case.fulcio_is_not_asked();
}

/// Where no browser opens, the person opens it elsewhere and copies the code.
#[test]
fn out_of_band() {
    let case = Case::new();
    let call = case.sign(&["--fulcio-auth-flow", "normal"]).env("PATH", path_text(&case.sandbox.path("tmp")));
    let mut child = call.command().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let shown =
        lines.by_ref().map(Result::unwrap).find_map(|line| line.trim().strip_prefix("http://").map(|rest| format!("http://{rest}")));
    let code = http_client::get(&shown.expect("no URL is shown"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[&code[..], b"\n"].concat()).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    case.is_of("dev@example.com");
}

#[test]
fn tokens_of_flows_are_checked() {
    for (claims, says) in [
        (json!({ "nonce": "another" }), "nonce does not match value sent"),
        (json!({ "aud": "another" }), "oidc: expected audience \"sigstore\" got [\"another\"]"),
        (json!({ "email_verified": false }), "not verified by identity provider"),
        (json!({ "exp": 1_700_000_000 }), "oidc: token is expired"),
        (json!({ "iss": "http://127.0.0.1:1" }), "issued by a different provider"),
    ] {
        let case = Case::new();
        case.issuer().claims(claims);
        case.browse(&[]).run().fails(1).says(says);
        case.fulcio_is_not_asked();
    }
    let case = Case::new();
    case.issuer().hides_its_key();
    case.browse(&[]).run().fails(1).says("failed to verify signature");
    case.fulcio_is_not_asked();
}

#[test]
fn providers_that_say_too_little() {
    let case = Case::new();
    for (says, expected) in [
        (json!({ "issuer": "http://127.0.0.1:1" }), "oidc: issuer did not match the issuer returned by provider"),
        (json!({ "code_challenge_methods_supported": ["plain"] }), "PKCE is not supported by OIDC provider"),
        (json!({ "device_authorization_endpoint": null }), "device authorization endpoint not returned by provider"),
    ] {
        case.issuer().says(says);
        case.sign(&[]).run().fails(1).says(expected);
    }
    let gone = case.sign(&["--oidc-issuer", "http://127.0.0.1:9"]).run();
    gone.fails(1);
    case.fulcio_is_not_asked();
}

#[test]
fn the_device_flow() {
    let case = Case::new();
    case.issuer().device_answers(&["authorization_pending"]);
    let outcome = case.sign(&[]).run().exits(0).says("Non-interactive mode detected, using device flow.");
    let outcome = outcome.says("Enter the verification code ABCD-EFGH in your browser at: ").says("Code will be valid for 300 seconds");
    assert_eq!(outcome.says("Token received!").out, "");
    case.is_of("dev@example.com");
    let denied = |answer: &'static str| {
        case.issuer().device_answers(&[answer]);
        case.sign(&["--fulcio-auth-flow", "device"]).run().fails(1)
    };
    denied("access_denied").says("error obtaining token: access_denied");
    denied("expired_token").says("error obtaining token: expired_token");
    denied("weird").says("unexpected error in device flow: ").says("weird");
}

#[test]
fn a_client_with_a_secret() {
    let case = Case::new();
    case.sandbox.write("secret", CLIENT_SECRET);
    let flow = ["--fulcio-auth-flow", "client_credentials", "--oidc-client-secret-file", "secret"];
    case.sign(&flow).run().exits(0).says("Token received!").does_not_say(CLIENT_SECRET);
    case.is_of("dev@example.com");
    case.sandbox.write("secret", "another secret");
    case.sign(&flow).run().fails(1).says("invalid_client").does_not_say("another secret");
    case.sign(&["--fulcio-auth-flow", "bogus"]).run().fails(1).says("unsupported oauth flow: bogus");
}

/// A new user at a terminal: the quick look.
#[test]
fn at_a_terminal() {
    let case = Case::new();
    let path = format!("{}:{}", path_text(&case.sandbox.path("bin")), std::env::var("PATH").unwrap_or_default());
    let sign = || case.sandbox.cosign(["sign-blob", "file", "--bundle", "bundle.json"]).env("PATH", &path);
    let Some(outcome) = sign().on_terminal(&[("Are you sure you would like to continue? [y/N]", "y\n")]) else { return };
    let outcome =
        outcome.exits(0).says("The sigstore service, hosted by sigstore a Series of LF Projects").says("By typing 'y', you attest that");
    let outcome = outcome.says("Generating ephemeral keys...").says("Your browser will now be opened to:");
    assert_eq!(outcome.says("Wrote bundle to file bundle.json").out, "");
    case.is_of("dev@example.com");
    std::fs::remove_file(case.sandbox.path("bundle.json")).unwrap();
    let before = case.services.world().fulcio.service.count();
    let declined = sign().on_terminal(&[("[y/N]", "n\n")]).unwrap().exits(1);
    declined.says("user declined the prompt");
    assert!(!case.sandbox.exists("bundle.json"));
    assert_eq!(case.services.world().fulcio.service.count(), before);
}
