//! The TUF repository: its rotations are followed, its trips counted; what is expired, older, or signed by too few is refused.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::sigstore_flows::{BUNDLE, sign_blob, verify_blob};
use crate::support::http_server::{Request, Response, Server};
use crate::support::pki;
use crate::support::proxy::Proxy;
use crate::support::sandbox::{Call, Sandbox};
use crate::support::sigstore::service::Fault;
use crate::support::sigstore::tuf::TufRepository;
use crate::support::sigstore::{Sigstore, path_text};

/// Lets a cache forget that it was refreshed of late.
pub fn grow_old(cache: &Path) {
    for entry in std::fs::read_dir(cache).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".json") && name != "remote.json" {
            std::fs::write(entry.path(), r#"{"lastTimestamp":"2020-01-01T00:00:00Z"}"#).unwrap();
        }
    }
}

/// The virtual services, and a sandbox with a signed file.
struct Case {
    services: Sigstore,
    sandbox: Sandbox,
}

impl Case {
    fn new() -> Self {
        let services = Sigstore::virtual_services();
        let sandbox = services.sandbox();
        sandbox.write("file", "content");
        sign_blob(&sandbox, &[]).run().exits(0);
        services.requests();
        Self { services, sandbox }
    }

    fn tuf(&self) -> &TufRepository {
        &self.services.world().tuf
    }

    fn cache(&self) -> PathBuf {
        self.sandbox.path("home/.sigstore/root")
    }

    fn verify(&self) -> Call {
        verify_blob(&self.sandbox, &self.services.who())
    }

    fn grow_old(&self) {
        grow_old(&self.cache());
    }

    /// Verifies after the cache grew old.
    fn verify_later(&self) -> Call {
        self.grow_old();
        self.verify()
    }

    /// `initialize`, as somebody who starts now.
    fn start_anew(&self) -> Call {
        let root = self.services.root();
        let call = self.sandbox.cosign(["initialize", "--mirror", &self.services.tuf_mirror, "--root", path_text(&root)]);
        call.env("TUF_ROOT", self.sandbox.path("anew"))
    }

    /// Verifies with an empty cache of its own, without `initialize`.
    fn verify_cold(&self, cache: &str) -> Call {
        let call = self.verify().env("TUF_MIRROR", &self.services.tuf_mirror).env("TUF_ROOT_JSON", self.services.root());
        call.env("TUF_ROOT", self.sandbox.path(cache))
    }

    fn trips(&self) -> Vec<String> {
        let requests = self.services.requests().unwrap().into_iter();
        requests.filter_map(|request| request.strip_prefix("GET /tuf/").map(str::to_owned)).collect()
    }
}

#[test]
fn trips_are_counted() {
    let case = Case::new();
    case.start_anew().run().exits(0);
    assert_eq!(case.trips().len(), 6, "two targets, four roles, no more");
    case.verify().run().exits(0);
    assert_eq!(case.trips(), [""; 0]);
    case.verify_later().run().exits(0).does_not_say("WARNING");
    assert_eq!(case.trips(), ["2.root.json", "timestamp.json"]);
    case.verify().run().exits(0);
    assert_eq!(case.trips(), [""; 0]);
    case.verify_cold("cold").run().exits(0);
    assert_eq!(case.trips().len(), 5);
}

#[test]
fn rotations_are_followed() {
    let case = Case::new();
    case.tuf().rotate("root", 3, 2);
    case.tuf().rotate("timestamp", 1, 1);
    case.tuf().rotate("targets", 3, 2);
    case.tuf().rotate("root", 1, 1);
    case.verify_later().run().exits(0);
    assert!(case.trips().contains(&"6.root.json".to_owned()));
    case.start_anew().run().exits(0);
    case.verify().env("TUF_ROOT", case.sandbox.path("anew")).run().exits(0);
}

#[test]
fn a_root_that_the_old_keys_did_not_sign_is_refused() {
    let case = Case::new();
    case.tuf().usurp();
    case.verify_later().run().fails(1).says("Verifying root failed, not enough signatures").says(&case.services.tuf_mirror);
    case.start_anew().run().fails(1).says("Verifying root failed");
    assert!(!case.sandbox.path("anew/remote.json").exists());
}

