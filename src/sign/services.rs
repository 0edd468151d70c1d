//! Which services a signature is made with: those of a signing config, those named by hand, or none.

use std::path::PathBuf;
use std::sync::Arc;

use super::certifier::Certifier;
use super::identity::LogDemand;
use super::witness::{Log, Witnesses};
use crate::ambient::{Context, Rng};
use crate::crypto::KeyAlgorithm;
use crate::encoding::{PathError, UnixTime};
use crate::format::signing_config::{Choice, Service, SigningConfig, SigningConfigError};
use crate::format::tlog::LogEntry;
use crate::format::trusted_root::TrustedRoot;
use crate::http::{Client, ClientOptions, HttpError, TlsOptions};
use crate::sigstore::fulcio::{Fulcio, FulcioError};
use crate::sigstore::oidc::TokenRequest;
use crate::sigstore::rekor::{RekorError, v1, v2};
use crate::sigstore::selection::{self, SelectionError, Wanted};
use crate::sigstore::trust::{self, Needs, TrustError, TrustSources};
use crate::sigstore::tsa::{TimestampService, TimestampServiceError};
use crate::sigstore::tuf::{self, Network, TufError};

/// How often a service is asked at most.
const ATTEMPTS: u32 = 3;

/// What is asked of services.
#[derive(Debug, Clone)]
pub struct ServicesRequest {
    /// Where the services' addresses come from.
    pub config: ConfigSource,
    /// Fulcio by hand.
    pub fulcio_url: Option<String>,
    /// A log by hand, version 1.
    pub rekor_url: Option<String>,
    /// A timestamp authority by hand.
    pub timestamp_url: Option<String>,
    /// The OpenID issuer by hand.
    pub oidc_issuer: Option<String>,
    /// TLS of the timestamp authority (`--timestamp-client-*`).
    pub timestamp_tls: TlsOptions,
    /// Whether a log is to be told.
    pub log: bool,
    /// Whether a certificate is needed: no key was given, or one that is to be certified.
    pub certificate: bool,
    /// Whether the form that is made needs a log that gives its own time (the older forms): Rekor v1.
    pub needs_promise: bool,
    /// Whether logs are told of a digest (files, simple signing payloads); else of an envelope.
    pub hashed: bool,
    /// The kind of key that is made where none was given (`--signing-algorithm`).
    pub algorithm: KeyAlgorithm,
    /// Certificates without SCT will do (`--insecure-skip-verify`).
    pub insecure_skip_sct: bool,
    /// `--trusted-root`.
    pub trusted_root: Option<PathBuf>,
    /// How tokens are got; its issuer is filled in here.
    pub token: TokenRequest,
}

/// Where the addresses of services come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigSource {
    /// From a file (`--signing-config`), and nowhere else.
    File(PathBuf),
    /// From the TUF repository, for what is not named by hand.
    Distributed,
    /// By hand only.
    None,
}

/// The services of a run.
pub struct SigningServices {
    /// Whom to trust when what was made is checked; `None` where nothing says.
    pub trusted: Option<Arc<TrustedRoot>>,
    /// Whether `trusted` is only what SIGSTORE_* files name: services of a kind that it does not hold are not judged by it.
    pub is_partial: bool,
    /// What an unexpired TUF cache says, where nothing else names a log's key: it counts for logs that it happens to know.
    pub cached: Option<Arc<TrustedRoot>>,
    /// Who certifies; `None` where a key signs by itself. To be taken out for [`super::certifier::Session`].
    pub certifier: Option<Certifier>,
    /// Who witnesses.
    pub witnesses: Witnesses,
    /// Whether services were named by hand: then cosign tells of its privacy statement before a log is told.
    pub by_hand: bool,
    /// What the logs demand of a signature.
    pub demand: LogDemand,
}

