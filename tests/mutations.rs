//! Changes of genuine bundles and roots on which this program and others once differed, or could: what is refused, and what is believed in
//! spite of the change. Found by some eleven thousand mutations of a hundred bundles, each judged beside the Go program; the differences that
//! were left are in `docs/differences.md`.

use cosign::crypto::{Digest, PublicKey};
use cosign::encoding::{UnixTime, base64};
use cosign::format::bundle::Bundle;
use cosign::format::bundle::legacy::LocalBundle;
use cosign::format::material::Signed;
use cosign::format::trusted_root::TrustedRoot;
use cosign::verify::{Artifact, Blob, IdentityPolicy, Matcher, Requirement, SctRequirement, TimeRequirement, Trust, verify};
use serde_json::Value;

use crate::support::testdata;

const NOW: UnixTime = UnixTime(1_790_000_000);
const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

fn read(path: &str) -> String {
    std::fs::read_to_string(testdata(path)).unwrap()
}

/// A genuine bundle, and what to verify it with.
struct Genuine {
    bundle: String,
    root: String,
    artifact: Vec<u8>,
    trust: fn() -> Trust,
    time: TimeRequirement,
}

fn by(subject: &str, issuer: &str) -> Trust {
    let identities = IdentityPolicy::one(Matcher::exact(subject), Matcher::exact(issuer));
    Trust::Identity { identities, sct: SctRequirement::required() }
}

fn beacon() -> Trust {
    let workflow = "/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
    let subject = format!("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon{workflow}");
    by(&subject, "https://token.actions.githubusercontent.com")
}

/// A conformance case in which a log of version 1 promised and proved.
fn v1() -> Genuine {
    Genuine {
        bundle: read("conformance/cases/happy-path-v0.3/bundle.sigstore.json"),
        root: read("conformance/trusted-roots/production.json"),
        artifact: read("conformance/a.txt").into_bytes(),
        trust: beacon,
        time: TimeRequirement::Automatic,
    }
}

/// A signature with an entry of version 2 and a time stamp.
fn v2() -> Genuine {
    Genuine {
        bundle: read("keyless/bundles/kl-r2.json"),
        root: read("keyless/trust/trusted_root.json"),
        artifact: read("keyless/blob.txt").into_bytes(),
        trust: || by("alice@example.com", "http://127.0.0.1:18001"),
        time: TimeRequirement::SignedTimestamps { threshold: 1 },
    }
}

impl Genuine {
    fn judge(&self, bundle: &str) -> String {
        self.judge_about(bundle, Artifact::Blob(&Blob::from_bytes(&self.artifact)))
    }

    fn judge_about(&self, bundle: &str, artifact: Artifact<'_>) -> String {
        match Bundle::parse(bundle.as_bytes(), false).and_then(|bundle| bundle.to_signed()) {
            Ok(signed) => self.judge_signed(&signed, artifact),
            Err(error) => error.to_string(),
        }
    }

    fn judge_signed(&self, signed: &Signed, artifact: Artifact<'_>) -> String {
        let mut requirement = Requirement::new((self.trust)());
        requirement.time = self.time;
        let root = TrustedRoot::parse(self.root.as_bytes()).unwrap();
        verify(signed, artifact, &requirement, &root, NOW).map_or_else(|error| error.to_string(), |_| "believed".to_owned())
    }

