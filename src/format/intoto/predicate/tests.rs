#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::format::intoto::Statement;

fn made(name: &str, json: &str) -> Result<String, String> {
    let predicate = Predicate::read(name, json.as_bytes().to_vec(), UnixTime(0)).map_err(|error| error.to_string())?;
    let statement = predicate.statement("n", ("sha256", "00"));
    assert_eq!(Statement::parse(&statement).unwrap().predicate_type, predicate.predicate_type());
    let head = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","subject":[{{"name":"n","digest":{{"sha256":"00"}}}}],"predicateType":"{}","predicate":"#,
        predicate.predicate_type()
    );
    let text = String::from_utf8(statement).unwrap();
    Ok(text.strip_prefix(&head).map_or(text.clone(), |rest| rest.strip_suffix('}').unwrap().to_owned()))
}

#[test]
fn types_are_short_names_or_uris() {
    assert_eq!(uri_of("vuln").unwrap(), predicate_type::VULN);
    for uri in ["https://example.com/t", "urn:x", "/p"] {
        assert_eq!(uri_of(uri).unwrap(), uri);
    }
    for none in ["", "foo", "a b:c", ":x", "1:x"] {
        assert_eq!(uri_of(none).unwrap_err().to_string(), format!("invalid predicate type: {none}"));
    }
}

#[test]
fn each_type_is_written_as_the_go_program_writes_it() {
    assert_eq!(made("custom", "a<\"\n").unwrap(), r#"{"Data":"a<\"\n","Timestamp":"1970-01-01T00:00:00Z"}"#);
    assert_eq!(made(predicate_type::CUSTOM, "x").unwrap(), r#"{"Data":"x","Timestamp":"1970-01-01T00:00:00Z"}"#);
    for name in ["spdxjson", "cyclonedx", "openvex", "https://example.com/t"] {
        assert_eq!(made(name, r#" {"b": [1, {}, []], "a": "<&>", "a": 1.50} "#).unwrap(), r#"{"a":1.50,"b":[1,{},[]]}"#);
        assert_eq!(made(name, "null").unwrap(), "{}");
    }
    assert_eq!(
        made("spdx", "SPDX<").unwrap(),
        r#"{"_type":"https://in-toto.io/Statement/v0.1","predicate":"SPDX\u003c","predicateType":"https://spdx.dev/Document","subject":[{"name":"n","digest":{"sha256":"00"}}]}"#
    );
    assert_eq!(
        made("vuln", r#"{"foo":1,"scanner":{"uri":null}}"#).unwrap(),
        r#"{"invocation":{"builder.id":"","event_id":"","parameters":null,"uri":""},"metadata":{"scanFinishedOn":"0001-01-01T00:00:00Z","scanStartedOn":"0001-01-01T00:00:00Z"},"scanner":{"db":{"uri":"","version":""},"result":null,"uri":"","version":""}}"#
    );
    assert_eq!(
        made("link", r#"{"_type":"link","name":"s","materials":null,"products":{"p":{"sha256":"00"}},"byproducts":{},"command":[],"environment":{},"x":1}"#)
            .unwrap(),
        r#"{"_type":"link","byproducts":{},"command":[],"environment":{},"materials":null,"name":"s","products":{"p":{"sha256":"00"}}}"#
    );
}

#[test]
fn provenance_keeps_what_its_message_has() {
    assert_eq!(made("slsaprovenance", r#"{"foo":1}"#).unwrap(), "{}");
    assert_eq!(
        made(
            "slsaprovenance02",
            r#"{"builder":{"id":"b","x":1},"build_type":"t","invocation":{},"materials":[{"uri":"u","digest":{"sha256":"00"}}],"metadata":{"buildInvocationID":"i","buildStartedOn":"2026-01-01T01:00:00.5+01:00","reproducible":false}}"#
        )
        .unwrap(),
        r#"{"buildType":"t","builder":{"id":"b"},"invocation":{},"materials":[{"digest":{"sha256":"00"},"uri":"u"}],"metadata":{"buildInvocationId":"i","buildStartedOn":"2026-01-01T00:00:00.500Z"}}"#
    );
    assert_eq!(
        made(
            "slsaprovenance1",
            r#"{"buildDefinition":{"externalParameters":{"b":1,"a":2}},"runDetails":{"metadata":{"invocationID":"i"}}}"#
        )
        .unwrap(),
        r#"{"buildDefinition":{"externalParameters":{"a":2,"b":1}},"runDetails":{"metadata":{"invocationId":"i"}}}"#
    );
}

#[test]
fn what_is_none_is_refused() {
    let link = r#"{"_type":"link","name":"s","materials":{},"products":{},"byproducts":{},"command":["a"],"environment":{}}"#;
    assert!(made("link", link).is_ok());
    assert_eq!(made("link", "{}").unwrap_err(), "link statement: required field _type missing");
    assert_eq!(made("link", r#"{"_type":1}"#).unwrap_err(), "link statement: required field name missing");
    assert!(made("link", &link.replace(r#"["a"]"#, "1")).unwrap_err().starts_with("unmarshal Link statement: "));
    assert!(made("slsaprovenance", "[]").unwrap_err().starts_with("provenance predicate: "));
    for wrong in [
        r#"{"builder":1}"#,
        r#"{"buildType":1}"#,
        r#"{"materials":{}}"#,
        r#"{"metadata":{"buildStartedOn":"x"}}"#,
        r#"{"buildConfig":1}"#,
        r#"{"metadata":{"reproducible":"x"}}"#,
        r#"{"builder":{},"builder":{}}"#,
    ] {
        assert!(made("slsaprovenance02", wrong).unwrap_err().starts_with("unmarshal Provenance predicate: "), "{wrong}");
    }
    assert!(made("https://example.com/t", "x").unwrap_err().starts_with("invalid JSON payload for predicate type https://example.com/t: "));
    for json in ["[]", "1", "\"x\"", "", "{", "{} {}", "{\"a\":1e999}"] {
        assert!(made("spdxjson", json).is_err(), "{json}");
    }
    assert!(made("vuln", r#"{"metadata":{"scanStartedOn":"x"}}"#).unwrap_err().starts_with("parsing time x of scanStartedOn"));
    assert!(made("", "{}").is_err());
    assert!(Predicate::read("custom", vec![0xff], UnixTime(0)).is_err());
    assert!(Predicate::read("spdx", vec![0xff], UnixTime(0)).is_err());
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(made("openvex", &nested(100)).is_ok());
    assert_eq!(made("openvex", &nested(100_000)).unwrap_err(), "the predicate is nested more than 500 deep");
}

proptest! {
    #[test]
    fn any_bytes_are_a_predicate_or_an_error(name in "custom|vuln|link|slsaprovenance|slsaprovenance1|openvex|spdx", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = Predicate::read(&name, bytes, UnixTime(0));
    }

    #[test]
    fn sorting_changes_no_value(text in ".{0,10}", number in any::<i64>()) {
        let value = serde_json::json!({"b": [{"y": text, "x": number}], "a": null});
        let sorted = canonical::sorted(&serde_json::to_vec(&value).unwrap()).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(sorted.get()).unwrap(), value);
        let again = canonical::sorted(sorted.get().as_bytes()).unwrap();
        prop_assert_eq!(again.get(), sorted.get());
    }
}
