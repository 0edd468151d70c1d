#![allow(clippy::unwrap_used)]

use super::*;

fn verdict(policy: &str, json: &str) -> Result<(), CueError> {
    evaluate(&CuePolicy::parse("policy.cue", policy)?, json.as_bytes())
}

#[test]
fn the_example_of_the_documentation() {
    let policy = "import \"time\"\nbefore: time.Parse(time.RFC3339, \"2049-10-09T17:10:27Z\")\npredicate: Timestamp: <before\n";
    assert_eq!(verdict(policy, r#"{"predicate":{"Timestamp":"2021-10-09T17:10:27Z"}}"#), Ok(()));
    assert!(verdict(policy, r#"{"predicate":{"Timestamp":"2050-10-09T17:10:27Z"}}"#).is_err());
}
