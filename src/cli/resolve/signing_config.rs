//! The flags of `signing-config create`.

use std::path::Path;

use super::given;
use super::service_spec::{ServiceSpec, SpecError};
use crate::ambient::Context;
use crate::cli::args::SigningConfigCreateArgs;
use crate::cli::error::CommandError;
use crate::cli::flag_value::{NumberError, parse_decimal32};
use crate::cli::runtime::block_on;
use crate::format::signing_config::{Choice, Selector, Service, SigningConfig};
use crate::operations::files;
use crate::sigstore::tuf::{self, Network};

/// A rule of the flags of `signing-config create` that is broken. The texts are cosign's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFlagsError {
    /// Services, and not which of them.
    #[error("--{0}-config must be provided when --{0} is specified")]
    NoChoice(&'static str),
    /// A count where there is none.
    #[error("mode {0} does not accept a count")]
    Count(String),
    /// No count where there must be one.
    #[error("mode EXACT requires a count, e.g. EXACT:2")]
    NoCount,
    /// A count that is none.
    #[error("invalid count for EXACT mode: {0}")]
    InvalidCount(#[from] NumberError),
    /// No such mode.
    #[error("invalid service config mode: {0}")]
    Mode(String),
}

/// The signing config that the flags describe.
///
/// # Errors
/// A rule between flags that is broken, a specification that is none, a base that cannot be loaded, or the step over the network to TUF.
pub fn resolve(args: &SigningConfigCreateArgs, context: &Context) -> Result<SigningConfig, CommandError> {
    for (kind, services, choice) in [("rekor", &args.rekor, &args.rekor_config), ("tsa", &args.tsa, &args.tsa_config)] {
        if !services.is_empty() && choice.is_empty() {
            return Err(ConfigFlagsError::NoChoice(kind).into());
        }
    }
    let mut config = if args.with_default_services { distributed(args, context)? } else { base(args)? };
    if args.with_default_rekor_v2 && !args.with_default_services {
        context.ui.warn("--with-default-rekor-v2 has no effect without --with-default-services");
    }
    for (text, slot, prefix) in [
        (&args.rekor_config, &mut config.transparency_log_choice, "parsing rekor-config"),
        (&args.tsa_config, &mut config.timestamp_authority_choice, "parsing tsa-config"),
    ] {
        if let Some(text) = given(text) {
            *slot = Some(choice(text).map_err(|error| CommandError::from(error).with_prefix(prefix))?);
        }
    }
    for (specs, services, prefix) in [
        (&args.fulcio, &mut config.certificate_authorities, "parsing fulcio spec"),
        (&args.rekor, &mut config.transparency_logs, "parsing rekor spec"),
        (&args.oidc_provider, &mut config.identity_providers, "parsing oidc-provider spec"),
        (&args.tsa, &mut config.timestamp_authorities, "parsing tsa spec"),
    ] {
        for spec in specs {
            services.push(service(spec).map_err(|error| CommandError::from(error).with_prefix(prefix))?);
        }
    }
    Ok(config)
}

/// The kinds of services that are not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Without {
    fulcio: bool,
    oidc: bool,
    rekor: bool,
    tsa: bool,
}

impl Without {
    fn strip(self, config: &mut SigningConfig) {
        if self.fulcio {
            config.certificate_authorities.clear();
        }
        if self.oidc {
            config.identity_providers.clear();
        }
        if self.rekor {
            config.transparency_logs.clear();
            config.transparency_log_choice = None;
        }
        if self.tsa {
            config.timestamp_authorities.clear();
            config.timestamp_authority_choice = None;
        }
    }
}

