//! The flags that name the services of a signature.

use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::{DEFAULT_FULCIO_URL, DEFAULT_OIDC_ISSUER, DEFAULT_REKOR_URL, SignerArgs, TimestampArgs};
use crate::cli::error::CommandError;
use crate::crypto::{Curve, KeyAlgorithm};
use crate::http::TlsOptions;
use crate::sign::services::{ConfigSource, ServicesRequest};
use crate::sigstore::oidc::TokenRequest;

/// What keys of one run are, unless told otherwise.
pub const DEFAULT_ALGORITHM: KeyAlgorithm = KeyAlgorithm::Ecdsa(Curve::P256);

/// The flags, and what the command needs.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Who signs, and with which services.
    pub signer: &'a SignerArgs,
    /// Whether the form that is made needs Rekor v1.
    pub needs_promise: bool,
    /// Whether logs are told of a digest and not of an envelope.
    pub hashed: bool,
    /// The kind of key that is made where none was given.
    pub algorithm: KeyAlgorithm,
}

/// What is asked of services. What cannot be combined was refused before (`check_signing_config`).
///
/// # Errors
/// A flag whose value cannot be used.
pub fn of_signing(asked: &Asked<'_>, context: &Context) -> Result<ServicesRequest, CommandError> {
    let SignerArgs { signing_config: services, fulcio, oidc, timestamp, .. } = asked.signer;
    let config = match given_path(&services.signing_config) {
        Some(path) => ConfigSource::File(path),
        None if services.use_signing_config => ConfigSource::Distributed,
        None => ConfigSource::None,
    };
    // Beside a signing config a default stands for "not given"; without one it is the address.
    let by_hand = |url: &str, default: &str| match &config {
        ConfigSource::None => given(url).map(str::to_owned),
        _ => given(url).filter(|url| *url != default).map(str::to_owned),
    };
    let log = services.tlog_upload && !services.rekor_url.is_empty();
    let request = ServicesRequest {
        fulcio_url: by_hand(&fulcio.fulcio_url, DEFAULT_FULCIO_URL),
        rekor_url: by_hand(&services.rekor_url, DEFAULT_REKOR_URL).filter(|_| log),
        timestamp_url: given(&timestamp.timestamp_server_url).map(str::to_owned),
        oidc_issuer: by_hand(&oidc.oidc_issuer, DEFAULT_OIDC_ISSUER),
        timestamp_tls: timestamp_tls(timestamp),
        log,
        certificate: asked.signer.needs_certificate(),
        needs_promise: asked.needs_promise,
        hashed: asked.hashed,
        algorithm: asked.algorithm,
        insecure_skip_sct: fulcio.insecure_skip_verify,
        trusted_root: given_path(&services.trusted_root),
        token: token(asked.signer)?,
        config,
    };
    if fulcio.insecure_skip_verify && asked.signer.needs_certificate() {
        context.ui.warn("--insecure-skip-verify: the SCT of the new certificate is not checked");
    }
    Ok(request)
}

fn timestamp_tls(args: &TimestampArgs) -> TlsOptions {
    TlsOptions {
        ca_certificates: given_path(&args.timestamp_client_cacert),
        client_certificate: given_path(&args.timestamp_client_cert),
        client_key: given_path(&args.timestamp_client_key),
        server_name: given(&args.timestamp_server_name).map(str::to_owned),
        ..TlsOptions::default()
    }
}

fn token(signer: &SignerArgs) -> Result<TokenRequest, CommandError> {
    let token = &signer.fulcio.identity_token;
    Ok(TokenRequest {
        given: Some(token.clone()).filter(|token| !token.expose().is_empty()),
        disable_ambient: signer.oidc.oidc_disable_ambient_providers,
        provider: given(&signer.oidc.oidc_provider).map(str::to_owned),
        flow: signer.fulcio.fulcio_auth_flow.clone(),
        issuer: None,
        client_id: signer.oidc.oidc_client_id.clone(),
        client_secret: signer.oidc.client_secret()?,
        redirect_url: given(&signer.oidc.oidc_redirect_url).map(str::to_owned),
        consented: signer.yes,
    })
}
