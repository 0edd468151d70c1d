//! Many policies, with what the Go program says of each.

use super::super::*;

const CORPUS: &str = include_str!("../../../../testdata/policies/corpus.txt");
const STATEMENT: &[u8] = include_bytes!("../../../../testdata/policies/statement.json");

/// Where this program's verdict is another, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    // Numbers are printed anew; products are exact.
    ("value_float", "expression value, 1.5, is not true"),
    ("raw_number", "expression value, 1e+22, is not true"),
    ("big_product", "allowed"),
    // Functions that are not here.
    ("json_patch", "1 error occurred: p.rego:2: the function json.patch is not supported"),
    ("net_merge", "1 error occurred: p.rego:2: the function net.cidr_merge is not supported"),
    ("net_intersects", "1 error occurred: p.rego:2: the function net.cidr_intersects is not supported"),
    ("uuid", "1 error occurred: p.rego:2: the function uuid.rfc4122 is not supported"),
    ("yaml", "1 error occurred: p.rego:2: the function yaml.unmarshal is not supported"),
    ("http_send", "1 error occurred: p.rego:2: the function http.send is not supported: a policy reaches no network"),
    ("opa_runtime", "1 error occurred: p.rego:2: the function opa.runtime is not supported: there is no OPA around it"),
    ("parse_module", "1 error occurred: p.rego:2: the function rego.parse_module is not supported"),
    ("uri", "1 error occurred: p.rego:2: the function uri.parse is not supported"),
    ("match_schema", "1 error occurred: p.rego:2: the function json.match_schema is not supported"),
    ("template", "1 error occurred: p.rego:2: the function strings.render_template is not supported"),
    ("time_date", "1 error occurred: p.rego:2: the function time.date is not supported"),
    ("time_zone", "1 error occurred: p.rego:2: the function time.clock is not supported"),
    ("time_add", "1 error occurred: p.rego:2: the function time.add_date is not supported"),
    ("time_duration", "1 error occurred: p.rego:2: the function time.parse_duration_ns is not supported"),
    // No tab within a text; no order between kinds; no count of arguments and no unused variables before evaluation.
    ("string_escapes", "1 error occurred during loading: p.rego:2: rego_parse_error: expecting }"),
    ("compare_types", "result is undefined for query 'data.signature.allow'"),
    ("arity", "result is undefined for query 'data.signature.allow'"),
    ("not_every", "result is undefined for query 'data.signature.allow'"),
    // Under `not` a function that fails refuses.
    ("jwt_decode_bad", "a function fails, and the policy uses not: p.rego:2: eval_error: io.jwt.decode fails"),
    (
        "not_startswith_type",
        "a function fails, and the policy uses not: p.rego:2: eval_error: `startswith` expects string argument. Got `1` instead",
    ),
];

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
