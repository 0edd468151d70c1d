//! Moments and spans of time. Zones and calendars are not here: they would need the database of time zones in this program.

use regorus::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Function, text};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[("time.parse_rfc3339_ns", 1, |values| {
    Some(Value::from(OffsetDateTime::parse(text(values, 0)?, &Rfc3339).ok()?.unix_timestamp_nanos()))
})];
