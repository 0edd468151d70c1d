//! Signing with an identity, and with a key that logs and timestamp authorities witness, against Sigstore services.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::reference;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::sigstore::{Needs, Sigstore};

const TOKEN: &[&str] = &["sign", "--yes", "--identity-token", "token"];

/// A registry, its image `v1`, services and a sandbox that knows them.
fn set_up() -> Option<(TestRegistry, String, Sigstore, Sandbox)> {
    with(&[Needs::Fulcio])
}

/// The same with these services.
fn with(needs: &[Needs]) -> Option<(TestRegistry, String, Sigstore, Sandbox)> {
    let services = Sigstore::having(needs)?;
    let registry = TestRegistry::start(Behaviour::default());
    let (image, sandbox) = (registry.image("v1"), services.sandbox());
    services.requests();
    Some((registry, image, services, sandbox))
}

/// The image verifies here, and in the reference program where there is one.
fn verifies(sandbox: &Sandbox, who: &[&str], image: &str) {
    sandbox.cosign([&["verify"], who, &[image]].concat()).run().exits(0);
    if let Some(program) = reference() {
        let mut call = sandbox.cosign([&["verify"], who, &[image]].concat());
        call.use_program(program);
        call.run().exits(0);
    }
}

#[test]
fn an_identity_signs_with_three_requests() {
    let Some((_registry, image, services, sandbox)) = set_up() else { return };
    sandbox.cosign([TOKEN, &[&image]].concat()).run().exits(0).says("Generating ephemeral keys...");
    if let Some(requests) = services.requests() {
        assert_eq!(requests.len(), 3, "{requests:?}");
        assert!(requests[0].starts_with("POST /api/v2/signingCert"));
    }
    verifies(&sandbox, &services.who(), &image);
    assert_eq!(services.requests().unwrap_or_default().iter().filter(|line| !line.contains("/tuf/")).count(), 0);
    let other = ["--certificate-identity", "bob@example.com", "--certificate-oidc-issuer", &services.issuer];
    sandbox.cosign([&["verify"], &other[..], &[&image]].concat()).run().fails(12).says("no matching CertificateIdentity found");
}

#[test]
fn rekor_v2_and_a_timestamp_authority() {
    let Some((_registry, image, services, sandbox)) = with(&[Needs::Fulcio, Needs::RekorV2, Needs::Tsa]) else { return };
    sandbox.write("config.json", services.signing_config(2));
    sandbox.cosign([TOKEN, &["--signing-config", "config.json", &image]].concat()).run().exits(0);
    verifies(&sandbox, &services.who(), &image);
}

#[test]
fn a_key_is_witnessed_by_either_version() {
    for (version, log) in [(1, Needs::RekorV1), (2, Needs::RekorV2)] {
        let Some((_registry, image, services, sandbox)) = with(&[log, Needs::Tsa]) else { continue };
        sandbox.write("config.json", services.signing_config(version));
        sandbox.cosign(["sign", "--yes", "--key", "cosign.key", "--signing-config", "config.json", &image]).run().exits(0);
        verifies(&sandbox, &["--key", "cosign.pub"], &image);
    }
}

#[test]
fn the_older_form_with_services_by_hand() {
    let Some((_registry, image, services, sandbox)) = with(&[Needs::Fulcio, Needs::RekorV1, Needs::Tsa]) else { return };
    let call = [TOKEN, &[OLD_FORM], &services.by_hand(), &["--timestamp-server-url", &services.tsa, &image]].concat();
    sandbox.cosign(call).run().exits(0).says("The sigstore service, hosted by sigstore a Series of LF Projects");
    verifies(&sandbox, &services.who(), &image);
    let stamped = [services.who(), vec!["--use-signed-timestamps"]].concat();
    verifies(&sandbox, &stamped, &image);
}

