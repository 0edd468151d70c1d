//! Exact numbers with CUE's two kinds: `1` is an int, `1.0` a float, and they are not the same value.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::{BigInt, Sign};

/// The largest exponent, either way, as in Go's `apd`.
const MAX_EXPONENT: i64 = 100_000;
/// How many digits a float keeps.
const PRECISION: u64 = 34;
/// How many bits an int may have.
const MAX_BITS: u64 = 1 << 20;

/// `coefficient × 10^exponent`; the exponent of an int is never negative.
#[derive(Debug, Clone)]
pub(super) struct Number {
    coefficient: BigInt,
    exponent: i64,
    float: bool,
}

impl Number {
    /// The int `value`.
    pub fn int(value: i64) -> Self {
        Self::from_int(BigInt::from(value))
    }

    fn from_int(coefficient: BigInt) -> Self {
        Self { coefficient, exponent: 0, float: false }
    }

    /// Reads a literal of CUE or JSON, sign included; `None` for what is none or too large.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let mut number = Self::parse_unsigned(digits)?;
        if negative {
            number.coefficient = -number.coefficient;
        }
        Some(number)
    }

    fn parse_unsigned(text: &str) -> Option<Self> {
        for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)] {
            if let Some(digits) = text.strip_prefix(prefix) {
                let digits = without_separators(digits)?;
                return BigInt::parse_bytes(digits.as_bytes(), radix).filter(|int| int.bits() <= MAX_BITS).map(Self::from_int);
            }
        }
        let (digits, multiplier) = split_multiplier(text);
        let (mantissa, power) = match digits.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, Some(power.parse::<i64>().ok()?)),
            None => (digits, None),
        };
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
        if whole.len() > 1 && whole.starts_with('0') && fraction.is_none() && power.is_none() {
            return None;
        }
        let fraction_digits = if let Some(fraction) = fraction { without_separators(fraction)? } else { String::new() };
        let all = without_separators(whole)? + &fraction_digits;
        if all.is_empty() || all.len() > MAX_EXPONENT as usize || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let exponent = power.unwrap_or(0).checked_sub(i64::try_from(fraction_digits.len()).ok()?)?;
        if exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let coefficient = all.parse::<BigInt>().ok()?;
        match multiplier {
            Some(multiplier) if power.is_none() => Self { coefficient: coefficient * multiplier, exponent, float: false }.whole(),
            Some(_) => None,
            None => Some(Self { coefficient, exponent, float: fraction.is_some() || power.is_some() }),
        }
    }

    /// As an int, where nothing is lost.
    fn whole(self) -> Option<Self> {
        let scaled = if self.exponent >= 0 {
            self.coefficient * power_of_ten(self.exponent)
        } else {
            let divisor = power_of_ten(-self.exponent);
            if &self.coefficient % &divisor != BigInt::ZERO {
                return None;
            }
            self.coefficient / divisor
        };
        Some(Self::from_int(scaled))
    }

    /// Whether it is a float.
    pub fn is_float(&self) -> bool {
        self.float
    }

    /// As a count, if it is an int that fits.
    pub fn to_usize(&self) -> Option<usize> {
        if self.float { None } else { usize::try_from(&self.coefficient).ok() }
    }

    /// As an `i64`, if it is an int that fits.
    pub fn to_i64(&self) -> Option<i64> {
        if self.float { None } else { i64::try_from(&self.coefficient).ok() }
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.coefficient.sign() == Sign::Minus
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.coefficient.sign() == Sign::NoSign
    }

    /// Compares the values, whatever the kinds.
    pub fn compare(&self, other: &Self) -> Ordering {
        let order = self.coefficient.sign().cmp(&other.coefficient.sign());
        if order != Ordering::Equal || self.is_zero() {
            return order;
        }
        let magnitude = |number: &Self| digits(&number.coefficient) + number.exponent;
        let (left, right) = (magnitude(self), magnitude(other));
        if (left - right).abs() > 1 {
            return if (left > right) == self.is_negative() { Ordering::Less } else { Ordering::Greater };
        }
        let (left, right, _) = aligned(self, other);
        left.cmp(&right)
    }

    /// The negation.
    pub fn negated(&self) -> Self {
        Self { coefficient: -&self.coefficient, ..self.clone() }
    }

    /// The sum; a float if either is one.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let (left, right, exponent) = aligned(self, other);
        self.combined(other, left + right, exponent)
    }

    /// The difference; a float if either is one.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        let (left, right, exponent) = aligned(self, other);
        self.combined(other, left - right, exponent)
    }

    /// The product; a float if either is one.
    pub fn times(&self, other: &Self) -> Option<Self> {
        self.combined(other, &self.coefficient * &other.coefficient, self.exponent + other.exponent)
    }

    fn combined(&self, other: &Self, coefficient: BigInt, exponent: i64) -> Option<Self> {
        let number = Self { coefficient, exponent, float: self.float || other.float };
        if number.float { number.rounded() } else { Some(number).filter(|int| int.coefficient.bits() <= MAX_BITS) }
    }

    /// The quotient, always a float; `None` for a division by zero.
    pub fn over(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let places = (PRECISION as i64 + 2 + digits(&other.coefficient) - digits(&self.coefficient)).max(0);
        let scaled = &self.coefficient * power_of_ten(places);
        let mut quotient = &scaled / &other.coefficient;
        let mut exponent = self.exponent - other.exponent - places;
        if &scaled % &other.coefficient != BigInt::ZERO {
            // One digit more than any that rounding looks at says that the quotient goes on.
            let towards = if (scaled.sign() == Sign::Minus) == (other.coefficient.sign() == Sign::Minus) { 1 } else { -1 };
            quotient = quotient * 10 + towards;
            exponent -= 1;
        }
        Self { coefficient: quotient, exponent, float: true }.rounded()
    }

    /// `div` and `mod` (Euclidean) of ints; `None` by zero.
    pub fn euclidean(&self, other: &Self) -> Option<(Self, Self)> {
        let (quotient, remainder) = self.truncated(other)?;
        if !remainder.is_negative() {
            return Some((quotient, remainder));
        }
        let step: i64 = if other.is_negative() { -1 } else { 1 };
        let remainder = Self::from_int(remainder.coefficient + &other.coefficient * step);
        Some((Self::from_int(quotient.coefficient - step), remainder))
    }

    /// `quo` and `rem` (truncated) of ints; `None` by zero.
    pub fn truncated(&self, other: &Self) -> Option<(Self, Self)> {
        if other.is_zero() {
            return None;
        }
        let quotient = Self::from_int(&self.coefficient / &other.coefficient);
        Some((quotient, Self::from_int(&self.coefficient % &other.coefficient)))
    }

    /// The next whole number at or below (`down`) or at or above it.
    pub fn to_whole(&self, down: bool) -> Self {
        if self.exponent >= 0 {
            return Self { coefficient: &self.coefficient * power_of_ten(self.exponent), exponent: 0, float: self.float };
        }
        let divisor = power_of_ten(-self.exponent);
        let mut coefficient = &self.coefficient / &divisor;
        if &self.coefficient % &divisor != BigInt::ZERO {
            match (down, self.is_negative()) {
                (true, true) => coefficient -= 1,
                (false, false) => coefficient += 1,
                _ => {}
            }
        }
        Self { coefficient, exponent: 0, float: self.float }
    }

    /// The same value as an int; only for whole numbers.
    pub fn as_int(&self) -> Self {
        Self { float: false, ..self.to_whole(true) }
    }

    /// Rounds half up to the digits that a float keeps.
    fn rounded(mut self) -> Option<Self> {
        let excess = digits(&self.coefficient) - PRECISION as i64;
        if excess > 0 {
            let divisor = power_of_ten(excess);
            let remainder: BigInt = &self.coefficient % &divisor;
            self.coefficient /= &divisor;
            if remainder.magnitude() * 2u8 >= *divisor.magnitude() {
                self.coefficient += if remainder.sign() == Sign::Minus { -1 } else { 1 };
            }
            self.exponent += excess;
        }
        Some(self).filter(|number| number.exponent.abs() <= MAX_EXPONENT)
    }
}