#[test]
fn expired_metadata_is_refused() {
    for (role, says) in [
        ("root", "expired metadata error: final root.json is expired"),
        ("timestamp", "expired metadata error: timestamp.json is expired"),
        ("snapshot", "expired metadata error: snapshot.json is expired"),
        ("targets", "expired metadata error: new targets is expired"),
    ] {
        let case = Case::new();
        case.tuf().expire(role);
        case.verify_later().run().fails(1).says(says);
        case.start_anew().run().fails(1).says(says);
        let sign = sign_blob(&case.sandbox, &[]).run().fails(1);
        sign.says(says);
    }
}

/// A mirror that keeps showing what has expired meanwhile, or that is away.
#[test]
fn a_cache_that_has_expired_is_not_used() {
    let case = Case::new();
    case.tuf().expire("timestamp");
    let frozen = case.tuf().snapshot()["timestamp.json"].clone();
    let metadata = std::fs::read_dir(case.cache()).unwrap().flatten().map(|entry| entry.path()).find(|path| path.is_dir()).unwrap();
    std::fs::write(metadata.join("timestamp.json"), frozen).unwrap();
    case.verify().run().fails(1).says("expired");
    case.services.world().tuf.service.fail(Fault::Drop);
    case.verify().run().fails(1).says("no unexpired metadata is cached");
    case.verify().run().fails(1);
}

#[test]
fn a_rollback_is_refused() {
    let case = Case::new();
    let old = case.tuf().snapshot();
    case.tuf().publish(&[("more.json", "{}".to_owned())]);
    case.verify_later().run().exits(0);
    let new = case.tuf().snapshot();
    case.tuf().serve(old.clone());
    case.verify_later().run().fails(1).says("bad version number error: new timestamp version 2 must be >= 3");
    // A new time stamp with an older snapshot, and with none.
    let mut mixed = new.clone();
    mixed.insert("3.snapshot.json".to_owned(), old["2.snapshot.json"].clone());
    case.tuf().serve(mixed.clone());
    case.start_anew().run().fails(1).says("version");
    mixed.remove("3.snapshot.json");
    case.tuf().serve(mixed);
    case.start_anew().run().fails(1).says("3.snapshot.json");
    case.tuf().serve(new);
    case.verify_later().run().exits(0);
}

#[test]
fn signatures_and_thresholds_count() {
    for role in ["timestamp", "snapshot", "targets"] {
        let case = Case::new();
        case.tuf().break_signature(role);
        let says = format!("Verifying {role} failed, not enough signatures, got 0, want 1");
        case.verify_later().run().fails(1).says(&says);
        case.start_anew().run().fails(1).says(&says);
        let case = Case::new();
        case.tuf().rotate(role, 3, 2);
        case.verify_later().run().exits(0);
        case.tuf().sign_with_too_few(role);
        case.verify_later().run().fails(1).says(&format!("Verifying {role} failed, not enough signatures, got 1, want 2"));
    }
}

#[test]
fn an_altered_target_is_refused() {
    let case = Case::new();
    case.tuf().tamper(".trusted_root.json", |bytes| *bytes.last_mut().unwrap() = b' ');
    case.start_anew().run().fails(1).says("failed to download target file trusted_root.json - length/hash verification error");
    case.verify_cold("cold").run().fails(1).says("trusted_root.json");
    // What is cached is not fetched again.
    case.verify_later().run().exits(0);
    // A cached target that somebody altered is fetched again.
    let case = Case::new();
    let cached = std::fs::read_dir(case.cache()).unwrap().flatten().map(|entry| entry.path().join("targets/trusted_root.json"));
    std::fs::write(cached.into_iter().find(|path| path.exists()).unwrap(), "{}").unwrap();
    case.verify().run().exits(0);
    assert_eq!(case.trips().len(), 1);
}

/// GHSA-fcv2-xgw5-pqxf.
#[test]
fn target_names_do_not_leave_the_cache() {
    let case = Case::new();
    let names = ["../../../evil.json", "../evil.json", "/evil.json", "a/../../evil.json"];
    case.tuf().publish(&names.map(|name| (name, "evil".to_owned())));
    case.verify_later().run().exits(0);
    case.start_anew().run().exits(0);
    assert!(
        !case.sandbox.exists("evil.json") && !case.sandbox.exists("home/evil.json") && !case.sandbox.exists("home/.sigstore/evil.json")
    );
    let mut folders = vec![case.sandbox.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            assert_ne!(entry.file_name(), "evil.json");
            folders.extend(entry.path().is_dir().then(|| entry.path()));
        }
    }
}