/// P-384 may have signed by two functions: the log refuses to look for what is no signature, and all that is asked for with it.
#[test]
fn the_older_form_is_looked_up_in_the_log() {
    for key in ["cosign", "p384"] {
        let Some((_registry, image, services, sandbox)) = with(&[Needs::RekorV1]) else { return };
        sandbox.copy(&format!("keys/{key}.key"), "own.key");
        sandbox.copy(&format!("keys/{key}.pub"), "own.pub");
        let outputs = ["--output-signature", "sig", "--output-payload", "payload", &image];
        sandbox.cosign([&["sign", "--yes", "--key", "own.key", OLD_FORM], &services.by_hand()[..], &outputs].concat()).run().exits(0);
        let detached = ["verify", "--key", "own.pub", "--signature", "sig", "--payload", "payload", "--rekor-url", &services.rekor, &image];
        sandbox.cosign(detached).run().exits(0).says("The claims were present in the transparency log");
        sandbox.cosign([&detached[..], &["--offline"]].concat()).run().fails(12).says("offline verification failed");
        sandbox.write("payload", sandbox.read("payload").replace("cosign container", "cosign  container"));
        services.requests();
        let refused = sandbox.cosign(detached).run().fails(12);
        refused.says("signature not found in transparency log").says("invalid signature when validating");
        // A log would only say the same.
        assert!(services.requests().unwrap_or_default().is_empty());
    }
}

#[test]
fn several_images_take_one_certificate() {
    let Some((registry, image, services, sandbox)) = set_up() else { return };
    let others = [registry.image("v2"), registry.image("multi")];
    sandbox.cosign([TOKEN, &[&image, &others[0], &others[1]]].concat()).run().exits(0);
    if let Some(requests) = services.requests() {
        assert_eq!(requests.iter().filter(|line| line.contains("signingCert")).count(), 1, "{requests:?}");
    }
    verifies(&sandbox, &services.who(), &others[1]);
}

#[test]
fn a_token_that_fulcio_refuses_is_explained_and_not_shown() {
    let Some((_registry, image, services, sandbox)) = set_up() else { return };
    let Some(token) = services.token_with("?expired=1") else { return };
    sandbox.write("token", &token);
    let outcome = sandbox.cosign([TOKEN, &["-d", &image]].concat()).run().exits(1);
    let outcome = outcome.says("Fulcio returned 40").says("the identity token expired at ");
    outcome.does_not_say(&String::from_utf8(token).unwrap());
}

