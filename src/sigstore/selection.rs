//! Which of a signing config's services are used: those that count now, of the highest API version that this program speaks, one of each operator,
//! the newest of it; then all, any one, or so many of them.

use std::io;

use crate::ambient::Rng;
use crate::encoding::UnixTime;
use crate::format::signing_config::{Choice, Selector, Service};

/// Why no service is left.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// None is valid now under a version that this program speaks.
    #[error(
        "no matching services found for API versions {versions:?} and current time {at}: the signing config names no {what} that can be used now"
    )]
    None {
        /// What was looked for.
        what: &'static str,
        /// The versions.
        versions: Vec<u32>,
        /// The time.
        at: UnixTime,
    },
    /// `EXACT` without a number.
    #[error("service selector count must be greater than 0")]
    Zero,
    /// `EXACT` of more than there are.
    #[error("service selector count {count} must be less than or equal to the slice length {found}: too few operators run a {what}")]
    TooFew {
        /// What was looked for.
        what: &'static str,
        /// How many are asked for.
        count: u32,
        /// How many there are.
        found: usize,
    },
    /// The config does not say which.
    #[error("invalid service selector: the signing config does not say which {0} to use")]
    Undefined(&'static str),
    /// There is no randomness.
    #[error("choosing a service: {0}")]
    Random(#[from] io::Error),
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// In words: `transparency log`.
    pub what: &'static str,
    /// The API versions that will do.
    pub versions: &'a [u32],
    /// Now.
    pub at: UnixTime,
}

/// The one service to use: of the highest version, the newest.
///
/// # Errors
/// [`SelectionError::None`].
pub fn one<'a>(services: &'a [Service], wanted: &Wanted<'_>) -> Result<&'a Service, SelectionError> {
    candidates(services, wanted).into_iter().next().ok_or_else(|| wanted.none())
}

/// The services to use, as `choice` says.
///
/// # Errors
/// [`SelectionError`].
pub fn several<'a>(
    services: &'a [Service],
    choice: Option<Choice>,
    wanted: &Wanted<'_>,
    rng: &dyn Rng,
) -> Result<Vec<&'a Service>, SelectionError> {
    let mut chosen: Vec<&Service> = Vec::new();
    for service in candidates(services, wanted) {
        if chosen.iter().all(|other| other.operator != service.operator) {
            chosen.push(service);
        }
    }
    if chosen.is_empty() {
        return Err(wanted.none());
    }
    let count = match choice.map_or(Selector::Undefined, |choice| choice.selector) {
        Selector::All => return Ok(chosen),
        Selector::Any => 1,
        Selector::Exact => choice.map_or(0, |choice| choice.count),
        Selector::Undefined => return Err(SelectionError::Undefined(wanted.what)),
    };
    let wished = usize::try_from(count).unwrap_or(usize::MAX);
    if wished == 0 {
        return Err(SelectionError::Zero);
    }
    if wished > chosen.len() {
        return Err(SelectionError::TooFew { what: wanted.what, count, found: chosen.len() });
    }
    while chosen.len() > wished {
        chosen.remove(below(chosen.len(), rng)?);
    }
    Ok(chosen)
}

/// Those that count now, all of the highest version that has any, newest first.
fn candidates<'a>(services: &'a [Service], wanted: &Wanted<'_>) -> Vec<&'a Service> {
    let usable = |service: &&Service| wanted.versions.contains(&service.api_version) && service.is_valid_at(wanted.at);
    let highest = services.iter().filter(usable).map(|service| service.api_version).max();
    let mut found: Vec<&Service> = services.iter().filter(usable).filter(|service| Some(service.api_version) == highest).collect();
    found.sort_by_key(|service| std::cmp::Reverse(service.valid.and_then(|valid| valid.start)));
    found
}

/// A random index. Loads spread; nothing depends on it being even to the last bit.
fn below(length: usize, rng: &dyn Rng) -> io::Result<usize> {
    let mut bytes = [0_u8; 4];
    rng.fill(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes) as usize % length.max(1))
}

impl Wanted<'_> {
    fn none(&self) -> SelectionError {
        SelectionError::None { what: self.what, versions: self.versions.to_vec(), at: self.at }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ambient::fake::Fake;
    use crate::crypto::ValidityPeriod;

    fn service(url: &str, api_version: u32, operator: &str, start: i64, end: Option<i64>) -> Service {
        let valid = ValidityPeriod { start: Some(UnixTime(start)), end: end.map(UnixTime) };
        Service { url: url.to_owned(), api_version, valid: Some(valid), operator: operator.to_owned() }
    }

    fn urls(services: &[Service], selector: Selector, count: u32) -> Result<Vec<String>, String> {
        let wanted = Wanted { what: "log", versions: &[1, 2], at: UnixTime(100) };
        let choice = Some(Choice { selector, count });
        let chosen = several(services, choice, &wanted, &Fake::default()).map_err(|error| error.to_string())?;
        Ok(chosen.into_iter().map(|service| service.url.clone()).collect())
    }

    #[test]
    fn the_highest_version_counts_also_for_all() {
        let services = [
            service("v1", 1, "x", 0, None),
            service("v2", 2, "x", 0, None),
            service("v2b", 2, "y", 0, None),
            service("v3", 3, "z", 0, None),
        ];
        assert_eq!(urls(&services, Selector::All, 0).unwrap(), ["v2", "v2b"]);
        assert_eq!(urls(&services, Selector::Any, 0).unwrap().len(), 1);
        assert_eq!(urls(&services, Selector::Exact, 2).unwrap().len(), 2);
        assert!(urls(&services, Selector::Exact, 3).unwrap_err().contains("count 3"));
        assert!(urls(&services, Selector::Exact, 0).unwrap_err().contains("greater than 0"));
        assert!(urls(&services, Selector::Undefined, 0).unwrap_err().contains("invalid service selector"));
    }

    #[test]
    fn time_counts_and_of_one_operator_the_newest() {
        let services = [
            service("over", 2, "x", 0, Some(50)),
            service("old", 1, "x", 1, None),
            service("new", 1, "x", 9, None),
            service("future", 1, "y", 101, None),
        ];
        assert_eq!(urls(&services, Selector::All, 0).unwrap(), ["new"]);
        assert!(urls(&services[..1], Selector::All, 0).unwrap_err().starts_with("no matching services found for API versions [1, 2]"));
    }
}