/// Why the services cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The file of the signing config.
    #[error("error reading signing config from file: {0}")]
    File(PathError),
    /// The signing config.
    #[error("error reading signing config from file: {0}")]
    Config(#[from] SigningConfigError),
    /// TUF has no signing config to give.
    #[error("error getting signing config from TUF: {0}")]
    Distributed(TufError),
    /// Whom to trust.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// HTTP.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// No service of a kind can be chosen.
    #[error("{error}; name one with {flag}")]
    Selection {
        /// Why not.
        error: SelectionError,
        /// The flag that names one.
        flag: &'static str,
    },
    /// The older form needs what only Rekor v1 gives.
    #[error(
        "the signing config names no Rekor v1, which this form of signature needs: write a bundle (--bundle, --new-bundle-format), or name a log with --rekor-url"
    )]
    NeedsBundle,
    /// Rekor v2 gives no time, which a certificate of minutes needs.
    #[error(
        "a timestamp authority must be provided to request a short-lived certificate that will be logged to Rekor v2; name one with --timestamp-server-url"
    )]
    NeedsTimestamp,
    /// Fulcio.
    #[error(transparent)]
    Fulcio(#[from] FulcioError),
    /// A log.
    #[error(transparent)]
    Rekor(#[from] RekorError),
    /// A timestamp authority.
    #[error(transparent)]
    Timestamp(#[from] TimestampServiceError),
}

/// What the sources say, before clients are made of it.
#[derive(Default)]
struct Material {
    config: Option<SigningConfig>,
    trusted: Option<TrustedRoot>,
    is_partial: bool,
    cached: Option<TrustedRoot>,
}

impl SigningServices {
    /// Finds the services, and whom to trust about them. One trip to TUF at most; none where nothing of it is needed. No service is asked yet.
    ///
    /// # Errors
    /// [`ServicesError`].
    pub async fn resolve(request: &ServicesRequest, context: &Context) -> Result<Self, ServicesError> {
        let now = UnixTime::from(context.clock.now());
        let material = request.material(context).await?;
        let client = client(TlsOptions::default(), context)?;
        let chosen = Chosen { request, config: material.config.clone().unwrap_or_default(), now, rng: &*context.rng };
        let timestamps = chosen.timestamps()?;
        let logs = chosen.logs(!timestamps.is_empty())?;
        let mut witnesses = Witnesses::default();
        for (url, version) in &logs {
            witnesses.logs.push(match version {
                2 => Log::V2(v2::Rekor::new(url, &client)?),
                _ => Log::V1(v1::Rekor::new(url, &client)?),
            });
        }
        if !timestamps.is_empty() {
            let client = self::client(request.timestamp_tls.clone(), context)?;
            for url in &timestamps {
                witnesses.authorities.push(TimestampService::new(url, &client)?);
            }
        }
        let certifier = if request.certificate {
            let token = TokenRequest { issuer: chosen.issuer(), ..request.token.clone() };
            Some(Certifier {
                fulcio: Fulcio::new(&chosen.fulcio()?, &client)?,
                token,
                key: None,
                algorithm: request.algorithm,
                insecure_skip_sct: request.insecure_skip_sct,
            })
        } else {
            None
        };
        // Rekor v1 takes envelopes as they are; version 2 makes hashed records of them, too.
        let demand = match logs.as_slice() {
            [] => LogDemand::Nothing,
            logs if logs.iter().any(|(_, version)| request.hashed || *version == 2) => LogDemand::Digest,
            _ => LogDemand::EnvelopeBySha256,
        };
        Ok(Self {
            trusted: material.trusted.map(Arc::new),
            is_partial: material.is_partial,
            cached: material.cached.map(Arc::new),
            certifier,
            witnesses,
            by_hand: request.is_by_hand(),
            demand,
        })
    }

    /// Whom time stamps are judged by, as they come.
    pub fn trusted_for_time(&self) -> Option<&TrustedRoot> {
        self.trusted.as_deref().filter(|root| !self.is_partial || !root.timestamp_authorities.is_empty())
    }

    /// Whom log entries are judged by; `None` where the key of one of the logs is not known.
    pub fn trusted_for(&self, entries: &[LogEntry]) -> Option<&TrustedRoot> {
        let knows = |root: &&TrustedRoot| entries.iter().all(|entry| root.transparency_log(&entry.log_id).is_some());
        // What was named must know the log, and is the one that says so when it does not.
        self.trusted.as_deref().filter(|root| !root.transparency_logs.is_empty()).or_else(|| self.cached.as_deref().filter(knows))
    }

    /// Whether anything but a key takes part.
    pub fn sign_alone(&self) -> bool {
        self.certifier.is_none() && self.witnesses.logs.is_empty() && self.witnesses.authorities.is_empty()
    }
}

fn client(tls: TlsOptions, context: &Context) -> Result<Client, HttpError> {
    Client::new(&ClientOptions::of(tls, ATTEMPTS), context)
}

impl ServicesRequest {
    /// Whether Fulcio or the log is named by hand.
    fn is_by_hand(&self) -> bool {
        self.config == ConfigSource::None || self.fulcio_url.is_some() || self.rekor_url.is_some()
    }

    /// Whether a service is missing that the distributed config could name.
    fn needs_config(&self) -> bool {
        let lacks_fulcio = self.certificate && self.fulcio_url.is_none();
        let lacks_log = self.log && self.rekor_url.is_none();
        // A key without a log needs no time either.
        let lacks_timestamp = !self.is_by_hand() && self.timestamp_url.is_none() && (self.certificate || self.log);
        lacks_fulcio || lacks_log || lacks_timestamp
    }

    async fn material(&self, context: &Context) -> Result<Material, ServicesError> {
        let mut wanted = Vec::new();
        let mut config = None;
        match &self.config {
            ConfigSource::File(path) => {
                let json = std::fs::read(path).map_err(PathError::of("open", path)).map_err(ServicesError::File)?;
                config = Some(SigningConfig::parse(&json)?);
            }
            ConfigSource::Distributed if self.needs_config() => wanted.push(tuf::SIGNING_CONFIG),
            ConfigSource::Distributed | ConfigSource::None => {}
        }
        let sources = TrustSources { trusted_root: self.trusted_root.clone(), ..TrustSources::default() };
        let by_hand = trust::by_hand(&sources, &*context.env)?;
        let alone = config.as_ref().is_some_and(SigningConfig::signs_alone) && !self.certificate;
        let needs_trust = self.trusted_root.is_none() && !alone && self.asks_for_trust() && trust::lacks(&by_hand, self.trust_needs());
        if needs_trust {
            wanted.push(tuf::TRUSTED_ROOT);
        }
        let mut distributed = match wanted.as_slice() {
            [] => Vec::new(),
            wanted => match tuf::targets(wanted, Network::Allowed, context).await {
                Ok(found) => found,
                Err(error) if wanted.contains(&tuf::SIGNING_CONFIG) => return Err(ServicesError::Distributed(error)),
                Err(error) => {
                    context.ui.warn(&format!(
                        "Could not fetch trusted_root.json from the TUF repository. Continuing without it: what the services answer is checked less strictly; give --trusted-root. Error from TUF: {error}"
                    ));
                    return Ok(Material { config, trusted: known(by_hand), is_partial: true, cached: None });
                }
            },
        };
        let mut trusted = by_hand;
        if needs_trust {
            let json = distributed.pop().unwrap_or_default();
            trust::add_missing(&mut trusted, TrustedRoot::parse(&json).map_err(TrustError::from)?);
        }
        if let Some(json) = distributed.pop() {
            config = Some(SigningConfig::parse(&json)?);
        }
        let is_partial = self.trusted_root.is_none() && !needs_trust;
        let cached = if is_partial && self.log && trusted.transparency_logs.is_empty() { cached_root(context).await } else { None };
        Ok(Material { config, trusted: known(trusted), is_partial, cached })
    }

    /// As in cosign, a key whose services were all named by hand asks TUF for nothing.
    fn asks_for_trust(&self) -> bool {
        self.certificate || (self.config != ConfigSource::None && self.needs_config()) || matches!(self.config, ConfigSource::File(_))
    }

    fn trust_needs(&self) -> Needs {
        Needs {
            certificate_authorities: self.certificate,
            ct_logs: self.certificate,
            transparency_logs: self.log,
            timestamp_authorities: self.timestamp_url.is_some() || !self.is_by_hand(),
        }
    }
}

/// What the TUF cache says without a trip; nothing where there is none, or one that has expired.
async fn cached_root(context: &Context) -> Option<TrustedRoot> {
    trust::distributed(Network::Forbidden, context).await.ok()
}

/// Material that trusts nobody is none.
fn known(root: TrustedRoot) -> Option<TrustedRoot> {
    let empty = root.certificate_authorities.is_empty()
        && root.transparency_logs.is_empty()
        && root.ct_logs.is_empty()
        && root.timestamp_authorities.is_empty();
    (!empty).then_some(root)
}

/// The choice among what is named by hand and what the config names.
struct Chosen<'a> {
    request: &'a ServicesRequest,
    config: SigningConfig,
    now: UnixTime,
    rng: &'a dyn Rng,
}

impl Chosen<'_> {
    fn fulcio(&self) -> Result<String, ServicesError> {
        if let Some(url) = &self.request.fulcio_url {
            return Ok(url.clone());
        }
        let wanted = Wanted { what: "certificate authority", versions: &[1], at: self.now };
        let chosen = selection::one(&self.config.certificate_authorities, &wanted);
        chosen.map(|service| service.url.clone()).map_err(|error| ServicesError::Selection { error, flag: "--fulcio-url" })
    }

    /// The issuer goes with Fulcio: a Fulcio by hand has none in the config.
    fn issuer(&self) -> Option<String> {
        if self.request.oidc_issuer.is_some() || self.request.fulcio_url.is_some() {
            return self.request.oidc_issuer.clone();
        }
        let wanted = Wanted { what: "identity provider", versions: &[1], at: self.now };
        selection::one(&self.config.identity_providers, &wanted).ok().map(|service| service.url.clone())
    }

    fn timestamps(&self) -> Result<Vec<String>, ServicesError> {
        if let Some(url) = &self.request.timestamp_url {
            return Ok(vec![url.clone()]);
        }
        if self.request.is_by_hand() || self.config.timestamp_authorities.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = Wanted { what: "timestamp authority", versions: &[1], at: self.now };
        self.several(&self.config.timestamp_authorities, self.config.timestamp_authority_choice, &wanted, "--timestamp-server-url")
    }

    /// Addresses and API versions.
    fn logs(&self, has_timestamp: bool) -> Result<Vec<(String, u32)>, ServicesError> {
        let request = self.request;
        if !request.log {
            return Ok(Vec::new());
        }
        if let Some(url) = &request.rekor_url {
            return Ok(vec![(url.clone(), 1)]);
        }
        // A config file without logs means to sign without one.
        if self.config.transparency_logs.is_empty() && matches!(request.config, ConfigSource::File(_)) {
            return Ok(Vec::new());
        }
        let lacks_time = request.certificate && !has_timestamp;
        let versions: &[u32] = if request.needs_promise || lacks_time { &[1] } else { &[1, 2] };
        let wanted = Wanted { what: "transparency log", versions, at: self.now };
        let found = selection::several(&self.config.transparency_logs, self.config.transparency_log_choice, &wanted, self.rng);
        let found = found.map_err(|error| match error {
            SelectionError::None { .. } if request.needs_promise => ServicesError::NeedsBundle,
            SelectionError::None { .. } if lacks_time && !self.config.transparency_logs.is_empty() => ServicesError::NeedsTimestamp,
            error => ServicesError::Selection { error, flag: "--rekor-url" },
        })?;
        Ok(found.into_iter().map(|service| (service.url.clone(), service.api_version)).collect())
    }

    fn several(
        &self,
        services: &[Service],
        choice: Option<Choice>,
        wanted: &Wanted<'_>,
        flag: &'static str,
    ) -> Result<Vec<String>, ServicesError> {
        let found = selection::several(services, choice, wanted, self.rng).map_err(|error| ServicesError::Selection { error, flag })?;
        Ok(found.into_iter().map(|service| service.url.clone()).collect())
    }
}