/// What is taken over from `--base-config`: the kinds of which no other are given.
fn base(args: &SigningConfigCreateArgs) -> Result<SigningConfig, CommandError> {
    let Some(path) = given(&args.base_config) else { return Ok(SigningConfig::default()) };
    let prefixed = |error: CommandError| error.with_prefix(format!("loading base config from {path}"));
    let json = files::read(Path::new(path)).map_err(|error| prefixed(error.into()))?;
    let mut base = SigningConfig::parse(&json).map_err(|error| prefixed(error.into()))?;
    let given = |specs: &[String], without: bool| without || !specs.is_empty();
    Without {
        fulcio: given(&args.fulcio, args.no_default_fulcio),
        oidc: given(&args.oidc_provider, args.no_default_oidc),
        rekor: given(&args.rekor, args.no_default_rekor),
        tsa: given(&args.tsa, args.no_default_tsa),
    }
    .strip(&mut base);
    Ok(base)
}

/// What is taken over with `--with-default-services`; TUF is asked only where something of it is wanted.
fn distributed(args: &SigningConfigCreateArgs, context: &Context) -> Result<SigningConfig, CommandError> {
    let without =
        Without { fulcio: args.no_default_fulcio, oidc: args.no_default_oidc, rekor: args.no_default_rekor, tsa: args.no_default_tsa };
    if without == (Without { fulcio: true, oidc: true, rekor: true, tsa: true }) {
        return Ok(SigningConfig::default());
    }
    let prefixed = |error: CommandError| error.with_prefix("getting default signing config");
    let name = if args.with_default_rekor_v2 { tuf::SIGNING_CONFIG_REKOR_V2 } else { tuf::SIGNING_CONFIG };
    let json = block_on(context, async { tuf::targets(&[name], Network::Allowed, context).await.map_err(|error| prefixed(error.into())) })?;
    let mut config = SigningConfig::parse(&json.concat()).map_err(|error| prefixed(error.into()))?;
    without.strip(&mut config);
    Ok(config)
}

fn choice(text: &str) -> Result<Choice, ConfigFlagsError> {
    let (mode, count) = text.split_once(':').map_or((text, None), |(mode, count)| (mode, Some(count)));
    let mode = mode.to_uppercase();
    let selector = match mode.as_str() {
        "ANY" => Selector::Any,
        "ALL" => Selector::All,
        "EXACT" => {
            let count = parse_decimal32(count.ok_or(ConfigFlagsError::NoCount)?)?;
            return Ok(Choice { selector: Selector::Exact, count });
        }
        _ => return Err(ConfigFlagsError::Mode(mode)),
    };
    if count.is_some() { Err(ConfigFlagsError::Count(mode)) } else { Ok(Choice { selector, count: 0 }) }
}

fn service(spec: &str) -> Result<Service, SpecError> {
    let spec = ServiceSpec::parse(spec)?;
    spec.require(&["url", "api-version", "start-time", "operator"], SpecError::Missing)?;
    Ok(Service { url: spec.text("url"), api_version: spec.api_version()?, valid: Some(spec.period()?), operator: spec.text("operator") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ambient::fake::Fake;

    #[test]
    fn modes() {
        assert_eq!(choice("any").unwrap(), Choice { selector: Selector::Any, count: 0 });
        assert_eq!(choice("EXACT:2").unwrap(), Choice { selector: Selector::Exact, count: 2 });
        for (text, error) in [
            ("ALL:1", "mode ALL does not accept a count"),
            ("EXACT", "mode EXACT requires a count, e.g. EXACT:2"),
            ("exact:x", "invalid count for EXACT mode: strconv.ParseUint: parsing \"x\": invalid syntax"),
            ("bogus", "invalid service config mode: BOGUS"),
        ] {
            assert_eq!(choice(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn a_config_is_read_back() {
        let spec = "url=https://r.example, api-version=2,start-time=2024-01-01T00:00:00Z,end-time=2025-01-01T00:00:00Z,operator=o";
        let args = SigningConfigCreateArgs { rekor: vec![spec.to_owned()], rekor_config: "EXACT:1".into(), ..Default::default() };
        let context = Fake::default().context();
        let config = resolve(&args, &context).unwrap();
        let read = SigningConfig::parse(&config.to_json()).unwrap();
        assert_eq!(read.transparency_logs, config.transparency_logs);
        assert_eq!(read.transparency_log_choice, config.transparency_log_choice);
    }
}