#[test]
fn the_device_flow_and_the_browser() {
    let Some((_registry, image, services, sandbox)) = set_up() else { return };
    // Where nobody logs in by hand.
    let Some(_) = services.token_with("") else { return };
    let device = sandbox.cosign(["sign", "--yes", &image]).run().exits(0);
    device.says("Non-interactive mode detected, using device flow.").says("Enter the verification code ").says("Token received!");
    std::fs::create_dir(sandbox.path("bin")).unwrap();
    sandbox.write("bin/xdg-open", "#!/bin/sh\nexec curl -sL \"$1\"\n");
    std::fs::set_permissions(sandbox.path("bin/xdg-open"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let browser = sandbox.cosign(["sign", "--yes", "--fulcio-auth-flow", "normal", &image]).env("PATH", path).run().exits(0);
    browser.says("Your browser will now be opened to:");
}

#[test]
fn a_log_that_nobody_trusts_is_refused_before_anything_is_stored() {
    let Some((_registry, image, services, sandbox)) = with(&[Needs::Fulcio, Needs::RekorV1]) else { return };
    let Some(other) = Sigstore::start() else { return };
    if services.rekor == other.rekor {
        return; // Services of others: there is only one log.
    }
    let call = [TOKEN, &["--rekor-url", &other.rekor, &image]].concat();
    sandbox.cosign(call).run().exits(1).says("the new signature does not verify").says("nothing was stored");
    sandbox.cosign([&["verify"], &services.who()[..], &[&image]].concat()).run().fails(10);
}

#[test]
fn another_fulcio_is_refused_on_receipt() {
    let Some((_registry, image, services, sandbox)) = set_up() else { return };
    let Some(other) = Sigstore::start() else { return };
    if services.fulcio == other.fulcio {
        return;
    }
    sandbox.write("token", other.token(""));
    sandbox
        .cosign([TOKEN, &["--fulcio-url", &other.fulcio, &image]].concat())
        .run()
        .exits(1)
        .says("the certificate that Fulcio issued is refused");
    assert!(services.requests().unwrap_or_default().iter().all(|line| !line.contains("/log/entries")));
}

#[test]
fn a_warm_cache_needs_no_mirror() {
    let Some((_registry, image, services, sandbox)) = set_up() else { return };
    if services.requests().is_none() {
        return; // Services of others go on.
    }
    sandbox.cosign([TOKEN, &[&image]].concat()).run().exits(0);
    let who = services.who().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let verify = |more: &[&str]| {
        let who: Vec<&str> = who.iter().map(String::as_str).collect();
        sandbox.cosign([&["verify"], &who[..], more, &[&image]].concat())
    };
    drop(services);
    verify(&[]).run().exits(0).does_not_say("WARNING: the TUF mirror");
    verify(&["--offline"]).run().exits(0);
    let times = std::fs::read_dir(sandbox.path("home/.sigstore/root")).unwrap().flatten().map(|entry| entry.path());
    for file in times.filter(|path| path.extension().is_some_and(|name| name == "json") && !path.ends_with("remote.json")) {
        std::fs::write(file, r#"{"lastTimestamp":"2020-01-01T00:00:00Z"}"#).unwrap();
    }
    verify(&[]).run().exits(0).says("WARNING: the TUF mirror ").says("connection refused");
    verify(&["--offline"]).env("TUF_ROOT", sandbox.path("elsewhere")).run().exits(1).says("--offline").says("--trusted-root");
}

#[test]
fn a_file_is_signed_with_three_requests() {
    for (version, log) in [(1, Needs::RekorV1), (2, Needs::RekorV2)] {
        let Some(services) = Sigstore::having(&[Needs::Fulcio, log, Needs::Tsa]) else { continue };
        let sandbox = services.sandbox();
        sandbox.write("file", "content");
        sandbox.write("config.json", services.signing_config(version));
        // The reference program makes trips of its own.
        services.requests();
        let call =
            ["sign-blob", "--yes", "--identity-token", "token", "--signing-config", "config.json", "--bundle", "bundle.json", "file"];
        sandbox.cosign(call).run().exits(0);
        if let Some(requests) = services.requests() {
            assert_eq!(requests.len(), 3, "{requests:?}");
        }
        let verify = [&["verify-blob", "--bundle", "bundle.json"], &services.who()[..], &["file"]].concat();
        sandbox.cosign(&verify).run().exits(0);
        if let Some(program) = reference() {
            let mut call = sandbox.cosign(&verify);
            call.use_program(program);
            call.run().exits(0);
        }
        sandbox.write("other", "another content");
        sandbox.cosign([&verify[..verify.len() - 1], &["other"]].concat()).run().exits(1);
    }
}

#[test]
fn a_file_in_the_older_form_is_looked_up_in_the_log() {
    let Some(services) = Sigstore::having(&[Needs::Fulcio, Needs::RekorV1]) else { return };
    let sandbox = services.sandbox();
    sandbox.write("file", "content");
    let outputs = ["--output-signature", "sig", "--output-certificate", "cert", "--bundle", "old.json", "file"];
    let sign = [&["sign-blob", "--yes", "--identity-token", "token", OLD_FORM], &services.by_hand()[..], &outputs].concat();
    sandbox.cosign(sign).run().exits(0);
    let who = services.who();
    let detached = ["--signature", "sig", "--certificate", "cert", "--rekor-url", &services.rekor, "file"];
    sandbox.cosign([&["verify-blob"], &who[..], &detached].concat()).run().exits(0);
    sandbox.cosign([&["verify-blob", "--offline"], &who[..], &detached].concat()).run().exits(1);
    sandbox.cosign([&["verify-blob", "--offline", OLD_FORM, "--bundle", "old.json"], &who[..], &["file"]].concat()).run().exits(0);
}
