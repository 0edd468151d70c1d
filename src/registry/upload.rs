//! Uploads of blobs: one POST where the registry takes it so, else POST and PUT.

use bytes::Bytes;

use super::remote::RemoteRepository;
use super::{RegistryError, limits};
use crate::crypto::Digest;
use crate::http::header::LOCATION;
use crate::http::{BodyKind, Method, Request, Response, StatusCode, Url, destination};

/// What is uploaded.
pub const OCTETS: &str = "application/octet-stream";

/// Stores a blob.
pub async fn blob(repository: &RemoteRepository, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
    let small = bytes.len() <= limits::SINGLE_POST_BYTES;
    if !small && exists(repository, digest).await? {
        return Ok(());
    }
    // Shared by all requests that send it.
    let bytes = Bytes::copy_from_slice(bytes);
    let refused_before = repository.host().single_post.get() == Some(&false);
    let response = if small && !refused_before {
        let response = start(repository, digest, Some(bytes.clone())).await?;
        match response.status.as_u16() {
            201 | 204 => {
                let _ = repository.host().single_post.set(true);
                return Ok(());
            }
            202 => {
                let _ = repository.host().single_post.set(false);
                response
            }
            // Some refuse the form outright.
            400 | 405 | 411 | 413 | 415 | 416 | 501 => {
                let _ = repository.host().single_post.set(false);
                start(repository, digest, None).await?
            }
            _ => response,
        }
    } else {
        start(repository, digest, None).await?
    };
    finish(repository, digest, bytes, &response).await
}

/// Whether the registry has a blob.
pub async fn exists(repository: &RemoteRepository, digest: &Digest) -> Result<bool, RegistryError> {
    let url = repository.url(&format!("blobs/{digest}")).await?;
    Ok(repository.send(Request::new(Method::HEAD, url, 0)).await?.status == StatusCode::OK)
}

async fn start(repository: &RemoteRepository, digest: &Digest, bytes: Option<Bytes>) -> Result<Response, RegistryError> {
    let mut url = repository.url("blobs/uploads/").await?;
    if bytes.is_some() {
        url.set_query(Some(&format!("digest={digest}")));
    }
    let request = Request::new(Method::POST, url, limits::ACKNOWLEDGEMENT_BYTES).kind(BodyKind::Blob);
    repository.send(request.body(OCTETS, bytes.unwrap_or_default())).await
}

async fn finish(repository: &RemoteRepository, digest: &Digest, bytes: Bytes, started: &Response) -> Result<(), RegistryError> {
    if started.status == StatusCode::CREATED {
        return Ok(());
    }
    let url = location(repository, started).await?;
    put(repository, digest, bytes, url).await
}

/// Begins an upload; the answer is where it goes.
pub async fn session(repository: &RemoteRepository, digest: &Digest) -> Result<Url, RegistryError> {
    location(repository, &start(repository, digest, None).await?).await
}

/// Where the upload goes that `started` acknowledges.
pub async fn location(repository: &RemoteRepository, started: &Response) -> Result<Url, RegistryError> {
    if started.status != StatusCode::ACCEPTED {
        return Err(RegistryError::of(started));
    }
    let missing = || RegistryError::Malformed {
        what: format!("upload to {}", repository.repository_name()),
        reason: "202 without a Location".to_owned(),
    };
    let location = started.header(LOCATION).ok_or_else(missing)?;
    let origin: Url = repository.url("").await?;
    Ok(destination::resolve(&origin, &started.url, location)?)
}

/// The URL that takes the whole blob of an upload.
pub fn complete(mut location: Url, digest: &Digest) -> Url {
    location.query_pairs_mut().append_pair("digest", &digest.to_string());
    location
}

/// Sends the whole blob of an upload.
pub async fn put(repository: &RemoteRepository, digest: &Digest, bytes: Bytes, location: Url) -> Result<(), RegistryError> {
    let url = complete(location, digest);
    let request = Request::new(Method::PUT, url, limits::ACKNOWLEDGEMENT_BYTES).kind(BodyKind::Blob).body(OCTETS, bytes);
    let response = repository.send(request).await?;
    if response.status.is_success() { Ok(()) } else { Err(RegistryError::of(&response)) }
}
