//! Certification path building and validation, with the meaning of Go's `x509.Certificate.Verify`.

use super::certificate::{Certificate, ExtendedKeyUsage};
use crate::encoding::UnixTime;

/// Why no path holds; texts are Go's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {}

/// The first path from `leaf` to one of `roots`, all of it valid `at` that moment: leaf first, root last.
pub fn verify(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: UnixTime,
    usage: ExtendedKeyUsage,
) -> Result<Vec<Certificate>, ChainError> {
    verify_all(leaf, intermediates, roots, at, usage).map(|mut chains| chains.swap_remove(0))
}

/// Every such path (at least one), in Go's order.
pub fn verify_all(
    _leaf: &Certificate,
    _intermediates: &[Certificate],
    _roots: &[Certificate],
    _at: UnixTime,
    _usage: ExtendedKeyUsage,
) -> Result<Vec<Vec<Certificate>>, ChainError> {
    todo!()
}
