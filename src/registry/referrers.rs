//! What refers to an image: the referrers API, or the fallback tag where a registry has none.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::remote::RemoteRepository;
use super::{Deletion, FetchedManifest, RegistryError, Repository, TagUpdate, limits, link, lock, tag_scheme, update};
use crate::crypto::Digest;
use crate::encoding::go_json;
use crate::encoding::text;
use crate::format::oci::{Descriptor, Index, Selector, media_type};
use crate::http::header::{ACCEPT, LINK};
use crate::http::{Method, Request, Response, Url, destination};

/// How many manifests are stored at the same time.
const CONCURRENT: usize = 4;

/// All that refers to `subject`.
pub async fn list(repository: &RemoteRepository, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
    match from_api(repository, subject).await? {
        Some(entries) => Ok(entries),
        None => from_tag(repository, subject).await,
    }
}

/// Stores manifests that refer to `subject` so that [`list`] finds them: each an entry of a listing, and its bytes.
pub async fn put(repository: &RemoteRepository, subject: &Digest, referrers: &[(&Descriptor, &[u8])]) -> Result<(), RegistryError> {
    let stored: Vec<_> = referrers.iter().map(|&(entry, manifest)| store(repository, entry, manifest)).collect();
    let stored: Vec<(&Descriptor, bool)> = stream::iter(stored).buffered(CONCURRENT).try_collect().await?;
    let entries: Vec<&Descriptor> = stored.iter().filter(|(_, acknowledged)| !acknowledged).map(|(entry, _)| *entry).collect();
    if entries.is_empty() {
        if repository.context().ui.traces() {
            // Docker's builder reads the digest of what it signed from the listing in the trace; nothing else needs this request.
            from_api(repository, subject).await?;
        }
        return Ok(());
    }
    for attempt in 1..=update::ATTEMPTS {
        match from_api(repository, subject).await? {
            None => {
                repository.update_tag(&tag_scheme::referrers_tag(subject), &Added { entries: &entries }).await?;
                return Ok(());
            }
            Some(listed) if holds_all(&listed, &entries) => return Ok(()),
            // A listing may lag behind.
            Some(_) if attempt < update::ATTEMPTS => {
                let pause = lock::jittered(repository.context(), update::pause(attempt));
                tokio::time::sleep(pause).await;
                repository.context().deadline.check()?;
            }
            Some(_) => {}
        }
    }
    Err(RegistryError::NotKept { what: format!("referrers of {}@{subject}", repository.repository_name()), attempts: update::ATTEMPTS })
}

/// Stores one, and says whether the registry acknowledged what it refers to.
async fn store<'a>(repository: &RemoteRepository, entry: &'a Descriptor, manifest: &[u8]) -> Result<(&'a Descriptor, bool), RegistryError> {
    let digest = Digest::sha256(manifest);
    let stored = repository.put_manifest(&Selector::Digest(digest), &entry.media_type, manifest).await?;
    Ok((entry, stored.subject_acknowledged))
}

fn holds_all(listed: &[Descriptor], entries: &[&Descriptor]) -> bool {
    let listed: BTreeSet<&str> = listed.iter().map(|entry| entry.digest.as_str()).collect();
    entries.iter().all(|entry| listed.contains(entry.digest.as_str()))
}