    /// The bundle with another value at a place.
    fn with(&self, pointer: &str, change: impl FnOnce(&Value) -> Value) -> String {
        let mut bundle: Value = serde_json::from_str(&self.bundle).unwrap();
        let place = bundle.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}"));
        *place = change(place);
        bundle.to_string()
    }

    /// The bundle with other bytes at a place.
    fn with_bytes(&self, pointer: &str, from: &[u8], to: &[u8]) -> String {
        self.with(pointer, |value| {
            let bytes = base64::decode(value.as_str().unwrap()).unwrap();
            let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
            base64::encode([&bytes[..at], to, &bytes[at + from.len()..]].concat()).into()
        })
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn numbers_are_numbers_of_json() {
    let genuine = v1();
    let place = format!("{ENTRY}/logIndex");
    let index = serde_json::from_str::<Value>(&genuine.bundle).unwrap().pointer(&place).unwrap().as_str().unwrap().to_owned();
    let with = |other: &str| genuine.bundle.replacen(&format!("\"{index}\""), other, 1);
    for same in [format!("\"{index}\""), index.clone(), format!("\"{index}.0\""), format!("{index}e0"), format!("\"{index}E+0\"")] {
        assert_eq!(genuine.judge(&with(&same)), "believed", "{same}");
    }
    for other in ["\"0#\"", "\"+#\"", "\" #\"", "\"#x\"", "\"0x1\"", "0#", "\"#.5\"", "true", "[#]", "99999999999999999999"] {
        let said = genuine.judge(&with(&other.replace('#', &index)));
        assert!(said.starts_with("proto: "), "{other}: {said}");
    }
    for other in ["null", "\"-#\"", "\"1\"", "0"] {
        assert_ne!(genuine.judge(&with(&other.replace('#', &index))), "believed", "{other}");
    }
}

#[test]
fn a_document_is_one_document() {
    let genuine = v1();
    let bundle = &genuine.bundle;
    let value: Value = serde_json::from_str(bundle).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap().replace('\n', "\r\n");
    let escaped = bundle.replacen("mediaType", "\\u006dediaType", 1);
    let snake = bundle.replace("tlogEntries", "tlog_entries").replace("inclusionProof", "inclusion_proof");
    for same in [pretty, format!(" \t\r\n{bundle}\n"), escaped, snake] {
        assert_eq!(genuine.judge(&same), "believed");
    }
    let inside = bundle.trim_end().strip_suffix('}').unwrap();
    for (what, other) in [
        ("byte order mark", format!("\u{feff}{bundle}")),
        ("trailing data", format!("{bundle}{{}}")),
        ("trailing NUL", format!("{bundle}\0")),
        ("trailing comma", format!("{inside},}}")),
        ("comment", format!("// x\n{bundle}")),
        ("list", format!("[{bundle}]")),
        ("unknown field", format!("{inside},\"x\":null}}")),
        ("extension", format!("{inside},\"[a.b]\":1}}")),
        ("field twice", format!("{inside},\"mediaType\":null}}")),
        ("both spellings", format!("{inside},\"verification_material\":null}}")),
        ("upper case", bundle.replacen("mediaType", "MediaType", 1)),
    ] {
        assert_ne!(genuine.judge(&other), "believed", "{what}");
    }
}

#[test]
fn bytes_are_base64_as_protojson_takes_it() {
    let genuine = v1();
    let signature =
        |change: &dyn Fn(&str) -> String| genuine.judge(&genuine.with("/messageSignature/signature", |v| change(text(v)).into()));
    assert_eq!(signature(&|s| s.trim_end_matches('=').to_owned()), "believed");
    assert_eq!(signature(&|s| s.replace('+', "-").replace('/', "_")), "believed");
    for wrong in ["!", "=", "\0", " "] {
        assert!(signature(&|s| format!("{s}{wrong}")).starts_with("proto: invalid value for bytes field"), "{wrong:?}");
    }
}

#[test]
fn what_the_log_has_is_this_signature() {
    let genuine = v1();
    for (place, other) in [("kindVersion/version", ""), ("kindVersion/kind", "dsse"), ("kindVersion/version", "0.0.1 ")] {
        let said = genuine.judge(&genuine.with(&format!("{ENTRY}/{place}"), |_| other.into()));
        assert!(said.contains("kind and version mismatch"), "{said}");
    }
    let checkpoint = format!("{ENTRY}/inclusionProof/checkpoint/envelope");
    let trailing_space = genuine.with(&checkpoint, |v| text(v).trim_end().to_owned().into());
    assert!(genuine.judge(&trailing_space).contains("malformed note"));
    let other_size =
        genuine.with(&format!("{ENTRY}/inclusionProof/treeSize"), |v| (text(v).parse::<u64>().unwrap() + 1).to_string().into());
    assert_ne!(genuine.judge(&other_size), "believed");
    // The Go program builds the body of version 2 anew and never looks at what is there.
    let genuine = v2();
    assert_eq!(genuine.judge(&genuine.bundle), "believed");
    let body = format!("{ENTRY}/canonicalizedBody");
    let details = genuine.with_bytes(&body, b"PKIX_ECDSA_P256_SHA_256", b"PKIX_ECDSA_P384_SHA_384");
    assert!(genuine.judge(&details).contains("does not match expected root"));
    let space = genuine.with(&body, |v| base64::encode([&base64::decode(text(v)).unwrap()[..], b"\n"].concat()).into());
    assert!(genuine.judge(&space).contains("does not match expected root"));
}

#[test]
fn a_time_stamp_is_whole() {
    const SHA_256: &[u8] = &[0x31, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, 1];
    let genuine = v2();
    let token = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
    // Nobody signs the list of digest algorithms, nor the type beside the content: they have to be right all the same.
    let mut other = SHA_256.to_vec();
    other[2] = 0x31;
    let said = genuine.judge(&genuine.with_bytes(token, SHA_256, &other));
    assert!(said.contains("malformed pkcs7 data"), "{said}");
    let said = genuine.judge(&genuine.with_bytes(token, &[9, 16, 1, 4, 0xa0], &[9, 16, 1, 5, 0xa0]));
    assert!(said.contains("malformed pkcs7 data"), "{said}");
    let more = genuine.with(token, |v| base64::encode([&base64::decode(text(v)).unwrap()[..], &[0]].concat()).into());
    assert_ne!(genuine.judge(&more), "believed");
}

#[test]
fn a_digest_alone_needs_the_digest_in_the_bundle() {
    let genuine = v1();
    let digest = Digest::sha256(&genuine.artifact);
    assert_eq!(genuine.judge_about(&genuine.bundle, Artifact::Digest(&digest)), "believed");
    // The log is content, since it has the digest that was given; cosign refuses.
    let without = genuine.with("/messageSignature/messageDigest", |_| Value::Null);
    assert!(genuine.judge_about(&without, Artifact::Digest(&digest)).contains("missing artifact digest"));
}

/// The JSON of version 2 about `blob2.txt`, verified by its key.
fn judge_older(json: &str) -> String {
    let key = || Trust::key(PublicKey::from_pem(read("keyless/keys/p256.pub").as_bytes()).unwrap());
    let artifact = read("keyless/blob2.txt").into_bytes();
    let genuine = Genuine { trust: key, time: TimeRequirement::Automatic, bundle: String::new(), artifact, ..v2() };
    let signed = LocalBundle::parse(json.as_bytes()).and_then(|bundle| bundle.to_signed_message());
    match signed {
        Ok(signed) => genuine.judge_signed(&signed, Artifact::Blob(&Blob::from_bytes(&genuine.artifact))),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_older_json_as_go_takes_it() {
    let bundle = read("keyless/bundles/leg-key-p256.json");
    let value: Value = serde_json::from_str(&bundle).unwrap();
    let with = |pointer: &str, other: Value| {
        let mut value = value.clone();
        *value.pointer_mut(pointer).unwrap() = other;
        value.to_string()
    };
    let body = text(&value["rekorBundle"]["Payload"]["body"]);
    for same in [
        bundle.clone(),
        with("/cert", Value::Null),
        bundle.replace("\"cert\"", "\"Cert\"").replace("logID", "LogId"),
        bundle.replacen('{', "{\"more\":[1],\"base64Signature\":\"AAAA\",", 1),
    ] {
        assert_eq!(judge_older(&same), "believed", "{same}");
    }
    for (other, says) in [
        (with("/rekorBundle/Payload/body", format!("{}\n{}", &body[..4], &body[4..]).into()), "illegal base64 data"),
        (with("/rekorBundle/Payload/body", format!("{body}\n").into()), "illegal base64 data"),
        (with("/cert", base64::encode(read("keys/other.pub")).into()), "the public key in the bundle is not the key that was given"),
        (with("/rekorBundle", Value::Null), "no transparency log entry came with the signature"),
        (with("/rekorBundle/Payload/logIndex", "1".into()), "reading bundle"),
        (format!("{bundle}x"), "reading bundle"),
    ] {
        let said = judge_older(&other);
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn times_of_a_root_are_rfc_3339_as_protobuf_takes_it() {
    let root = read("keyless/trust/trusted_root.json");
    let value: Value = serde_json::from_str(&root).unwrap();
    let start = text(&value["certificateAuthorities"][0]["validFor"]["start"]);
    let second = &start[..19];
    for (other, good) in [
        (format!("{second}.123456789Z"), true),
        (format!("{second}+00:00"), true),
        (format!("{second}.1234567891Z"), false),
        (start.to_lowercase(), false),
        (start.replace('T', " "), false),
        (second.to_owned(), false),
        (format!("0000{}Z", &second[4..]), false),
    ] {
        assert_eq!(TrustedRoot::parse(root.replace(start, &other).as_bytes()).is_ok(), good, "{other}");
    }
}
