//! A policy of several files: one instance, as Go loads them. Each verdict here is the Go program's.

use super::{CueError, CuePolicy, PolicyFile, evaluate};

/// The verdict of the files `0.cue`, `1.cue`, … about `json`.
fn judged(texts: &[&str], json: &str) -> Result<(), CueError> {
    let names: Vec<String> = (0..texts.len()).map(|index| format!("{index}.cue")).collect();
    let files: Vec<PolicyFile<'_>> = names.iter().zip(texts).map(|(name, text)| PolicyFile { name, text }).collect();
    evaluate(&CuePolicy::parse(&files)?, json.as_bytes())
}

#[track_caller]
fn says(texts: &[&str], json: &str, reason: &str) {
    assert_eq!(judged(texts, json).unwrap_err().to_string(), reason);
}

#[test]
fn structs_of_all_files_are_unified() {
    says(&["x: 1", "x: 2"], "{}", "x: conflicting values 1 and 2 (1.cue:1:4)");
    says(&["package p\nx: 1", "x: 2"], "{}", "x: conflicting values 1 and 2 (1.cue:1:4)");
    says(&["_h: 1", "package p\n_h: 2"], "{}", "_h: conflicting values 1 and 2 (1.cue:2:5)");
    says(&["#D: {a: 1}\nd: #D", "d: b: 1"], "{}", "d.b: field not allowed (1.cue:1:7)");
    for texts in [["a: int", "a: >1"], ["a: >1", "a: int"]] {
        assert_eq!(judged(&texts, r#"{"a":2}"#), Ok(()));
        assert!(judged(&texts, r#"{"a":1}"#).is_err() && judged(&texts, r#"{"a":2.5}"#).is_err());
    }
    // Each holds by itself, both together do not.
    assert_eq!(judged(&["a: >5 & int"], r#"{"a":7}"#), Ok(()));
    assert!(judged(&["a: >5 & int", "a: <3 & int"], "{}").is_err());
    assert_eq!(judged(&["x: 1", "x: 1"], "{}"), Ok(()));
}

#[test]
fn fields_of_a_package_are_seen_by_all_files() {
    for first in ["package p\n", "package _\n", ""] {
        let texts = [&format!("{first}n: x"), "package p\nx: 1"];
        assert_eq!(judged(&texts, r#"{"n":1}"#), Ok(()));
        says(&texts, r#"{"n":2}"#, "n: conflicting values 2 and 1 (1.cue:2:4)");
    }
    assert_eq!(judged(&["package p\nxx: x\nx: y: 1", "package p\nx: z: 2\nn: xx.z"], r#"{"n":2}"#), Ok(()));
    assert_eq!(judged(&["package p\nstring: 1", "package p\nn: string"], r#"{"n":1}"#), Ok(()));
    assert!(judged(&["package p\nstring: 1", "package p\nn: string"], r#"{"n":"x"}"#).is_err());
    assert_eq!(judged(&["package p\n_h: 1\n#D: {a: 1}", "package p\nn: _h\nd: #D"], r#"{"n":1,"d":{"a":1}}"#), Ok(()));
    assert!(judged(&["package p\n#D: {a: 1}", "package p\nd: #D"], r#"{"d":{"b":1}}"#).is_err());
}

#[test]
fn imports_lets_and_files_without_a_package_are_seen_by_themselves_only() {
    let unknown = |texts: &[&str], name: &str| match judged(texts, "{}") {
        Err(CueError::UnknownReference { name: found, .. }) => assert_eq!(found, name),
        other => panic!("{texts:?}: {other:?}"),
    };
    unknown(&["n: x", "x: 1"], "x");
    unknown(&["package p\nn: x", "x: 1"], "x");
    unknown(&["package p\nn: x", "package _\nx: 1"], "x");
    unknown(&["package p\nn: x", "package p\n\"x\": 1"], "x");
    unknown(&["package p\nn: x", "package p\n{x: 1}"], "x");
    unknown(&["package p\nn: x", "package p\nfor k, v in {x: 1} {(k): v}"], "x");
    unknown(&["package p\nlet x = 1\na: x", "package p\nn: x"], "x");
    unknown(&["package p\nimport \"time\"\nz: time.Time", "package p\ny: time.Time"], "time");
    // A file's own `let` and import come before another file's field.
    assert_eq!(judged(&["package p\nlet x = 1\nn: x", "package p\nx: 2"], r#"{"n":1}"#), Ok(()));
    assert_eq!(judged(&["package p\ntime: 1", "package p\nimport \"time\"\ny: time.RFC3339"], "{}"), Ok(()));
    assert_eq!(judged(&["package p\nL: 2", "package p\nx: L", "package p\nlet L = 1\nn: L"], r#"{"n":1,"x":2}"#), Ok(()));
}

#[test]
fn all_files_name_one_package() {
    says(&["package p\na: 1", "b: 1", "package q\nc: 1"], "{}", "found packages \"p\" (0.cue) and \"q\" (2.cue)");
    assert_eq!(judged(&["package _\na: 1", "package q\nc: 1", "", "// nothing"], "{}"), Ok(()));
}

#[test]
fn every_file_is_checked() {
    says(&["a: 1", "import \"strings\"\nb: 1"], "{}", "imported and not used: \"strings\" (1.cue:1:8)");
    says(&["a: 1", "b: {"], "{}", "expected '}', found 'EOF' (1.cue:1:5)");
    says(&["a: 1", "b: [1][0:1]"], "{}", "a slice is not supported (1.cue:1:4)");
    let long = format!("// {}", "x".repeat(600_000));
    says(&[&long, &long], "{}", "the policy exceeds 1 MiB or a thousand files (1.cue)");
}
