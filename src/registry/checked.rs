//! Blobs as streams: checked while they pass, and a pipe from the one repository to the other.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{mpsc, oneshot};

use super::RegistryError;
use crate::crypto::{Digest, Hasher};
use crate::format::oci::Descriptor;
use crate::http::{Sink, Source};

/// How many pieces wait between reading and sending.
const WAITING: usize = 4;

/// Passes on what it gets, the last piece only when size and digest are right.
pub struct Checked {
    what: String,
    digest: Digest,
    size: u64,
    state: Mutex<State>,
    next: Arc<dyn Sink>,
}

struct State {
    hasher: Hasher,
    passed: u64,
    held: Option<Bytes>,
}

impl State {
    fn new(digest: &Digest) -> Self {
        Self { hasher: Hasher::new(digest.algorithm()), passed: 0, held: None }
    }
}

/// The digest and the size of a blob.
///
/// # Errors
/// The descriptor has none; `what` is the repository, for the message.
pub fn extent(what: &str, descriptor: &Descriptor) -> Result<(Digest, u64), RegistryError> {
    let malformed = |reason: &str| RegistryError::Malformed { what: format!("descriptor in {what}"), reason: reason.to_owned() };
    let digest = descriptor.parsed_digest().ok_or_else(|| malformed("its digest is none"))?;
    let size = u64::try_from(descriptor.size).map_err(|_| malformed("its size is negative"))?;
    Ok((digest, size))
}

impl Checked {
    /// Checks that what goes to `next` is the blob `digest` of `size` bytes; `what` names it.
    pub fn new(what: String, (digest, size): (Digest, u64), next: Arc<dyn Sink>) -> Self {
        let state = Mutex::new(State::new(&digest));
        Self { what, digest, size, state, next }
    }

    /// Passes the last piece on, where all of it is right.
    ///
    /// # Errors
    /// It is not, or cannot be kept.
    pub async fn finish(&self) -> Result<(), RegistryError> {
        let (state, held) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let held = state.held.take();
            (std::mem::replace(&mut *state, State::new(&self.digest)), held)
        };
        if state.passed != self.size {
            let expected = i64::try_from(self.size).unwrap_or(i64::MAX);
            return Err(RegistryError::SizeMismatch { what: self.what.clone(), expected, actual: state.passed });
        }
        let actual = state.hasher.finish();
        if actual != self.digest {
            let (what, expected) = (self.what.clone(), self.digest.clone());
            return Err(RegistryError::DigestMismatch { what, expected, actual: actual.to_string() });
        }
        match held {
            Some(last) => self.next.take(last).await.map_err(|error| self.not_kept(&error)),
            None => Ok(()),
        }
    }

    fn not_kept(&self, error: &io::Error) -> RegistryError {
        RegistryError::NotWritten { what: self.what.clone(), reason: error.to_string() }
    }
}

#[async_trait]
impl Sink for Checked {
    async fn start(&self) -> io::Result<()> {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::new(&self.digest);
        self.next.start().await
    }

    fn restarts(&self) -> bool {
        self.next.restarts()
    }

    async fn take(&self, piece: Bytes) -> io::Result<()> {
        let before = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.hasher.update(&piece);
            state.passed += piece.len() as u64;
            state.held.replace(piece)
        };
        match before {
            Some(before) => self.next.take(before).await,
            None => Ok(()),
        }
    }
}

/// The end of a pipe into which a blob is read.
pub struct PipeIn {
    pieces: mpsc::Sender<Bytes>,
    started: Mutex<Option<oneshot::Sender<()>>>,
}

/// The end of a pipe from which a blob is sent.
pub struct PipeOut {
    size: u64,
    is_shown: bool,
    pieces: Mutex<Option<mpsc::Receiver<Bytes>>>,
}

/// A pipe for `size` bytes. The receiver at last gets word when there is something to be sent.
pub fn pipe(size: u64, is_shown: bool) -> (Arc<PipeIn>, Arc<PipeOut>, oneshot::Receiver<()>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let (started, starts) = oneshot::channel();
    let out = PipeOut { size, is_shown, pieces: Mutex::new(Some(receiver)) };
    (Arc::new(PipeIn { pieces: sender, started: Mutex::new(Some(started)) }), Arc::new(out), starts)
}

