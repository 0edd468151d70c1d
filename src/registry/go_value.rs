//! JSON values as Go's `fmt` prints them with `%v`: `map[a:1 b:[x y]]`.

use serde_json::Value;

/// Deeper values are left out.
const DEPTH_LIMIT: usize = 16;

/// Prints a value as Go would; what lies deeper than 16 levels is shown as `…`.
pub fn display(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    out
}

fn write(out: &mut String, value: &Value, depth: usize) {
    if depth > DEPTH_LIMIT {
        out.push('…');
        return;
    }
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&go_float(number.as_f64().unwrap_or_default())),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write(out, item, depth + 1);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            out.push_str("map[");
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(name);
                out.push(':');
                write(out, member, depth + 1);
            }
            out.push(']');
        }
    }
}

/// A float64 by `%v`: shortest digits, an exponent below 1e-4 and from 1e21.
fn go_float(number: f64) -> String {
    let magnitude = number.abs();
    if number == 0.0 || (1e-4..1e21).contains(&magnitude) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_as_go_does() {
        let shown = |json: &str| display(&serde_json::from_str(json).unwrap());
        assert_eq!(shown(r#"{"b":[1,"x",null],"a":{"z":true}}"#), "map[a:map[z:true] b:[1 x <nil>]]");
        assert_eq!(shown("[1.5,1000000,1e21,1e-7]"), "[1.5 1000000 1e+21 1e-07]");
    }

    #[test]
    fn integers_of_seven_digits_have_no_exponent_below_1e21() {
        assert_eq!(display(&serde_json::json!(123_456_789)), "123456789");
    }

    proptest! {
        #[test]
        fn never_panics(depth in 0usize..60, number in any::<f64>()) {
            let nested = (0..depth).fold(serde_json::json!(number), |inner, _| serde_json::json!([inner]));
            prop_assert!(display(&nested).len() < 1000);
        }
    }
}
