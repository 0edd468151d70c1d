//! Copies a blob into a registry: mounted where it lies in the same one, else streamed from where it is.

use std::pin::pin;

use super::remote::RemoteRepository;
use super::{BlobSource, RegistryError, Repository, checked, limits, upload};
use crate::crypto::Digest;
use crate::format::oci::Descriptor;
use crate::http::{BodyKind, HttpError, Method, Request, Response, Url, retry};

/// Makes sure that `to` has the blob, which `from` has.
pub async fn into(to: &RemoteRepository, descriptor: &Descriptor, from: &dyn BlobSource) -> Result<(), RegistryError> {
    let (digest, size) = checked::extent(&from.name(), descriptor)?;
    let name = to.repository_name();
    let mut session = None;
    if let Some(source) = from.remote_name() {
        if source == name {
            return Ok(());
        }
        if source.registry == name.registry {
            match mount(to, &digest, &source.path).await? {
                Mounted::Done => return Ok(()),
                Mounted::Session(url) => session = Some(url),
                Mounted::Refused => {}
            }
        }
    }
    if size <= limits::SINGLE_POST_BYTES as u64 {
        let bytes = from.blob(descriptor, size).await?;
        return match session {
            Some(url) => upload::put(to, &digest, bytes.into(), url).await,
            None => to.put_blob(&digest, &bytes).await,
        };
    }
    if session.is_none() && upload::exists(to, &digest).await? {
        return Ok(());
    }
    let mut attempt = 1;
    loop {
        let url = match session.take() {
            Some(url) => url,
            None => upload::session(to, &digest).await?,
        };
        let outcome = stream(to, descriptor, from, upload::complete(url, &digest)).await;
        let (error, answer) = match outcome {
            Ok(response) if response.status.is_success() => return Ok(()),
            Ok(response) if retry::is_temporary(response.status) => (RegistryError::of(&response), Some(response)),
            Ok(response) => return Err(RegistryError::of(&response)),
            Err(error @ RegistryError::Http(HttpError::Transport { .. } | HttpError::Stalled { .. })) => (error, None),
            Err(error) => return Err(error),
        };
        match to.host().client().wait_after(attempt, answer.as_ref()) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(error),
        }
        attempt += 1;
    }
}

enum Mounted {
    Done,
    /// An upload was begun instead.
    Session(Url),
    Refused,
}

async fn mount(to: &RemoteRepository, digest: &Digest, source: &str) -> Result<Mounted, RegistryError> {
    let mut url = to.url("blobs/uploads/").await?;
    url.query_pairs_mut().append_pair("mount", &digest.to_string()).append_pair("from", source);
    let request = Request::new(Method::POST, url, limits::ACKNOWLEDGEMENT_BYTES).body("application/octet-stream", Vec::new());
    let response = to.send(request).await?;
    Ok(match response.status.as_u16() {
        201 | 204 => Mounted::Done,
        202 => upload::location(to, &response).await.map_or(Mounted::Refused, Mounted::Session),
        // Whoever may not read the source this way can still copy; what is really wrong shows then.
        _ => Mounted::Refused,
    })
}

/// Reads the blob from `from` and sends it as it comes. The answer is the registry's to the upload.
async fn stream(to: &RemoteRepository, descriptor: &Descriptor, from: &dyn BlobSource, url: Url) -> Result<Response, RegistryError> {
    let (_, size) = checked::extent(&from.name(), descriptor)?;
    // Where it comes over the network, receiving is shown.
    let (sink, source, started) = checked::pipe(size, from.remote_name().is_none());
    let request = Request::new(Method::PUT, url, limits::ACKNOWLEDGEMENT_BYTES).kind(BodyKind::Blob).source(upload::OCTETS, source);
    let mut reading = pin!(from.read_blob(descriptor, sink));
    let mut read = None;
    // The upload begins when there is something to be sent.
    tokio::select! {
        biased;
        _ = started => {}
        outcome = &mut reading => read = Some(outcome),
    }
    let sending = to.send(request);
    match read {
        Some(Err(error)) => Err(error),
        Some(Ok(())) => sending.await,
        None => {
            let (read, sent) = tokio::join!(reading, sending);
            judge(read, sent)
        }
    }
}

/// Which of the two failures is the cause: where sending ends, reading fails because nobody takes it any more.
fn judge(read: Result<(), RegistryError>, sent: Result<Response, RegistryError>) -> Result<Response, RegistryError> {
    let Err(error) = read else { return sent };
    let is_consequence = matches!(error, RegistryError::Http(HttpError::Sink { .. }) | RegistryError::NotWritten { .. });
    match sent {
        Ok(response) if is_consequence && !response.status.is_success() => Ok(response),
        Err(cause) if is_consequence => Err(cause),
        _ => Err(error),
    }
}
