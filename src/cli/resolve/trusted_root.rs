//! The flags of `trusted-root create`.

use super::service_spec::{ServiceSpec, SpecError, time};
use crate::cli::args::TrustedRootCreateArgs;
use crate::cli::error::CommandError;
use crate::crypto::ValidityPeriod;
use crate::encoding::UnixTime;
use crate::operations::create_trusted_root::{ChainSource, CreateTrustedRoot, Distributed, LogSource};

/// A new flag and an old one of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot use --{0} and old {0} flags at the same time")]
pub struct BothForms(pub &'static str);

/// What `trusted-root create` is to do.
///
/// # Errors
/// A rule between flags that is broken, or a specification that is none.
pub fn resolve(args: &TrustedRootCreateArgs) -> Result<CreateTrustedRoot, CommandError> {
    let old = &args.old;
    let any = |lists: &[&Vec<String>]| lists.iter().any(|list| !list.is_empty());
    for (kind, new, old) in [
        ("fulcio", &args.fulcio, any(&[&old.certificate_chain, &old.fulcio_uri])),
        ("rekor", &args.rekor, any(&[&old.rekor_key, &old.rekor_url, &old.rekor_start_time, &old.rekor_end_time])),
        ("ctfe", &args.ctfe, any(&[&old.ctfe_key, &old.ctfe_url, &old.ctfe_start_time, &old.ctfe_end_time])),
        ("tsa", &args.tsa, any(&[&old.timestamp_certificate_chain, &old.timestamp_uri])),
    ] {
        if old && !new.is_empty() {
            return Err(BothForms(kind).into());
        }
    }
    let default = args.with_default_services;
    Ok(CreateTrustedRoot {
        distributed: Distributed {
            certificate_authorities: default && !args.no_default_fulcio,
            ct_logs: default && !args.no_default_ctfe,
            transparency_logs: default && !args.no_default_rekor,
            timestamp_authorities: default && !args.no_default_tsa,
        },
        certificate_authorities: joined(
            specified(&args.fulcio, "parsing fulcio spec", |spec| chain(spec, "fulcio"))?,
            old_chains(&old.certificate_chain, &old.fulcio_uri),
        ),
        ct_logs: joined(
            specified(&args.ctfe, "parsing ctfe spec", |spec| log(spec, "parsing ctfe spec: parsing public-key: "))?,
            old_logs(&OldLogs {
                keys: &old.ctfe_key,
                starts: &old.ctfe_start_time,
                ends: &old.ctfe_end_time,
                urls: &old.ctfe_url,
                names: false,
            })?,
        ),
        transparency_logs: joined(
            specified(&args.rekor, "parsing rekor spec", |spec| log(spec, "parsing rekor spec: parsing public-key: "))?,
            old_logs(&OldLogs {
                keys: &old.rekor_key,
                starts: &old.rekor_start_time,
                ends: &old.rekor_end_time,
                urls: &old.rekor_url,
                names: true,
            })?,
        ),
        timestamp_authorities: joined(
            specified(&args.tsa, "parsing tsa spec", |spec| chain(spec, "tsa"))?,
            old_chains(&old.timestamp_certificate_chain, &old.timestamp_uri),
        ),
    })
}

fn joined<T>(mut new: Vec<T>, old: Vec<T>) -> Vec<T> {
    new.extend(old);
    new
}

fn specified<T>(specs: &[String], prefix: &str, read: impl Fn(&ServiceSpec) -> Result<T, SpecError>) -> Result<Vec<T>, CommandError> {
    let each = |spec: &String| ServiceSpec::parse(spec).and_then(|spec| read(&spec));
    specs.iter().map(each).collect::<Result<_, _>>().map_err(|error| CommandError::from(error).with_prefix(prefix))
}

fn chain(spec: &ServiceSpec, what: &'static str) -> Result<ChainSource, SpecError> {
    spec.require(&["url", "certificate-chain"], |key| SpecError::MissingOrEmpty { key, what })?;
    let labels = if what == "tsa" {
        ["parsing tsa spec: ", "parsing TSA certificate-chain: "]
    } else {
        ["parsing fulcio spec: ", "parsing Fulcio certificate-chain: "]
    };
    Ok(ChainSource { uri: spec.text("url"), chain: spec.path("certificate-chain"), valid: spec.period()?, from_leaf: true, labels })
}

fn log(spec: &ServiceSpec, label: &'static str) -> Result<LogSource, SpecError> {
    spec.require(&["url", "public-key", "start-time"], |key| SpecError::MissingOrEmpty { key, what: "tlog" })?;
    let origin = spec.optional("origin").map(str::to_owned);
    Ok(LogSource { url: spec.text("url"), key: spec.path("public-key"), origin, valid: spec.period()?, label })
}

fn old_chains(chains: &[String], uris: &[String]) -> Vec<ChainSource> {
    let source = |(at, chain): (usize, &String)| ChainSource {
        uri: uris.get(at).cloned().unwrap_or_default(),
        chain: chain.into(),
        valid: ValidityPeriod::default(),
        from_leaf: false,
        labels: ["", ""],
    };
    chains.iter().enumerate().map(source).collect()
}

/// The older flags of one kind of log.
struct OldLogs<'a> {
    keys: &'a [String],
    starts: &'a [String],
    ends: &'a [String],
    urls: &'a [String],
    /// Whether a key may be followed by a comma and the log's name.
    names: bool,
}

fn old_logs(flags: &OldLogs<'_>) -> Result<Vec<LogSource>, CommandError> {
    let mut logs = Vec::new();
    for (at, key) in flags.keys.iter().enumerate() {
        let (key, origin) = match key.split_once(',') {
            Some((key, origin)) if flags.names => (key, Some(origin).filter(|origin| !origin.is_empty())),
            _ => (key.as_str(), None),
        };
        let start = flags.starts.get(at).map_or(Ok(UnixTime(0)), |text| time(text))?;
        let end = flags.ends.get(at).map(|text| time(text)).transpose()?;
        logs.push(LogSource {
            url: flags.urls.get(at).cloned().unwrap_or_default(),
            key: key.into(),
            origin: origin.map(str::to_owned),
            valid: ValidityPeriod { start: Some(start), end },
            label: "",
        });
    }
    Ok(logs)
}
