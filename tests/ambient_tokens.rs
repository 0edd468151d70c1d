//! Tokens that need more than a variable: SPIFFE's workload API on a socket, and the file that an agent keeps at a fixed path.

use std::process::Command;

use serde_json::json;

use crate::sigstore_flows::verify_blob;
use crate::support::sandbox::{Call, Sandbox};
use crate::support::sigstore::{Sigstore, path_text};
use crate::support::{skipped, workload_api};

/// Whom the virtual Fulcio certifies for the subject `robot`.
const ROBOT: &str = "robot!sigstore.test";

fn set_up() -> (Sigstore, Sandbox, Vec<u8>) {
    let services = Sigstore::virtual_services();
    let sandbox = services.sandbox();
    sandbox.write("file", "content");
    let token = services.world().issuer.token(&json!({ "sub": "robot", "email": null, "email_verified": null }));
    (services, sandbox, token.into_bytes())
}

fn sign(sandbox: &Sandbox, more: &[&str]) -> Call {
    sandbox.cosign([&["sign-blob", "--yes", "--bundle", "bundle.json"], more, &["file"]].concat())
}

fn is_of_robot(sandbox: &Sandbox, services: &Sigstore) {
    let who = ["--certificate-identity", ROBOT, "--certificate-oidc-issuer", &services.issuer];
    verify_blob(sandbox, &who).run().exits(0);
}

#[test]
fn of_spiffes_workload_api() {
    let (services, sandbox, token) = set_up();
    let fetched = "/SpiffeWorkloadAPI/FetchJWTSVID";
    // As cosign writes the address, and as the specification does.
    for (name, prefix) in [("path.sock", ""), ("url.sock", "unix://")] {
        let socket = sandbox.path(name);
        let api = workload_api::answer_one(&socket, Ok(token.clone()));
        sign(&sandbox, &[]).env("SPIFFE_ENDPOINT_SOCKET", format!("{prefix}{}", path_text(&socket))).run().exits(0);
        assert_eq!(api.join().unwrap(), [fetched]);
        is_of_robot(&sandbox, &services);
    }
    let fulcio = &services.world().fulcio.service;
    let before = fulcio.count();
    let socket = sandbox.path("refuses.sock");
    let api = workload_api::answer_one(&socket, Err(("7", "no identity issued")));
    let refused = sign(&sandbox, &["--oidc-provider", "spiffe"]).env("SPIFFE_ENDPOINT_SOCKET", path_text(&socket)).run().fails(1);
    // Told at once: nobody waits for a code.
    let refused = refused.says("spiffe: ").says("no identity issued").says("no identity is registered for this workload");
    refused.does_not_say("Enter the verification code");
    api.join().unwrap();
    let gone = sandbox.path("gone.sock");
    let gone = sign(&sandbox, &["--oidc-provider", "spiffe"]).env("SPIFFE_ENDPOINT_SOCKET", path_text(&gone)).run().fails(1);
    gone.says("there is no socket ").says("gone.sock");
    assert_eq!(fulcio.count(), before);
}

/// The path is fixed, so the file lies in a namespace of mounts of the call's own.
#[test]
fn of_a_file_that_an_agent_keeps() {
    let alone = ["--map-root-user", "--mount"];
    let possible = Command::new("unshare").args(alone).args(["mount", "-t", "tmpfs", "none", "/run"]).status();
    if !possible.is_ok_and(|status| status.success()) || std::fs::canonicalize("/var/run").ok() != Some("/run".into()) {
        skipped("this machine allows no mounts of one's own (unshare)");
        return;
    }
    let (services, sandbox, token) = set_up();
    sandbox.write("agents", [&token[..], b"\n"].concat());
    let script =
        r#"mount -t tmpfs none /run && mkdir -p /run/sigstore/cosign && cp agents /run/sigstore/cosign/oidc-token && exec "$0" "$@""#;
    let run = |call: Call| {
        let inner = call.command();
        let mut outer = Command::new("unshare");
        outer.args(alone).args(["sh", "-c", script]).arg(inner.get_program()).args(inner.get_args());
        outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        outer.current_dir(inner.get_current_dir().unwrap()).output().unwrap()
    };
    // It comes before the variable.
    let output = run(sign(&sandbox, &[]).env("SIGSTORE_ID_TOKEN", "nothing that counts"));
    assert!(output.status.success(), "{output:?}");
    is_of_robot(&sandbox, &services);
    // An empty one has nothing to give, as in cosign: the next way is taken.
    sandbox.write("agents", "");
    let output = run(sign(&sandbox, &[]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("using device flow"), "{output:?}");
    // Outside there is no such file.
    let outside = sign(&sandbox, &["--oidc-provider", "filesystem"]).run().fails(1);
    outside.says("there is no file /var/run/sigstore/cosign/oidc-token");
}
