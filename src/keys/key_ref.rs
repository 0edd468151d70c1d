//! What `--key` may say.

use std::fmt;
use std::path::PathBuf;

/// A parsed `--key`. Parsing looks at the form only; what is behind it is found when it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRef {
    /// A path, `/dev/stdin` included.
    File(PathBuf),
    /// `env://VAR`: the key itself, in a variable.
    Env(String),
    /// `http://` or `https://`.
    Url(String),
    /// A key management service.
    Kms {
        /// Which one.
        provider: KmsProvider,
        /// The whole reference, scheme included.
        reference: String,
    },
    /// `k8s://NAMESPACE/NAME`: a Kubernetes secret.
    Kubernetes(String),
    /// `gitlab://PROJECT`: variables of a GitLab project.
    GitLab(String),
    /// `github://OWNER/REPOSITORY`: secrets of a GitHub repository, which can be written but not read.
    GitHub(String),
    /// `pkcs11:…` (RFC 7512): a token.
    Pkcs11(String),
    /// Any other `SCHEME://…`: the program `sigstore-kms-SCHEME`.
    Plugin {
        /// What stands before `://`.
        scheme: String,
        /// The whole reference, scheme included.
        reference: String,
    },
}

/// The key management services that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KmsProvider {
    /// `awskms://`
    Aws,
    /// `gcpkms://`
    Google,
    /// `azurekms://`
    Azure,
    /// `hashivault://`
    HashiCorpVault,
    /// `openbao://`
    OpenBao,
}

impl KmsProvider {
    /// The scheme of its references, without `://`.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Aws => "awskms",
            Self::Google => "gcpkms",
            Self::Azure => "azurekms",
            Self::HashiCorpVault => "hashivault",
            Self::OpenBao => "openbao",
        }
    }

    /// The provider with that scheme.
    pub fn from_scheme(scheme: &str) -> Option<Self> {
        [Self::Aws, Self::Google, Self::Azure, Self::HashiCorpVault, Self::OpenBao].into_iter().find(|provider| provider.scheme() == scheme)
    }
}

impl KeyRef {
    /// Reads what was typed. Never fails: what is no other form is a path.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("pkcs11:") {
            return Self::Pkcs11(text.to_owned());
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Self::File(PathBuf::from(text));
        };
        let reference = text.to_owned();
        match scheme {
            "env" => Self::Env(rest.to_owned()),
            "http" | "https" => Self::Url(reference),
            "k8s" => Self::Kubernetes(reference),
            "gitlab" => Self::GitLab(reference),
            "github" => Self::GitHub(reference),
            _ => match KmsProvider::from_scheme(scheme) {
                Some(provider) => Self::Kms { provider, reference },
                None => Self::Plugin { scheme: scheme.to_owned(), reference },
            },
        }
    }
}

/// As it was typed. A URL or a PKCS#11 reference may hold a secret: do not print those without redaction.
impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Env(name) => write!(f, "env://{name}"),
            Self::Url(text) | Self::Kubernetes(text) | Self::GitLab(text) | Self::GitHub(text) | Self::Pkcs11(text) => f.write_str(text),
            Self::Kms { reference, .. } | Self::Plugin { reference, .. } => f.write_str(reference),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let plugin = |scheme: &str, reference: &str| KeyRef::Plugin { scheme: scheme.into(), reference: reference.into() };
        let kms = |provider, reference: &str| KeyRef::Kms { provider, reference: reference.into() };
        for (text, expected) in [
            ("cosign.key", KeyRef::File("cosign.key".into())),
            ("/dev/stdin", KeyRef::File("/dev/stdin".into())),
            ("gitlab.key", KeyRef::File("gitlab.key".into())),
            ("C:\\keys\\cosign.key", KeyRef::File("C:\\keys\\cosign.key".into())),
            ("", KeyRef::File("".into())),
            ("env://MY_KEY", KeyRef::Env("MY_KEY".into())),
            ("http://h/k", KeyRef::Url("http://h/k".into())),
            ("https://h/k?u=a://b", KeyRef::Url("https://h/k?u=a://b".into())),
            ("k8s://ns/name", KeyRef::Kubernetes("k8s://ns/name".into())),
            ("gitlab://p", KeyRef::GitLab("gitlab://p".into())),
            ("github://o/r", KeyRef::GitHub("github://o/r".into())),
            ("pkcs11:token=x;pin-value=1", KeyRef::Pkcs11("pkcs11:token=x;pin-value=1".into())),
            ("awskms:///alias/x", kms(KmsProvider::Aws, "awskms:///alias/x")),
            ("gcpkms://p", kms(KmsProvider::Google, "gcpkms://p")),
            ("azurekms://v/k", kms(KmsProvider::Azure, "azurekms://v/k")),
            ("hashivault://k", kms(KmsProvider::HashiCorpVault, "hashivault://k")),
            ("openbao://k", kms(KmsProvider::OpenBao, "openbao://k")),
            ("file:///k", plugin("file", "file:///k")),
            ("xyz://k", plugin("xyz", "xyz://k")),
        ] {
            assert_eq!(KeyRef::parse(text), expected, "{text}");
            assert_eq!(KeyRef::parse(text).to_string(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_reference_and_stays_itself(text: String) {
            proptest::prop_assert_eq!(KeyRef::parse(&text).to_string(), text);
        }
    }
}
