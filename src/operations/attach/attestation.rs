//! `attach attestation`: envelopes under the `.att` tag, bundles as referrers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::value::RawValue;

use super::bundle::{self, CheckedBundle};
use super::{AttachError, DocumentError, append, descriptor};
use crate::ambient::Context;
use crate::encoding::text;
use crate::entity::signature_image::{ImageStyle, SignatureLayer};
use crate::format::bundle::legacy;
use crate::format::dsse::{Envelope, INTOTO_PAYLOAD_TYPE, plain_json};
use crate::format::oci::media_type;
use crate::operations::files;
use crate::operations::place::Place;
use crate::operations::sign_image::tag_warning;
use crate::operations::subject::Subject;
use crate::registry::tag_scheme::Attachment;
use crate::registry::{Access, Registries};

/// What is to be attached.
#[derive(Debug, Clone)]
pub struct AttachAttestations {
    /// The image, as it was typed.
    pub image: String,
    /// Files with envelopes or bundles: one, or several behind each other (JSON lines).
    pub files: Vec<PathBuf>,
    /// How a new image of attestations is written.
    pub style: ImageStyle,
    /// Where it goes.
    pub place: Place,
}

/// What one document is.
enum Document {
    Bundle(CheckedBundle),
    Envelope(SignatureLayer),
}

/// Attaches all of it, or nothing where a file is not as it should be.
///
/// # Errors
/// [`AttachError`].
pub async fn attestations(request: &AttachAttestations, registries: &Registries, context: &Context) -> Result<(), AttachError> {
    let mut documents = Vec::new();
    for path in &request.files {
        let shown = path.to_string_lossy();
        context.ui.status(&format!("Using payload from: {}", text::quote(&shown)));
        let read = files::read(path).map_err(DocumentError::from).and_then(|bytes| read(&bytes));
        documents.extend(read.map_err(|source| AttachError::Attestation { path: shown.to_string(), source })?);
    }
    let subject = Subject::open(&request.image, &request.place, registries, Access::Push)?;
    if subject.is_by_tag() && !documents.is_empty() {
        context.ui.warn(&tag_warning(&request.image));
    }
    if documents.is_empty() {
        context.ui.warn("without --attestation there is nothing to attach");
        return Ok(());
    }
    let image = descriptor(&subject).await?;
    let mut layers = Vec::new();
    for document in documents {
        match document {
            Document::Bundle(bundle) => bundle.attach(&subject, &image, context).await?,
            Document::Envelope(layer) => layers.push(layer),
        }
    }
    if !layers.is_empty() {
        let tag = subject.tag(&subject.parsed(&image)?, Attachment::Attestation);
        append(&subject, &tag, &layers, request.style).await?;
    }
    Ok(())
}

/// The documents of one file.
fn read(bytes: &[u8]) -> Result<Vec<Document>, DocumentError> {
    let mut documents = Vec::new();
    for document in serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>() {
        let json = document.map_err(|error| DocumentError::Json(text::quote(&error.to_string())))?.get().as_bytes();
        documents.push(match bundle::is_meant(json) {
            true => Document::Bundle(CheckedBundle::read(json)?),
            false => Document::Envelope(layer(json)?),
        });
    }
    if documents.is_empty() { Err(DocumentError::Empty) } else { Ok(documents) }
}

fn layer(json: &[u8]) -> Result<SignatureLayer, DocumentError> {
    let failed = |error: String| DocumentError::Envelope(text::quote(&error));
    let envelope = Envelope::from_json(json).map_err(|error| failed(error.to_string()))?;
    if envelope.payload_type != INTOTO_PAYLOAD_TYPE {
        return Err(DocumentError::PayloadType(envelope.payload_type));
    }
    if envelope.signatures.is_empty() {
        return Err(DocumentError::Unsigned);
    }
    Ok(SignatureLayer {
        media_type: media_type::DSSE_ENVELOPE,
        payload: plain_json(json).map_err(|error| failed(error.to_string()))?,
        annotations: BTreeMap::from([(legacy::SIGNATURE.to_owned(), String::new())]),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const ENVELOPE: &str = r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}],"more":1}"#;

    #[test]
    fn envelopes_are_written_as_go_writes_them() {
        let documents = read(format!("{ENVELOPE}\n{ENVELOPE} {ENVELOPE}").as_bytes()).unwrap();
        assert_eq!(documents.len(), 3);
        let Document::Envelope(layer) = &documents[1] else { panic!("no envelope") };
        let expected = r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"","sig":"AA=="}]}"#;
        assert_eq!(std::str::from_utf8(&layer.payload).unwrap(), expected);
    }

    #[test]
    fn each_mistake_has_its_sentence() {
        let says = |text: &str| read(text.as_bytes()).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(says("{}"), "invalid payloadType  on envelope. Expected application/vnd.in-toto+json");
        assert_eq!(says(&ENVELOPE.replace(r#"{"sig":"AA=="}"#, "")), "could not attach attestation without having signatures");
        assert_eq!(says(&ENVELOPE.replace("e30=", "?")), "unable to base64 decode payload (is payload in the right format?)");
        assert_eq!(says(" \n"), "there is no attestation in it");
        assert!(says("{").starts_with("EOF while parsing"), "{}", says("{"));
        assert!(says(r#"{"mediaType":"x"}"#).contains("unsupported media type: x"), "{}", says(r#"{"mediaType":"x"}"#));
    }

    proptest! {
        #[test]
        fn any_bytes_are_documents_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\":,a-z0-9 ]{0,80}") {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
        }
    }
}
