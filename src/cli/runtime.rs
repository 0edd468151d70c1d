//! The asynchronous runtime, made only for commands that talk to something.

use std::future::Future;

use super::error::CommandError;
#[cfg(unix)]
use super::signals::Signals;
use crate::ambient::{Context, DeadlineExceeded};

/// Runs `work` to its end, or to the deadline of `context`. A signal that ends the process drops `work` first, so that temporary files and
/// locks go with it.
///
/// # Errors
/// What `work` fails with, or the deadline.
pub fn block_on<T>(context: &Context, work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    #[cfg(unix)]
    let mut signals = Signals::watch()?;
    let limited = async {
        match context.deadline.instant() {
            None => work.await,
            Some(moment) => match tokio::time::timeout_at(moment.into(), work).await {
                Ok(result) => result,
                Err(_) => Err(DeadlineExceeded.into()),
            },
        }
    };
    #[cfg(unix)]
    let result = runtime.block_on(async {
        tokio::select! {
            result = limited => Ok(result),
            signal = signals.next() => Err(signal),
        }
    });
    #[cfg(not(unix))]
    let result: Result<_, std::convert::Infallible> = Ok(runtime.block_on(limited));
    match result {
        Ok(result) => result,
        #[cfg(unix)]
        Err(signal) => {
            // What still runs on other threads is not waited for.
            runtime.shutdown_background();
            Err(signal.end_process().into())
        }
    }
}
