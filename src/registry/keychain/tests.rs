use std::ffi::OsString;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::secret::Password;

struct Vars(Vec<(&'static str, String)>);

impl Env for Vars {
    fn var_os(&self, name: &str) -> Option<OsString> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into())
    }
    fn vars(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }
}

fn env(home: &Path, more: &[(&'static str, String)]) -> Arc<dyn Env> {
    let mut vars = vec![("HOME", home.display().to_string()), ("PATH", format!("{}:/usr/bin:/bin", home.display()))];
    vars.extend_from_slice(more);
    Arc::new(Vars(vars))
}

fn home_with(config: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".docker")).unwrap();
    std::fs::write(home.path().join(".docker/config.json"), config).unwrap();
    home
}

fn user(keychain: &Keychain, repository: &str) -> String {
    keychain.credential(&RepositoryName::parse(repository).unwrap()).unwrap().username
}

fn auth(user: &str) -> String {
    format!("{{\"auth\":\"{}\"}}", crate::encoding::base64::encode(format!("{user}:secret:x")))
}

#[test]
fn keys_are_found_as_docker_and_podman_write_them() {
    let config = format!(
        r#"{{"auths":{{"https://r.example/v1/":{},"q.example/org":{},"q.example/org/app":{},"docker.io":{},"t.example":{{"identitytoken":"it","registrytoken":""}}}}}}"#,
        auth("host"),
        auth("namespace"),
        auth("repository"),
        auth("hub")
    );
    let home = home_with(&config);
    let keychain = Keychain::load(env(home.path(), &[])).unwrap();
    assert_eq!(user(&keychain, "r.example/a/b"), "host");
    assert_eq!(user(&keychain, "q.example/org/app"), "repository");
    assert_eq!(user(&keychain, "q.example/org/other"), "namespace");
    assert_eq!(user(&keychain, "q.example/org/app/part"), "repository");
    assert_eq!(user(&keychain, "none.example/org"), "");
    assert_eq!(user(&keychain, "busybox"), "hub");
    assert_eq!(user(&keychain, "registry-1.docker.io/library/busybox"), "hub");
    let credential = keychain.credential(&RepositoryName::parse("t.example/a/b").unwrap()).unwrap();
    assert_eq!(credential.identity_token.unwrap().expose(), "it");
    assert_eq!(credential.registry_token, None);
    let credential = keychain
        .credential(&RepositoryName::parse("r.example/a").ok().unwrap_or_else(|| RepositoryName::parse("r.example/aa").unwrap()))
        .unwrap();
    assert_eq!(credential.password, Some(Password::new(*b"secret:x")));
}

