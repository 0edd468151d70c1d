//! `generate-key-pair`, `import-key-pair`, `public-key`: files, passwords, questions.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::Sandbox;

fn empty_sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["cosign.key", "cosign.pub"] {
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    sandbox
}

fn mode(sandbox: &Sandbox, name: &str) -> u32 {
    std::fs::metadata(sandbox.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn generate_writes_both_files() {
    let sandbox = empty_sandbox();
    let made = sandbox.cosign(["generate-key-pair"]).run().exits(0);
    made.says("Private key written to cosign.key").says("Public key written to cosign.pub");
    assert_eq!((mode(&sandbox, "cosign.key"), mode(&sandbox, "cosign.pub")), (0o600, 0o644));
    assert!(sandbox.read("cosign.key").starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    let public = sandbox.read("cosign.pub");
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert_eq!(sandbox.cosign(["public-key", "--key", "cosign.key"]).run().exits(0).out, public);
}

#[test]
fn generate_takes_a_prefix() {
    let sandbox = empty_sandbox();
    sandbox.cosign(["generate-key-pair", "--output-key-prefix", "release"]).run().exits(0);
    assert!(sandbox.exists("release.key") && sandbox.exists("release.pub") && !sandbox.exists("cosign.key"));
}

#[test]
fn generate_keeps_what_is_there_unless_told() {
    let sandbox = Sandbox::new();
    let before = sandbox.read("cosign.key");
    sandbox.cosign(["generate-key-pair"]).without_stdin().run().fails(1);
    assert_eq!(sandbox.read("cosign.key"), before);
    sandbox.cosign(["generate-key-pair"]).stdin("n\n").run().fails(1);
    assert_eq!(sandbox.read("cosign.key"), before);
    sandbox.cosign(["generate-key-pair"]).stdin("y\n").run().exits(0);
    assert_ne!(sandbox.read("cosign.key"), before);
}

#[test]
fn generate_asks_twice_on_a_terminal() {
    let sandbox = empty_sandbox();
    let call = || sandbox.cosign(["generate-key-pair"]).without_env("COSIGN_PASSWORD");
    let prompts = [("Enter password for private key", "typed\n"), ("gain", "typed\n")];
    let Some(made) = call().on_terminal(&prompts) else { return };
    made.exits(0).does_not_say("typed");
    sandbox.cosign(["public-key", "--key", "cosign.key"]).env("COSIGN_PASSWORD", "typed").run().exits(0);
    sandbox.cosign(["public-key", "--key", "cosign.key"]).env("COSIGN_PASSWORD", "other").run().fails(1);
}

#[test]
fn generate_refuses_passwords_that_differ() {
    let sandbox = empty_sandbox();
    let call = sandbox.cosign(["generate-key-pair"]).without_env("COSIGN_PASSWORD");
    let Some(made) = call.on_terminal(&[("Enter password for private key", "one\n"), ("gain", "two\n")]) else { return };
    made.fails(1);
    assert!(!sandbox.exists("cosign.key") && !sandbox.exists("cosign.pub"));
}

#[test]
fn a_password_comes_from_a_pipe_whole() {
    let sandbox = empty_sandbox();
    sandbox.cosign(["generate-key-pair"]).without_env("COSIGN_PASSWORD").stdin("piped\n").run().exits(0);
    let public_key = |password: &str| sandbox.cosign(["public-key", "--key", "cosign.key"]).env("COSIGN_PASSWORD", password).run();
    public_key("piped\n").exits(0);
    public_key("piped").exits(0); // opening tries with a newline too
    sandbox
        .cosign(["public-key", "--key", "cosign.key"])
        .without_env("COSIGN_PASSWORD")
        .stdin("piped\n")
        .run()
        .exits(0)
        .says("COSIGN_PASSWORD");
}

#[test]
fn nobody_to_ask_is_an_error_not_a_hang() {
    let sandbox = empty_sandbox();
    sandbox.cosign(["generate-key-pair"]).without_env("COSIGN_PASSWORD").without_stdin().run().fails(1).says("COSIGN_PASSWORD");
    assert!(!sandbox.exists("cosign.key"));
}

#[test]
fn an_empty_password_is_one() {
    let sandbox = empty_sandbox();
    sandbox.cosign(["generate-key-pair"]).env("COSIGN_PASSWORD", "").run().exits(0);
    sandbox.cosign(["public-key", "--key", "cosign.key"]).env("COSIGN_PASSWORD", "").run().exits(0);
}

#[test]
fn import_takes_every_plain_kind() {
    let kinds = ["p256-pkcs8", "p256-sec1", "p384-sec1", "p521-pkcs8", "ed25519-pkcs8", "rsa2048-pkcs1", "rsa2048-pkcs8"];
    for kind in kinds {
        let sandbox = empty_sandbox();
        sandbox.copy(&format!("keys/raw-{kind}.pem"), "plain.pem");
        sandbox.cosign(["import-key-pair", "--key", "plain.pem"]).run().exits(0);
        let made = sandbox.read("import-cosign.pub");
        assert_eq!(sandbox.cosign(["public-key", "--key", "import-cosign.key"]).run().exits(0).out, made, "{kind}");
        assert_eq!(mode(&sandbox, "import-cosign.key"), 0o600);
    }
}

#[test]
fn import_refuses_what_is_no_such_key() {
    let sandbox = empty_sandbox();
    sandbox.copy("keys/raw-p256-encrypted-pkcs8.pem", "encrypted.pem");
    sandbox.copy("keys/raw-p224-sec1.pem", "p224.pem");
    let whole = std::fs::read_to_string(crate::support::testdata("keys/raw-p256-pkcs8.pem")).unwrap();
    sandbox.write("half.pem", &whole[..whole.len() / 2]);
    sandbox.write("text.pem", "hello");
    for name in ["encrypted.pem", "p224.pem", "half.pem", "text.pem", "absent.pem"] {
        sandbox.cosign(["import-key-pair", "--key", name]).run().fails(1);
        assert!(!sandbox.exists("import-cosign.key"), "{name} left a file");
    }
}

#[test]
fn a_wrong_password_signs_nothing() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).env("COSIGN_PASSWORD", "wrong").run().fails(1).says("decrypt");
    assert!(registry.requests().iter().all(|request| request.method != "PUT" && request.method != "POST"));
}

#[test]
fn a_broken_key_file_is_an_error_that_names_it() {
    let sandbox = Sandbox::new();
    let whole = sandbox.read("cosign.key");
    sandbox.write("half.key", &whole[..whole.len() / 2]);
    sandbox.write("text.key", "hello");
    for name in ["half.key", "text.key", "absent.key"] {
        sandbox.cosign(["public-key", "--key", name]).run().fails(1);
    }
    sandbox.cosign(["public-key", "--key", "absent.key"]).run().fails(1).says("absent.key");
}

#[test]
fn keys_come_from_the_environment_too() {
    let sandbox = Sandbox::new();
    let expected = sandbox.read("cosign.pub");
    let key = sandbox.read("cosign.key");
    let shown = sandbox.cosign(["public-key", "--key", "env://MY_KEY"]).env("MY_KEY", key).run().exits(0);
    assert_eq!(shown.out, expected);
    sandbox.cosign(["public-key", "--key", "env://NOBODY_SET_IT"]).run().fails(1).says("NOBODY_SET_IT");
}