#[test]
fn a_mirror_that_fails() {
    let case = Case::new();
    let mirror = &case.services.world().tuf.service;
    for (fault, says) in [
        (Fault::Answer(403, "denied".to_owned()), "http status code: 403"),
        (Fault::Answer(500, "boom".to_owned()), "http status code: 500"),
        (Fault::Drop, "2.root.json"),
    ] {
        mirror.fail(fault);
        // With a cache that counts, old as it is, that is a warning.
        let warned = case.verify_later().run().exits(0);
        warned.says("WARNING: the TUF mirror ").says(says);
        case.verify_cold("cold").run().fails(1).says(says).says(&case.services.tuf_mirror);
        case.start_anew().run().fails(1).says("error updating to TUF remote mirror: ").says(says);
        mirror.heal();
    }
    // A failed initialize leaves what was there.
    case.verify().run().exits(0);
}

#[test]
fn initialize_checks_what_it_starts_from() {
    let case = Case::new();
    let root = case.services.root();
    let start = |more: &[&str]| {
        let call = [&["initialize", "--mirror", &case.services.tuf_mirror], more].concat();
        case.sandbox.cosign(call).env("TUF_ROOT", case.sandbox.path("anew")).run()
    };
    let digest = crate::support::digest_of(&std::fs::read(&root).unwrap());
    let url = format!("{}/1.root.json", case.services.tuf_mirror);
    start(&["--root", &url, "--root-checksum", digest.trim_start_matches("sha256:")]).exits(0);
    start(&["--root", &url]).exits(0).says("WARNING: Fetching initial root from URL without providing its checksum is deprecated");
    start(&["--root", &url, "--root-checksum", "00"]).fails(1).says(&format!("incorrect checksum for file {url}: expected 00 but got "));
    // Another repository's root, and the built-in one, are not this one's.
    let other = Sigstore::virtual_services();
    start(&["--root", path_text(&other.root())]).fails(1);
    start(&[]).fails(1);
}

#[test]
fn a_repository_without_a_signing_config() {
    let case = Case::new();
    case.tuf().withdraw("signing_config.v0.2.json");
    case.start_anew().run().exits(0).says("WARNING: Could not fetch signing_config.json from the TUF mirror");
    let sign = sign_blob(&case.sandbox, &[]).env("TUF_ROOT", case.sandbox.path("anew")).run().fails(1);
    sign.says("error getting signing config from TUF").says("target signing_config.v0.2.json not found");
    case.verify().env("TUF_ROOT", case.sandbox.path("anew")).run().exits(0);
    case.tuf().withdraw("trusted_root.json");
    case.start_anew().run().fails(1).says("target trusted_root.json not found");
}

/// Pain point 6.
#[test]
fn fifty_cold_starts_at_once() {
    let case = Case::new();
    let started: Vec<_> = (0..50).map(|_| case.verify_cold("shared").start()).collect();
    for running in started {
        running.wait().exits(0).does_not_say("WARNING");
    }
    // One of them fetched, and the others found it there.
    assert_eq!(case.trips().len(), 5);
}

#[test]
fn a_home_that_cannot_be_written_to() {
    let case = Case::new();
    let cold = case.verify_cold("nowhere");
    cold.env("TUF_ROOT", "/proc/nowhere").run().exits(0);
    case.sandbox.write("nobody", "");
    let homeless = case.verify().env("TUF_MIRROR", &case.services.tuf_mirror).env("TUF_ROOT_JSON", case.services.root());
    homeless.env("HOME", case.sandbox.path("nobody/home")).run().exits(0);
    // A cache that may only be read; for root everything may be written.
    case.grow_old();
    let change = |mode: &str| {
        let changed = std::process::Command::new("chmod").args(["-R", mode]).arg(case.cache()).status().unwrap();
        assert!(changed.success());
    };
    change("a-w");
    let outcome = case.verify().run();
    change("u+w");
    outcome.exits(0);
}

