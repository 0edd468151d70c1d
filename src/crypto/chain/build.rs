//! Building candidate paths, from the leaf up, as Go's `buildChains` does.

use std::collections::{BTreeMap, HashSet};

use super::ChainError;
use crate::crypto::Certificate;
use crate::encoding::UnixTime;
use crate::encoding::text::quote;

/// The most signatures checked for one leaf; most paths have fewer than fifteen certificates.
const MAX_SIGNATURE_CHECKS: usize = 100;

/// Certificates by subject; each once.
pub(super) struct Pool<'a> {
    by_subject: BTreeMap<&'a [u8], Vec<&'a Certificate>>,
    all: HashSet<&'a [u8]>,
}

impl<'a> Pool<'a> {
    pub(super) fn new(certificates: &'a [Certificate]) -> Self {
        let mut pool = Self { by_subject: BTreeMap::new(), all: HashSet::new() };
        for certificate in certificates {
            if pool.all.insert(certificate.der()) {
                pool.by_subject.entry(certificate.subject_der()).or_default().push(certificate);
            }
        }
        pool
    }

    pub(super) fn contains(&self, certificate: &Certificate) -> bool {
        self.all.contains(certificate.der())
    }

    /// The certificates named as issuer of `child`; those whose key id fits first, then those where one side has none.
    fn potential_parents(&self, child: &Certificate) -> Vec<&'a Certificate> {
        let mut parents = self.by_subject.get(child.issuer_der()).cloned().unwrap_or_default();
        let wanted = child.meaning().authority_key_id.as_deref().unwrap_or_default();
        parents.sort_by_key(|parent| {
            let actual = parent.meaning().subject_key_id.as_deref().unwrap_or_default();
            if actual == wanted { 0 } else { 1 + u8::from(!actual.is_empty() && !wanted.is_empty()) }
        });
        parents
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Leaf,
    Intermediate,
    Root,
}

pub(super) struct Builder<'a> {
    pub(super) roots: &'a Pool<'a>,
    pub(super) intermediates: &'a Pool<'a>,
    pub(super) at: UnixTime,
    signature_checks: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(roots: &'a Pool<'a>, intermediates: &'a Pool<'a>, at: UnixTime) -> Self {
        Self { roots, intermediates, at, signature_checks: 0 }
    }

    /// Every way from the last certificate of `path` to a root.
    pub(super) fn build(&mut self, path: &[Certificate]) -> Result<Vec<Vec<Certificate>>, ChainError> {
        let Some(child) = path.last() else {
            return Err(ChainError::UnknownAuthority { hint: None });
        };
        let mut paths = Vec::new();
        let (mut hint, mut last) = (None, None);
        let roots = self.roots.potential_parents(child).into_iter().map(|parent| (Place::Root, parent));
        let intermediates = self.intermediates.potential_parents(child).into_iter().map(|parent| (Place::Intermediate, parent));
        for (place, parent) in roots.chain(intermediates) {
            match self.consider(path, child, place, parent) {
                Ok(found) => {
                    last = None;
                    paths.extend(found);
                }
                Err(Refusal::Skipped) => {}
                Err(Refusal::Signature(error)) => {
                    hint.get_or_insert((Box::new(error), display_name(parent)));
                }
                Err(Refusal::Invalid(error)) => {
                    hint.get_or_insert((Box::new(error.clone()), display_name(parent)));
                    last = Some(error);
                }
                Err(Refusal::Above(error)) => {
                    let stop = error == ChainError::SignatureLimit;
                    last = Some(error);
                    if stop {
                        break;
                    }
                }
            }
        }
        if paths.is_empty() { Err(last.unwrap_or(ChainError::UnknownAuthority { hint })) } else { Ok(paths) }
    }

    fn consider(
        &mut self,
        path: &[Certificate],
        child: &Certificate,
        place: Place,
        parent: &Certificate,
    ) -> Result<Vec<Vec<Certificate>>, Refusal> {
        self.signature_checks += 1;
        if self.signature_checks > MAX_SIGNATURE_CHECKS {
            return Err(Refusal::Above(ChainError::SignatureLimit));
        }
        if is_in(parent, path) {
            return Err(Refusal::Skipped);
        }
        check_signed_by(child, parent)?;
        check_validity(parent, place, path.len(), self.at).map_err(Refusal::Invalid)?;
        let mut longer = path.to_vec();
        longer.push(parent.clone());
        match place {
            Place::Root => Ok(vec![longer]),
            _ => self.build(&longer).map_err(Refusal::Above),
        }
    }
}

/// Why a candidate is not the parent.
enum Refusal {
    /// A loop, or a key of a kind that is not known.
    Skipped,
    /// It did not sign, or may not.
    Signature(ChainError),
    /// It signed, but does not count.
    Invalid(ChainError),
    /// There is no way further up, or the bound on work is reached.
    Above(ChainError),
}

/// Go's `CheckSignatureFrom`.
fn check_signed_by(child: &Certificate, parent: &Certificate) -> Result<(), Refusal> {
    let authority = match parent.meaning().basic_constraints {
        Some((is_ca, _)) => is_ca,
        None => parent.version() < 3,
    };
    let may_sign = match parent.meaning().key_usage {
        Some((any, cert_sign)) => cert_sign || !any,
        None => true,
    };
    if !authority || !may_sign {
        return Err(Refusal::Signature(ChainError::ParentCannotSign));
    }
    let key = parent.public_key().map_err(|_| Refusal::Skipped)?;
    child.check_signature(&key).map_err(|error| Refusal::Signature(error.into()))
}

/// Go's `isValid`: `below` certificates stand under this one.
pub(super) fn check_validity(certificate: &Certificate, place: Place, below: usize, at: UnixTime) -> Result<(), ChainError> {
    let meaning = certificate.meaning();
    if let Some(oid) = &meaning.unhandled_critical {
        return Err(ChainError::UnhandledCriticalExtension { oid: oid.clone() });
    }
    if at < certificate.not_before() {
        return Err(ChainError::NotYetValid { at, not_before: certificate.not_before() });
    }
    if at > certificate.not_after() {
        return Err(ChainError::Expired { at, not_after: certificate.not_after() });
    }
    if place == Place::Intermediate && !certificate.is_ca() {
        return Err(ChainError::NotAuthorizedToSign);
    }
    match certificate.path_length() {
        Some(limit) if u32::try_from(below.saturating_sub(1)).is_ok_and(|between| between > limit) => Err(ChainError::TooManyIntermediates),
        _ => Ok(()),
    }
}

/// Whether the same subject with the same key and the same names is there already: cross-signatures make loops.
fn is_in(candidate: &Certificate, path: &[Certificate]) -> bool {
    let same =
        |certificate: &&Certificate| certificate.subject_der() == candidate.subject_der() && certificate.spki_der() == candidate.spki_der();
    let names = |certificate: &Certificate| certificate.meaning().has_names.then(|| certificate.meaning().names.clone());
    path.iter().filter(same).any(|certificate| names(certificate) == names(candidate))
}

/// A candidate's name for a hint, quoted.
fn display_name(certificate: &Certificate) -> String {
    match (certificate.common_name().filter(|name| !name.is_empty()), certificate.organization()) {
        (Some(name), _) | (None, Some(name)) => quote(name),
        (None, None) => format!("serial:{}", crate::encoding::hex::encode(certificate.serial())),
    }
}
