//! Bools and integers as Go's `strconv` reads them.

use super::go_quote;

/// Why a text is no bool or integer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not written as one.
    #[error("strconv.{function}: parsing {}: invalid syntax", go_quote(text))]
    Syntax {
        /// The Go function that would have said so.
        function: &'static str,
        /// What was to be read.
        text: String,
    },
    /// Too large for 64 bits.
    #[error("strconv.{function}: parsing {}: value out of range", go_quote(text))]
    Range {
        /// The Go function that would have said so.
        function: &'static str,
        /// What was to be read.
        text: String,
    },
}

/// Reads a bool: `1 t T true TRUE True`, `0 f F false FALSE False`.
///
/// # Errors
/// [`NumberError::Syntax`].
pub fn parse_bool(text: &str) -> Result<bool, NumberError> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(NumberError::Syntax { function: "ParseBool", text: text.to_owned() }),
    }
}

/// Reads a signed integer, whose base its prefix says; underscores may separate digits.
///
/// # Errors
/// [`NumberError`].
pub fn parse_int(text: &str) -> Result<i64, NumberError> {
    let function = "ParseInt";
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let range = || NumberError::Range { function, text: text.to_owned() };
    let magnitude = magnitude(digits, function, text)?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }.ok_or_else(range)
}

/// Reads an unsigned integer in the same way.
///
/// # Errors
/// [`NumberError`].
pub fn parse_uint(text: &str) -> Result<u64, NumberError> {
    magnitude(text, "ParseUint", text)
}

/// Reads a decimal number of 32 bits, without sign, prefix or underscores.
///
/// # Errors
/// [`NumberError`].
pub fn parse_decimal32(text: &str) -> Result<u32, NumberError> {
    let function = "ParseUint";
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax { function, text: text.to_owned() });
    }
    text.parse().map_err(|_| NumberError::Range { function, text: text.to_owned() })
}

fn magnitude(digits: &str, function: &'static str, text: &str) -> Result<u64, NumberError> {
    let syntax = || NumberError::Syntax { function, text: text.to_owned() };
    let lower = digits.to_ascii_lowercase();
    let (base, body) = match lower.as_bytes() {
        [b'0', b'x', _, ..] => (16, &lower[2..]),
        [b'0', b'o', _, ..] => (8, &lower[2..]),
        [b'0', b'b', _, ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let mut value = 0u64;
    // Underscores must stand between digits; a base prefix counts as one.
    let mut last_was_digit = base != 10;
    if body.is_empty() {
        return Err(syntax());
    }
    for c in body.chars() {
        if c == '_' {
            if !last_was_digit {
                return Err(syntax());
            }
            last_was_digit = false;
            continue;
        }
        let digit = c.to_digit(base).ok_or_else(syntax)?;
        last_was_digit = true;
        value = value
            .checked_mul(u64::from(base))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .ok_or_else(|| NumberError::Range { function, text: text.to_owned() })?;
    }
    if last_was_digit { Ok(value) } else { Err(syntax()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bases_and_underscores() {
        for (text, value) in
            [("0", 0), ("0x0", 0), ("-3", -3), ("+7", 7), ("010", 8), ("0b101", 5), ("0o17", 15), ("1_000", 1000), ("0x_f", 15), ("0_1", 1)]
        {
            assert_eq!(parse_int(text).unwrap(), value, "{text}");
        }
        assert_eq!(parse_int("-9223372036854775808").unwrap(), i64::MIN);
        assert_eq!(parse_uint("18446744073709551615").unwrap(), u64::MAX);
    }

    #[test]
    fn errors_are_gos() {
        for text in ["", "-", "abc", "1__0", "_1", "1_", "0x", "0x1g", "08", "é", "--1"] {
            assert!(matches!(parse_int(text), Err(NumberError::Syntax { .. })), "{text}");
        }
        assert_eq!(
            parse_int("99999999999999999999").unwrap_err().to_string(),
            r#"strconv.ParseInt: parsing "99999999999999999999": value out of range"#
        );
        assert_eq!(parse_uint("-1").unwrap_err().to_string(), r#"strconv.ParseUint: parsing "-1": invalid syntax"#);
        assert!(parse_bool("yes").is_err() && parse_bool("").is_err() && parse_bool("tRUE").is_err());
    }
}
