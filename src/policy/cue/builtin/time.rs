//! The package `time`: RFC 3339 and its like, as Go reads and writes them.

use std::rc::Rc;

use ::time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::{Call, Function, Kinds, Member, int, text};
use crate::policy::cue::data::Data;

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";
const RFC3339_DATE: &str = "2006-01-02";

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "time.Time", parameters: &[Kinds::TEXT], call: Call::Check(is_time) },
    Function { name: "time.Format", parameters: &[Kinds::TEXT, Kinds::TEXT], call: Call::Check(has_format) },
    Function { name: "time.Parse", parameters: &[Kinds::TEXT, Kinds::TEXT], call: Call::Value(parse) },
    Function { name: "time.Unix", parameters: &[Kinds::INT, Kinds::INT], call: Call::Value(unix) },
];

/// A constant of the package.
pub(super) fn constant(name: &str) -> Option<Member> {
    let int = Member::Int;
    Some(match name {
        "RFC3339" => Member::Text(RFC3339),
        "RFC3339Nano" => Member::Text(RFC3339_NANO),
        "RFC3339Date" => Member::Text(RFC3339_DATE),
        "Nanosecond" => int(1),
        "Microsecond" => int(1_000),
        "Millisecond" => int(1_000_000),
        "Second" => int(1_000_000_000),
        "Minute" => int(60_000_000_000),
        "Hour" => int(3_600_000_000_000),
        _ => return None,
    })
}

fn is_time(arguments: &[Rc<Data>]) -> Result<bool, String> {
    let value = text(arguments, 0);
    read(RFC3339_NANO, value).map(|_| true).map_err(|_| invalid(value))
}

fn has_format(arguments: &[Rc<Data>]) -> Result<bool, String> {
    let value = text(arguments, 0);
    match read(text(arguments, 1), value) {
        Ok(_) => Ok(true),
        Err(Refusal::Layout(layout)) => Err(layout),
        Err(Refusal::Value) => Err(invalid(value)),
    }
}

fn parse(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let value = text(arguments, 1);
    match read(text(arguments, 0), value) {
        Ok(time) => Ok(Data::Text(written(time)?.into())),
        Err(Refusal::Layout(layout)) => Err(layout),
        Err(Refusal::Value) => Err(invalid(value)),
    }
}

fn unix(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let nanoseconds = i128::from(int(arguments, 0)?) * 1_000_000_000 + i128::from(int(arguments, 1)?);
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).map_err(|_| "time out of range".to_owned())?;
    Ok(Data::Text(written(time)?.into()))
}

fn invalid(value: &str) -> String {
    format!("invalid time \"{}\"", crate::encoding::text::quote(value))
}

/// Why a time was not read.
enum Refusal {
    Layout(String),
    Value,
}

/// Reads `value` by one of the three layouts known here; Go takes a fraction of a second with each that has seconds.
fn read(layout: &str, value: &str) -> Result<OffsetDateTime, Refusal> {
    match layout {
        RFC3339 | RFC3339_NANO => date_time(value).ok_or(Refusal::Value),
        RFC3339_DATE => {
            let time = (value.len() == 10).then(|| date(value)).flatten().ok_or(Refusal::Value)?;
            Ok(PrimitiveDateTime::new(time, Time::MIDNIGHT).assume_utc())
        }
        other => Err(Refusal::Layout(format!("the time layout \"{}\" is not supported", crate::encoding::text::quote(other)))),
    }
}

fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn date(text: &str) -> Option<Date> {
    let (year, month, day) = (text.get(..4)?, text.get(5..7)?, text.get(8..10)?);
    if text.as_bytes()[4] != b'-' || text.as_bytes()[7] != b'-' {
        return None;
    }
    let month = Month::try_from(u8::try_from(digits(month)?).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(digits(year)?).ok()?, month, u8::try_from(digits(day)?).ok()?).ok()
}

fn date_time(text: &str) -> Option<OffsetDateTime> {
    let day = date(text)?;
    let rest = text.get(10..)?.strip_prefix('T')?;
    let clock = rest.get(..8)?;
    if clock.as_bytes()[2] != b':' || clock.as_bytes()[5] != b':' {
        return None;
    }
    let part = |range: std::ops::Range<usize>| clock.get(range).and_then(digits).and_then(|value| u8::try_from(value).ok());
    let (nanoseconds, zone) = fraction(rest.get(8..)?)?;
    let time = Time::from_hms_nano(part(0..2)?, part(3..5)?, part(6..8)?, nanoseconds).ok()?;
    Some(PrimitiveDateTime::new(day, time).assume_offset(offset(zone)?))
}

/// `.digits` or `,digits`, cut at nanoseconds, and what follows.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix(['.', ',']) else { return Some((0, text)) };
    let end = rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let kept = &rest[..end.min(9)];
    if kept.is_empty() {
        return None;
    }
    Some((format!("{kept:0<9}").parse().ok()?, &rest[end..]))
}

fn offset(zone: &str) -> Option<UtcOffset> {
    if zone == "Z" {
        return Some(UtcOffset::UTC);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if zone.len() != 6 || zone.as_bytes()[3] != b':' {
        return None;
    }
    let hours = i8::try_from(digits(zone.get(1..3)?)?).ok().filter(|hours| *hours <= 24)?;
    let minutes = i8::try_from(digits(zone.get(4..6)?)?).ok().filter(|minutes| *minutes <= 60)?;
    UtcOffset::from_hms(hours * sign, minutes * sign, 0).ok()
}

/// In UTC, with as much of a fraction as there is.
fn written(time: OffsetDateTime) -> Result<String, String> {
    let out_of_range = || "time out of range".to_owned();
    let utc = time.checked_to_offset(UtcOffset::UTC).ok_or_else(out_of_range)?;
    let (year, month, day) = (utc.year(), u8::from(utc.month()), utc.day());
    let whole = format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", utc.hour(), utc.minute(), utc.second());
    let fraction = format!("{:09}", utc.nanosecond());
    let fraction = fraction.trim_end_matches('0');
    Ok(if fraction.is_empty() { format!("{whole}Z") } else { format!("{whole}.{fraction}Z") })
}
