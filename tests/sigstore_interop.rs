//! Beside the reference program that `COSIGN_REF` names, on the virtual Sigstore: what one makes with its services the other verifies, from one
//! TUF cache that both share. It is also the proof that the virtual Sigstore is one.

use std::path::{Path, PathBuf};

use crate::support::http_client;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{Call, OLD_FORM, Sandbox};
use crate::support::sigstore::keys::KeyKind;
use crate::support::sigstore::world::{Options, World};
use crate::support::sigstore::{Needs, Sigstore, path_text};
use crate::support::{program, reference};

/// A maker and a verifier, in one sandbox.
struct Pair {
    services: Sigstore,
    sandbox: Sandbox,
    maker: PathBuf,
    verifier: PathBuf,
}

impl Pair {
    fn call(&self, program: &Path, words: &[&[&str]]) -> Call {
        let mut call = self.sandbox.cosign(words.concat());
        call.use_program(program.to_owned());
        call
    }

    /// The maker makes, the verifier verifies; the maker verifies its own too.
    #[track_caller]
    fn agree(&self, make: &[&[&str]], verify: &[&[&str]]) {
        self.sandbox.write("token", self.services.token(""));
        self.call(&self.maker, make).run().exits(0);
        self.call(&self.verifier, verify).run().exits(0);
        self.call(&self.maker, verify).run().exits(0);
    }
}

/// Both ways round, on a virtual Sigstore.
fn both_ways(options: &Options, test: impl Fn(&Pair)) {
    both_ways_on(|| Some(Sigstore::of_world(World::start(options))), test);
}

