//! Where metadata and targets come from: a mirror over HTTP, a directory, or the cache alone.

use std::path::PathBuf;

use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository};

use super::TufError;
use super::store::Files;
use crate::ambient::Context;
use crate::encoding::text;
use crate::http::header::LOCATION;
use crate::http::{Client, ClientOptions, Method, Request, Response, TlsOptions, Url};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 10;

/// A mirror.
pub(super) enum Mirror {
    /// Over HTTP.
    Http(Client, Url),
    /// A directory (`file://`).
    Directory(PathBuf),
}

impl Mirror {
    pub(super) fn new(address: &str, context: &Context) -> Result<Self, TufError> {
        let failed = |reason: String| TufError::Mirror { mirror: address.to_owned(), reason };
        let mut url = Url::parse(address).map_err(|error| failed(error.to_string()))?;
        match url.scheme() {
            "file" => Ok(Self::Directory(url.to_file_path().map_err(|()| failed("it names no directory".to_owned()))?)),
            "http" | "https" => {
                if !url.path().ends_with('/') {
                    url.set_path(&format!("{}/", url.path()));
                }
                // With a cache at hand nobody should wait long for a mirror that has its troubles.
                let options = ClientOptions::of(TlsOptions::default(), 2);
                Ok(Self::Http(Client::new(&options, context).map_err(|error| failed(error.to_string()))?, url))
            }
            _ => Err(failed("it is neither http, https nor file".to_owned())),
        }
    }

    /// A file of the repository; `None` where there is none.
    async fn file(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Http(client, base) => {
                let url = base.join(name).map_err(|error| Error::transport(error.to_string()))?;
                if !url.as_str().starts_with(base.as_str()) {
                    return Err(Error::transport(format!("{} leads out of the repository", text::quote(name))));
                }
                fetch(client, url, limit).await
            }
            Self::Directory(directory) => {
                let plain = std::path::Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
                if !plain {
                    return Err(Error::transport(format!("{} leads out of the repository", text::quote(name))));
                }
                match std::fs::read(directory.join(name)) {
                    Ok(bytes) if bytes.len() as u64 > limit => Err(Error::transport(format!("{name} is longer than {limit} bytes"))),
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(Error::transport(format!("reading {name}: {error}"))),
                }
            }
        }
    }
}

async fn fetch(client: &Client, mut url: Url, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    for _ in 0..=MAX_REDIRECTS {
        let request = Request::new(Method::GET, url.clone(), limit);
        let response = client.send(&request).await.map_err(|error| Error::transport(error.to_string()))?;
        match response.status.as_u16() {
            200 => return Ok(Some(response.body)),
            404 => return Ok(None),
            300..=399 => url = redirected(&response, &url)?,
            status => {
                let said = String::from_utf8_lossy(&response.body);
                let said = if said.trim().is_empty() { String::new() } else { format!(": {}", text::quote(said.trim())) };
                return Err(Error::transport(format!("failed to download {url}, http status code: {status}{said}")));
            }
        }
    }
    Err(Error::transport(format!("failed to download {url}: too many redirects")))
}

/// Never from https to anything weaker.
fn redirected(response: &Response, from: &Url) -> Result<Url, Error> {
    let target = response.header(LOCATION).and_then(|to| from.join(to).ok());
    target
        .filter(|to| to.scheme() == "https" || to.scheme() == from.scheme())
        .ok_or_else(|| Error::transport(format!("failed to download {from}: a redirect that is not followed")))
}

/// What an updater works with.
pub(super) struct Source {
    /// What is cached.
    pub(super) cached: Files,
    /// Whether metadata comes from the cache alone.
    pub(super) metadata_cached: bool,
    /// The mirror; `None` when it may not be asked.
    pub(super) mirror: Option<Mirror>,
}

impl Repository for Source {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(async move {
            if self.metadata_cached {
                return Ok(cached_name(name).and_then(|name| self.cached.file(name)));
            }
            match &self.mirror {
                Some(mirror) => mirror.file(name, max_length).await,
                None => Err(Error::transport("the mirror may not be asked")),
            }
        })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(async move {
            match &self.mirror {
                Some(mirror) => mirror.file(&format!("targets/{path}"), max_length).await,
                None => Err(Error::transport("it is not cached, and the mirror may not be asked")),
            }
        })
    }
}

/// The cache's name of a file: without the version. Roots that would be newer are not there.
fn cached_name(name: &str) -> Option<&str> {
    let version_less = match name.split_once('.') {
        Some((version, rest)) if version.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => name,
    };
    (version_less != "root.json").then_some(version_less)
}
