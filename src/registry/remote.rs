//! A repository of a registry, over the distribution protocol (distribution-spec 1.1).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::checked::{self, Checked};
use super::host::{Caller, Host};
use super::keychain::Credential;
use super::{
    Access, BlobSource, Deletion, FetchedManifest, RegistryError, Repository, Stored, TagUpdate, copy_blob, limits, lock, referrers,
    update, upload,
};
use crate::ambient::Context;
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::base64;
use crate::format::oci::{Descriptor, RepositoryName, Selector, media_type};
use crate::http::header::{ACCEPT, CONTENT_LENGTH};
use crate::http::{BodyKind, Method, Request, Response, Sink, StatusCode, Url};

/// Go-containerregistry's order.
const MANIFEST_TYPES: [&str; 6] = [
    media_type::DOCKER_SCHEMA1,
    media_type::DOCKER_SCHEMA1_SIGNED,
    media_type::DOCKER_MANIFEST,
    media_type::OCI_MANIFEST,
    media_type::DOCKER_LIST,
    media_type::OCI_INDEX,
];
const CONTENT_DIGEST: &str = "docker-content-digest";
const OCI_SUBJECT: &str = "oci-subject";

/// How often a manifest is sent whose blobs a registry misses.
const BLOB_ATTEMPTS: u32 = 5;

/// A repository of a registry.
pub struct RemoteRepository {
    host: Arc<Host>,
    name: RepositoryName,
    access: Access,
    credential: Arc<OnceCell<Credential>>,
    context: Context,
    /// Whether a manifest was read here: then a 403 is about what was asked for, not about the credentials.
    was_read: AtomicBool,
}

impl RemoteRepository {
    /// A repository of `host`; no connection is made.
    pub fn new(host: Arc<Host>, name: RepositoryName, access: Access, context: Context) -> Self {
        let credential = host.credential_cell(&name);
        Self { host, name, access, credential, context, was_read: AtomicBool::new(false) }
    }

    /// The registry.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// What came from outside.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// The repository's name.
    pub(super) fn repository_name(&self) -> &RepositoryName {
        &self.name
    }

    /// Whether a manifest was read here with these credentials.
    pub(super) fn was_read(&self) -> bool {
        self.was_read.load(Ordering::Relaxed)
    }

    /// The URL of something in this repository, such as `manifests/v1`.
    pub(super) async fn url(&self, rest: &str) -> Result<Url, RegistryError> {
        let base = self.host.base(&self.name).await?;
        base.join(&format!("/v2/{}/{rest}", self.name.path)).map_err(|_| RegistryError::Host(self.name.registry.clone()))
    }

    /// Sends a request on behalf of this repository; an answer with an error status is an answer.
    pub(super) async fn send(&self, request: Request) -> Result<Response, RegistryError> {
        let caller = Caller { repository: &self.name, access: self.access, credential: &self.credential };
        self.host.send(request, &caller).await
    }

    async fn manifest_request(&self, method: Method, selector: &Selector) -> Result<Response, RegistryError> {
        let url = self.url(&format!("manifests/{selector}")).await?;
        let request = Request::new(method, url, limits::MANIFEST_BYTES).header(ACCEPT, &MANIFEST_TYPES.join(","));
        let response = self.send(request).await?;
        if response.status == StatusCode::OK {
            self.was_read.store(true, Ordering::Relaxed);
        }
        Ok(response)
    }

    fn what(&self, selector: &Selector) -> String {
        match selector {
            Selector::Tag(tag) => format!("{}:{tag}", self.name),
            Selector::Digest(digest) => format!("{}@{digest}", self.name),
        }
    }

    /// The descriptor that a HEAD gives; `None` where it says too little.
    fn head_descriptor(&self, selector: &Selector, response: &Response) -> Result<Option<Descriptor>, RegistryError> {
        let said = response.header(CONTENT_DIGEST).and_then(Digest::parse);
        let digest = match (selector, said) {
            (Selector::Digest(asked), Some(said)) if *asked != said => {
                return Err(RegistryError::DigestMismatch { what: self.what(selector), expected: asked.clone(), actual: said.to_string() });
            }
            (Selector::Digest(asked), _) => asked.clone(),
            // Images are known by their SHA-256: with another digest the manifest has to be fetched.
            (Selector::Tag(_), Some(said)) if said.algorithm() == HashAlgorithm::Sha256 => said,
            (Selector::Tag(_), _) => return Ok(None),
        };
        let size = response.header(CONTENT_LENGTH).and_then(|length| length.parse::<i64>().ok()).filter(|length| *length > 0);
        let known = MANIFEST_TYPES.contains(&response.media_type());
        Ok(size.filter(|_| known).map(|size| Descriptor::new(response.media_type(), size, &digest)))
    }

