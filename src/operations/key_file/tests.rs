#![allow(clippy::unwrap_used)]
use std::error::Error;

use super::super::generate_key_pair::{GenerateKeyPair, generate_key_pair};
use super::super::import_key_pair::{ImportKeyPair, import_key_pair};
use super::super::public_key::{ShowPublicKey, show_public_key};
use super::*;
use crate::ambient::fake::{Fake, testdata};
use crate::keys::{FetchError, FetchUrl, KeyRef};

struct NoWeb;

#[async_trait::async_trait]
impl FetchUrl for NoWeb {
    async fn fetch(&self, _url: &str, _limit: u64) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Status(599))
    }
}

/// A directory of its own, with what commands do in it.
struct Place {
    directory: tempfile::TempDir,
    fake: Fake,
}

impl Place {
    fn new(fake: Fake) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), fake }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_string_lossy().into_owned()
    }

    fn put(&self, name: &str, fixture: &str) {
        std::fs::write(self.path(name), testdata(&format!("keys/{fixture}"))).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    fn mode(&self, name: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    /// What was said, with the directory left out.
    fn said(&self) -> Vec<String> {
        let prefix = format!("{}/", self.directory.path().display());
        self.fake.said().iter().map(|line| line.replace(&prefix, "")).collect()
    }

    fn generate(&self, prefix: &str) -> Result<(), String> {
        let request = GenerateKeyPair { output_key_prefix: self.path(prefix), argument: None, kms: None };
        self.finish(run(generate_key_pair(&request, &self.fake.context())))
    }

    fn import(&self, key: &str, yes: bool) -> Result<(), String> {
        let request = ImportKeyPair { key: self.path(key).into(), output_key_prefix: self.path("import-cosign"), skip_confirmation: yes };
        self.finish(run(import_key_pair(&request, &self.fake.context())))
    }

    fn show(&self, key: &str, outfile: Option<&str>) -> Result<(), String> {
        let request = ShowPublicKey { key: KeyRef::File(self.path(key).into()), outfile: outfile.map(|name| self.path(name).into()) };
        self.finish(run(show_public_key(&request, &self.fake.context(), &NoWeb)))
    }

    fn finish<E: Error>(&self, result: Result<(), E>) -> Result<(), String> {
        let prefix = format!("{}/", self.directory.path().display());
        result.map_err(|error| chain(&error).replace(&prefix, ""))
    }
}

fn chain(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

#[test]
fn a_new_pair() {
    let place = Place::new(Fake::default().with_password("pw").with_password("pw\n"));
    place.generate("cosign").unwrap();
    assert_eq!(place.names(), ["cosign.key", "cosign.pub"]);
    assert_eq!(place.said(), ["NEW PASSWORD", "Private key written to cosign.key", "Public key written to cosign.pub"]);
    #[cfg(unix)]
    assert_eq!((place.mode("cosign.key"), place.mode("cosign.pub")), (0o600, 0o644));
    place.show("cosign.key", None).unwrap();
    assert_eq!(place.fake.stdout().as_bytes(), place.read("cosign.pub"));
}

#[test]
fn nothing_is_overwritten_without_consent() {
    let place = Place::new(Fake::default().with_password("pw").with_answer(false));
    place.put("cosign.key", "cosign.key");
    place.put("cosign.pub", "cosign.pub");
    assert_eq!(place.generate("cosign").unwrap_err(), "user declined the prompt");
    assert_eq!(place.said(), ["NEW PASSWORD", "WARNING: File cosign.key already exists. Overwrite?", "CONFIRM"]);
    assert_eq!(place.read("cosign.key"), testdata("keys/cosign.key"));
    assert_eq!(place.read("cosign.pub"), testdata("keys/cosign.pub"));
    assert_eq!(place.names(), ["cosign.key", "cosign.pub"]);
}

#[test]
fn with_consent_both_are_replaced() {
    let place = Place::new(Fake::default().with_password("pw").with_password("pw").with_answer(true));
    place.put("cosign.key", "cosign.key");
    place.put("cosign.pub", "cosign.pub");
    place.generate("cosign").unwrap();
    assert_ne!(place.read("cosign.pub"), testdata("keys/cosign.pub"));
    #[cfg(unix)]
    assert_eq!(place.mode("cosign.key"), 0o600, "it was more open before");
    place.show("cosign.key", None).unwrap();
    assert_eq!(place.fake.stdout().as_bytes(), place.read("cosign.pub"));
}

#[test]
fn a_public_key_alone_is_replaced_without_a_question() {
    let place = Place::new(Fake::default().with_password("pw"));
    place.put("cosign.pub", "other.pub");
    place.generate("cosign").unwrap();
    assert_ne!(place.read("cosign.pub"), testdata("keys/other.pub"));
}

#[cfg(unix)]
#[test]
fn places_are_checked_before_anybody_is_asked() {
    let place = Place::new(Fake::default());
    assert_eq!(place.generate("no/such/dir").unwrap_err(), "open no/such/dir.key: no such file or directory");
    std::fs::create_dir(place.path("a.pub")).unwrap();
    assert_eq!(place.generate("a").unwrap_err(), "open a.pub: is a directory");
    std::fs::create_dir(place.path("b.key")).unwrap();
    assert_eq!(place.generate("b").unwrap_err(), "open b.key: is a directory");
    place.put("cosign.key", "cosign.key");
    assert_eq!(place.show("cosign.key", Some("no/such.pub")).unwrap_err(), "open no/such.pub: no such file or directory");
    assert!(place.said().is_empty());
    assert_eq!(place.names(), ["a.pub", "b.key", "cosign.key"]);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_stays_one() {
    let place = Place::new(Fake::default().with_password("pw").with_answer(true));
    std::fs::create_dir(place.path("real")).unwrap();
    place.put("real/k", "cosign.key");
    std::os::unix::fs::symlink("real/k", place.path("cosign.key")).unwrap();
    place.generate("cosign").unwrap();
    assert!(std::fs::symlink_metadata(place.path("cosign.key")).unwrap().is_symlink());
    assert_ne!(place.read("real/k"), testdata("keys/cosign.key"));
}

#[cfg(unix)]
#[test]
fn without_its_public_half_a_new_private_key_goes_and_an_old_one_comes_back() {
    let place = Place::new(Fake::default());
    std::fs::create_dir(place.path("cosign.pub")).unwrap();
    let key = PrivateKey::generate(&place.fake).unwrap();
    let write = || {
        let files = KeyPairFiles::new(&place.path("cosign"));
        place.finish(files.write(&key, &Password::new(*b"pw"), Overwrite::Yes, &place.fake.context()))
    };
    assert_eq!(write().unwrap_err(), "open cosign.pub: is a directory");
    assert_eq!(place.names(), ["cosign.pub"]);
    place.put("cosign.key", "cosign.key");
    assert_eq!(write().unwrap_err(), "open cosign.pub: is a directory");
    assert_eq!(place.read("cosign.key"), testdata("keys/cosign.key"));
}

#[cfg(unix)]
#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let place = Place::new(Fake::default());
    place.put("cosign.key", "cosign.key");
    let path = place.path("cosign.key");
    let target = Target { path: path.as_ref(), mode: Mode::Secret, replace: false };
    assert_eq!(place.finish(target.write(b"new")).unwrap_err(), "open cosign.key: file exists");
    assert_eq!(place.read("cosign.key"), testdata("keys/cosign.key"));
    assert_eq!(place.names(), ["cosign.key"]);
}

#[cfg(unix)]
#[test]
fn a_secret_written_in_place_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new(Fake::default());
    place.put("cosign.key", "rsa4096.key");
    let path = place.path("cosign.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    Target { path: path.as_ref(), mode: Mode::Secret, replace: true }.write_in_place(path.as_ref(), &|out| out.write_all(b"new")).unwrap();
    assert_eq!((place.mode("cosign.key"), place.read("cosign.key")), (0o600, b"new".to_vec()));
}

#[test]
fn imports() {
    for (raw, public) in [
        ("raw-p256-sec1.pem", "raw-p256.pub"),
        ("raw-p521-pkcs8.pem", "openssl-p521.pub"),
        ("raw-rsa2048-pkcs1.pem", "rsa2048.pub"),
        ("raw-ed25519-pkcs8.pem", "openssl-ed25519.pub"),
    ] {
        let place = Place::new(Fake::default().with_password("pw").with_password("pw"));
        place.put("in.pem", raw);
        place.import("in.pem", false).unwrap();
        assert_eq!(place.said()[1..], ["Private key written to import-cosign.key", "Public key written to import-cosign.pub"]);
        assert_eq!(place.read("import-cosign.pub"), testdata(&format!("keys/{public}")));
        place.show("import-cosign.key", None).unwrap();
        assert_eq!(place.fake.stdout().as_bytes(), testdata(&format!("keys/{public}")));
    }
}

#[test]
fn what_cannot_be_imported_changes_nothing() {
    let place = Place::new(Fake::default().with_password("pw"));
    for (raw, phrase) in [
        ("raw-k256-sec1.pem", "error parsing ecdsa private key"),
        ("raw-p224-sec1.pem", "error validating ecdsa key: ECDSA curve P-224 not allowed"),
        ("raw-p256-params.pem", "unsupported private key"),
        ("raw-p256-encrypted-pkcs8.pem", "unsupported private key"),
        ("raw-rsa2048-encrypted-pkcs1.pem", "encrypted"),
        ("raw-rsa1024-pkcs1.pem", "rsa"),
        ("cosign.pub", "unsupported private key"),
        ("cosign.key", "unsupported private key"),
        ("README.md", "invalid pem block"),
    ] {
        place.put("in.pem", raw);
        let error = place.import("in.pem", true).unwrap_err();
        assert!(error.contains(phrase), "{raw}: {error}");
    }
    #[cfg(unix)]
    assert_eq!(place.import("missing.pem", true).unwrap_err(), "open missing.pem: no such file or directory");
    assert_eq!(place.names(), ["in.pem"]);
    assert!(place.said().is_empty());
}

#[test]
fn yes_answers_for_an_import_and_still_warns() {
    let place = Place::new(Fake::default().with_password("pw").with_password("pw"));
    place.put("in.pem", "raw-p256-sec1.pem");
    place.put("import-cosign.key", "other.key");
    assert_eq!(place.import("in.pem", false).unwrap_err(), "user declined the prompt");
    place.import("in.pem", true).unwrap();
    let warnings = place.said().iter().filter(|line| line.ends_with("import-cosign.key already exists. Overwrite?")).count();
    assert_eq!(warnings, 2);
}

#[test]
fn an_outfile_is_private_when_new_and_keeps_its_mode_otherwise() {
    let place = Place::new(Fake::default().with_password("pw").with_password("pw").with_password("nope"));
    place.put("cosign.key", "cosign.key");
    place.show("cosign.key", Some("out.pub")).unwrap();
    assert_eq!(place.read("out.pub"), testdata("keys/cosign.pub"));
    assert_eq!(place.said(), ["PASSWORD", "Public key written to out.pub"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(place.mode("out.pub"), 0o600);
        std::fs::write(place.path("out.pub"), vec![b'x'; 5000]).unwrap();
        std::fs::set_permissions(place.path("out.pub"), std::fs::Permissions::from_mode(0o640)).unwrap();
        place.show("cosign.key", Some("out.pub")).unwrap();
        assert_eq!(place.mode("out.pub"), 0o640);
        assert_eq!(place.read("out.pub"), testdata("keys/cosign.pub"));
    }
    assert!(place.show("cosign.key", Some("new.pub")).is_err());
    assert_eq!(place.names(), ["cosign.key", "out.pub"], "nothing is left of a failure");
}

#[test]
fn other_places_than_files() {
    let fake = Fake::default();
    let says = |argument: Option<&str>, kms: Option<&str>| {
        let request = GenerateKeyPair { output_key_prefix: "x".into(), argument: argument.map(Into::into), kms: kms.map(Into::into) };
        run(generate_key_pair(&request, &fake.context())).unwrap_err().to_string()
    };
    assert_eq!(says(Some("foo"), None), "could not parse scheme, use <scheme>://<ref> format");
    assert_eq!(says(Some("foo://bar"), None), "undefined provider: foo");
    for place in ["k8s://ns/name", "gitlab://p", "github://o/r"] {
        assert!(says(Some(place), None).ends_with("not supported yet"));
    }
    assert!(says(Some("foo"), Some("awskms:///x")).ends_with("not supported yet"));
}
