use std::ffi::OsString;

use super::*;

struct NoVars;
impl Env for NoVars {
    fn var_os(&self, _: &str) -> Option<OsString> {
        None
    }
    fn vars(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

fn failure(options: TlsOptions) -> String {
    TlsSettings::load(&options, &NoVars).err().unwrap().to_string()
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let garbage = directory.path().join("garbage.pem");
    std::fs::write(&garbage, "no PEM").unwrap();
    let missing = directory.path().join("missing.pem");
    let shown = |path: &Path| path.display().to_string();
    let message = failure(TlsOptions { ca_certificates: Some(missing.clone()), ..TlsOptions::default() });
    assert!(message.contains(&shown(&missing)), "{message}");
    let message = failure(TlsOptions { ca_certificates: Some(garbage.clone()), ..TlsOptions::default() });
    assert!(message.contains(&shown(&garbage)) && message.contains("no certificate"), "{message}");
    let message = failure(TlsOptions { client_certificate: Some(garbage.clone()), ..TlsOptions::default() });
    assert_eq!(message, "TLS set-up: a client certificate needs its key too");
    let message = failure(TlsOptions { server_name: Some("no name".into()), ..TlsOptions::default() });
    assert_eq!(message, "TLS set-up: no name is no server name");
}
