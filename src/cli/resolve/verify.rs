//! The flags of `verify`.

use std::sync::Arc;

use super::registry::place;
use super::{file_or_url, given, given_path};
use crate::ambient::Context;
use crate::cli::args::{CertIdentityArgs, CertVerifyArgs, CommonVerifyArgs, VerifyArgs};
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::crypto::{Certificate, HashAlgorithm};
use crate::keys::KeyRef;
use crate::keys::load::{self, FetchUrl};
use crate::operations::verify_image::{Bundles, DetachedSignature, Forms, VerifyImages};
use crate::sigstore::trust::{self, Needs, TrustSources};
use crate::verify::{Identity, IdentityPolicy, KeyTrust, Matcher, Requirement, SctRequirement, TimeRequirement, Trust, Workflow};

/// What `verify` is to do. Loads the key and the trusted material.
///
/// # Errors
/// A flag or variable whose value cannot be used, a file that cannot be read, or a step over the network to a Sigstore service.
pub async fn resolve(args: &VerifyArgs, urls: &dyn FetchUrl, context: &Context) -> Result<VerifyImages, CommandError> {
    let place = place(&args.registry, context)?;
    let trust = trust_of(args, urls, context).await?;
    let needs = needs(&trust, &args.common, &args.certificate);
    let trusted = trust::load(&sources(&args.common, &args.certificate), needs, &*context.env)?;
    let mut requirement = Requirement::new(trust);
    if args.common.ignores_tlog() {
        requirement = requirement.insecure_ignore_tlog();
    }
    if needs.timestamp_authorities {
        requirement.time = TimeRequirement::SignedTimestamps { threshold: 1 };
    }
    requirement = if args.check_claims {
        requirement.with_annotations(args.annotations.pairs()?.into_iter().collect())
    } else {
        requirement.insecure_ignore_claims()
    };
    Ok(VerifyImages {
        images: args.images.clone(),
        requirement,
        trusted: Arc::new(trusted),
        local: args.local_image,
        forms: forms(args),
        attached_sbom: !args.attachment.is_empty(),
        place,
        detached: detached(args, urls, context).await?,
        max_workers: usize::try_from(args.common.max_workers).unwrap_or(1),
    })
}

/// Who must have signed.
async fn trust_of(args: &VerifyArgs, urls: &dyn FetchUrl, context: &Context) -> Result<Trust, CommandError> {
    if let Some(key) = given(&args.key) {
        let key = load::verifier(&KeyRef::parse(key), context, urls)
            .await
            .map_err(|error| CommandError::from(error).with_prefix("loading verifier from key opts: loading public key"))?;
        let hash = args.given.has("signature-digest-algorithm").then(|| digest_algorithm(args)).transpose()?;
        return Ok(Trust::Key(KeyTrust { keys: vec![key], hash }));
    }
    if args.security_key.security_key {
        return Err(not_yet("verifying with a hardware token (--sk)"));
    }
    let identities = identities(&args.certificate.identity)?;
    let sct = sct(&args.certificate)?;
    match given(&args.certificate.certificate) {
        None => Ok(Trust::Identity { identities, sct }),
        Some(certificate) => {
            let pem = file_or_url(certificate, urls, context).await?;
            let leaf =
                Certificate::all_from_pem(&pem).map_err(|error| CommandError::from(error).with_prefix("loading cert"))?.swap_remove(0);
            Ok(Trust::Certificate { leaf: Box::new(leaf), identities, sct })
        }
    }
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
    // cosign reads the file only beside --certificate.
    let detached = match (given_path(&args.sct), given(&args.certificate)) {
        (Some(path), Some(_)) => {
            Some(crate::operations::files::read(&path).map_err(|error| CommandError::from(error).with_prefix("reading sct from file"))?)
        }
        _ => None,
    };
    Ok(SctRequirement::Required { threshold: 1, detached })
}

/// The function of `--signature-digest-algorithm`, which was given.
fn digest_algorithm(args: &VerifyArgs) -> Result<HashAlgorithm, CommandError> {
    let name = args.signature_digest.signature_digest_algorithm.trim().to_ascii_lowercase();
    let name = if name.is_empty() { "sha256" } else { &name };
    HashAlgorithm::from_name(name).ok_or_else(|| not_yet(&format!("--signature-digest-algorithm={name}")))
}

fn needs(trust: &Trust, common: &CommonVerifyArgs, certificate: &CertVerifyArgs) -> Needs {
    let certified = !matches!(trust, Trust::Key(_));
    Needs {
        certificate_authorities: certified,
        ct_logs: certified && !certificate.insecure_ignore_sct,
        transparency_logs: !common.ignores_tlog(),
        timestamp_authorities: common.use_signed_timestamps || !common.timestamp_certificate_chain.is_empty(),
    }
}

fn sources(common: &CommonVerifyArgs, certificate: &CertVerifyArgs) -> TrustSources {
    TrustSources {
        trusted_root: given_path(&common.trusted_root),
        certificate_chain: given_path(&certificate.certificate_chain),
        ca_roots: given_path(&certificate.ca_roots),
        ca_intermediates: given_path(&certificate.ca_intermediates),
        timestamp_chain: given_path(&common.timestamp_certificate_chain),
    }
}

fn forms(args: &VerifyArgs) -> Forms {
    let certificate = &args.certificate;
    let unsupported = [
        (&certificate.certificate, "certificate must be in bundle and may not be provided using --certificate"),
        (&certificate.certificate_chain, "certificate chain must be in bundle and may not be provided using --certificate-chain"),
        (&certificate.ca_roots, "CA roots/intermediates must be provided using --trusted-root"),
        (&certificate.ca_intermediates, "CA roots/intermediates must be provided using --trusted-root"),
        (&args.common.timestamp_certificate_chain, "TSA certificate chain path may only be provided using --trusted-root"),
        (&certificate.sct, "SCT may not be provided using --sct"),
    ];
    let bundles = if !args.common.new_bundle_format {
        Bundles::Ignored
    } else {
        unsupported.iter().find(|(value, _)| !value.is_empty()).map_or(Bundles::Verified, |(_, reason)| Bundles::Unsupported(reason))
    };
    Forms { bundles, allow_certificate_chain: args.common.allow_certificate_chain, oci11: args.common.experimental_oci11 }
}

/// `--signature` holds the signature itself, or names a file or a URL that does.
async fn detached(args: &VerifyArgs, urls: &dyn FetchUrl, context: &Context) -> Result<Option<DetachedSignature>, CommandError> {
    let Some(signature) = given(&args.signature) else { return Ok(None) };
    let is_text = !signature.contains("://") && !std::path::Path::new(signature).exists();
    let signature = if is_text { signature.as_bytes().to_vec() } else { file_or_url(signature, urls, context).await? };
    let payload = match given(&args.payload) {
        Some(payload) => Some(file_or_url(payload, urls, context).await?),
        None => None,
    };
    Ok(Some(DetachedSignature { signature, payload }))
}

fn not_yet(what: &str) -> CommandError {
    NotSupportedYet(what.to_owned()).into()
}
