//! The payload that `sign` signs in the older form, for signing elsewhere.

use std::collections::BTreeMap;

use super::place::Place;
use super::subject::{Subject, SubjectError};
use crate::format::simple_signing::SimpleSigningPayload;
use crate::registry::{Access, Registries, RegistryError};

/// Why there is no payload.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The image cannot be named or opened.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The registry does not say which digest a tag has.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The simple signing payload about `image`, without a newline. An image named by digest is not asked for.
///
/// # Errors
/// [`GenerateError`].
pub async fn payload(
    image: &str,
    annotations: &BTreeMap<String, String>,
    place: &Place,
    registries: &Registries,
) -> Result<Vec<u8>, GenerateError> {
    let subject = Subject::open(image, place, registries, Access::Pull)?;
    let digest = subject.digest().await?;
    Ok(SimpleSigningPayload::new(subject.repository_name(), &digest, annotations).to_json())
}
