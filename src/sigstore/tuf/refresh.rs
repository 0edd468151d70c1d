//! When a trip is made, and what counts when it fails.

use std::collections::BTreeMap;

use sigstore_tuf::{Error, Updater};

use super::error::describe;
use super::mirror::{Mirror, Source};
use super::store::Files;
use super::{Network, TRUSTED_ROOT, TufError, TufOptions, cache, individual};
use crate::ambient::Context;
use crate::encoding::UnixTime;

/// Verified metadata.
pub(super) struct Session {
    updater: Updater,
    files: Files,
    now: jiff::Timestamp,
}

/// The targets `names` of a repository, from the cache where it may be used.
pub(super) async fn targets(options: &TufOptions, names: &[&str], network: Network, context: &Context) -> Result<Vec<Vec<u8>>, TufError> {
    let now = UnixTime::from(context.clock.now());
    let cached = cache::read(options);
    let local = Session::from_cache(options, &cached, network, (context, now)).await;
    match local {
        Ok(session) if network == Network::Forbidden || cache::is_fresh(options, now) => {
            return session.finish(options, names, &cached).await;
        }
        Err(error) if network == Network::Forbidden => {
            return Err(TufError::Offline {
                directory: options.directory.display().to_string(),
                mirror: options.mirror.clone(),
                reason: error.to_string(),
            });
        }
        _ => {}
    }
    let _lock = cache::lock(options, context).await;
    // Another process may have refreshed it meanwhile.
    let cached = cache::read(options);
    let local = Session::from_cache(options, &cached, network, (context, now)).await;
    if let Ok(session) = local
        && cache::is_fresh(options, now)
    {
        return session.finish(options, names, &cached).await;
    }
    let local = Session::from_cache(options, &cached, network, (context, now)).await;
    match (Session::from_mirror(options, &cached, (context, now)).await, local) {
        (Ok(session), _) => {
            let targets = session.finish(options, names, &cached).await?;
            // A directory that cannot be written to leaves all of it in memory.
            let _ = cache::write_time(options, now);
            Ok(targets)
        }
        (Err(error @ TufError::Unreachable { .. }), Ok(session)) => {
            context.ui.warn(&format!(
                "the TUF mirror {} could not be asked for newer keys; the cached ones, which have not expired, are used: {}",
                crate::encoding::text::quote(&options.mirror),
                reason(&error)
            ));
            session.finish(options, names, &cached).await
        }
        (Err(error), _) => Err(error),
    }
}

fn reason(error: &TufError) -> String {
    match error {
        TufError::Unreachable { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

impl Session {
    /// What the cache holds, verified from the root on, if it is unexpired.
    async fn from_cache(
        options: &TufOptions,
        cached: &BTreeMap<String, Vec<u8>>,
        network: Network,
        (context, now): (&Context, UnixTime),
    ) -> Result<Self, TufError> {
        let mirror = match network {
            Network::Allowed => Some(Mirror::new(&options.mirror, context)?),
            Network::Forbidden => None,
        };
        let files = Files::of(cached.clone());
        let source = Source { cached: Files::of(cached.clone()), metadata_cached: true, mirror };
        Self::refreshed(options, files, source, now).await
    }

    /// What the mirror has now; never older than what the cache holds.
    pub(super) async fn from_mirror(
        options: &TufOptions,
        cached: &BTreeMap<String, Vec<u8>>,
        (context, now): (&Context, UnixTime),
    ) -> Result<Self, TufError> {
        let files = Files::of(cached.clone());
        let source = Source { cached: Files::default(), metadata_cached: false, mirror: Some(Mirror::new(&options.mirror, context)?) };
        Self::refreshed(options, files, source, now).await
    }

    async fn refreshed(options: &TufOptions, files: Files, source: Source, now: UnixTime) -> Result<Self, TufError> {
        let mirror = || options.mirror.clone();
        let failed = |error: Error| match error {
            Error::Transport { .. } => TufError::Unreachable { mirror: mirror(), reason: describe(&error) },
            error => TufError::Refused { mirror: mirror(), reason: describe(&error) },
        };
        let now = jiff::Timestamp::from_second(now.0)
            .map_err(|error| TufError::Refused { mirror: mirror(), reason: format!("this machine's clock: {error}") })?;
        let mut updater = Updater::new(source, &options.root).map_err(failed)?.with_store(files.clone());
        updater.refresh(now).await.map_err(failed)?;
        Ok(Self { updater, files, now })
    }

    /// A target, from the cache where its bytes are the ones that the metadata names.
    pub(super) async fn target(&mut self, name: &str) -> Result<Vec<u8>, TufError> {
        if !cache::is_inside(name) {
            return Err(TufError::TargetName(name.to_owned()));
        }
        self.updater.get_target(name, self.now).await.map_err(|error| match error {
            Error::TargetNotFound(name) => TufError::NoTarget(name),
            error => TufError::Target { name: name.to_owned(), reason: describe(&error) },
        })
    }

    /// All that is to be kept.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.all()
    }

    /// The trusted root that individual targets make, for mirrors that have none.
    async fn made_of_individual_targets(&mut self, missing: String) -> Result<Vec<u8>, TufError> {
        let mut targets = Vec::new();
        for (usage, name) in individual::usages(&self.metadata("targets.json")) {
            let content = self.target(&name).await?;
            targets.push((usage, name, content));
        }
        if targets.is_empty() {
            return Err(TufError::NoTarget(missing));
        }
        let root = individual::trusted_root(&targets)?;
        root.to_json().map_err(|error| TufError::Target { name: missing, reason: error.to_string() })
    }

    /// Verified metadata, as it came.
    pub(super) fn metadata(&self, name: &str) -> Vec<u8> {
        self.files.file(name).unwrap_or_default()
    }

    async fn finish(mut self, options: &TufOptions, names: &[&str], cached: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Vec<u8>>, TufError> {
        let mut targets = Vec::new();
        for name in names {
            targets.push(match self.target(name).await {
                Err(TufError::NoTarget(missing)) if missing == TRUSTED_ROOT => self.made_of_individual_targets(missing).await?,
                target => target?,
            });
        }
        match cache::write(options, cached, &self.files()) {
            Err(error @ TufError::TargetName(_)) => Err(error),
            // A directory that cannot be written to leaves all of it in memory.
            Ok(()) | Err(_) => Ok(targets),
        }
    }
}
