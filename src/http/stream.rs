//! Bodies that are never held whole: where an answer goes as it comes, and what a request sends as it goes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

/// How long an upload may stand still.
const STALLED: Duration = Duration::from_secs(300);

/// Takes the body of a successful answer, piece by piece.
#[async_trait]
pub trait Sink: Send + Sync {
    /// A successful answer begins; what came of one before it, which broke off, is void.
    ///
    /// # Errors
    /// Nobody wants it any more.
    async fn start(&self) -> io::Result<()> {
        Ok(())
    }

    /// Whether it can begin again where an answer breaks off.
    fn restarts(&self) -> bool {
        false
    }

    /// The next piece.
    ///
    /// # Errors
    /// It cannot be kept.
    async fn take(&self, piece: Bytes) -> io::Result<()>;
}

/// Gives the body of a request. A request with one is sent once: who made the source knows whether it can be had again.
pub trait Source: Send + Sync {
    /// How many bytes there will be.
    fn size(&self) -> u64;

    /// The pieces. An error among them ends the request before its body is whole.
    fn open(&self) -> BoxStream<'static, io::Result<Bytes>>;

    /// Whether its progress is shown to a person; not where that of what it comes from is.
    fn is_shown(&self) -> bool {
        true
    }
}

/// Counts what is sent, to notice when nothing is any more.
#[derive(Clone, Default)]
pub(super) struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// The same pieces, counted.
    pub(super) fn count(&self, pieces: BoxStream<'static, io::Result<Bytes>>) -> BoxStream<'static, io::Result<Bytes>> {
        let sent = self.0.clone();
        pieces
            .inspect(move |_| {
                sent.fetch_add(1, Ordering::Relaxed);
            })
            .boxed()
    }

    /// Ends when nothing was sent for so long.
    pub(super) async fn stops(&self) -> Duration {
        let mut before = None;
        loop {
            let now = Some(self.0.load(Ordering::Relaxed));
            if now == before {
                return STALLED;
            }
            before = now;
            tokio::time::sleep(STALLED).await;
        }
    }
}
