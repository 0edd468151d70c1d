//! The frame: what a call is, help, version, errors; and `triangulate`.

use crate::support::images;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::Sandbox;

#[test]
fn version_says_what_scripts_read() {
    let sandbox = Sandbox::new();
    let text = sandbox.cosign(["version"]).run().exits(0);
    for field in ["GitVersion:", "GitCommit:", "GitTreeState:", "BuildDate:", "GoVersion:", "Compiler:", "Platform:"] {
        assert!(text.out.contains(field), "{field} is missing in {text}");
    }
    let json = sandbox.cosign(["version", "--json"]).run().exits(0).json();
    for field in ["gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"] {
        assert!(json[field].is_string(), "{field} is missing in {json}");
    }
}

#[test]
fn help_is_on_stdout_and_errors_on_stderr() {
    let sandbox = Sandbox::new();
    for call in [&["--help"][..], &["help"], &["sign", "--help"], &["help", "sign"], &["sign", "-h"]] {
        let help = sandbox.cosign(call.iter().copied()).run().exits(0);
        assert!(help.out.contains("Usage:") && help.err.is_empty(), "{help}");
    }
    let refused = sandbox.cosign(["sgin"]).run().fails(1).says("unknown command");
    assert_eq!(refused.out, "");
    sandbox.cosign(["sign", "--nonsense", "x"]).run().fails(1).says("unknown flag: --nonsense");
    sandbox.cosign(["verify"]).run().fails(1);
}

#[test]
fn completion_for_four_shells() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = sandbox.cosign(["completion", shell]).run().exits(0);
        assert!(script.out.contains("cosign") && script.out.len() > 1000, "{shell}");
    }
    sandbox.cosign(["completion", "tcsh"]).run().exits(1);
}

#[test]
fn env_lists_variables_and_hides_secrets() {
    let sandbox = Sandbox::new();
    let listed = sandbox.cosign(["env"]).env("COSIGN_PASSWORD", "do-not-show").env("COSIGN_REPOSITORY", "shown.example/x").run().exits(0);
    assert!(listed.out.contains("COSIGN_REPOSITORY=shown.example/x"), "{listed}");
    listed.does_not_say("do-not-show");
}

#[test]
fn flags_come_from_the_environment() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    let sign = sandbox.cosign(["sign", &image]).env("COSIGN_KEY", "cosign.key").env("COSIGN_YES", "true");
    sign.env("COSIGN_USE_SIGNING_CONFIG", "false").env("COSIGN_TLOG_UPLOAD", "false").run().exits(0);
    let verify = || sandbox.cosign(["verify", &image]).env("COSIGN_INSECURE_IGNORE_TLOG", "1");
    verify().env("COSIGN_KEY", "cosign.pub").run().exits(0);
    sandbox
        .cosign(["verify", "--key", "cosign.pub", &image])
        .env("COSIGN_INSECURE_IGNORE_TLOG", "1")
        .env("COSIGN_KEY", "other.pub")
        .run()
        .exits(0);
    verify().env("COSIGN_KEY", "cosign.pub").env("COSIGN_CHECK_CLAIMS", "yes").run().fails(1).says("COSIGN_CHECK_CLAIMS");
}

#[test]
fn flags_stand_anywhere_and_the_last_one_wins() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image(images::digest("v1"));
    let sign =
        ["-t", "2m0s", "sign", &image, "--key=other.key", "-y", "--use-signing-config=false", "--tlog-upload=false", "--key", "cosign.key"];
    sandbox.cosign(sign).run().exits(0);
    sandbox.cosign(["verify", &image, "--insecure-ignore-tlog", "--key=cosign.pub"]).run().exits(0);
    sandbox.cosign(["verify", "-key", "cosign.pub", "-insecure-ignore-tlog", &image]).run().exits(0).says("WARNING: ");
}

#[test]
fn results_go_to_a_file_where_asked() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    let shown = sandbox.verify(&["--output-file", "out.json", &registry.image("v1")]).run().exits(0);
    assert_eq!(shown.out, "");
    assert!(sandbox.read("out.json").contains(images::digest("v1")));
    sandbox.verify(&["--output-file", "no/such/folder/out.json", &registry.image("v1")]).run().exits(1);
}

#[test]
fn triangulate_names_the_tags() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let base = format!("{}/app", registry.host());
    let hex = images::digest("v1").trim_start_matches("sha256:");
    let expected = [
        ("signature", format!("{base}:sha256-{hex}.sig")),
        ("attestation", format!("{base}:sha256-{hex}.att")),
        ("digest", format!("{base}@sha256:{hex}")),
    ];
    for (kind, line) in expected {
        let shown = sandbox.cosign(["triangulate", "--type", kind, &registry.image("v1")]).run().exits(0);
        assert_eq!(shown.out.trim_end(), line);
    }
    let shown = sandbox.cosign(["triangulate", &registry.image("v1")]).env("COSIGN_REPOSITORY", "elsewhere.example/app").run().exits(0);
    assert_eq!(shown.out.trim_end(), format!("elsewhere.example/app:sha256-{hex}.sig"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let shell = Sandbox::new().with_program("/bin/sh".into());
    let program = crate::support::program();
    let line = format!("'{}' completion bash | head -n 1", program.display());
    shell.cosign(["-c", &line]).run().exits(0).does_not_say("panicked").does_not_say("roken pipe");
}

#[test]
fn output_as_text() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&["-a", "x=y", &registry.image("v1")]).run().exits(0);
    let shown = sandbox.verify(&["-o", "text", &registry.image("v1")]).run().exits(0);
    assert!(!shown.out.trim().is_empty(), "{shown}");
    sandbox.verify(&["-o", "nonsense", &registry.image("v1")]).run().does_not_say("panicked");
}
