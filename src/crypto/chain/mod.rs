//! Certification path building and validation, with the meaning of Go's `x509.Certificate.Verify`: revocation is not looked at,
//! extended key usages nest, a leaf that is itself a root is a path of one.
//!
//! Differences: a path on which a certificate requires explicit policies is refused, since policies are not processed.

mod build;
mod error;
mod names;
#[cfg(test)]
mod tests;

use build::{Builder, Place, Pool};
pub use error::ChainError;

use super::certificate::{ANY_USAGE, Certificate, ExtendedKeyUsage};
use crate::encoding::UnixTime;

/// The first path from `leaf` to one of `roots`, all of it valid `at` that moment: leaf first, root last.
///
/// # Errors
/// [`ChainError`], with Go's sentence.
pub fn verify(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: UnixTime,
    usage: ExtendedKeyUsage,
) -> Result<Vec<Certificate>, ChainError> {
    verify_all(leaf, intermediates, roots, at, usage).map(|mut paths| paths.swap_remove(0))
}

/// Every such path (at least one), in Go's order.
///
/// # Errors
/// As [`verify`].
pub fn verify_all(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: UnixTime,
    usage: ExtendedKeyUsage,
) -> Result<Vec<Vec<Certificate>>, ChainError> {
    build::check_validity(leaf, Place::Leaf, 0, at)?;
    let (roots, intermediates) = (Pool::new(roots), Pool::new(intermediates));
    let start = vec![leaf.clone()];
    let candidates = if roots.contains(leaf) { vec![start] } else { Builder::new(&roots, &intermediates, at).build(&start)? };
    let (mut paths, mut name_error) = (Vec::new(), None);
    let (mut unfit, mut explicit) = (0, 0);
    for path in candidates {
        if path.len() > 1 && path.iter().any(|certificate| certificate.meaning().requires_explicit_policy) {
            explicit += 1;
        } else if !allows(&path, usage) {
            unfit += 1;
        } else if let Err(detail) = names::check(&path) {
            name_error.get_or_insert(ChainError::NameNotAllowed(detail));
        } else {
            paths.push(path);
        }
    }
    match (paths.is_empty(), name_error) {
        (false, _) => Ok(paths),
        (true, Some(error)) => Err(error),
        (true, None) if unfit > 0 => Err(ChainError::IncompatibleUsage),
        (true, None) => Err(ChainError::ExplicitPolicy(explicit)),
    }
}

/// Whether every certificate that names extended key usages names this one, or any.
fn allows(path: &[Certificate], usage: ExtendedKeyUsage) -> bool {
    usage == ExtendedKeyUsage::Any
        || path.iter().all(|certificate| {
            let usages = &certificate.meaning().extended_key_usages;
            usages.is_empty() || usages.iter().any(|oid| oid.as_bytes() == usage.oid() || oid.as_bytes() == ANY_USAGE)
        })
}
