//! Who must have signed, and whom to believe: what the verifying commands share.

use super::sign::not_yet;
use super::{file_or_url, given, given_path};
use crate::ambient::Context;
use crate::cli::args::{CertIdentityArgs, CertVerifyArgs, VerifierArgs};
use crate::cli::error::CommandError;
use crate::crypto::HashAlgorithm;
use crate::format::bundle::legacy;
use crate::format::trusted_root::TrustedRoot;
use crate::keys::KeyRef;
use crate::keys::load::{self, FetchUrl};
use crate::operations::files;
use crate::sigstore::trust::{self, Needs, TrustSources};
use crate::sigstore::tuf::Network;
use crate::verify::{Identity, IdentityPolicy, KeyTrust, Matcher, Requirement, SctRequirement, TimeRequirement, Trust, Workflow};

/// What must hold, with claims checked, and the trusted material that this needs.
///
/// # Errors
/// A flag or variable whose value cannot be used, a file that cannot be read, or a step over the network to a Sigstore service.
pub(super) async fn load(
    verifier: &VerifierArgs,
    urls: &dyn FetchUrl,
    context: &Context,
) -> Result<(Requirement, TrustedRoot), CommandError> {
    let trust = trust(verifier, urls, context).await?;
    let needs = needs(verifier, &trust);
    // `--offline` makes no trip for keys.
    let network = if verifier.common.offline { Network::Forbidden } else { Network::Allowed };
    let trusted = trust::load(&sources(verifier), needs, network, context).await?;
    let mut requirement = Requirement::new(trust);
    if verifier.common.ignores_tlog() {
        requirement = requirement.insecure_ignore_tlog();
    }
    if needs.timestamp_authorities {
        requirement.time = TimeRequirement::SignedTimestamps { threshold: 1 };
    }
    Ok((requirement, trusted))
}

async fn trust(verifier: &VerifierArgs, urls: &dyn FetchUrl, context: &Context) -> Result<Trust, CommandError> {
    if let Some(key) = given(&verifier.key) {
        let key = load::verifier(&KeyRef::parse(key), context, urls)
            .await
            .map_err(|error| CommandError::from(error).with_prefix("loading verifier from key opts: loading public key"))?;
        return Ok(Trust::Key(KeyTrust { keys: vec![key], hash: digest_algorithm(verifier)? }));
    }
    if verifier.security_key.security_key {
        return Err(not_yet("verifying with a hardware token (--sk)"));
    }
    let identities = identities(&verifier.certificate.identity)?;
    let sct = sct(&verifier.certificate)?;
    match given(&verifier.certificate.certificate) {
        None => Ok(Trust::Identity { identities, sct }),
        Some(certificate) => {
            let leaf = legacy::certificate_of_file(&file_or_url(certificate, urls, context).await?)
                .map_err(|error| CommandError::from(error).with_prefix("loading verifier from key opts: loading cert"))?;
            Ok(Trust::Certificate { leaf: Box::new(leaf), identities, sct })
        }
    }
}

fn needs(verifier: &VerifierArgs, trust: &Trust) -> Needs {
    let certified = !matches!(trust, Trust::Key(_));
    Needs {
        certificate_authorities: certified,
        ct_logs: certified && !verifier.certificate.insecure_ignore_sct,
        transparency_logs: !verifier.common.ignores_tlog(),
        timestamp_authorities: verifier.common.use_signed_timestamps || !verifier.common.timestamp_certificate_chain.is_empty(),
    }
}

fn sources(verifier: &VerifierArgs) -> TrustSources {
    TrustSources {
        trusted_root: given_path(&verifier.common.trusted_root),
        certificate_chain: given_path(&verifier.certificate.certificate_chain),
        ca_roots: given_path(&verifier.certificate.ca_roots),
        ca_intermediates: given_path(&verifier.certificate.ca_intermediates),
        timestamp_chain: given_path(&verifier.common.timestamp_certificate_chain),
    }
}

/// The first flag that names material which has to be in a bundle, in the words of the error about it.
pub(super) fn no_bundle_takes(verifier: &VerifierArgs) -> Option<&'static str> {
    let VerifierArgs { certificate, common, .. } = verifier;
    [
        (&certificate.certificate, "certificate must be in bundle and may not be provided using --certificate"),
        (&certificate.certificate_chain, "certificate chain must be in bundle and may not be provided using --certificate-chain"),
        (&certificate.ca_roots, "CA roots/intermediates must be provided using --trusted-root"),
        (&certificate.ca_intermediates, "CA roots/intermediates must be provided using --trusted-root"),
        (&common.timestamp_certificate_chain, "TSA certificate chain path may only be provided using --trusted-root"),
        (&certificate.sct, "SCT may not be provided using --sct"),
    ]
    .into_iter()
    .find_map(|(value, reason)| (!value.is_empty()).then_some(reason))
}

fn identities(args: &CertIdentityArgs) -> Result<IdentityPolicy, CommandError> {
    let subject = Matcher::from_flags(&args.certificate_identity, &args.certificate_identity_regexp);
    let issuer = Matcher::from_flags(&args.certificate_oidc_issuer, &args.certificate_oidc_issuer_regexp);
    let owned = |text: &str| given(text).map(str::to_owned);
    let workflow = Workflow {
        trigger: owned(&args.certificate_github_workflow_trigger),
        sha: owned(&args.certificate_github_workflow_sha),
        name: owned(&args.certificate_github_workflow_name),
        repository: owned(&args.certificate_github_workflow_repository),
        reference: owned(&args.certificate_github_workflow_ref),
    };
    let identities = subject.zip(issuer).map(|(subject, issuer)| Identity { subject, issuer }).into_iter().collect();
    Ok(IdentityPolicy::any_of(identities, workflow)?)
}

fn sct(args: &CertVerifyArgs) -> Result<SctRequirement, CommandError> {
    if args.insecure_ignore_sct {
        return Ok(SctRequirement::InsecureIgnore);
    }
    let detached = match given_path(&args.sct) {
        Some(path) => Some(files::read(&path).map_err(|error| CommandError::from(error).with_prefix("reading sct from file"))?),
        None => None,
    };
    Ok(SctRequirement::Required { threshold: 1, detached })
}

/// The function of `--signature-digest-algorithm`, where it was given.
fn digest_algorithm(verifier: &VerifierArgs) -> Result<Option<HashAlgorithm>, CommandError> {
    if !verifier.given.has("signature-digest-algorithm") {
        return Ok(None);
    }
    let name = verifier.signature_digest.signature_digest_algorithm.trim().to_ascii_lowercase();
    let name = if name.is_empty() { "sha256" } else { &name };
    HashAlgorithm::from_name(name).map(Some).ok_or_else(|| not_yet(&format!("--signature-digest-algorithm={name}")))
}
