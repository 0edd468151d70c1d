//! `verify-attestation --policy`: Rego through the program, on OCI layouts, in both forms of attestations.

use crate::support::sandbox::{OLD_FORM, Outcome, Sandbox};

const NEW_FORM: &str = "--new-bundle-format=true";
const IMAGE: &str = "oci:./layout:v1";

/// An image with one attestation of the type `https://example.com/t`, and policies about it.
fn attested(form: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("images/layout", "layout");
    sandbox.write("p.json", r#"{"n":1}"#);
    for (name, rules) in [
        ("allow", "allow { input.predicate.n == 1 }"),
        ("deny", "default allow = false"),
        ("undefined", "allow { input.predicate.n == 2 }"),
        ("reasons", r#"allow[reason] { input.predicate.n == 1; reason := "one is too few" }"#),
        ("broken", "allow {"),
        ("loop", "allow { f(1) }\nf(x) { g(x) }\ng(x) { f(x) }"),
        ("cycle", "allow { a }\na { b }\nb { a }"),
        ("unknown", "allow { nope(1) }"),
        ("network", r#"allow { http.send({"method": "get", "url": "http://127.0.0.1:1/"}).status_code == 200 }"#),
    ] {
        sandbox.write(&format!("{name}.rego"), format!("package signature\n\n{rules}\n"));
    }
    sandbox.write("nowhere.rego", "package other\n\nallow = true\n");
    sandbox.write("homeless.rego", "allow = true\n");
    sandbox.write("p.txt", "");
    attest(&sandbox, form, "p.json", "https://example.com/t");
    sandbox
}

fn attest(sandbox: &Sandbox, form: &str, predicate: &str, kind: &str) {
    let words = ["attest", "--key=cosign.key", "--use-signing-config=false", "--tlog-upload=false", form, "--predicate", predicate];
    sandbox.cosign(words.iter().copied().chain(["--type", kind, IMAGE])).run().exits(0);
}

fn verify(sandbox: &Sandbox, kind: &str, policies: &[&str]) -> Outcome {
    let base = ["verify-attestation", "--key=cosign.pub", "--insecure-ignore-tlog", "--type", kind, IMAGE];
    let policies: Vec<String> = policies.iter().map(|policy| format!("--policy={policy}")).collect();
    sandbox.cosign(base.iter().copied().chain(policies.iter().map(String::as_str))).run()
}

fn judged(sandbox: &Sandbox, policies: &[&str]) -> Outcome {
    verify(sandbox, "https://example.com/t", policies)
}

/// A failure, told as cosign tells it: on stderr, each error in a line of its own.
fn refuses(sandbox: &Sandbox, policies: &[&str], reason: &str) {
    let outcome = judged(sandbox, policies).fails(1);
    assert_eq!(outcome.out, "", "{policies:?}");
    let told = format!(
        "will be validating against Rego policies: [{}]\nThere are 1 number of errors occurred during the validation:\n\n- {reason}",
        policies.join(" ")
    );
    outcome.says(&told).says("Error: 1 validation errors occurred\nerror during command execution: 1 validation errors occurred\n");
}

#[test]
fn verdicts_in_both_forms() {
    for form in [NEW_FORM, OLD_FORM] {
        let sandbox = attested(form);
        let passed = judged(&sandbox, &["allow.rego"]).exits(0);
        assert_eq!(passed.json()["payloadType"], "application/vnd.in-toto+json");
        passed.says("will be validating against Rego policies: [allow.rego]\n\nVerification for ");
        refuses(&sandbox, &["deny.rego"], "expression value, false, is not true\n");
        refuses(&sandbox, &["undefined.rego"], "result is undefined for query 'data.signature.allow'\n");
        refuses(&sandbox, &["reasons.rego"], "expression value, [one is too few], is not true\n");
    }
}

/// Policies make up one program, as in OPA: another answer is a conflict, no answer is none.
#[test]
fn several_policies_are_one_program() {
    let sandbox = attested(NEW_FORM);
    judged(&sandbox, &["allow.rego", "undefined.rego"]).exits(0).says("policies: [allow.rego undefined.rego]");
    judged(&sandbox, &["allow.rego,nowhere.rego"]).exits(0).says("policies: [allow.rego nowhere.rego]");
    refuses(&sandbox, &["deny.rego", "undefined.rego"], "expression value, false, is not true\n");
    refuses(&sandbox, &["allow.rego", "reasons.rego"], "");
}

#[test]
fn policies_that_are_none_fail_before_anything_is_fetched() {
    let sandbox = attested(NEW_FORM);
    // Without the image: what is wrong with a policy is found first.
    std::fs::remove_dir_all(sandbox.path("layout")).unwrap();
    for (policy, reason) in [
        ("broken.rego", "1 error occurred during loading: broken.rego:"),
        ("homeless.rego", "1 error occurred during loading: homeless.rego:1: rego_parse_error: "),
        ("absent.rego", "1 error occurred during loading: stat absent.rego: no such file or directory\n"),
        ("unknown.rego", "1 error occurred: unknown.rego:3: rego_type_error: undefined function nope\n"),
        ("network.rego", "1 error occurred: network.rego:3: the function http.send is not supported: a policy reaches no network\n"),
        ("loop.rego", "1 error occurred: loop.rego:"),
    ] {
        refuses(&sandbox, &[policy], reason);
    }
    judged(&sandbox, &["loop.rego"]).says("rego_recursion_error: rule data.signature.");
    judged(&sandbox, &["p.txt"]).fails(1).says("Error: invalid policy format, expected .cue or .rego");
    judged(&sandbox, &["allow.rego", "p.txt"]).fails(1).says("Error: invalid policy format, expected .cue or .rego");
}

#[test]
fn rules_that_depend_on_themselves_end() {
    refuses(&attested(NEW_FORM), &["cycle.rego"], "");
}

/// Every attestation of the type has to satisfy the policy; those of other types are not looked at.
#[test]
fn one_attestation_that_fails_is_a_failure() {
    let sandbox = attested(NEW_FORM);
    sandbox.write("q.json", r#"{"n":2}"#);
    attest(&sandbox, NEW_FORM, "q.json", "https://example.com/other");
    judged(&sandbox, &["allow.rego"]).exits(0);
    attest(&sandbox, NEW_FORM, "q.json", "https://example.com/t");
    judged(&sandbox, &[]).exits(0);
    refuses(&sandbox, &["allow.rego"], "result is undefined for query 'data.signature.allow'\n");
}

/// What cosign puts through a struct of Go's has that struct's fields.
#[test]
fn provenance_is_shown_as_cosign_shows_it() {
    let sandbox = attested(NEW_FORM);
    sandbox.write("slsa.json", r#"{"builder":{"id":"b"},"buildType":"t","metadata":{"buildInvocationID":"7"}}"#);
    let policy = "package signature\n\nallow { m := input.predicate.metadata; m.buildInvocationID == \"7\"; m.reproducible == false }\n";
    sandbox.write("slsa.rego", policy);
    attest(&sandbox, NEW_FORM, "slsa.json", "slsaprovenance");
    verify(&sandbox, "slsaprovenance", &["slsa.rego"]).exits(0);
    // By its URI the statement is shown as it was signed.
    verify(&sandbox, "https://slsa.dev/provenance/v0.2", &["slsa.rego"]).fails(1);
}

/// CUE and Rego side by side: what CUE refuses is not shown to Rego.
#[test]
fn cue_and_rego() {
    for form in [NEW_FORM, OLD_FORM] {
        let sandbox = attested(form);
        sandbox.write("pass.cue", "predicateType: \"https://example.com/t\"\npredicate: n: <2\n");
        sandbox.write("fail.cue", "predicateType: \"https://something.else\"\n");
        judged(&sandbox, &["pass.cue"]).exits(0).says("will be validating against CUE policies: [pass.cue]\n\nVerification for ");
        let both = judged(&sandbox, &["allow.rego", "pass.cue"]).exits(0);
        both.says("against CUE policies: [pass.cue]\nwill be validating against Rego policies: [allow.rego]\n");
        let failed = judged(&sandbox, &["allow.rego", "pass.cue", "fail.cue"]).fails(1).does_not_say("against Rego policies");
        failed.says("- predicateType: conflicting values").says("Error: 1 validation errors occurred");
        judged(&sandbox, &["pass.cue", "deny.rego"]).fails(1).says("- expression value, false, is not true");
    }
}

#[test]
fn cue_that_is_none_fails_before_anything_is_fetched() {
    let sandbox = attested(NEW_FORM);
    std::fs::remove_dir_all(sandbox.path("layout")).unwrap();
    sandbox.write("broken.cue", "predicateType: {\n");
    sandbox.write("foreign.cue", "import \"crypto/sha256\"\npredicate: n: len(sha256.Sum256(\"x\"))\n");
    let absent = format!("- stat {}: no such file or directory", sandbox.path("absent.cue").display());
    for (policy, reason) in [("broken.cue", "- "), ("foreign.cue", "crypto/sha256"), ("absent.cue", &absent)] {
        let refused = judged(&sandbox, &[policy]).fails(1).says(&format!("against CUE policies: [{policy}]\nThere are 1 number of errors"));
        refused.says(reason).says("Error: 1 validation errors occurred");
    }
}

/// Several CUE files are one instance, as cosign loads them: their fields unify, and are seen by all files of the package.
#[test]
fn several_cue_files_are_one_instance() {
    let sandbox = attested(NEW_FORM);
    for (name, text) in [
        ("a", "package p\nlimit: >0\npredicate: n: limit\n"),
        ("b", "package p\nlimit: <5\n"),
        ("c", "limit: >1\n"),
        ("q", "package q\nx: 1\n"),
        ("user", "package p\npredicate: n: other\n"),
        ("other", "package p\nother: 1\n"),
        ("plain", "other: 1\n"),
    ] {
        sandbox.write(&format!("{name}.cue"), text);
    }
    std::fs::create_dir(sandbox.path("d.cue")).unwrap();
    judged(&sandbox, &["a.cue", "b.cue"]).exits(0).says("against CUE policies: [a.cue b.cue]\n");
    judged(&sandbox, &["a.cue", "b.cue", "a.cue"]).exits(0);
    judged(&sandbox, &["user.cue", "other.cue", "allow.rego"]).exits(0);
    // Each of the three holds for n = 1 by itself, all together do not.
    judged(&sandbox, &["c.cue"]).exits(0);
    for (policies, reason) in [
        (["a.cue", "c.cue"].as_slice(), "- predicate.n: invalid value 1 (out of bound >1) (c.cue:1:8)"),
        (&["user.cue"], "- reference \"other\" not found (user.cue:2:15)"),
        (&["user.cue", "plain.cue"], "- reference \"other\" not found (user.cue:2:15)"),
        (&["a.cue", "q.cue"], "- found packages \"p\" (a.cue) and \"q\" (q.cue)"),
        (&["a.cue", "absent.cue"], "absent.cue: no such file or directory"),
        (&["a.cue", "d.cue"], "d.cue: is a directory"),
        (&["a.cue", "c.cue", "allow.rego"], "out of bound >1"),
    ] {
        judged(&sandbox, policies).fails(1).says(reason).says("Error: 1 validation errors occurred").does_not_say("against Rego");
    }
}