/// Both ways round, on these services.
fn both_ways_on(services: impl Fn() -> Option<Sigstore>, test: impl Fn(&Pair)) {
    let Some(reference) = reference() else { return };
    for ours_makes in [true, false] {
        let Some(services) = services() else { return };
        let sandbox = Sandbox::new();
        let (maker, verifier) = if ours_makes { (program(), reference.clone()) } else { (reference.clone(), program()) };
        let pair = Pair { services, sandbox, maker, verifier };
        // The maker makes the cache that both use.
        let root = pair.services.root();
        pair.call(&pair.maker, &[&["initialize", "--mirror", &pair.services.tuf_mirror, "--root", path_text(&root)]]).run().exits(0);
        pair.sandbox.write("file", "content");
        pair.sandbox.write("predicate.json", r#"{"a": 1}"#);
        for version in pair.services.log_versions() {
            pair.sandbox.write(&format!("v{version}.json"), pair.services.signing_config(version));
        }
        test(&pair);
    }
}

const KEYLESS: &[&str] = &["--yes", "--identity-token", "token"];
const KEY: &[&str] = &["--yes", "--key", "cosign.key"];

/// What every test here needs of services that are named.
fn any() -> Option<Sigstore> {
    Sigstore::having(&[Needs::Fulcio, Needs::Tsa])
}

/// The default config, and one for each log that is there.
fn configs(services: &Sigstore) -> impl Iterator<Item = Vec<String>> + use<> {
    let of_logs = services.log_versions().map(|version| vec!["--signing-config".to_owned(), format!("v{version}.json")]);
    std::iter::once(Vec::new()).chain(of_logs)
}

#[test]
fn files() {
    both_ways_on(any, |pair| {
        let (who, by_hand) = (pair.services.who(), pair.services.by_hand());
        let bundle: &[&str] = &["--bundle", "bundle.json"];
        for config in configs(&pair.services) {
            let config: &[&str] = &config.iter().map(String::as_str).collect::<Vec<_>>();
            for (signer, verifier) in [(KEYLESS, &who[..]), (KEY, &["--key", "cosign.pub"])] {
                pair.agree(&[&["sign-blob"], signer, config, bundle, &["file"]], &[&["verify-blob"], verifier, bundle, &["file"]]);
                let predicate = ["--predicate", "predicate.json", "--type", "custom", "file"];
                let verify: &[&[&str]] = &[&["verify-blob-attestation", "--type", "custom"], verifier, bundle, &["file"]];
                pair.agree(&[&["attest-blob"], signer, config, bundle, &predicate], verify);
            }
        }
        if pair.services.rekor.is_empty() {
            return;
        }
        let detached = ["--output-signature", "sig", "--output-certificate", "cert"];
        let old: &[&[&str]] = &[&["sign-blob"], KEYLESS, &[OLD_FORM], &by_hand, bundle, &detached, &["file"]];
        pair.agree(old, &[&["verify-blob", OLD_FORM], &who, bundle, &["file"]]);
        let online = ["--signature", "sig", "--certificate", "cert", "--rekor-url", &pair.services.rekor];
        pair.agree(old, &[&["verify-blob", OLD_FORM], &who, &online, &["file"]]);
        let stamped = ["--timestamp-server-url", &pair.services.tsa, "--rfc3161-timestamp", "stamp.json"];
        let make: &[&[&str]] = &[&["sign-blob"], KEYLESS, &[OLD_FORM], &by_hand, &stamped, bundle, &["file"]];
        let verify = ["--rfc3161-timestamp", "stamp.json", "--use-signed-timestamps"];
        pair.agree(make, &[&["verify-blob", OLD_FORM], &who, &verify, bundle, &["file"]]);
    });
}

#[test]
fn images() {
    both_ways_on(any, |pair| {
        let (who, by_hand) = (pair.services.who(), pair.services.by_hand());
        let registry = TestRegistry::start(Behaviour::default());
        let fresh = |name: &str| {
            http_client::seed(&registry.host(), name, &[]);
            format!("{}/{name}:v1", registry.host())
        };
        let by_hand_stamped = [&by_hand[..], &[OLD_FORM, "--timestamp-server-url", &pair.services.tsa]].concat();
        let by_hand = [&by_hand[..], &[OLD_FORM]].concat();
        let configs: Vec<Vec<String>> = configs(&pair.services).collect();
        let configs: Vec<Vec<&str>> = configs.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
        let mut forms: Vec<(String, &[&str], &[&str])> =
            configs.iter().enumerate().map(|(number, config)| (format!("config{number}"), &config[..], &[][..])).collect();
        if !pair.services.rekor.is_empty() {
            forms.push(("old".to_owned(), &by_hand, &[OLD_FORM]));
            forms.push(("stamped".to_owned(), &by_hand_stamped, &[OLD_FORM, "--use-signed-timestamps"]));
        }
        for (name, form, verify_form) in forms {
            let image = fresh(&name);
            pair.agree(&[&["sign"], KEYLESS, form, &[&image]], &[&["verify"], &who, verify_form, &[&image]]);
            let image = fresh(&format!("{name}-attested"));
            let predicate = ["--predicate", "predicate.json", "--type", "custom", &image];
            // Over what such an attestation's stamp is, the Go program's two halves do not agree.
            let form_of_attestations = &verify_form[..verify_form.len().min(1)];
            let verify: &[&[&str]] = &[&["verify-attestation", "--type", "custom"], &who, form_of_attestations, &[&image]];
            pair.agree(&[&["attest"], KEYLESS, form, &predicate], verify);
            let image = fresh(&format!("{name}-key"));
            pair.agree(&[&["sign"], KEY, form, &[&image]], &[&["verify", "--key", "cosign.pub"], verify_form, &[&image]]);
        }
    });
}

#[test]
fn services_with_other_kinds_of_keys() {
    let p384 = Options { ca: KeyKind::P384, rekor_v2: KeyKind::P256, tsa: KeyKind::P384, witnesses: 2, ..Options::default() };
    let rsa = Options { tsa: KeyKind::Rsa, tuf: KeyKind::Ed25519, witnesses: 1, ..Options::default() };
    for options in [p384, rsa] {
        both_ways(&options, |pair| {
            let who = pair.services.who();
            for config in ["v1.json", "v2.json"] {
                let sign: &[&[&str]] = &[&["sign-blob"], KEYLESS, &["--signing-config", config, "--bundle", "bundle.json", "file"]];
                pair.agree(sign, &[&["verify-blob", "--bundle", "bundle.json"], &who, &["file"]]);
            }
        });
    }
}

/// The Go program refuses what lies, too: the virtual faults are the ones that they are called.
#[test]
fn both_refuse_the_same() {
    use crate::support::sigstore::fulcio::Issue;
    use crate::support::sigstore::rekor_v1::Answer;
    use crate::support::sigstore::tsa::Stamp;
    both_ways(&Options::default(), |pair| {
        let world = pair.services.world();
        let sign = |config: &str| {
            pair.sandbox.write("token", pair.services.token(""));
            let words: &[&[&str]] = &[&["sign-blob"], KEYLESS, &["--signing-config", config, "--bundle", "bundle.json", "file"]];
            pair.call(&pair.maker, words).run()
        };
        world.fulcio.issues(Issue::UnknownAuthority);
        sign("v2.json").fails(1);
        world.fulcio.issues(Issue::Right);
        for answer in [Answer::OtherLog, Answer::WrongProof] {
            world.rekor_v2.answers(answer);
            sign("v2.json").fails(1);
        }
        world.rekor_v2.answers(Answer::Right);
        for stamp in [Stamp::OtherImprint, Stamp::UnknownAuthority, Stamp::BrokenSignature] {
            world.tsa.stamps(stamp);
            sign("v2.json").fails(1);
        }
        world.tsa.stamps(Stamp::Right);
        for answer in [Answer::OtherDigest, Answer::OtherLog, Answer::WrongProof, Answer::WrongPromise] {
            world.rekor_v1.answers(answer);
            sign("v1.json").fails(1);
        }
    });
}

/// PyPI's `sigstore`, which `COSIGN_TEST_PYPI_SIGSTORE` names (its executable): a third opinion, of files, in both logs, both ways.
#[test]
fn pypi_sigstore() {
    let Some(python) = std::env::var_os("COSIGN_TEST_PYPI_SIGSTORE").filter(|name| !name.is_empty()).map(PathBuf::from) else {
        crate::support::skipped("COSIGN_TEST_PYPI_SIGSTORE names no program");
        return;
    };
    let services = Sigstore::virtual_services();
    let sandbox = services.sandbox();
    sandbox.write("file", "content");
    let call = |words: &[&str]| {
        let mut call = sandbox.cosign(words);
        call.use_program(python.clone());
        call.run()
    };
    let root: serde_json::Value = serde_json::from_str(&services.world().trusted_root()).unwrap();
    for version in [1, 2] {
        let config = services.signing_config(version);
        sandbox.write("config.json", &config);
        let config: serde_json::Value = serde_json::from_str(&config).unwrap();
        let media_type = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";
        let trust = serde_json::json!({ "mediaType": media_type, "trustedRoot": root, "signingConfig": config });
        sandbox.write("trust.json", trust.to_string());
        let who = services.who();
        let ours = ["sign-blob", "--yes", "--identity-token", "token", "--signing-config", "config.json", "--bundle", "ours.json", "file"];
        sandbox.cosign(ours).run().exits(0);
        let verify = ["verify", "identity", "--bundle", "ours.json", "--cert-identity", who[1], "--cert-oidc-issuer", who[3], "file"];
        call(&[&["--trust-config", "trust.json"], &verify[..]].concat()).exits(0);
        let token = sandbox.read("token");
        call(&["--trust-config", "trust.json", "sign", "--identity-token", &token, "--bundle", "theirs.json", "--overwrite", "file"])
            .exits(0);
        sandbox.cosign([&["verify-blob", "--bundle", "theirs.json"], &who[..], &["file"]].concat()).run().exits(0);
    }
}
