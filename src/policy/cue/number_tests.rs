#![allow(clippy::unwrap_used)]

use super::*;

fn n(text: &str) -> Number {
    Number::parse(text).unwrap()
}

#[test]
fn kinds_differ_and_values_compare() {
    assert_eq!(n("1"), n("1"));
    assert_ne!(n("1"), n("1.0"));
    assert_eq!(n("1.0"), n("1.00"));
    assert_eq!(n("1").compare(&n("1.0")), Ordering::Equal);
    assert_eq!(n("9223372036854775808").compare(&n("9223372036854775807")), Ordering::Greater);
    assert_eq!(n("-2").compare(&n("-1.5")), Ordering::Less);
    assert_eq!(n("1e100000").compare(&n("1")), Ordering::Greater);
    assert_eq!(n("-1e100000").compare(&n("1e-100000")), Ordering::Less);
    assert_eq!(n("0").compare(&n("-0.0")), Ordering::Equal);
    assert_eq!(n("10").compare(&n("9.99999999999999999999999999")), Ordering::Greater);
}

#[test]
fn literals() {
    assert_eq!(n("1Ki"), n("1024"));
    assert_eq!(n("1.5K"), n("1500"));
    assert_eq!(n("0x_ff".replace('_', "").as_str()), n("255"));
    assert_eq!(n("0b101"), n("5"));
    assert_eq!(n("0o17"), n("15"));
    assert_eq!(n("1_000"), n("1000"));
    assert_eq!(n("1e3"), n("1000.0"));
    for bad in ["", "01", "1__0", "_1", "1_", "1e", "1e200000", "0x", "1.25Ki.", "--1", "1.0001K"] {
        assert!(Number::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn arithmetic() {
    assert_eq!(n("1").plus(&n("2")).unwrap(), n("3"));
    assert_eq!(n("1").plus(&n("2.5")).unwrap(), n("3.5"));
    assert_eq!(n("3").times(&n("1e2")).unwrap(), n("300.0"));
    assert_eq!(n("4").over(&n("2")).unwrap(), n("2.0"));
    assert_eq!(n("1").over(&n("3")).unwrap(), n("0.3333333333333333333333333333333333"));
    assert_eq!(n("2").over(&n("3")).unwrap(), n("0.6666666666666666666666666666666667"));
    assert_eq!(n("-2").over(&n("3")).unwrap(), n("-0.6666666666666666666666666666666667"));
    assert!(n("1").over(&n("0")).is_none());
    let pair = |a: &str, b: &str| n(a).euclidean(&n(b)).map(|(q, r)| (q.to_string(), r.to_string())).unwrap();
    assert_eq!(pair("-7", "2"), ("-4".into(), "1".into()));
    assert_eq!(pair("-7", "-2"), ("4".into(), "1".into()));
    assert_eq!(pair("7", "-2"), ("-3".into(), "1".into()));
    assert_eq!(n("-7").truncated(&n("2")).unwrap().1, n("-1"));
}

#[test]
fn text() {
    for same in ["1", "-5", "1.50", "0.001", "123456789012345678901234567890", "0.0"] {
        assert_eq!(n(same).to_string(), same);
    }
    assert_eq!(n("1e30").to_string(), "1E+30");
    assert_eq!(n("1.5").to_whole(true), n("1.0"));
    assert_eq!(n("-1.5").to_whole(true), n("-2.0"));
    assert_eq!(n("1.5").to_whole(false), n("2.0"));
}
