//! Policies and data that mean harm, or nothing.

use proptest::prelude::*;

use super::{CueError, evaluate, testdata, verdict};

#[track_caller]
fn limited(policy: &str, json: &str) {
    let found = verdict(policy, json);
    assert!(matches!(found, Err(CueError::Limit { .. })), "{found:?}");
}

#[test]
fn what_loops_ends_with_an_error() {
    for policy in ["a: {b: a}", "#T: {c: #T}\nx: #T", "a: b + 1\nb: a + 1", "a: \"\\(b)\"\nb: \"\\(a)\""] {
        assert!(matches!(verdict(policy, "{}"), Err(CueError::Cycle { .. })), "{policy}: {:?}", verdict(policy, "{}"));
    }
    limited("#T: {c: {d: 1} & #T}", "{}");
    limited("let A = {x: B}\nlet B = {y: A}\nx: A", "{}");
    let chain: String = (0..400).map(|n| format!("a{n}: a{}\n", n + 1)).collect();
    limited(&format!("{chain}a400: 1"), "{}");
}

#[test]
fn what_grows_or_nests_is_bounded() {
    limited(&format!("a: {}1{}", "(".repeat(3000), ")".repeat(3000)), "{}");
    limited(&format!("a: {}", "[".repeat(3000)), "{}");
    limited(&"a: ".repeat(3000), "{}");
    limited(&format!("a: {}1", "1+".repeat(3000)), "{}");
    limited(&format!("a: \"{}\"", "x".repeat(2 << 20)), "{}");
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(verdict("a: _", &deep), Err(CueError::Json));
    assert!(verdict("a: 99999999999999 * 1e99999 * 1e99999", "{}").is_err());
}

#[test]
fn deep_data_fits_the_stack() {
    let nested = format!("{{\"x\":{}{{}}{}}}", "{\"a\":".repeat(60), "}".repeat(60));
    assert_eq!(verdict("#A: {[string]: #A}\nx: #A", &nested), Ok(()));
}

#[test]
fn data_that_is_no_json_is_refused() {
    for json in ["", "{", "{'a':1}", "01", "nul", "{\"a\":1,}", "\"\\ud83d\"", "1e999999999", "[1 2]", "\"\t\""] {
        assert_eq!(verdict("{...} | *_", json), Err(CueError::Json), "{json}");
    }
}

#[test]
fn messages_are_one_line() {
    let found = verdict("a: \"x\"", r#"{"a":"::error::\nsecond\u001b[0m"}"#).unwrap_err().to_string();
    assert!(!found.contains(['\n', '\u{1b}']), "{found}");
}

fn corpus_text() -> impl Strategy<Value = String> {
    let names = ["cosign-unit-2", "cosign-cue-vuln-works", "controller-requires-two-signatures-and-two-attestations-rego-3"];
    (0..names.len()).prop_map(move |at| testdata(&format!("policies/{}.cue", names[at])))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_reader(text in ".{0,200}") {
        let _ = super::parse(&text);
    }

    #[test]
    fn no_mutation_breaks_the_evaluation(text in corpus_text(), at in any::<prop::sample::Index>(), length in 0usize..12, new in "[-a-z#_{}\\[\\]()|&*<>=!?.:,0-9\"\\\\\n ]{0,8}") {
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let from = starts[at.index(starts.len())];
        let to = text[from..].char_indices().nth(length).map_or(text.len(), |(offset, _)| from + offset);
        let mutated = format!("{}{new}{}", &text[..from], &text[to..]);
        if let Ok(policy) = super::parse(&mutated) {
            let _ = evaluate(&policy, testdata("data/cosign-unit-attestationsbody.json").as_bytes());
        }
    }

    #[test]
    fn no_data_breaks_the_reader(json in "[\\[\\]{}\",:0-9eE+.a-u\\\\-]{0,40}") {
        let policy = super::parse("a: int").unwrap();
        let _ = evaluate(&policy, json.as_bytes());
    }
}
