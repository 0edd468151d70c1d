//! The flags of `attach`.

use super::registry::place;
use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::{AttachAttestationArgs, AttachSbomArgs, AttachSignatureArgs};
use crate::cli::error::CommandError;
use crate::cli::flag_value::ReferrersMode;
use crate::encoding::text;
use crate::entity::signature_image::ImageStyle;
use crate::operations::attach::AttachError;
use crate::operations::attach::attestation::AttachAttestations;
use crate::operations::attach::sbom::AttachSbom;
use crate::operations::attach::signature::AttachSignature;
use crate::operations::blob::BlobInput;

/// The kind of an SBOM, or how it is written, is none that is known. The texts are cosign's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SbomTypeError {
    /// `--type`.
    #[error("unknown SBOM type: \"{}\", expected (spdx|cyclonedx|syft)", text::quote(.0))]
    Type(String),
    /// `--input-format`.
    #[error("invalid SBOM input format: \"{}\", expected ({expected})", text::quote(.format))]
    Format {
        /// What was given.
        format: String,
        /// What the type can be written in.
        expected: &'static str,
    },
}

/// What `attach signature` is to do.
///
/// # Errors
/// A flag or variable whose value cannot be used.
pub fn signature(args: &AttachSignatureArgs, context: &Context) -> Result<AttachSignature, CommandError> {
    let payload = given(&args.payload).or(given(&args.bundle));
    Ok(AttachSignature {
        image: args.image.clone(),
        signature: given(&args.signature).map(BlobInput::parse).transpose()?,
        payload: payload.map(Into::into),
        certificate: given_path(&args.certificate),
        chain: given_path(&args.certificate_chain),
        timestamp: given_path(&args.tsr),
        log_entry: given_path(&args.rekor_response),
        style: style(context),
        place: place(&args.registry, context)?,
    })
}

/// What `attach attestation` is to do.
///
/// # Errors
/// As [`signature`].
pub fn attestation(args: &AttachAttestationArgs, context: &Context) -> Result<AttachAttestations, CommandError> {
    Ok(AttachAttestations {
        image: args.words.first().cloned().unwrap_or_default(),
        files: args.attestation.clone(),
        style: style(context),
        place: place(&args.registry, context)?,
    })
}

/// What `attach sbom` is to do.
///
/// # Errors
/// As [`signature`].
pub fn sbom(args: &AttachSbomArgs, media_type: &'static str, context: &Context) -> Result<AttachSbom, CommandError> {
    Ok(AttachSbom {
        image: args.image.clone(),
        sbom: BlobInput::parse(given(&args.sbom).ok_or(AttachError::NoInput("--sbom"))?)?,
        media_type,
        oci11: args.referrers_mode.registry_referrers_mode == Some(ReferrersMode::Oci11),
        place: place(&args.registry, context)?,
    })
}

/// The media type of an SBOM. As in cosign a name that ends in `.json` counts as `--input-format=json`.
///
/// # Errors
/// [`SbomTypeError`].
pub fn sbom_media_type(args: &AttachSbomArgs) -> Result<&'static str, SbomTypeError> {
    let format = args.input_format.as_str();
    let is_json = format == "json" || args.sbom.ends_with(".json");
    let (formats, expected, media_types): (&[&str], _, _) = match args.sbom_type.as_str() {
        "spdx" => (&["", "text", "json"], "json|text", ["text/spdx", "text/spdx+json"]),
        "cyclonedx" => (&["", "xml", "json"], "json|xml", ["application/vnd.cyclonedx+xml", "application/vnd.cyclonedx+json"]),
        "syft" => (&["", "json"], "json", ["application/vnd.syft+json", "application/vnd.syft+json"]),
        other => return Err(SbomTypeError::Type(other.to_owned())),
    };
    if !formats.contains(&format) {
        return Err(SbomTypeError::Format { format: format.to_owned(), expected });
    }
    Ok(media_types[usize::from(is_json)])
}

/// How a new image under a tag is written.
fn style(context: &Context) -> ImageStyle {
    ImageStyle { docker_media_types: super::sign::is_true(context, "COSIGN_DOCKER_MEDIA_TYPES"), created: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::{attach, spec::args_of};

    #[test]
    fn media_types_of_sboms() {
        let of = |words: &[&str]| {
            let args: AttachSbomArgs = args_of(&attach::sbom::SPEC, &[words, &["i/i"]].concat());
            sbom_media_type(&args).map_err(|error| error.to_string())
        };
        for (words, expected) in [
            (&["--sbom=a"][..], "text/spdx"),
            (&["--sbom=a.json"], "text/spdx+json"),
            (&["--sbom=a", "--input-format=json"], "text/spdx+json"),
            (&["--sbom=a.json", "--input-format=text"], "text/spdx+json"),
            (&["--type=cyclonedx", "--input-format=xml"], "application/vnd.cyclonedx+xml"),
            (&["--type=cyclonedx", "--sbom=a.json"], "application/vnd.cyclonedx+json"),
            (&["--type=syft"], "application/vnd.syft+json"),
        ] {
            assert_eq!(of(words).as_deref(), Ok(expected), "{words:?}");
        }
        let refused = [
            (&["--type=x"][..], r#"unknown SBOM type: "x", expected (spdx|cyclonedx|syft)"#),
            (&["--input-format=xml"], r#"invalid SBOM input format: "xml", expected (json|text)"#),
            (&["--type=cyclonedx", "--input-format=text"], r#"invalid SBOM input format: "text", expected (json|xml)"#),
            (&["--type=syft", "--input-format=xml"], r#"invalid SBOM input format: "xml", expected (json)"#),
        ];
        for (words, expected) in refused {
            assert_eq!(of(words), Err(expected.to_owned()));
        }
    }

    #[test]
    fn payload_and_bundle_are_one_flag() {
        let of = |words: &[&str]| {
            let args: AttachSignatureArgs = args_of(&attach::signature::SPEC, words);
            signature(&args, &crate::ambient::fake::Fake::default().context()).map(|request| request.payload)
        };
        assert!(of(&["--payload=a", "--bundle=b", "i/i"]).is_ok_and(|payload| payload == Some("b".into())));
        assert!(of(&["--bundle=b", "--payload=a", "i/i"]).is_ok_and(|payload| payload == Some("a".into())));
    }
}
