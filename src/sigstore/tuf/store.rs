//! Metadata in memory, as `sigstore-tuf` reads and writes it while it verifies. What is kept on disk is written once all of it holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sigstore_tuf::MetadataStore;

/// Files by their names in the cache. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Files(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Files {
    pub(super) fn of(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self(Arc::new(Mutex::new(files)))
    }

    pub(super) fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.files().clone()
    }

    pub(super) fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.files().get(name).cloned()
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetadataStore for Files {
    fn load(&self, name: &str) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        Ok(self.file(name))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> sigstore_tuf::Result<()> {
        // go-tuf keeps snapshots without their version only.
        if !name.ends_with(".snapshot.json") {
            self.files().insert(name.to_owned(), bytes.to_vec());
        }
        Ok(())
    }
}
