//! Applying name constraints along a path.

use std::net::IpAddr;

use crate::crypto::Certificate;
use crate::crypto::certificate::{Mailbox, NameConstraints, domain_name_valid};
use crate::encoding::text::quote;

/// The most bytes of constraints that names are compared with on one path.
const MAX_COMPARED: usize = 16 << 20;

/// Checks the names of every certificate against the constraints of every one above it; the text says what is wrong.
pub(super) fn check(path: &[Certificate]) -> Result<(), String> {
    let mut budget = MAX_COMPARED;
    for (index, certificate) in path.iter().enumerate() {
        let authorities = path[index + 1..].iter().filter_map(|authority| authority.meaning().name_constraints.as_ref());
        let authorities: Vec<&NameConstraints> = authorities.collect();
        if authorities.is_empty() || !certificate.meaning().has_names {
            continue;
        }
        let names = Names::of(certificate)?;
        for constraints in authorities {
            names.check(constraints, &mut budget)?;
        }
    }
    Ok(())
}

/// The names of a certificate in the form in which they are compared.
struct Names<'a> {
    dns: &'a [String],
    ips: &'a [IpAddr],
    uris: Vec<(&'a str, String)>,
    emails: Vec<(&'a str, Mailbox)>,
}

impl<'a> Names<'a> {
    fn of(certificate: &'a Certificate) -> Result<Self, String> {
        let names = &certificate.meaning().names;
        let uris = names.uris.iter().map(|uri| Ok((uri.as_str(), uri_host(uri)?))).collect::<Result<_, String>>()?;
        let mailbox = |email: &'a String| match Mailbox::parse(email) {
            Some(mailbox) => Ok((email.as_str(), mailbox)),
            None => Err(format!("cannot parse rfc822Name \"{}\"", quote(email))),
        };
        let emails = names.emails.iter().map(mailbox).collect::<Result<_, String>>()?;
        if let Some(name) = names.dns.iter().find(|name| !domain_name_valid(name, false)) {
            return Err(format!("x509: cannot parse dnsName \"{}\"", quote(name)));
        }
        Ok(Self { dns: &names.dns, ips: &names.ips, uris, emails })
    }

    fn check(&self, constraints: &NameConstraints, budget: &mut usize) -> Result<(), String> {
        let (permitted, excluded) = (&constraints.permitted, &constraints.excluded);
        for ip in self.ips {
            let matches = |range: &(Vec<u8>, Vec<u8>), _: bool| in_range(*ip, range);
            spend(budget, 32 * (permitted.ips.len() + excluded.ips.len()))?;
            decide(("IP address", &ip.to_string()), &permitted.ips, &excluded.ips, matches)?;
        }
        for name in self.dns {
            let matches = |constraint: &String, exclude: bool| in_domain(constraint, name, exclude);
            spend(budget, bytes(&permitted.dns) + bytes(&excluded.dns))?;
            decide(("DNS name", name), &permitted.dns, &excluded.dns, matches)?;
        }
        for (uri, host) in &self.uris {
            let matches = |constraint: &String, exclude: bool| in_domain(constraint, host, exclude);
            spend(budget, bytes(&permitted.uris) + bytes(&excluded.uris))?;
            decide(("URI", uri), &permitted.uris, &excluded.uris, matches)?;
        }
        for (email, mailbox) in &self.emails {
            let matches = |constraint: &String, exclude: bool| match Mailbox::parse(constraint) {
                Some(exact) => exact == *mailbox,
                None => in_domain(constraint, &mailbox.domain, exclude),
            };
            spend(budget, bytes(&permitted.emails) + bytes(&excluded.emails))?;
            decide(("email address", email), &permitted.emails, &excluded.emails, matches)?;
        }
        Ok(())
    }
}

/// What comparing a name with these constraints costs.
fn bytes(constraints: &[String]) -> usize {
    constraints.iter().map(|constraint| constraint.len() + 8).sum()
}

fn spend(budget: &mut usize, cost: usize) -> Result<(), String> {
    *budget = budget.checked_sub(cost).ok_or_else(|| "too many constraints".to_owned())?;
    Ok(())
}

/// Where anything is permitted one of it must match; nothing excluded may.
fn decide<C>((kind, name): (&str, &str), permitted: &[C], excluded: &[C], matches: impl Fn(&C, bool) -> bool) -> Result<(), String> {
    if !permitted.is_empty() && !permitted.iter().any(|constraint| matches(constraint, false)) {
        return Err(format!("{kind} \"{}\" is not permitted by any constraint", quote(name)));
    }
    if excluded.iter().any(|constraint| matches(constraint, true)) {
        return Err(format!("{kind} \"{}\" is excluded by a constraint", quote(name)));
    }
    Ok(())
}

/// Whether `name` is `constraint` or, at a label, below it, in any case. A leading period wants at least one label more; an empty
/// constraint is all.
fn in_domain(constraint: &str, name: &str, exclude: bool) -> bool {
    let (constraint, name) = (constraint.as_bytes(), name.as_bytes());
    let Some(split) = name.len().checked_sub(constraint.len()) else {
        return exclude && is_excluded_sibling(constraint, name);
    };
    let (prefix, suffix) = name.split_at(split);
    let at_label = prefix.is_empty() || prefix.ends_with(b".") || constraint.starts_with(b".") || constraint.is_empty();
    (at_label && suffix.eq_ignore_ascii_case(constraint)) || (exclude && is_excluded_sibling(constraint, name))
}

/// A wildcard would cover an excluded name under the same parent.
fn is_excluded_sibling(constraint: &[u8], name: &[u8]) -> bool {
    let parent = |name: &'_ [u8]| name.iter().position(|byte| *byte == b'.');
    match (name.starts_with(b"*"), parent(constraint), parent(name)) {
        (true, Some(first), Some(second)) => constraint[first..].eq_ignore_ascii_case(&name[second..]),
        _ => false,
    }
}

fn in_range(ip: IpAddr, (address, mask): &(Vec<u8>, Vec<u8>)) -> bool {
    let octets = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    octets.len() == address.len() && octets.iter().zip(address).zip(mask).all(|((octet, address), mask)| octet & mask == address & mask)
}

/// The host of a URI without its port, in lower case; a URI without one, or with an address, cannot be compared.
fn uri_host(uri: &str) -> Result<String, String> {
    let authority = uri.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    if host.is_empty() {
        return Err(format!("URI with empty host (\"{}\") cannot be matched against constraints", quote(uri)));
    }
    let host = if host.ends_with(']') { host.as_str() } else { host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host) };
    if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
        return Err(format!("URI with IP (\"{}\") cannot be matched against constraints", quote(uri)));
    }
    Ok(host.to_owned())
}