    fn fetched(&self, selector: &Selector, response: Response) -> Result<FetchedManifest, RegistryError> {
        if response.status != StatusCode::OK {
            return Err(RegistryError::of(&response));
        }
        let said = response.header(CONTENT_DIGEST).and_then(Digest::parse);
        let expected = match selector {
            Selector::Digest(asked) => Some(asked.clone()),
            // What old registries sign is not what they hash.
            Selector::Tag(_) => said.filter(|_| !response.media_type().starts_with("application/vnd.docker.distribution.manifest.v1")),
        };
        if let Some(expected) = expected {
            let actual = expected.algorithm().digest(&response.body);
            if expected != actual {
                return Err(RegistryError::DigestMismatch { what: self.what(selector), expected, actual: actual.to_string() });
            }
        }
        let digest = match selector {
            Selector::Digest(asked) => asked.clone(),
            Selector::Tag(_) => Digest::sha256(&response.body),
        };
        let media_type = manifest_media_type(response.media_type(), &response.body);
        let size = i64::try_from(response.body.len()).unwrap_or(i64::MAX);
        Ok(FetchedManifest { descriptor: Descriptor::new(media_type, size, &digest), bytes: response.body })
    }

    /// Sends a manifest. Its blobs were stored before it, so a registry that misses one lags behind, or (distribution on a file system) is just
    /// writing it once more for somebody else.
    async fn put_until_blobs_are_there(&self, request: Request) -> Result<Response, RegistryError> {
        let mut attempt = 1;
        loop {
            let response = self.send(request.clone()).await?;
            if response.status.is_success() {
                return Ok(response);
            }
            let error = RegistryError::of(&response);
            if !error.misses_a_blob() || attempt >= BLOB_ATTEMPTS || self.context.deadline.check().is_err() {
                return Err(error);
            }
            tokio::time::sleep(lock::jittered(&self.context, update::pause(attempt))).await;
            attempt += 1;
        }
    }

    async fn delete(&self, selector: &Selector, keep: Option<&Digest>) -> Result<(), RegistryError> {
        let delete = async |selector: &Selector| {
            let url = self.url(&format!("manifests/{selector}")).await?;
            self.send(Request::new(Method::DELETE, url, limits::ACKNOWLEDGEMENT_BYTES)).await
        };
        let mut response = delete(selector).await?;
        // Many registries delete manifests only, not tags.
        if matches!(selector, Selector::Tag(_)) && matches!(response.status.as_u16(), 400 | 405 | 415) {
            let digest = self.resolve(selector).await?.parsed_digest().ok_or_else(|| RegistryError::of(&response))?;
            if Some(&digest) == keep {
                let reason = "the registry deletes manifests only, and this tag points to the image itself".to_owned();
                return Err(RegistryError::Malformed { what: self.what(selector), reason });
            }
            response = delete(&Selector::Digest(digest)).await?;
        }
        if response.status.is_success() { Ok(()) } else { Err(RegistryError::of(&response)) }
    }

    async fn fetch_blob(&self, descriptor: &Descriptor, digest: &Digest, size: u64) -> Result<Vec<u8>, RegistryError> {
        let what = || format!("{}@{digest}", self.name);
        let url = self.url(&format!("blobs/{digest}")).await?;
        let response = self.send(Request::new(Method::GET, url, size).kind(BodyKind::Blob)).await?;
        if response.status != StatusCode::OK {
            return Err(RegistryError::of(&response));
        }
        if response.body.len() as u64 != size {
            return Err(RegistryError::SizeMismatch { what: what(), expected: descriptor.size, actual: response.body.len() as u64 });
        }
        let actual = digest.algorithm().digest(&response.body);
        if actual != *digest {
            return Err(RegistryError::DigestMismatch { what: what(), expected: digest.clone(), actual: actual.to_string() });
        }
        Ok(response.body)
    }
}

#[async_trait]
impl BlobSource for RemoteRepository {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn remote_name(&self) -> Option<&RepositoryName> {
        Some(&self.name)
    }

    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, RegistryError> {
        let (digest, size) = checked::extent(&self.name(), descriptor)?;
        if size > limit {
            return Err(RegistryError::TooLarge { what: format!("{}@{digest}", self.name), limit });
        }
        let inline = descriptor.data.as_deref().and_then(|data| base64::decode(data).ok());
        if let Some(inline) = inline.filter(|inline| digest.algorithm().digest(inline) == digest) {
            return Ok(inline);
        }
        self.fetch_blob(descriptor, &digest, size).await
    }

    async fn read_blob(&self, descriptor: &Descriptor, sink: Arc<dyn Sink>) -> Result<(), RegistryError> {
        let (digest, size) = checked::extent(&self.name(), descriptor)?;
        let url = self.url(&format!("blobs/{digest}")).await?;
        let checked = Arc::new(Checked::new(format!("{}@{digest}", self.name), (digest, size), sink));
        let response = self.send(Request::new(Method::GET, url, size).kind(BodyKind::Blob).sink(checked.clone())).await?;
        if response.status != StatusCode::OK {
            return Err(RegistryError::of(&response));
        }
        checked.finish().await
    }
}

