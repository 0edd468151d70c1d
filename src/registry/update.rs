//! Changes of a tag that must not get lost: read, change, write, read back.

use std::time::Duration;

use super::remote::RemoteRepository;
use super::{FetchedManifest, RegistryError, Repository, Stored, TagUpdate, lock};
use crate::format::oci::Selector;

/// How often a change is tried before it counts as lost.
pub const ATTEMPTS: u32 = 8;

/// The pause after an attempt that was interfered with, before jitter: 50 ms, doubling up to 1.6 s.
pub fn pause(attempt: u32) -> Duration {
    Duration::from_millis(50) * (1 << attempt.saturating_sub(1).min(5))
}

/// Applies `update` to a tag. Registries ignore conditional writes, so what was written is read back, and merged again with what another writer
/// put in its place. Writers of this user on this machine wait for each other.
pub async fn tag(repository: &RemoteRepository, tag: &str, update: &dyn TagUpdate) -> Result<Option<Stored>, RegistryError> {
    let name = repository.repository_name();
    let context = repository.context();
    let _lock = lock::tag(context, &name.registry, &name.path, tag).await;
    let selector = Selector::Tag(tag.to_owned());
    let mut present = read(repository, &selector).await?;
    let mut stored = None;
    let mut interfered = false;
    for attempt in 1..=ATTEMPTS {
        if let Some((media_type, bytes)) = update.edit(present.as_ref()).await? {
            stored = Some(repository.put_manifest(&selector, &media_type, &bytes).await?);
        } else if !interfered {
            return Ok(None);
        }
        if kept(repository, &selector, update, &mut present).await? {
            if !interfered {
                return Ok(stored);
            }
            // Somebody else writes here: what is there now must still be there a moment later.
            tokio::time::sleep(lock::jittered(context, pause(attempt))).await;
            if kept(repository, &selector, update, &mut present).await? {
                return Ok(stored);
            }
        }
        interfered = true;
        context.deadline.check()?;
        tokio::time::sleep(lock::jittered(context, pause(attempt))).await;
        present = read(repository, &selector).await?;
    }
    Err(RegistryError::NotKept { what: format!("{name}:{tag}"), attempts: ATTEMPTS })
}

async fn kept(
    repository: &RemoteRepository,
    selector: &Selector,
    update: &dyn TagUpdate,
    present: &mut Option<FetchedManifest>,
) -> Result<bool, RegistryError> {
    *present = read(repository, selector).await?;
    Ok(present.as_ref().is_some_and(|manifest| update.kept(manifest)))
}

async fn read(repository: &RemoteRepository, selector: &Selector) -> Result<Option<FetchedManifest>, RegistryError> {
    match repository.manifest(selector).await {
        Ok(manifest) => Ok(Some(manifest)),
        Err(error) if error.is_not_found() => Ok(None),
        // As Artifactory answers for an absent tag; a write that is not allowed fails by itself.
        Err(error) if error.is_forbidden() && repository.was_read() => Ok(None),
        Err(error) => Err(error),
    }
}
