//! `cosign env`.

use std::collections::BTreeMap;

use clap::Args;

use super::{Action, Runnable, Spec, Words};
use crate::ambient::{Context, Env};
use crate::cli::error::CommandError;

/// `env` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "env",
    about: "Show the environment variables that cosign uses",
    long: "Prints each variable that cosign knows with its value. Secrets that have one are shown as stars.",
    examples: "\
  # without the descriptions
  cosign env --show-descriptions=false",
    words: Words::None,
    action: Action::of::<EnvArgs>(),
    ..Spec::DEFAULT
};

/// `cosign env [flags]`
#[derive(Debug, Clone, Args)]
pub struct EnvArgs {
    /// Describe each variable
    #[arg(long, default_value_t = true)]
    show_descriptions: bool,

    /// Show secrets, too
    #[arg(long)]
    show_sensitive_values: bool,
}

/// A variable that cosign knows.
struct Variable {
    name: &'static str,
    /// What it does.
    description: &'static str,
    /// What it should hold.
    expects: &'static str,
    sensitive: bool,
}

const fn plain(name: &'static str, description: &'static str, expects: &'static str) -> Variable {
    Variable { name, description, expects, sensitive: false }
}

const fn secret(name: &'static str, description: &'static str, expects: &'static str) -> Variable {
    Variable { name, description, expects, sensitive: true }
}

/// By name.
static VARIABLES: [Variable; 29] = [
    secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "authorizes GitHub Actions jobs to ask for an identity token", "a bearer token"),
    plain("ACTIONS_ID_TOKEN_REQUEST_URL", "is where GitHub Actions jobs ask for an identity token", "a URL"),
    secret("BUILDKITE_AGENT_ACCESS_TOKEN", "authorizes Buildkite jobs to ask for an identity token", "an access token"),
    plain("BUILDKITE_AGENT_ENDPOINT", "is where Buildkite jobs ask for an identity token", "a URL"),
    plain(
        "BUILDKITE_AGENT_LOG_LEVEL",
        "says how much the Buildkite client logs",
        "debug, notice (the default), info, error, warn or fatal",
    ),
    plain("BUILDKITE_JOB_ID", "is the job that the identity token of Buildkite names", "a job identifier"),
    plain(
        "COSIGN_DOCKER_MEDIA_TYPES",
        "stores signatures with Docker media types, for registries without OCI ones",
        "1 or 0 (the default)",
    ),
    plain("COSIGN_EXPERIMENTAL", "allows experimental features", "1 or 0 (the default)"),
    plain(
        "COSIGN_MAX_ATTACHMENT_SIZE",
        "is the largest attachment that is downloaded, 128MiB if not set",
        "a size such as 5120, 20K, 3M, 45MiB or 1GB",
    ),
    secret("COSIGN_PASSWORD", "is the password of the private key, which is asked for if not set", "a password, perhaps an empty one"),
    plain("COSIGN_PKCS11_IGNORE_CERTIFICATE", "leaves certificates on PKCS#11 tokens alone", "1 or 0 (the default)"),
    plain("COSIGN_PKCS11_MODULE_PATH", "is the PKCS#11 module", "the path of a shared library"),
    secret("COSIGN_PKCS11_PIN", "is the PIN of the PKCS#11 token", "a PIN"),
    plain("COSIGN_REPOSITORY", "is where signatures are stored instead of beside the image", "a repository"),
    plain("GITHUB_HOST", "is the GitHub Enterprise server", "a URL"),
    secret("GITHUB_TOKEN", "authorizes access to GitHub", "an access token"),
    plain("GITLAB_HOST", "is the GitLab server", "a URL"),
    secret("GITLAB_TOKEN", "authorizes access to GitLab", "an access token"),
    plain(
        "GOOGLE_SERVICE_ACCOUNT_NAME",
        "is the Google service account whose identity token is asked for",
        "the name of a service account",
    ),
    plain("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "replaces the keys that SCTs are checked with", "the path of a public key"),
    secret("SIGSTORE_ID_TOKEN", "is the identity token", "an OIDC token"),
    plain("SIGSTORE_REKOR_PUBLIC_KEY", "replaces the keys that log entries are checked with", "the path of a public key"),
    plain("SIGSTORE_ROOT_FILE", "replaces the roots that Fulcio's certificates are checked with", "the path of a PEM file"),
    plain(
        "SIGSTORE_TSA_CERTIFICATE_FILE",
        "replaces the certificates that signed timestamps are checked with",
        "the path of a PEM file: own certificate, intermediates, root",
    ),
    plain(
        "SOURCE_DATE_EPOCH",
        "replaces the current time in what is stored, see https://reproducible-builds.org/docs/source-date-epoch/",
        "seconds since 1970",
    ),
    plain("SPIFFE_ENDPOINT_SOCKET", "is where a SPIFFE identity token is asked for", "the path of a socket"),
    plain("TUF_MIRROR", "is the TUF repository of trusted keys, to be set together with TUF_ROOT_JSON", "a URL"),
    plain("TUF_ROOT", "is where TUF metadata is kept, ~/.sigstore/root if not set", "the path of a directory"),
    plain("TUF_ROOT_JSON", "is the first TUF root of TUF_MIRROR", "the path of a root.json"),
];

