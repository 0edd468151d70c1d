//! Signing configs, version 0.2: which services sign, in what combination.

use serde_json::{Map, Value};

use crate::crypto::ValidityPeriod;
use crate::encoding::{UnixTime, go_json, text};
use crate::format::proto_json::{self, Fields, ProtoJsonError};
use crate::format::trusted_root::{period, validity};

/// The media type of signing configs, version 0.2.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/// The most services of one kind that a config may name.
const MAX_SERVICES: usize = 256;

const SELECTORS: [(&str, i32); 4] = [("SERVICE_SELECTOR_UNDEFINED", 0), ("ALL", 1), ("ANY", 2), ("EXACT", 3)];

/// Which services sign. One without services signs with a key alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningConfig {
    /// Certificate authorities (Fulcio).
    pub certificate_authorities: Vec<Service>,
    /// Identity providers.
    pub identity_providers: Vec<Service>,
    /// Transparency logs (Rekor).
    pub transparency_logs: Vec<Service>,
    /// Which of the logs; `None` where the config does not say.
    pub transparency_log_choice: Option<Choice>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Service>,
    /// Which of the timestamp authorities; `None` where the config does not say.
    pub timestamp_authority_choice: Option<Choice>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its URL.
    pub url: String,
    /// The version of its API.
    pub api_version: u32,
    /// When it is to be used; `None` where the config does not say.
    pub valid: Option<ValidityPeriod>,
    /// Who runs it.
    pub operator: String,
}

/// Which of several services are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// How they are chosen.
    pub selector: Selector,
    /// How many, for [`Selector::Exact`].
    pub count: u32,
}

/// How services are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// The config does not say.
    Undefined,
    /// All, one of each operator.
    All,
    /// Any one.
    Any,
    /// As many as the config says.
    Exact,
}

/// Why a document is no signing config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningConfigError {
    /// Not the JSON of a signing config.
    #[error("failed to proto-json unmarshal signing config: {0}")]
    Json(#[from] ProtoJsonError),
    /// Another media type.
    #[error("unsupported SigningConfig media type: {}", text::quote(.0))]
    MediaType(String),
    /// A number outside its range.
    #[error("signing config: {0} out of range")]
    Range(&'static str),
    /// Too many services of one kind.
    #[error("too many services in signing config: {0} > {MAX_SERVICES}")]
    TooMany(usize),
}

impl SigningConfig {
    /// Reads a signing config.
    ///
    /// # Errors
    /// [`SigningConfigError`].
    pub fn parse(json: &[u8]) -> Result<Self, SigningConfigError> {
        let mut fields = Fields::of(proto_json::parse(json)?, "SigningConfig")?;
        let media_type = fields.text("mediaType")?;
        let config = Self {
            certificate_authorities: services(&mut fields, "caUrls")?,
            identity_providers: services(&mut fields, "oidcUrls")?,
            transparency_logs: services(&mut fields, "rekorTlogUrls")?,
            transparency_log_choice: choice(&mut fields, "rekorTlogConfig")?,
            timestamp_authorities: services(&mut fields, "tsaUrls")?,
            timestamp_authority_choice: choice(&mut fields, "tsaConfig")?,
        };
        fields.finish()?;
        if media_type == MEDIA_TYPE { Ok(config) } else { Err(SigningConfigError::MediaType(media_type)) }
    }

    /// The JSON as protojson writes it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut object = Map::new();
        object.insert("mediaType".to_owned(), MEDIA_TYPE.into());
        for (name, services, choice) in [
            ("caUrls", &self.certificate_authorities, None),
            ("oidcUrls", &self.identity_providers, None),
            ("rekorTlogUrls", &self.transparency_logs, Some(("rekorTlogConfig", self.transparency_log_choice))),
            ("tsaUrls", &self.timestamp_authorities, Some(("tsaConfig", self.timestamp_authority_choice))),
        ] {
            if !services.is_empty() {
                object.insert(name.to_owned(), services.iter().map(Service::to_value).collect());
            }
            if let Some((name, choice)) = choice {
                object.insert(name.to_owned(), choice.map_or_else(|| Map::new().into(), Choice::to_value));
            }
        }
        // Text, numbers, lists and objects always have a JSON form.
        go_json::to_vec(&Value::Object(object)).unwrap_or_default()
    }

    /// Whether it names no service that takes part in signing: then a key signs alone.
    pub fn signs_alone(&self) -> bool {
        self.certificate_authorities.is_empty() && self.transparency_logs.is_empty() && self.timestamp_authorities.is_empty()
    }
}

