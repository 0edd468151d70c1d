#![allow(clippy::unwrap_used)]
use std::error::Error;
use std::time::Duration;

use super::*;
use crate::ambient::Deadline;
use crate::ambient::fake::{Fake, testdata};
use crate::crypto::{Message, Verifier};

/// Serves one body, or one failure.
struct Web(Result<Vec<u8>, u16>);

#[async_trait]
impl FetchUrl for Web {
    async fn fetch(&self, _url: &str, _limit: u64) -> Result<Vec<u8>, FetchError> {
        self.0.clone().map_err(FetchError::Status)
    }
}

const NO_WEB: Web = Web(Err(599));

fn path(name: &str) -> String {
    format!("{}/testdata/keys/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

fn sign(key: &str, fake: &Fake, web: &Web) -> Result<Arc<dyn Signer>, String> {
    run(signer(&KeyRef::parse(key), &fake.context(), web)).map_err(|error| chain(&error))
}

fn verify(key: &str, fake: &Fake, web: &Web) -> Result<PublicKey, String> {
    run(verifier(&KeyRef::parse(key), &fake.context(), web)).map_err(|error| chain(&error))
}

fn chain(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}

#[test]
fn a_file_signs_and_verifies() {
    let fake = Fake::default().with_password("pw");
    let signer = sign(&path("cosign.key"), &fake, &NO_WEB).unwrap();
    let key = verify(&path("cosign.pub"), &fake, &NO_WEB).unwrap();
    assert_eq!(*signer.public_key(), key);
    let signature = run(signer.sign(Message::Bytes(b"x"))).unwrap();
    key.verify(signer.scheme(), Message::Bytes(b"x"), &signature).unwrap();
    assert_eq!(fake.said(), ["PASSWORD"]);
}

#[test]
fn a_variable_and_a_url_hold_keys_too() {
    let pem = String::from_utf8(testdata("keys/cosign.key")).unwrap();
    let fake = Fake::default().with_var("MY_KEY", &pem).with_password("pw").with_password("pw");
    sign("env://MY_KEY", &fake, &NO_WEB).unwrap();
    sign("https://h/k", &fake, &Web(Ok(pem.into_bytes()))).unwrap();
    assert_eq!(verify("env://NOT_SET", &fake, &NO_WEB).unwrap_err(), "loading URL: env var $NOT_SET not found");
    let web = Web(Ok(testdata("keys/cosign.pub")));
    verify("https://user:secret@h/k?token=secret#secret", &fake, &web).unwrap();
    assert_eq!(fake.said(), ["PASSWORD", "PASSWORD"]);
    verify("http://user:secret@h/k?token=secret", &fake, &web).unwrap();
    assert!(fake.said()[2].starts_with("WARNING: The key at http://h/k is fetched over plain http"), "{:?}", fake.said());
    let missing = verify("https://user:secret@h/k?token=secret", &fake, &Web(Err(404))).unwrap_err();
    assert_eq!(missing, "loading URL https://h/k: server returned HTTP 404");
}

#[test]
fn nobody_is_asked_for_a_password_in_vain() {
    let fake = Fake::default().with_password("pw");
    let says = |key: &str| sign(key, &fake, &NO_WEB).err().unwrap();
    #[cfg(unix)]
    assert_eq!(says("no/such.key"), "open no/such.key: no such file or directory");
    #[cfg(unix)]
    assert_eq!(says("testdata"), "read testdata: is a directory");
    assert!(says(&path("raw-p256-sec1.pem")).starts_with("unsupported pem type: EC PRIVATE KEY"));
    assert!(says(&path("cosign.pub")).starts_with("unsupported pem type: PUBLIC KEY"));
    assert!(says(&path("bad-kdf.key")).starts_with("decrypt: encrypted: unknown kdf name"));
    assert_eq!(says(&path("README.md")), "invalid pem block");
    assert!(fake.said().is_empty());
}

#[test]
fn a_wrong_password_and_a_missing_one() {
    let fake = Fake::default().with_password("nope");
    assert_eq!(sign(&path("cosign.key"), &fake, &NO_WEB).err().unwrap(), "decrypt: encrypted: decryption failed");
    assert!(sign(&path("cosign.key"), &fake, &NO_WEB).err().unwrap().contains("COSIGN_PASSWORD"));
}

#[test]
fn a_private_key_verifies_nothing() {
    let error = verify(&path("cosign.key"), &Fake::default(), &NO_WEB).unwrap_err();
    let expected =
        "pem to public key: unknown Public key PEM file type: ENCRYPTED SIGSTORE PRIVATE KEY. Are you passing the correct public key?";
    assert_eq!(error, expected);
}

#[test]
fn later_kinds_say_so() {
    for key in ["awskms:///x", "k8s://a/b", "gitlab://p", "github://o/r", "pkcs11:token=x", "xyz://k"] {
        assert!(verify(key, &Fake::default(), &NO_WEB).unwrap_err().contains("not supported yet"), "{key}");
        assert!(sign(key, &Fake::default(), &NO_WEB).err().unwrap().contains("not supported yet"), "{key}");
    }
    assert!(verify("xyz://k", &Fake::default(), &NO_WEB).unwrap_err().starts_with("loading URL: unrecognized scheme: xyz://"));
}

#[test]
fn too_much_is_refused() {
    let fake = Fake::default().with_var("BIG", &"x".repeat((1 << 20) + 1));
    assert!(verify("env://BIG", &fake, &NO_WEB).unwrap_err().contains("1 MiB"));
    assert!(verify("https://h/k", &fake, &Web(Ok(vec![0; (1 << 20) + 1]))).unwrap_err().contains("1 MiB"));
    #[cfg(unix)]
    assert!(verify("/dev/zero", &fake, &NO_WEB).unwrap_err().contains("1 MiB"));
}

#[test]
fn the_key_and_its_password_cannot_both_be_stdin() {
    let context = Fake::default().context();
    assert!(file::check_password_source("/dev/stdin".as_ref(), &context).is_err());
    assert!(file::check_password_source("cosign.key".as_ref(), &context).is_ok());
    let context = Fake::default().with_var("COSIGN_PASSWORD", "").context();
    assert!(file::check_password_source("/dev/stdin".as_ref(), &context).is_ok());
}

#[cfg(unix)]
#[test]
fn a_pipe_without_a_writer_is_waited_for_until_the_deadline() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut context = Fake::default().context();
    context.deadline = Deadline::after(Duration::from_millis(20));
    let error = run(verifier(&KeyRef::File(pipe.clone()), &context, &NO_WEB)).unwrap_err();
    assert!(error.to_string().ends_with("context deadline exceeded"), "{error}");
    // Lets the thread that waits go.
    drop(std::fs::OpenOptions::new().read(true).write(true).open(&pipe));
}