/// Makes [`list`] list these manifests no more.
pub async fn remove(repository: &RemoteRepository, subject: &Digest, referrers: &[Digest]) -> Result<(), RegistryError> {
    if from_api(repository, subject).await?.is_some() {
        for referrer in referrers {
            match repository.delete_manifest(&Selector::Digest(referrer.clone())).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        return Ok(());
    }
    repository.update_tag(&tag_scheme::referrers_tag(subject), &Removed { referrers }).await?;
    Ok(())
}

/// Deletes these manifests, so that [`list`] lists them no more, and a fallback tag that lists nothing else.
pub async fn delete(repository: &RemoteRepository, subject: &Digest, referrers: &[Digest]) -> Result<Vec<Deletion>, RegistryError> {
    let mut deletions = Vec::new();
    if from_api(repository, subject).await?.is_none() {
        deletions.extend(take_out(repository, subject, referrers).await?);
    }
    for digest in referrers {
        let outcome = repository.delete_manifest(&Selector::Digest(digest.clone())).await;
        deletions.push(Deletion { digest: digest.clone(), outcome });
    }
    Ok(deletions)
}

/// Takes entries out of the fallback tag. An index that would be empty is deleted, by its digest: what somebody else puts under the tag meanwhile stays.
async fn take_out(repository: &RemoteRepository, subject: &Digest, referrers: &[Digest]) -> Result<Option<Deletion>, RegistryError> {
    let tag = tag_scheme::referrers_tag(subject);
    let removed = Removed { referrers };
    let present = match repository.manifest(&Selector::Tag(tag.clone())).await {
        Ok(present) => present,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let digest = present.descriptor.parsed_digest().filter(|_| media_type::is_index(&present.descriptor.media_type));
    let Some(digest) = digest else { return Ok(None) };
    let index = parse("referrers fallback tag", &present.bytes)?;
    if !index.manifests.iter().all(|entry| removed.removes(entry)) {
        repository.update_tag(&tag, &removed).await?;
        return Ok(None);
    }
    let mut outcome = repository.delete_manifest(&Selector::Digest(digest.clone())).await;
    if outcome.as_ref().is_err_and(|error| !error.is_not_found()) {
        // Some let go of a manifest only once it has no tag, or delete tags only.
        outcome = repository.delete_manifest(&Selector::Tag(tag)).await;
    }
    Ok(Some(Deletion { digest, outcome }))
}

/// The referrers API; `None` where the registry has none: 404, 400 or 406, or an answer that is no OCI index.
async fn from_api(repository: &RemoteRepository, subject: &Digest) -> Result<Option<Vec<Descriptor>>, RegistryError> {
    let first = repository.url(&format!("referrers/{subject}")).await?;
    let mut entries: Vec<Descriptor> = Vec::new();
    let mut page = Some(first.clone());
    let mut seen: Vec<Url> = Vec::new();
    for number in 0..limits::REFERRER_PAGES {
        // A listing that goes round in circles says nothing new.
        let Some(url) = page.filter(|url| !seen.contains(url)) else { return Ok(Some(entries)) };
        seen.push(url.clone());
        let request = Request::new(Method::GET, url, limits::MANIFEST_BYTES).header(ACCEPT, media_type::OCI_INDEX);
        let response = repository.send(request).await?;
        let index = match response.status.as_u16() {
            200 if response.media_type() == media_type::OCI_INDEX => parse(&format!("referrers of {subject}"), &response.body)?,
            200 | 400 | 404 | 406 if number == 0 => return Ok(None),
            _ => return Err(RegistryError::of(&response)),
        };
        entries.extend(index.manifests);
        if entries.len() > limits::REFERRERS {
            return Err(RegistryError::TooMany { what: format!("referrers of {subject}"), limit: limits::REFERRERS });
        }
        page = next_page(&first, &response)?;
    }
    Err(RegistryError::TooMany { what: format!("pages of referrers of {subject}"), limit: limits::REFERRER_PAGES })
}

fn next_page(origin: &Url, response: &Response) -> Result<Option<Url>, RegistryError> {
    let mut links = response.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    Ok(match links.find_map(link::next) {
        Some(target) => Some(destination::resolve(origin, &response.url, target)?),
        None => None,
    })
}

/// The fallback tag; nothing where it does not exist, or where it holds an image (as the Go program's `copy` leaves there).
async fn from_tag(repository: &RemoteRepository, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
    let tag = tag_scheme::referrers_tag(subject);
    let fetched = match repository.manifest(&Selector::Tag(tag.clone())).await {
        Ok(fetched) => fetched,
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        Err(error) if error.is_forbidden() && repository.was_read() => {
            let name = repository.repository_name();
            repository.context().ui.warn(&format!("{name}:{tag} is forbidden (403) though the image could be read: taken as absent"));
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    if !media_type::is_index(&fetched.descriptor.media_type) {
        return Ok(Vec::new());
    }
    let index = parse(&format!("{}:{tag}", repository.repository_name()), &fetched.bytes)?;
    if index.manifests.len() > limits::REFERRERS {
        return Err(RegistryError::TooMany { what: format!("referrers of {subject}"), limit: limits::REFERRERS });
    }
    Ok(index.manifests)
}

fn parse(what: &str, bytes: &[u8]) -> Result<Index, RegistryError> {
    serde_json::from_slice(bytes).map_err(|error| RegistryError::Malformed {
        what: what.to_owned(),
        reason: format!("no image index: {}", text::quote(&error.to_string())),
    })
}

/// Adds entries to a fallback index.
struct Added<'a> {
    entries: &'a [&'a Descriptor],
}

#[async_trait]
impl TagUpdate for Added<'_> {
    async fn edit(&self, present: Option<&FetchedManifest>) -> Result<Option<(String, Vec<u8>)>, RegistryError> {
        let mut index = match present.filter(|present| media_type::is_index(&present.descriptor.media_type)) {
            Some(present) => parse("referrers fallback tag", &present.bytes)?,
            None => empty_index(),
        };
        let known: BTreeSet<&str> = index.manifests.iter().map(|entry| entry.digest.as_str()).collect();
        let new: Vec<Descriptor> =
            self.entries.iter().filter(|entry| !known.contains(entry.digest.as_str())).map(|entry| (*entry).clone()).collect();
        if new.is_empty() {
            return Ok(None);
        }
        index.manifests.extend(new);
        if index.manifests.len() > limits::REFERRERS {
            return Err(RegistryError::TooMany { what: "entries of the referrers fallback tag".to_owned(), limit: limits::REFERRERS });
        }
        index.schema_version = 2;
        index.manifests.sort_by(|a, b| a.digest.cmp(&b.digest));
        let bytes = go_json::to_vec(&index)
            .map_err(|error| RegistryError::Malformed { what: "referrers fallback tag".to_owned(), reason: error.to_string() })?;
        Ok(Some((media_type::OCI_INDEX.to_owned(), bytes)))
    }

    fn kept(&self, manifest: &FetchedManifest) -> bool {
        parse("", &manifest.bytes).is_ok_and(|index| holds_all(&index.manifests, self.entries))
    }
}

/// Takes entries out of a fallback index. Their manifests stay, for the registry's garbage collection.
struct Removed<'a> {
    referrers: &'a [Digest],
}