#[async_trait]
impl Sink for PipeIn {
    async fn start(&self) -> io::Result<()> {
        if let Some(started) = self.started.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = started.send(());
        }
        Ok(())
    }

    async fn take(&self, piece: Bytes) -> io::Result<()> {
        self.pieces.send(piece).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Source for PipeOut {
    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let receiver = self.pieces.lock().unwrap_or_else(PoisonError::into_inner).take();
        let left = self.size;
        // What ends early must not look whole.
        let next = |(receiver, left): (Option<mpsc::Receiver<Bytes>>, u64)| async move {
            if left == 0 {
                return None;
            }
            let mut receiver = receiver?;
            match receiver.recv().await {
                Some(piece) => {
                    let left = left.saturating_sub(piece.len() as u64);
                    Some((Ok(piece), (Some(receiver), left)))
                }
                None => Some((Err(io::ErrorKind::UnexpectedEof.into()), (None, 1))),
            }
        };
        match receiver {
            Some(receiver) => stream::unfold((Some(receiver), left), next).boxed(),
            // Sent once already.
            None => stream::iter([Err(io::ErrorKind::BrokenPipe.into())]).boxed(),
        }
    }

    fn is_shown(&self) -> bool {
        self.is_shown
    }
}

/// Keeps what it takes, for tests.
#[cfg(test)]
#[derive(Default)]
pub(super) struct Kept(pub(super) Mutex<Vec<u8>>);

#[cfg(test)]
#[async_trait]
impl Sink for Kept {
    async fn take(&self, piece: Bytes) -> io::Result<()> {
        self.0.lock().map_err(|_| io::Error::other("poisoned"))?.extend_from_slice(&piece);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn passes(pieces: &[&'static [u8]], digest: Digest, size: u64) -> (Result<(), RegistryError>, Vec<u8>) {
        let kept = Arc::new(Kept::default());
        let checked = Checked::new("blob".to_owned(), (digest, size), kept.clone());
        checked.start().await.unwrap();
        for piece in pieces {
            checked.take(Bytes::from_static(piece)).await.unwrap();
        }
        let result = checked.finish().await;
        (result, kept.0.lock().unwrap().clone())
    }

    #[tokio::test]
    async fn what_is_wrong_is_never_whole() {
        let digest = Digest::sha256(b"abcd");
        let (result, kept) = passes(&[b"ab", b"cd"], digest.clone(), 4).await;
        assert!(result.is_ok() && kept == b"abcd");
        let (result, kept) = passes(&[b"ab", b"cx"], digest.clone(), 4).await;
        assert!(matches!(result, Err(RegistryError::DigestMismatch { .. })) && kept == b"ab");
        let (result, kept) = passes(&[b"abcd", b"e"], digest.clone(), 4).await;
        assert!(matches!(result, Err(RegistryError::SizeMismatch { actual: 5, .. })) && kept == b"abcd");
        let (result, kept) = passes(&[b"abc"], digest, 4).await;
        assert!(matches!(result, Err(RegistryError::SizeMismatch { actual: 3, .. })) && kept.is_empty());
        let (result, _) = passes(&[], Digest::sha256(b""), 0).await;
        assert!(result.is_ok());
    }

    #[tokio::test]
    async fn a_pipe_that_ends_early_ends_with_an_error() {
        let (sink, source, _) = pipe(4, true);
        sink.take(Bytes::from_static(b"ab")).await.unwrap();
        drop(sink);
        let pieces: Vec<_> = source.open().collect().await;
        assert!(pieces.len() == 2 && pieces[1].is_err());
        assert!(source.open().next().await.unwrap().is_err(), "there is no second time");
        let (sink, source, started) = pipe(4, true);
        sink.start().await.unwrap();
        started.await.unwrap();
        sink.take(Bytes::from_static(b"abcd")).await.unwrap();
        let pieces: Vec<_> = source.open().collect().await;
        assert!(pieces.len() == 1 && pieces[0].is_ok(), "whole, though the sender is still there");
        drop(source);
        assert!(sink.take(Bytes::from_static(b"x")).await.is_err());
    }
}
