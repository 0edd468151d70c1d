//! Long transfers of blobs, shown as they go.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};

use super::exchange::{BodyKind, Request};
use super::stream::{Pulse, Source};
use crate::ambient::{Context, Progress};
use crate::encoding::text;

/// Smaller blobs are over before anybody wonders.
const LONG: u64 = 1 << 20;
/// How much is sent between two looks.
const PIECE: usize = 64 << 10;

/// The display for a blob of `size` bytes; `None` for what is short or no blob.
pub(super) fn shown(context: &Context, request: &Request, what: &str, size: u64) -> Option<Box<dyn Progress>> {
    if request.kind != BodyKind::Blob || size < LONG {
        return None;
    }
    let host = text::quote(request.url.host_str().unwrap_or_default());
    Some(context.ui.progress(&format!("{what} {} MiB ({host})", size >> 20), Some(size)))
}

/// A request's body; a long blob goes in pieces, its length said nevertheless.
pub(super) fn body(context: &Context, request: &Request, bytes: &Bytes, headers: &mut HeaderMap) -> reqwest::Body {
    let size = bytes.len() as u64;
    let Some(progress) = shown(context, request, "sending", size) else { return bytes.clone().into() };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    let progress: Arc<dyn Progress> = progress.into();
    let bytes = bytes.clone();
    let counted = (0..bytes.len()).step_by(PIECE).map(move |start| {
        let piece = bytes.slice(start..bytes.len().min(start + PIECE));
        progress.advance(piece.len() as u64);
        Ok::<_, std::convert::Infallible>(piece)
    });
    reqwest::Body::wrap_stream(stream::iter(counted))
}

/// A request's body that is made as it goes; `pulse` counts its pieces.
pub(super) fn streamed(context: &Context, request: &Request, source: &dyn Source, pulse: &Pulse, headers: &mut HeaderMap) -> reqwest::Body {
    let size = source.size();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    let progress = source.is_shown().then(|| shown(context, request, "sending", size)).flatten();
    let counted = pulse.count(source.open()).inspect(move |piece| {
        if let (Some(progress), Ok(piece)) = (&progress, piece) {
            progress.advance(piece.len() as u64);
        }
    });
    reqwest::Body::wrap_stream(counted)
}