#[async_trait]
impl Repository for RemoteRepository {
    async fn find(&self, selector: &Selector) -> Result<Option<Descriptor>, RegistryError> {
        let response = self.manifest_request(Method::HEAD, selector).await?;
        match response.status.as_u16() {
            200 => match self.head_descriptor(selector, &response)? {
                Some(descriptor) => Ok(Some(descriptor)),
                None => self.manifest(selector).await.map(|fetched| Some(fetched.descriptor)),
            },
            403 | 404 => Ok(None),
            // Some know no HEAD.
            400 | 402 | 405 => match self.manifest(selector).await {
                Err(error) if error.is_not_found() => Ok(None),
                fetched => fetched.map(|fetched| Some(fetched.descriptor)),
            },
            _ => Err(RegistryError::of(&response)),
        }
    }

    async fn resolve(&self, selector: &Selector) -> Result<Descriptor, RegistryError> {
        let response = self.manifest_request(Method::HEAD, selector).await?;
        match response.status.as_u16() {
            200 => {
                if let Some(descriptor) = self.head_descriptor(selector, &response)? {
                    return Ok(descriptor);
                }
            }
            // The answer to a GET says why, and some registries know no HEAD.
            400..=405 => {}
            _ => return Err(RegistryError::of(&response)),
        }
        self.manifest(selector).await.map(|fetched| fetched.descriptor)
    }

    async fn manifest(&self, selector: &Selector) -> Result<FetchedManifest, RegistryError> {
        let response = self.manifest_request(Method::GET, selector).await?;
        self.fetched(selector, response)
    }

    async fn put_manifest(&self, selector: &Selector, media_type: &str, bytes: &[u8]) -> Result<Stored, RegistryError> {
        let url = self.url(&format!("manifests/{selector}")).await?;
        let request = Request::new(Method::PUT, url, limits::ACKNOWLEDGEMENT_BYTES).body(media_type, bytes.to_vec());
        let response = self.put_until_blobs_are_there(request).await?;
        let digest = match selector {
            Selector::Digest(digest) => digest.clone(),
            Selector::Tag(_) => Digest::sha256(bytes),
        };
        let said = response.header(CONTENT_DIGEST).and_then(Digest::parse).filter(|said| said.algorithm() == digest.algorithm());
        if let Some(said) = said.filter(|said| *said != digest) {
            return Err(RegistryError::DigestMismatch { what: self.what(selector), expected: digest, actual: said.to_string() });
        }
        let acknowledged = response.header(OCI_SUBJECT);
        Ok(Stored { digest, subject_acknowledged: acknowledged.is_some_and(|said| subject_of(bytes).as_deref() == Some(said.trim())) })
    }

    async fn delete_manifest(&self, selector: &Selector) -> Result<(), RegistryError> {
        self.delete(selector, None).await
    }

    async fn delete_tag(&self, tag: &str, keep: &Digest) -> Result<(), RegistryError> {
        self.delete(&Selector::Tag(tag.to_owned()), Some(keep)).await
    }

    async fn copy_blob(&self, descriptor: &Descriptor, from: &dyn BlobSource) -> Result<(), RegistryError> {
        copy_blob::into(self, descriptor, from).await
    }

    async fn put_blob(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        upload::blob(self, digest, bytes).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        referrers::list(self, subject).await
    }

    async fn put_referrer(&self, subject: &Digest, entry: &Descriptor, manifest: &[u8]) -> Result<Digest, RegistryError> {
        referrers::put(self, subject, &[(entry, manifest)]).await?;
        Ok(Digest::sha256(manifest))
    }

    async fn put_referrers(&self, subject: &Digest, referrers: &[(&Descriptor, &[u8])]) -> Result<(), RegistryError> {
        referrers::put(self, subject, referrers).await
    }

    async fn remove_referrers(&self, subject: &Digest, referrers: &[Digest]) -> Result<(), RegistryError> {
        referrers::remove(self, subject, referrers).await
    }

    async fn delete_referrers(&self, subject: &Digest, referrers: &[Digest]) -> Result<Vec<Deletion>, RegistryError> {
        referrers::delete(self, subject, referrers).await
    }

    async fn update_tag(&self, tag: &str, update: &dyn TagUpdate) -> Result<Option<Stored>, RegistryError> {
        update::tag(self, tag, update).await
    }
}

/// The digest of the subject that a manifest names.
fn subject_of(manifest: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Referring {
        subject: Descriptor,
    }
    serde_json::from_slice::<Referring>(manifest).ok().map(|manifest| manifest.subject.digest)
}

/// The media type of a manifest: what the registry says, unless that says nothing of manifests; then what the manifest itself says.
pub(super) fn manifest_media_type(said: &str, bytes: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "mediaType")]
        media_type: Option<String>,
    }
    if MANIFEST_TYPES.contains(&said) {
        return said.to_owned();
    }
    let own = serde_json::from_slice::<Typed>(bytes).ok().and_then(|typed| typed.media_type);
    own.filter(|own| MANIFEST_TYPES.contains(&own.as_str())).unwrap_or_else(|| said.to_owned())
}