/// What else is listed.
const PREFIXES: [&str; 3] = ["COSIGN_", "SIGSTORE_", "TUF_"];

fn list(args: &EnvArgs, env: &dyn Env) -> String {
    let shown = |value: &str, sensitive: bool| {
        if sensitive && !args.show_sensitive_values && !value.is_empty() { "******".to_owned() } else { value.to_owned() }
    };
    let mut out = String::new();
    for variable in &VARIABLES {
        let Variable { name, description, expects, sensitive } = variable;
        if args.show_descriptions {
            out.push_str(&format!("# {name} {description}\n# Expects: {expects}\n"));
        }
        out.push_str(&format!("{name}={}\n", shown(&env.var(name).unwrap_or_default(), *sensitive)));
    }
    let others: BTreeMap<_, _> = env
        .vars()
        .into_iter()
        .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && VARIABLES.iter().all(|known| known.name != name))
        .collect();
    if args.show_descriptions && !others.is_empty() {
        out.push_str("# Environment variables below are not registered with cosign,\n# but might still influence cosign's behavior.\n");
    }
    for (name, value) in others {
        out.push_str(&format!("{name}={}\n", shown(&value, true)));
    }
    out
}

impl Runnable for EnvArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        Ok(context.ui.result(list(&self, context.env.as_ref()).as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    struct Set;

    impl Env for Set {
        fn var_os(&self, name: &str) -> Option<OsString> {
            self.vars().into_iter().find(|(other, _)| other == name).map(|(_, value)| value.into())
        }

        fn vars(&self) -> Vec<(String, String)> {
            [("COSIGN_PASSWORD", "hunter2"), ("COSIGN_REPOSITORY", "r"), ("COSIGN_KEY", "a=b"), ("PATH", "p")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec()
        }
    }

    #[test]
    fn secrets_are_stars() {
        let all = |show_descriptions, show_sensitive_values| list(&EnvArgs { show_descriptions, show_sensitive_values }, &Set);
        let text = all(true, false);
        assert!(
            text.contains("\nCOSIGN_PASSWORD=******\n")
                && text.contains("\nCOSIGN_REPOSITORY=r\n")
                && text.contains("\nCOSIGN_KEY=******\n")
        );
        assert!(!text.contains("hunter2") && !text.contains("\nPATH="));
        assert_eq!(all(false, true).lines().count(), 30);
        assert!(all(false, true).contains("COSIGN_PASSWORD=hunter2"));
        assert!(VARIABLES.is_sorted_by_key(|variable| variable.name));
    }
}
