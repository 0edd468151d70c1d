//! Docker's and podman's `certs.d`: roots and client certificates for single registries.

use std::path::{Path, PathBuf};

use crate::ambient::Env;
use crate::http::TlsOptions;

/// Where Docker and podman look, for everybody.
const SYSTEM: [&str; 2] = ["/etc/docker/certs.d", "/etc/containers/certs.d"];
/// Where they look for one user, below the home.
const OF_USER: [&str; 3] = [".docker/certs.d", ".config/docker/certs.d", ".config/containers/certs.d"];

/// `options` with what the first `certs.d/REGISTRY` directory adds: every `*.crt` as a further root, and `NAME.cert` with `NAME.key` as the client
/// certificate; `None` where there is no such directory. What the options say themselves wins.
pub fn tls_options(env: &dyn Env, registry: &str, options: &TlsOptions) -> Option<TlsOptions> {
    if registry.contains(['/', '\\']) || registry.starts_with('.') {
        return None;
    }
    let home = env.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    let of_user = OF_USER.iter().filter_map(|below| Some(home.as_ref()?.join(below)));
    let directories = of_user.chain(SYSTEM.iter().map(PathBuf::from)).map(|directory| directory.join(registry));
    let files = directories.map(|directory| files(&directory)).find(|files| !files.is_empty())?;
    let of_kind = |extension: &'static str| files.iter().filter(move |file| file.extension().is_some_and(|found| found == extension));
    let mut options = options.clone();
    if options.ca_certificates.is_none() {
        options.additional_roots.extend(of_kind("crt").cloned());
    }
    if options.client_certificate.is_none() && options.client_key.is_none() {
        if let Some(certificate) = of_kind("cert").next() {
            options.client_key = Some(certificate.with_extension("key"));
            options.client_certificate = Some(certificate.clone());
        } else if let Some(key) = of_kind("key").next() {
            // As for Docker, a key without its certificate is a mistake.
            options.client_key = Some(key.clone());
        }
    }
    Some(options)
}

/// The files that count, sorted.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let counts = |path: &PathBuf| path.extension().is_some_and(|extension| ["crt", "cert", "key"].iter().any(|known| extension == *known));
    let mut files: Vec<PathBuf> = entries.filter(counts).collect();
    files.sort();
    files
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::registry::tests::Vars;

    #[test]
    fn files_are_told_apart_by_their_ends_and_options_win() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".docker/certs.d/r.example:5000");
        std::fs::create_dir_all(&directory).unwrap();
        for name in ["ca.crt", "client.cert", "client.key", "notes.txt"] {
            std::fs::write(directory.join(name), "x").unwrap();
        }
        let env = Vars(vec![("HOME".to_owned(), home.path().display().to_string())]);
        let found = tls_options(&env, "r.example:5000", &TlsOptions::default()).unwrap();
        assert_eq!(found.additional_roots, [directory.join("ca.crt")]);
        assert_eq!(found.client_certificate, Some(directory.join("client.cert")));
        assert_eq!(found.client_key, Some(directory.join("client.key")));
        let own = TlsOptions { ca_certificates: Some("own".into()), ..TlsOptions::default() };
        assert_eq!(tls_options(&env, "r.example:5000", &own).unwrap().additional_roots, Vec::<PathBuf>::new());
        assert!(tls_options(&env, "r.example", &own).is_none());
        assert!(tls_options(&env, "..", &own).is_none());
    }
}
