#![allow(clippy::unwrap_used)]

mod corpus;

use proptest::prelude::*;

use super::*;

const NOW: UnixTime = UnixTime(1_700_000_000);
const INPUT: &[u8] = br#"{"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{"n":1}}"#;

fn parse(text: &str) -> Result<RegoPolicies, RegoError> {
    RegoPolicies::parse(&[PolicyFile { name: "p.rego", text }])
}

/// The verdict's texts; nothing where it is allowed.
fn verdict(text: &str) -> String {
    let verdict = parse(text).map_err(|error| vec![error]).and_then(|policies| policies.evaluate(INPUT, NOW, MAX_EVALUATION));
    let texts: Vec<String> = verdict.err().unwrap_or_default().iter().map(ToString::to_string).collect();
    texts.join("; ")
}

fn in_package(rules: &str) -> String {
    verdict(&format!("package signature\n\n{rules}\n"))
}

#[test]
fn each_shape_of_verdict() {
    assert_eq!(in_package(r#"allow { input.predicateType == "https://slsa.dev/provenance/v0.2" }"#), "");
    assert_eq!(in_package(r#"allow { input.predicateType == "x" }"#), "result is undefined for query 'data.signature.allow'");
    assert_eq!(in_package("default allow = false"), "expression value, false, is not true");
    assert_eq!(in_package(r#"allow = "true" { true }"#), "expression value, true, is not true");
    assert_eq!(in_package("allow = 1"), "expression value, 1, is not true");
    assert_eq!(in_package("allow = null"), "expression value, <nil>, is not true");
    assert_eq!(in_package(r#"allow = {"b": [1, "x"], "a": null}"#), "expression value, map[a:<nil> b:[1 x]], is not true");
    assert_eq!(in_package(r#"allow[msg] { msg := "no" }"#), "expression value, [no], is not true");
    assert_eq!(in_package("allow[1] { false }"), "expression value, [], is not true");
    assert_eq!(in_package("other = true"), "result is undefined for query 'data.signature.allow'");
    assert_eq!(verdict("package other\nallow = true"), "result is undefined for query 'data.signature.allow'");
}

#[test]
fn what_is_no_policy_is_refused_and_said_where() {
    assert_eq!(in_package("allow { nope(1) }"), "1 error occurred: p.rego:3: rego_type_error: undefined function nope");
    let network = in_package(r#"allow { http.send({"method": "get", "url": "http://127.0.0.1:1/"}) }"#);
    assert_eq!(network, "1 error occurred: p.rego:3: the function http.send is not supported: a policy reaches no network");
    let recursion = in_package("allow { f(1) }\nf(x) { g(x) }\ng(x) { f(x) }");
    assert!(recursion.contains("rego_recursion_error: rule data.signature."), "{recursion}");
    for rules in
        ["allow {", "allow { a }\na { b }\nb { a }", "allow { x == 1 }", "allow = true\nallow = false", "allow { data.signature.allow }"]
    {
        let refused = in_package(rules);
        assert!(refused.contains("error"), "{rules}: {refused}");
    }
    assert!(verdict("allow = true").contains("rego_parse_error"));
}

#[test]
fn chains_of_rules_are_bounded() {
    let chain = |length: usize| {
        let rules: String = (0..length).map(|n| format!("r{n} {{ r{} }}\n", n + 1)).collect();
        in_package(&format!("allow {{ r0 }}\n{rules}r{length} {{ true }}\n"))
    };
    assert_eq!(chain(500), "");
    assert!(chain(600).contains("more than 512 deep"));
}

#[test]
fn an_explosion_is_stopped() {
    let policies =
        parse("package signature\nallow { x := numbers.range(1, 3000)[_]; y := numbers.range(1, 3000)[_]; x + y == 0 }").unwrap();
    let errors = policies.evaluate(INPUT, NOW, Duration::from_millis(20)).unwrap_err();
    assert_eq!(errors, [RegoError::TooLong { milliseconds: 20 }]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_a_policy_or_an_error(text in "(package signature\n)?[ -~\n]{0,80}|(?s).{0,80}") {
        let _ = parse(&text).map(|policies| policies.evaluate(INPUT, NOW, Duration::from_millis(50)));
    }
}
