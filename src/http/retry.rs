//! When to try again.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::ambient::Deadline;

/// How often and how soon a request is sent again. The default is four attempts, half a second after the first and twice as long after each,
/// with jitter; a server's `Retry-After` is heeded up to a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is sent at most, the first time included.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles from there.
    pub first_wait: Duration,
    /// The longest wait that a server may ask for; where it asks for more its answer is final.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(60) }
    }
}

impl RetryPolicy {
    /// How long to wait after `attempt` (from 1) failed; `None` where it was the last, or where the deadline comes first. `jitter` is a random byte.
    pub fn wait(&self, attempt: u32, retry_after: Option<Duration>, jitter: u8, deadline: Deadline) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let back_off = self.first_wait.saturating_mul(1 << attempt.saturating_sub(1).min(10));
        // Between half and one and a half times the back-off, so that many clients do not come back at once.
        let jittered = back_off / 2 + back_off * u32::from(jitter) / 255;
        let wait = match retry_after {
            Some(asked) if asked > self.longest_wait => return None,
            Some(asked) => asked + jittered / 4,
            None => jittered,
        };
        deadline.remaining().is_none_or(|left| wait < left).then_some(wait)
    }
}

/// Whether an answer of that status may be another one later: the statuses that go-containerregistry retries.
pub fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 499 | 500 | 502 | 503 | 504 | 522)
}

/// What `Retry-After` asks for: seconds or a date (RFC 9110 section 10.2.3); a date in the past is no wait.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    Some(SystemTime::from(date).duration_since(now).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_are_jittered_and_end() {
        let policy = RetryPolicy::default();
        let wait = |attempt, jitter| policy.wait(attempt, None, jitter, Deadline::NEVER);
        assert_eq!(wait(1, 0), Some(Duration::from_millis(250)));
        assert_eq!(wait(1, 255), Some(Duration::from_millis(750)));
        assert_eq!(wait(2, 0), Some(Duration::from_millis(500)));
        assert_eq!(wait(4, 0), None);
    }

    #[test]
    fn a_server_is_heeded_but_not_for_ever_nor_beyond_the_deadline() {
        let policy = RetryPolicy::default();
        let asked = |seconds, deadline| policy.wait(1, Some(Duration::from_secs(seconds)), 0, deadline);
        assert!(asked(2, Deadline::NEVER).is_some_and(|wait| wait >= Duration::from_secs(2)));
        assert_eq!(asked(61, Deadline::NEVER), None);
        assert_eq!(asked(2, Deadline::after(Duration::from_secs(1))), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let parse = |value: &'static str| {
            let headers = [(RETRY_AFTER, reqwest::header::HeaderValue::from_static(value))].into_iter().collect();
            retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770))
        };
        assert_eq!(parse("7"), Some(Duration::from_secs(7)));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(parse("Sat, 05 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(parse("soon"), None);
        assert_eq!(parse("99999999999999999999999"), None);
    }
}