impl Removed<'_> {
    fn lists_one(&self, index: &Index) -> bool {
        index.manifests.iter().any(|entry| self.removes(entry))
    }

    fn removes(&self, entry: &Descriptor) -> bool {
        entry.parsed_digest().is_some_and(|digest| self.referrers.contains(&digest))
    }
}

#[async_trait]
impl TagUpdate for Removed<'_> {
    async fn edit(&self, present: Option<&FetchedManifest>) -> Result<Option<(String, Vec<u8>)>, RegistryError> {
        let Some(present) = present.filter(|present| media_type::is_index(&present.descriptor.media_type)) else { return Ok(None) };
        let mut index = parse("referrers fallback tag", &present.bytes)?;
        if !self.lists_one(&index) {
            return Ok(None);
        }
        index.manifests.retain(|entry| !self.removes(entry));
        let bytes = go_json::to_vec(&index)
            .map_err(|error| RegistryError::Malformed { what: "referrers fallback tag".to_owned(), reason: error.to_string() })?;
        Ok(Some((media_type::OCI_INDEX.to_owned(), bytes)))
    }

    fn kept(&self, manifest: &FetchedManifest) -> bool {
        parse("", &manifest.bytes).is_ok_and(|index| !self.lists_one(&index))
    }
}

fn empty_index() -> Index {
    Index {
        schema_version: 2,
        media_type: media_type::OCI_INDEX.to_owned(),
        manifests: Vec::new(),
        annotations: None,
        subject: None,
        artifact_type: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fetched(bytes: &[u8]) -> FetchedManifest {
        FetchedManifest { descriptor: Descriptor::of(media_type::OCI_INDEX, bytes), bytes: bytes.to_vec() }
    }

    #[tokio::test]
    async fn the_fallback_index_has_the_bytes_of_the_go_program() {
        let mut entry = Descriptor::of(media_type::OCI_MANIFEST, b"b");
        entry.artifact_type = Some(media_type::BUNDLE_V03.to_owned());
        let (_, first) = Added { entries: &[&entry] }.edit(None).await.unwrap().unwrap();
        let expected = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"{}","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}}]}}"#,
            entry.digest
        );
        assert_eq!(String::from_utf8(first.clone()).unwrap(), expected);
        assert!(Added { entries: &[&entry] }.edit(Some(&fetched(&first))).await.unwrap().is_none(), "nothing to add");
        let other = Descriptor::of(media_type::OCI_MANIFEST, b"a");
        let (_, second) = Added { entries: &[&other] }.edit(Some(&fetched(&first))).await.unwrap().unwrap();
        let merged = parse("", &second).unwrap();
        let digests: Vec<_> = merged.manifests.iter().map(|entry| &entry.digest).collect();
        assert!(digests.len() == 2 && digests.is_sorted(), "{digests:?}");
        assert!(Added { entries: &[&other] }.kept(&fetched(&second)) && !Added { entries: &[&other] }.kept(&fetched(&first)));
    }

    #[tokio::test]
    async fn a_malformed_fallback_index_is_not_overwritten() {
        let entry = Descriptor::of(media_type::OCI_MANIFEST, b"b");
        assert!(Added { entries: &[&entry] }.edit(Some(&fetched(b"{\"manifests\":7}"))).await.is_err());
    }
}