#[test]
fn what_is_wrong_with_the_arguments_is_told_before_a_trip() {
    let case = Case::new();
    case.grow_old();
    let who = case.services.who();
    for command in ["verify-blob", "verify-blob-attestation"] {
        let words = [&[command], BUNDLE, &who, &["elsewhere"]].concat();
        case.sandbox.cosign(words).run().fails(1).says("open elsewhere: no such file or directory");
    }
    assert_eq!(case.trips().len(), 0);
}

#[test]
fn documents_of_the_distributed_services() {
    let case = Case::new();
    let world = case.services.world();
    let distributed: Value = serde_json::from_str(&world.trusted_root()).unwrap();
    let root = |more: &[&str]| case.sandbox.cosign([&["trusted-root", "create", "--with-default-services"], more].concat()).run();
    let made = root(&[]).exits(0).json();
    for kind in ["tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"] {
        assert_eq!(made[kind].as_array().unwrap().len(), distributed[kind].as_array().unwrap().len(), "{kind}");
    }
    root(&["--out=all.json"]).exits(0);
    case.verify().run().exits(0);
    let verify = [&["verify-blob", "--trusted-root=all.json"], BUNDLE, &case.services.who(), &["file"]].concat();
    case.sandbox.cosign(verify).run().exits(0);
    for (flag, kind) in [
        ("--no-default-fulcio", "certificateAuthorities"),
        ("--no-default-ctfe", "ctlogs"),
        ("--no-default-rekor", "tlogs"),
        ("--no-default-tsa", "timestampAuthorities"),
    ] {
        let mut without = made.clone();
        without.as_object_mut().unwrap().remove(kind);
        assert_eq!(root(&[flag]).exits(0).json(), without, "{flag}");
    }
    let config = |more: &[&str]| case.sandbox.cosign([&["signing-config", "create", "--with-default-services"], more].concat()).run();
    assert_eq!(config(&[]).exits(0).json(), world.signing_config(&[2, 1]));
    let without_logs = config(&["--no-default-rekor", "--rekor-config=ANY"]).exits(0).json();
    assert!(without_logs["rekorTlogUrls"].is_null() && without_logs["tsaUrls"].is_array(), "{without_logs}");
    config(&["--with-default-rekor-v2"])
        .fails(1)
        .says("getting default signing config")
        .says("signing_config_rekor_v2.v0.2.json not found");
    case.grow_old();
    case.services.requests();
    let all = ["--no-default-fulcio", "--no-default-ctfe", "--no-default-rekor", "--no-default-tsa"];
    assert_eq!(root(&all).exits(0).json().as_object().unwrap().len(), 1, "only its media type");
    assert_eq!(case.trips().len(), 0, "nothing of it is wanted");
}

/// Without a root of one's own: that of the instance is built in, and the next one after it is asked for under the instance's name. Nothing more
/// can be seen without its keys: a mirror that has no other root is refused, and no cache is left.
#[test]
fn the_instances_of_the_project() {
    let directory = tempfile::TempDir::new().unwrap();
    for (flags, host, next) in [
        (&["initialize", "--staging"][..], "tuf-repo-cdn.sigstage.dev", "/14.root.json"),
        (&["initialize"], "tuf-repo-cdn.sigstore.dev", "/15.root.json"),
    ] {
        let Some(issued) = pki::self_signed(directory.path(), host, &format!("DNS:{host}")) else { return };
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let mirror = Server::start(
            Some(pki::server_config(&issued)),
            Arc::new(move |request: &Request| {
                seen.lock().unwrap().push(format!("{}{}", request.header("host").unwrap_or_default(), request.target));
                Response::new(404, "")
            }),
        );
        let proxy = Proxy::start(&[(host, &mirror.host())], None);
        let sandbox = Sandbox::new();
        let call = sandbox.cosign(flags).env("HTTPS_PROXY", proxy.url()).env("SSL_CERT_FILE", &issued.certificate);
        let outcome = call.env("SSL_CERT_DIR", directory.path()).run().fails(1);
        outcome.says("tuf refresh failed").says(&format!("(TUF mirror https://{host}"));
        assert_eq!(asked.lock().unwrap()[0], format!("{host}{next}"));
        assert!(!sandbox.exists("home/.sigstore/root/remote.json"));
    }
}
