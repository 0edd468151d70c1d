//! When a command has to be over.

use std::time::{Duration, Instant};

/// The moment at which a command gives up; perhaps never.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deadline(Option<Instant>);

/// The deadline has passed. Displays as Go's `context.DeadlineExceeded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("context deadline exceeded")]
pub struct DeadlineExceeded;

impl Deadline {
    /// No deadline.
    pub const NEVER: Self = Self(None);

    /// A deadline `timeout` from now; one too far away to count never comes.
    pub fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// The moment itself; `None` for never.
    pub fn instant(self) -> Option<Instant> {
        self.0
    }

    /// How long is left; `None` for as long as it takes, zero when it has passed.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|moment| moment.saturating_duration_since(Instant::now()))
    }

    /// Fails once the moment has come.
    ///
    /// # Errors
    /// [`DeadlineExceeded`].
    pub fn check(self) -> Result<(), DeadlineExceeded> {
        if self.remaining().is_some_and(|left| left.is_zero()) { Err(DeadlineExceeded) } else { Ok(()) }
    }
}
