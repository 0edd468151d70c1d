//! A moment, in whole seconds since 1970 (UTC): what certificates, logs and time stamps speak of.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since 1970-01-01T00:00:00Z; negative before. Displays as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// Reads RFC 3339; fractions of a second are dropped, offsets applied. `None` when it is no such time.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        parse(text).map(|moment| Self(moment.unix_timestamp()))
    }

    /// As Go's `time.RFC822`: `22 Nov 26 15:47 UTC`. Empty for years that have no such form.
    pub fn to_rfc822(self) -> String {
        let Ok(moment) = OffsetDateTime::from_unix_timestamp(self.0) else { return String::new() };
        let month = moment.month().to_string();
        let year = moment.year().rem_euclid(100);
        format!("{:02} {} {year:02} {:02}:{:02} UTC", moment.day(), &month[..3], moment.hour(), moment.minute())
    }

    /// RFC 3339 as protobuf writes it: in UTC, with a fraction of no, three, six or nine digits. `None` when it is no such time.
    pub fn normalized(text: &str) -> Option<String> {
        let moment = parse(text)?;
        let seconds = Self(moment.unix_timestamp()).to_string();
        let nanoseconds = moment.nanosecond();
        let fraction = match nanoseconds {
            0 => return Some(seconds),
            n if n % 1_000_000 == 0 => format!("{:03}", n / 1_000_000),
            n if n % 1_000 == 0 => format!("{:06}", n / 1_000),
            n => format!("{n:09}"),
        };
        Some(format!("{}.{fraction}Z", seconds.trim_end_matches('Z')))
    }
}

/// RFC 3339 as Go and protobuf take it: `T` and `Z` in upper case, at most nanoseconds, from year 1 on.
fn parse(text: &str) -> Option<OffsetDateTime> {
    let fraction = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let strict = text.as_bytes().get(10) == Some(&b'T') && !text.contains('z') && fraction <= 9;
    OffsetDateTime::parse(text, &Rfc3339).ok().filter(|moment| strict && moment.year() >= 1)
}

impl From<SystemTime> for UnixTime {
    fn from(moment: SystemTime) -> Self {
        let seconds = match moment.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s),
        };
        Self(seconds)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match OffsetDateTime::from_unix_timestamp(self.0).ok().and_then(|moment| moment.format(&Rfc3339).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} seconds since 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_both_ways() {
        assert_eq!(UnixTime(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(UnixTime::parse_rfc3339("2026-01-01T01:00:00.5+01:00"), Some(UnixTime(1_767_225_600)));
        for no_time in [
            "yesterday",
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:00:00.1234567891Z",
            "0000-07-01T00:00:00Z",
        ] {
            assert_eq!(UnixTime::parse_rfc3339(no_time), None, "{no_time}");
        }
        assert_eq!(UnixTime::normalized("2026-01-01T01:00:00.25+01:00").as_deref(), Some("2026-01-01T00:00:00.250Z"));
        assert_eq!(UnixTime::normalized("2026-01-01T00:00:00.000001Z").as_deref(), Some("2026-01-01T00:00:00.000001Z"));
        assert_eq!(UnixTime::normalized("2026-01-01T00:00:00Z").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(UnixTime(i64::MAX).to_string(), "9223372036854775807 seconds since 1970");
    }
}
