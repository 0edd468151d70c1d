//! Durations as Go's `time.ParseDuration` reads them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::ambient::Deadline;

/// A duration in nanoseconds; it may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(i64);

impl GoDuration {
    /// Whole nanoseconds.
    pub fn nanoseconds(self) -> i64 {
        self.0
    }

    /// As the standard library's duration; a negative one is zero.
    pub fn at_least_zero(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// The deadline that lies so far from now; zero or less has passed already.
    pub fn deadline(self) -> Deadline {
        Deadline::after(self.at_least_zero())
    }
}

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not written as one, or too long.
    #[error("time: invalid duration {}", Quoted(.0))]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {}", Quoted(.0))]
    MissingUnit(String),
    /// A unit that is none.
    #[error("time: unknown unit {} in duration {}", Quoted(.unit), Quoted(.text))]
    UnknownUnit {
        /// What stands where the unit should.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// Go's package `time` quotes in its own way: everything that is not printable ASCII byte by byte.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for byte in self.0.bytes() {
            match byte {
                b'"' | b'\\' => write!(f, "\\{}", byte as char)?,
                b' '..=b'~' => write!(f, "{}", byte as char)?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        f.write_str("\"")
    }
}

const MAX: u64 = 1 << 63;

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0u64;
        while !rest.is_empty() {
            let (part, remaining) = Part::read(rest, text)?;
            rest = remaining;
            total = part.nanoseconds().and_then(|value| total.checked_add(value)).filter(|sum| *sum <= MAX).ok_or_else(invalid)?;
        }
        if negative {
            return 0i64.checked_sub_unsigned(total).map(Self).ok_or_else(invalid);
        }
        i64::try_from(total).map(Self).map_err(|_| invalid())
    }
}

/// One number with its unit.
struct Part {
    whole: u64,
    fraction: u64,
    scale: f64,
    unit: u64,
}

impl Part {
    fn read<'a>(rest: &'a str, text: &str) -> Result<(Self, &'a str), DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (digits, after) = split_at(rest, |byte| !byte.is_ascii_digit());
        let whole = if digits.is_empty() { 0 } else { digits.parse().ok().filter(|value| *value <= MAX).ok_or_else(invalid)? };
        let (decimals, after) = match after.strip_prefix('.') {
            Some(after) => split_at(after, |byte| !byte.is_ascii_digit()),
            None => ("", after),
        };
        if digits.is_empty() && decimals.is_empty() {
            return Err(invalid());
        }
        let (fraction, scale) = fraction(decimals);
        let (name, after) = split_at(after, |byte| byte == b'.' || byte.is_ascii_digit());
        let unit = match name {
            "" => return Err(DurationError::MissingUnit(text.to_owned())),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(DurationError::UnknownUnit { unit: name.to_owned(), text: text.to_owned() }),
        };
        Ok((Self { whole, fraction, scale, unit }, after))
    }

    /// `None` when it is too long to count.
    fn nanoseconds(&self) -> Option<u64> {
        let whole = self.whole.checked_mul(self.unit).filter(|value| *value <= MAX)?;
        // Go computes the fraction in floating point too; it is less than one unit.
        let fraction = (self.fraction as f64 * (self.unit as f64 / self.scale)) as u64;
        whole.checked_add(fraction).filter(|value| *value <= MAX)
    }
}

/// As many decimals as fit; the rest no longer matters.
fn fraction(decimals: &str) -> (u64, f64) {
    let (mut value, mut scale) = (0u64, 1.0);
    for digit in decimals.bytes() {
        let Some(next) = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0'))) else { break };
        if next > MAX {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value, scale)
}

fn split_at(text: &str, stop: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(stop).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn durations_that_are_taken() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("3m0s", 180_000_000_000),
            ("-1s", -1_000_000_000),
            ("1h1m1s1ms1us1ns", 3_661_001_001_001),
            ("1.5s", 1_500_000_000),
            (".5m", 30_000_000_000),
            ("2.µs", 2_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ] {
            assert_eq!(text.parse::<GoDuration>().unwrap().nanoseconds(), nanoseconds, "{text}");
        }
        assert!("-1s".parse::<GoDuration>().unwrap().deadline().check().is_err());
    }

    #[test]
    fn errors_are_gos() {
        for (text, error) in [
            ("abc", r#"time: invalid duration "abc""#),
            ("", r#"time: invalid duration """#),
            ("-", r#"time: invalid duration "-""#),
            (".s", r#"time: invalid duration ".s""#),
            ("5", r#"time: missing unit in duration "5""#),
            ("1x", r#"time: unknown unit "x" in duration "1x""#),
            ("1é", r#"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#),
            ("99999999999h", r#"time: invalid duration "99999999999h""#),
            ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
        ] {
            assert_eq!(text.parse::<GoDuration>().unwrap_err().to_string(), error);
        }
    }
}
