//! Many policies, with what the Go program says of each.

use super::super::*;

const CORPUS: &str = include_str!("../../../../testdata/policies/corpus.txt");
const STATEMENT: &[u8] = include_bytes!("../../../../testdata/policies/statement.json");

/// Where this program's verdict is another, and why.
const DIFFERENCES: &[(&str, &str)] = &[];

fn verdict(rules: &str) -> String {
    let text = format!("package signature\n{rules}");
    let policies = RegoPolicies::parse(&[PolicyFile { name: "p.rego", text: &text }]);
    match policies.map_err(|error| vec![error]).and_then(|policies| policies.evaluate(STATEMENT, UnixTime(1_700_000_000), MAX_EVALUATION)) {
        Ok(()) => "allowed".to_owned(),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

/// The words of other errors are the evaluator's own; that they are errors is not.
fn is_exact(verdict: &str) -> bool {
    verdict == "allowed" || verdict.starts_with("expression value") || verdict.starts_with("result is undefined")
}

#[test]
fn verdicts_are_the_go_programs() {
    let mut wrong = Vec::new();
    for case in CORPUS.split("=== ").skip(1) {
        let (name, rest) = case.split_once('\n').unwrap();
        let (rules, go) = rest.rsplit_once("--- ").unwrap();
        let go = go.trim_end();
        let ours = verdict(rules);
        let agrees = match DIFFERENCES.iter().find(|(other, _)| *other == name) {
            Some((_, expected)) => ours == *expected,
            None if is_exact(go) => ours == go,
            None => !is_exact(&ours),
        };
        if !agrees {
            wrong.push(format!("{name}\n    Go:   {go}\n    ours: {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