impl Service {
    /// Whether it is to be used at that time.
    pub fn is_valid_at(&self, at: UnixTime) -> bool {
        self.valid.is_none_or(|valid| valid.contains(at))
    }

    fn to_value(&self) -> Value {
        let mut object = Map::new();
        object.insert("url".to_owned(), self.url.as_str().into());
        if self.api_version != 0 {
            object.insert("majorApiVersion".to_owned(), self.api_version.into());
        }
        if let Some(valid) = &self.valid {
            object.insert("validFor".to_owned(), period(valid));
        }
        if !self.operator.is_empty() {
            object.insert("operator".to_owned(), self.operator.as_str().into());
        }
        object.into()
    }
}

impl Choice {
    fn to_value(self) -> Value {
        let mut object = Map::new();
        let number = match self.selector {
            Selector::Undefined => 0,
            Selector::All => 1,
            Selector::Any => 2,
            Selector::Exact => 3,
        };
        if let Some((name, _)) = SELECTORS.iter().find(|(_, known)| *known == number && number != 0) {
            object.insert("selector".to_owned(), (*name).into());
        }
        if self.count != 0 {
            object.insert("count".to_owned(), self.count.into());
        }
        object.into()
    }
}

fn services(fields: &mut Fields<'_>, name: &'static str) -> Result<Vec<Service>, SigningConfigError> {
    let services = fields.messages(name, "Service")?;
    if services.len() > MAX_SERVICES {
        return Err(SigningConfigError::TooMany(services.len()));
    }
    let read = |mut fields: Fields<'_>| {
        let service = Service {
            url: fields.text("url")?,
            api_version: unsigned(&mut fields, "majorApiVersion")?,
            valid: validity(fields.message("validFor", "TimeRange")?)?,
            operator: fields.text("operator")?,
        };
        fields.finish()?;
        Ok(service)
    };
    services.into_iter().map(read).collect()
}

fn choice(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<Choice>, SigningConfigError> {
    let Some(mut fields) = fields.message(name, "ServiceConfiguration")? else { return Ok(None) };
    let selector = match fields.enumeration("selector", &SELECTORS)? {
        0 => Selector::Undefined,
        1 => Selector::All,
        2 => Selector::Any,
        3 => Selector::Exact,
        _ => return Err(SigningConfigError::Range("selector")),
    };
    let count = unsigned(&mut fields, "count")?;
    fields.finish()?;
    Ok(Some(Choice { selector, count }))
}

fn unsigned(fields: &mut Fields<'_>, name: &'static str) -> Result<u32, SigningConfigError> {
    u32::try_from(fields.integer(name)?).map_err(|_| SigningConfigError::Range(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_with_services_and_one_without() {
        let json = include_bytes!("../../testdata/keyless/trust/signing_config.both.json");
        let config = SigningConfig::parse(json).unwrap();
        assert_eq!(config.transparency_logs.iter().map(|log| log.api_version).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(config.transparency_log_choice, Some(Choice { selector: Selector::Any, count: 0 }));
        assert!(!config.signs_alone());
        assert!(!config.transparency_logs[0].is_valid_at(UnixTime(0)));
        let empty = format!(r#"{{"mediaType":"{MEDIA_TYPE}","rekorTlogConfig":{{}},"tsaConfig":{{}}}}"#);
        assert!(SigningConfig::parse(empty.as_bytes()).unwrap().signs_alone());
    }

    #[test]
    fn what_is_none() {
        for text in [
            "{}",
            r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.1+json"}"#,
            r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","x":1}"#,
            r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{"majorApiVersion":-1}]}"#,
            r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","tsaConfig":{"selector":9}}"#,
        ] {
            assert!(SigningConfig::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_config_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = SigningConfig::parse(&bytes);
        }
    }
}