/// Same kind and same value.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.float == other.float && self.compare(other) == Ordering::Equal
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let negative = if self.is_negative() { "-" } else { "" };
        let digits = self.coefficient.magnitude().to_string();
        let adjusted = self.exponent + digits.len() as i64 - 1;
        if self.exponent == 0 {
            return write!(f, "{negative}{digits}");
        }
        if self.exponent < 0 && adjusted >= -6 {
            let places = usize::try_from(-self.exponent).unwrap_or(0);
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            return write!(f, "{negative}{whole}.{fraction}");
        }
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{negative}{first}{point}{rest}E{adjusted:+}")
    }
}

fn aligned(left: &Number, right: &Number) -> (BigInt, BigInt, i64) {
    let exponent = left.exponent.min(right.exponent);
    let scale = |number: &Number| &number.coefficient * power_of_ten(number.exponent - exponent);
    (scale(left), scale(right), exponent)
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10u8).pow(u32::try_from(exponent.clamp(0, 2 * MAX_EXPONENT + 100)).unwrap_or(0))
}

/// The number of decimal digits; 1 for zero.
fn digits(coefficient: &BigInt) -> i64 {
    if coefficient.bits() <= 60 {
        let mut magnitude = coefficient.magnitude().iter_u64_digits().next().unwrap_or(0);
        let mut count = 1;
        while magnitude >= 10 {
            magnitude /= 10;
            count += 1;
        }
        return count;
    }
    coefficient.magnitude().to_string().len() as i64
}

/// Digits without `_`, which stands only between two of them.
fn without_separators(digits: &str) -> Option<String> {
    let odd = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    (!odd).then(|| digits.replace('_', ""))
}

/// `K`, `Ki`, `M`, … behind an int.
fn split_multiplier(text: &str) -> (&str, Option<BigInt>) {
    let (rest, base) = text.strip_suffix('i').map_or((text, 1000u32), |rest| (rest, 1024));
    for (power, letter) in ['K', 'M', 'G', 'T', 'P'].into_iter().enumerate() {
        if let Some(digits) = rest.strip_suffix(letter) {
            return (digits, Some(BigInt::from(base).pow(u32::try_from(power).unwrap_or(0) + 1)));
        }
    }
    (text, None)
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