#[test]
fn files_are_tried_in_order() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, user: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!(r#"{{"auths":{{"r.example":{}}}}}"#, auth(user))).unwrap();
        path.display().to_string()
    };
    write("run/containers/auth.json", "podman");
    let file = write("auth-file.json", "file");
    write("docker/config.json", "docker");
    let var = |name, path: &str| (name, home.path().join(path).display().to_string());
    let runtime = var("XDG_RUNTIME_DIR", "run");
    let of = |more: &[(&'static str, String)]| user(&Keychain::load(env(home.path(), more)).unwrap(), "r.example/a/b");
    assert_eq!(of(std::slice::from_ref(&runtime)), "podman");
    assert_eq!(of(&[runtime.clone(), ("REGISTRY_AUTH_FILE", file.clone())]), "file");
    let all = [runtime, ("REGISTRY_AUTH_FILE", file), var("DOCKER_CONFIG", "docker")];
    assert_eq!(of(&all), "docker");
    let variable = ("DOCKER_AUTH_CONFIG", format!(r#"{{"auths":{{"r.example":{}}}}}"#, auth("variable")));
    assert_eq!(of(&[all[0].clone(), variable]), "variable");
    assert_eq!(of(&[]), "");
}

#[test]
fn a_broken_config_is_named_and_not_quoted() {
    let home = home_with("{\"auths\":");
    let error = Keychain::load(env(home.path(), &[])).err().unwrap().to_string();
    assert_eq!(error, format!("parsing config file ({}): unexpected EOF", home.path().join(".docker/config.json").display()));
    let home = home_with(r#"{"auths":{"r.example":{"auth":["hunter2"]}}}"#);
    let error = Keychain::load(env(home.path(), &[])).err().unwrap().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}

#[cfg(unix)]
fn helper(home: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = home.join(format!("docker-credential-{name}"));
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn helpers_are_asked_and_named_when_they_fail() {
    let config = r#"{"credsStore":"store","credHelpers":{"own.example":"own","bad.example":"bad","gone.example":"gone"}}"#;
    let home = home_with(config);
    helper(home.path(), "own", r#"read s; echo "{\"Username\":\"<token>\",\"Secret\":\"$s\"}""#);
    helper(home.path(), "store", "read s; echo 'credentials not found in native keychain'; exit 1");
    helper(home.path(), "bad", "echo 'no keyring'; exit 1");
    let keychain = Keychain::load(env(home.path(), &[])).unwrap();
    let credential = |repository: &str| keychain.credential(&RepositoryName::parse(repository).unwrap());
    assert_eq!(credential("own.example/a/b").unwrap().identity_token.unwrap().expose(), "own.example");
    assert!(credential("other.example/a/b").unwrap().is_anonymous());
    let message = credential("bad.example/a/b").unwrap_err().to_string();
    assert!(message.contains("docker-credential-bad") && message.contains("no keyring"), "{message}");
    let message = credential("gone.example/a/b").unwrap_err().to_string();
    assert!(message.contains("docker-credential-gone") && message.contains("not found in $PATH"), "{message}");
}

#[cfg(unix)]
#[test]
fn login_keeps_the_rest_of_the_file_and_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let home = home_with(r#"{"HttpHeaders":{"a":"b"},"auths":{"z.example":{"auth":"eg==","email":"x"}}}"#);
    let env = env(home.path(), &[]);
    let stored = store(&*env, "index.docker.io", "alice", &Password::new(*b"secret")).unwrap();
    assert!(stored.in_the_clear);
    let text = std::fs::read_to_string(&stored.file).unwrap();
    let expected = "{\n\t\"HttpHeaders\": {\n\t\t\"a\": \"b\"\n\t},\n\t\"auths\": {\n\t\t\"https://index.docker.io/v1/\": {\n\t\t\t\"auth\": \"YWxpY2U6c2VjcmV0\"\n\t\t},\n\t\t\"z.example\": {\n\t\t\t\"auth\": \"eg==\",\n\t\t\t\"email\": \"x\"\n\t\t}\n\t}\n}";
    assert_eq!(text, expected);
    assert_eq!(std::fs::metadata(&stored.file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(user(&Keychain::load(env).unwrap(), "busybox"), "alice");
}

#[cfg(unix)]
#[test]
fn login_gives_the_secret_to_the_helper() {
    let home = home_with(r#"{"credsStore":"keep"}"#);
    helper(home.path(), "keep", &format!("cat > {}/kept", home.path().display()));
    let stored = store(&*env(home.path(), &[]), "r.example", "alice", &Password::new(*b"hunter2")).unwrap();
    assert!(!stored.in_the_clear);
    assert!(!std::fs::read_to_string(&stored.file).unwrap().contains("hunter2"));
    assert_eq!(
        std::fs::read_to_string(home.path().join("kept")).unwrap(),
        r#"{"ServerURL":"r.example","Username":"alice","Secret":"hunter2"}"#
    );
}

proptest! {
    #[test]
    fn any_config_is_parsed_or_refused(bytes in "\\PC{0,80}|\\{\"auths\":\\{\"[a-z/.:]{0,12}\":\\{\"auth\":\"[a-zA-Z0-9=]{0,12}\"\\}\\}\\}") {
        if let Ok(config) = DockerConfig::parse(bytes.as_bytes()) {
            let _ = config.entry("r.example");
        }
    }
}
