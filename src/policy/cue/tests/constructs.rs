//! Each construct, kept and broken, and the words for what is broken or refused.

use super::{CueError, Position, decides, verdict};

#[test]
fn fields_references_and_merging() {
    decides("a: b: c: 1\na: b: d: x\nx: \"y\"", &["{}", r#"{"a":{"b":{"c":1,"d":"y"}}}"#], &[r#"{"a":{"b":{"c":2}}}"#, r#"{"x":"z"}"#]);
    decides("a: string\nb: a", &[r#"{"a":"x","b":"x"}"#, r#"{"a":"x"}"#], &[r#"{"a":"x","b":"y"}"#]);
    decides("\"a-b\": 1\nif: 2", &[r#"{"a-b":1,"if":2}"#], &[r#"{"a-b":2}"#, r#"{"if":1}"#]);
    decides("a?: string\nb!: int", &[r#"{"b":1}"#], &["{}", r#"{"a":1,"b":1}"#]);
    decides("_h: 5\n#D: 6\nlet L = 7\na: _h + #D + L", &[r#"{"a":18}"#], &[r#"{"a":17}"#]);
}

#[test]
fn kinds_and_numbers() {
    decides("a: 1", &[r#"{"a":1}"#], &[r#"{"a":1.0}"#, r#"{"a":1e0}"#, r#"{"a":"1"}"#]);
    decides("a: 18446744073709551616", &[r#"{"a":18446744073709551616}"#], &[r#"{"a":18446744073709551617}"#]);
    decides("a: uint8\nb: number & >0.5", &[r#"{"a":255,"b":1}"#], &[r#"{"a":256}"#, r#"{"a":-1}"#, r#"{"b":0.5}"#]);
    decides("a: bool | null", &[r#"{"a":null}"#, r#"{"a":true}"#], &[r#"{"a":0}"#]);
    decides("a: 7 div 2\nb: 1/4", &[r#"{"a":3,"b":0.25}"#], &[r#"{"a":4}"#, r#"{"b":0.3}"#]);
}

#[test]
fn texts() {
    decides(
        "a: \"\"\"\n\tx\n\t  y\n\t\"\"\"\nb: #\"\\n\"#\nc: \"\\u00e9\\t\"",
        &[r#"{"a":"x\n  y","b":"\\n","c":"é\t"}"#],
        &[r#"{"b":"\n"}"#],
    );
    decides("n: int\na: \"v\\(n)\"", &[r#"{"n":2,"a":"v2"}"#], &[r#"{"n":2,"a":"v3"}"#]);
    decides("a: =~\"^v[0-9]\" & !~\"x\"", &[r#"{"a":"v1"}"#], &[r#"{"a":"w1"}"#, r#"{"a":"v1x"}"#]);
}

#[test]
fn disjunctions_and_defaults() {
    decides("a: \"x\" | \"y\"\nb: *1 | int\nc: b", &[r#"{"a":"x"}"#, r#"{"b":2,"c":2}"#], &[r#"{"a":"z"}"#, r#"{"b":"s"}"#]);
    let tagged = "#S: {type: \"a\", v: int} | {type: \"b\", v: string}\nz: #S";
    decides(tagged, &[r#"{"z":{"type":"a","v":1}}"#], &[r#"{"z":{"type":"a","v":"1"}}"#, r#"{"z":{"type":"c"}}"#]);
}

#[test]
fn closed_structs() {
    decides("#A: {a: {x: int}, b?: int}\ny: #A", &[r#"{"y":{"a":{"x":1},"b":1}}"#], &[r#"{"y":{"c":1}}"#, r#"{"y":{"a":{"z":1}}}"#]);
    decides("#A: {a: int}\ny: {#A, b: {}}", &[r#"{"y":{"a":1,"b":{}}}"#], &[r#"{"y":{"c":1}}"#, r#"{"y":{"b":{"d":1}}}"#]);
    decides("#A: {a: int, ...}\ny: #A", &[r#"{"y":{"c":1}}"#], &[]);
    decides("a: close({b: int})", &[r#"{"a":{"b":1}}"#], &[r#"{"a":{"c":1}}"#]);
    decides("x: {[=~\"^a\"]: int}", &[r#"{"x":{"a1":1,"b":"s"}}"#], &[r#"{"x":{"a1":"s"}}"#]);
}

#[test]
fn lists() {
    decides("a: [...int]\nb: [string, ...]", &[r#"{"a":[1,2],"b":["x",1]}"#, r#"{"a":[]}"#], &[r#"{"a":[1,"x"]}"#, r#"{"b":[]}"#]);
    decides("a: [1, 2]\nb: a[0]", &[r#"{"a":[1,2],"b":1}"#], &[r#"{"a":[1]}"#, r#"{"b":2}"#]);
    decides("a: [for x in [1, 2, 3] if x > 1 {x}]", &[r#"{"a":[2,3]}"#], &[r#"{"a":[2]}"#]);
}

#[test]
fn comprehensions() {
    let policy = "predicate: {\n\tdata: string\n\tif len(data) > 3 {ok: true}\n}";
    decides(policy, &[r#"{"predicate":{"data":"x","ok":false}}"#], &[r#"{"predicate":{"data":"xxxx","ok":false}}"#]);
    let policy = "predicate: vulns: [...]\nhigh: [for v in predicate.vulns if v.severity == \"HIGH\" {v}]\nn: len(high)\nn: 0";
    decides(policy, &[r#"{"predicate":{"vulns":[{"severity":"LOW"}]}}"#], &[r#"{"predicate":{"vulns":[{"severity":"HIGH"}]}}"#]);
    decides("p: {...}\nc: {if p.x != _|_ {ok: p.x & 1}}", &["{}", r#"{"p":{"x":1}}"#], &[r#"{"p":{"x":2}}"#]);
}

#[test]
fn functions() {
    let policy = "import \"strings\"\na: strings.HasPrefix(\"x\") & strings.MaxRunes(3)\nb: strings.ToUpper(a)";
    decides(policy, &[r#"{"a":"xy","b":"XY"}"#], &[r#"{"a":"y"}"#, r#"{"a":"xyzz"}"#, r#"{"a":"xy","b":"xy"}"#]);
    let policy = "import \"list\"\na: list.MinItems(1) & list.UniqueItems\nb: list.Contains(a, 2)\nb: true";
    decides(policy, &[r#"{"a":[1,2]}"#], &[r#"{"a":[]}"#, r#"{"a":[2,2]}"#, r#"{"a":[1]}"#]);
    decides(
        "import \"time\"\na: time.Time",
        &[r#"{"a":"2020-02-29T00:00:00.5+01:00"}"#],
        &[r#"{"a":"2021-02-29T00:00:00Z"}"#, r#"{"a":"2020"}"#],
    );
    let policy = "import \"encoding/json\"\np: {data: string, d: json.Unmarshal(data), d: {x: 1}}";
    decides(policy, &[r#"{"p":{"data":"{\"x\":1}"}}"#], &[r#"{"p":{"data":"{\"x\":2}"}}"#, r#"{"p":{"data":"?"}}"#]);
    decides("import \"regexp\"\na: string\nb: regexp.Match(\"^x\", a)\nb: true", &[r#"{"a":"x"}"#], &[r#"{"a":"y"}"#]);
}

#[test]
fn errors_say_path_and_position() {
    let said = |policy, json| verdict(policy, json).unwrap_err().to_string();
    let policy = "predicateType: \"https://something.else\"";
    let expected = "predicateType: conflicting values \"https://x\" and \"https://something.else\" (policy.cue:1:16)";
    assert_eq!(said(policy, r#"{"predicateType":"https://x"}"#), expected);
    assert_eq!(said("a: b: >5", r#"{"a":{"b":5}}"#), "a.b: invalid value 5 (out of bound >5) (policy.cue:1:7)");
    assert_eq!(said("a!: int", "{}"), "a: field is required but not present (policy.cue:1:5)");
    assert_eq!(said("#A: {a: 1}\nx: #A", r#"{"x":{"b":1}}"#), "x.b: field not allowed");
    assert_eq!(said("a: {", "{}"), "expected '}', found 'EOF' (policy.cue:1:5)");
    assert_eq!(said("a: b", "{}"), "reference \"b\" not found (policy.cue:1:4)");
    assert_eq!(said("import \"time\"\na: 1", "{}"), "imported and not used: \"time\" (policy.cue:1:8)");
    let policy = "import \"list\"\nsignatures: list.MinItems(2)";
    let expected = "signatures: invalid value [1] (does not satisfy list.MinItems(2)): len(list) < MinItems(2) (1 < 2) (policy.cue:2:13)";
    assert_eq!(said(policy, r#"{"signatures":[1]}"#), expected);
    assert_eq!(said("a: 1", "nope"), "json: invalid JSON");
}

#[test]
fn what_is_not_known_is_refused_by_name_wherever_it_stands() {
    let cases = [
        ("import \"net\"\na: net.IP", "the package \"net\"", (1, 8)),
        ("import \"strings\"\na: strings.ToTitle(\"x\")", "strings.ToTitle", (2, 4)),
        ("a: b[1:2]\nb: []", "a slice", (1, 4)),
        ("X=a: 1", "an alias", (1, 2)),
        ("@if(x)\na: 1", "a file attribute", (1, 1)),
        ("a: error(\"x\")", "error here", (1, 4)),
        ("if false {if false {a: {b: error(\"x\")}}}", "error here", (1, 28)),
        ("a?: matchN(1, [int])", "matchN here", (1, 5)),
        ("a: 'x\\(b)'\nb: 1", "an interpolation of bytes", (1, 4)),
        ("a: close(b)\nb: {}", "close of anything but a struct literal without embeddings", (1, 10)),
        ("'a': 1", "a label of bytes", (1, 1)),
    ];
    for (policy, name, (line, column)) in cases {
        match super::parse(policy) {
            Err(CueError::Unsupported { what, at, .. }) => {
                assert_eq!((what.as_str(), at), (name, Position { file: 0, line, column }), "{policy}");
            }
            other => panic!("{policy}: {other:?}"),
        }
    }
}

#[test]
fn attributes_and_comments_mean_nothing() {
    decides("// c\npackage p\na: 1 @tag(x, y=\")\") // d\n@go(X)\n", &[r#"{"a":1}"#], &[r#"{"a":2}"#]);
}
