//! The policies that cosign's and policy-controller's tests use, and two thousand generated ones, with the Go program's verdicts.

use super::{CueError, testdata, verdict};

/// A line of `verdicts.tsv`: a policy, the data it passes, the data it refuses.
pub(super) struct Row {
    pub policy: String,
    pub passes: Vec<String>,
    pub fails: Vec<String>,
}

pub(super) fn rows() -> Vec<Row> {
    let names = |field: Option<&str>| field.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let row = |line: &str| {
        let mut fields = line.split('\t');
        Row { policy: fields.next().unwrap().to_owned(), passes: names(fields.next()), fails: names(fields.next()) }
    };
    testdata("verdicts.tsv").lines().map(row).collect()
}

#[test]
fn every_policy_of_the_corpus_decides_as_in_go() {
    let mut count = 0;
    for row in rows() {
        let policy = testdata(&format!("policies/{}.cue", row.policy));
        for (names, expected) in [(&row.passes, true), (&row.fails, false)] {
            for name in names {
                count += 1;
                let found = verdict(&policy, &testdata(&format!("data/{name}.json")));
                assert_eq!(found.is_ok(), expected, "{} with {name}: {found:?}", row.policy);
                assert!(!matches!(found, Err(CueError::Unsupported { .. } | CueError::Limit { .. })), "{}: {found:?}", row.policy);
            }
        }
    }
    assert_eq!(count, 828);
}

#[derive(serde::Deserialize)]
struct Case {
    policy: String,
    json: String,
    go: bool,
    #[serde(default)]
    here: String,
}

#[test]
fn generated_policies_decide_as_in_go_or_are_refused() {
    let (mut same, mut not_same) = (0, 0);
    for line in testdata("go-verdicts.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let found = verdict(&case.policy, &case.json);
        if case.here.is_empty() {
            same += 1;
            assert_eq!(found.is_ok(), case.go, "{}\nwith {}: {found:?}", case.policy, case.json);
        } else {
            // What is refused, and what Go's cue lets pass in spite of an error: never the other way round.
            not_same += 1;
            assert!(case.go && found.is_err(), "{}\nwith {}: no difference any more", case.policy, case.json);
        }
    }
    assert!(same > 2900 && not_same < 80, "{same} {not_same}");
}
