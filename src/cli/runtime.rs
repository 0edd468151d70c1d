//! The asynchronous runtime, made only for commands that talk to something.

use std::future::Future;

use super::error::CommandError;
use crate::ambient::{Context, DeadlineExceeded};

/// Runs `work` to its end, or to the deadline of `context`.
///
/// # Errors
/// What `work` fails with, or the deadline.
pub fn block_on(context: &Context, work: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match context.deadline.instant() {
            None => work.await,
            Some(moment) => match tokio::time::timeout_at(moment.into(), work).await {
                Ok(result) => result,
                Err(_) => Err(DeadlineExceeded.into()),
            },
        }
    })
}
