//! Tokens that the surroundings hand out, in the Go program's order: a file, a variable, GitHub Actions, then Buildkite, Google, SPIFFE.

mod ci;
mod google;
mod spiffe;

use std::path::Path;

use super::OidcError;
use super::flow::{read_token, refuse_expired};
use crate::ambient::Context;
use crate::http::Client;
use crate::secret::IdToken;

/// Where a token lies that somebody else keeps fresh.
const TOKEN_FILE: &str = "/var/run/sigstore/cosign/oidc-token";

/// The variable that holds a token.
const VARIABLE: &str = "SIGSTORE_ID_TOKEN";

/// A source of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Filesystem,
    Variable,
    Github,
    Buildkite,
    GoogleImpersonate,
    GoogleWorkloadIdentity,
    Spiffe,
}

const SOURCES: [(&str, Source); 7] = [
    ("filesystem", Source::Filesystem),
    ("envvar", Source::Variable),
    ("github-actions", Source::Github),
    ("buildkite-agent", Source::Buildkite),
    ("google-impersonate", Source::GoogleImpersonate),
    ("google-workload-identity", Source::GoogleWorkloadIdentity),
    ("spiffe", Source::Spiffe),
];

/// The token of the first source that is there, or of the one that is named. `None` where none is there, or where it has nothing to give.
///
/// # Errors
/// [`OidcError`]: a source that is there and fails is not passed over.
pub async fn token(named: Option<&str>, client: &Client, context: &Context) -> Result<Option<IdToken>, OidcError> {
    let token = match named {
        Some(named) => {
            // The short form that the flag's help names.
            let wanted = if named == "google" { "google-workload-identity" } else { named };
            let (_, source) =
                SOURCES.iter().find(|(name, _)| *name == wanted).ok_or_else(|| OidcError::UnknownProvider(named.to_owned()))?;
            source.is_there(client, context).await?;
            source.provide(client, context).await?
        }
        None => {
            let mut found = None;
            for (_, source) in SOURCES {
                if source.is_there(client, context).await.is_ok() {
                    found = Some(source.provide(client, context).await?);
                    break;
                }
            }
            let Some(token) = found else {
                ci::explain_missing_permission(context)?;
                return Ok(None);
            };
            token
        }
    };
    client.hide(token.expose());
    Ok(Some(token).filter(|token| !token.expose().is_empty()))
}

/// Every source by name, and whether it is there.
pub async fn sources(client: &Client, context: &Context) -> Vec<(&'static str, bool)> {
    let mut found = Vec::with_capacity(SOURCES.len());
    for (name, source) in SOURCES {
        found.push((name, source.is_there(client, context).await.is_ok()));
    }
    found
}

impl Source {
    fn name(self) -> &'static str {
        SOURCES.iter().find(|(_, source)| *source == self).map_or("", |(name, _)| name)
    }

    /// Whether it is there: it can be asked.
    async fn is_there(self, client: &Client, context: &Context) -> Result<(), OidcError> {
        let variable = |name: &str| context.env.var(name).filter(|value| !value.is_empty());
        let missing = |what: &str| OidcError::NotAvailable { provider: self.name(), reason: what.to_owned() };
        let (there, what) = match self {
            Self::Filesystem => (Path::new(TOKEN_FILE).exists(), format!("there is no file {TOKEN_FILE}")),
            Self::Variable => (context.env.var_os(VARIABLE).is_some(), format!("{VARIABLE} is not set")),
            Self::Github => {
                let there = variable(ci::REQUEST_URL).is_some() && variable(ci::REQUEST_TOKEN).is_some();
                if !there {
                    ci::explain_missing_permission(context)?;
                }
                (there, format!("{} and {} are not set", ci::REQUEST_URL, ci::REQUEST_TOKEN))
            }
            Self::Buildkite => (variable("BUILDKITE_AGENT_ACCESS_TOKEN").is_some(), "BUILDKITE_AGENT_ACCESS_TOKEN is not set".to_owned()),
            Self::GoogleImpersonate => {
                (variable("GOOGLE_SERVICE_ACCOUNT_NAME").is_some(), "GOOGLE_SERVICE_ACCOUNT_NAME is not set".to_owned())
            }
            Self::GoogleWorkloadIdentity => (google::is_there(client, context).await, "there is no metadata server of Google".to_owned()),
            Self::Spiffe => (spiffe::is_there(context), format!("there is no socket {}", spiffe::socket(context).display())),
        };
        if there { Ok(()) } else { Err(missing(&what)) }
    }

    async fn provide(self, client: &Client, context: &Context) -> Result<IdToken, OidcError> {
        match self {
            Self::Filesystem => {
                read_token(Path::new(TOKEN_FILE)).map_err(|error| OidcError::Ambient { provider: self.name(), reason: error.to_string() })
            }
            Self::Variable => {
                let token = IdToken::new(context.env.var(VARIABLE).unwrap_or_default().trim());
                refuse_expired(&token, VARIABLE, context)?;
                Ok(token)
            }
            Self::Github => ci::github(client, context).await,
            Self::Buildkite => ci::buildkite(client, context).await,
            Self::GoogleImpersonate => google::impersonated(client, context).await,
            Self::GoogleWorkloadIdentity => google::workload_identity(client, context).await,
            Self::Spiffe => spiffe::token(context).await,
        }
    }
}
