//! A small world of one's own: signer, logs, authorities. Everything in it is right; a test changes one thing.

use super::*;
use crate::crypto::certificate::testing::{self, Template};
use crate::crypto::{LogKey, Message, PrivateKey, ValidityPeriod};
use crate::encoding::{base64, hex};
use crate::format::dsse::{self, Envelope, INTOTO_PAYLOAD_TYPE};
use crate::format::intoto::Statement;
use crate::format::material::{Form, MessageDigest, MessageSignature, SignedContent, SignerMaterial, VerificationMaterial};
use crate::format::tlog::checkpoint::key_id_v2;
use crate::format::tlog::{InclusionProof, LogEntry, set};
use crate::format::trusted_root::TransparencyLog;

pub(super) const FILE: &[u8] = b"hello\n";
/// When the logs of this world took entries.
pub(super) const TIME: UnixTime = testing::NOW;
const ORIGIN: &str = "log.example";

pub(super) struct World {
    pub(super) signer: PrivateKey,
    pub(super) other: PrivateKey,
    pub(super) log: PrivateKey,
    pub(super) second_log: PrivateKey,
    pub(super) root_key: PrivateKey,
    pub(super) intermediate_key: PrivateKey,
}

impl World {
    pub(super) fn new() -> Self {
        let [signer, other, log, second_log, root_key, intermediate_key] = testing::keys();
        Self { signer, other, log, second_log, root_key, intermediate_key }
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        sign(&self.signer, bytes)
    }

    /// A bundle about [`FILE`], by the key, without a log.
    pub(super) fn message(&self) -> Signed {
        let signature = self.sign(FILE);
        let digest = Some(MessageDigest::from(&Digest::sha256(FILE)));
        self.signed(SignedContent::Message(MessageSignature { signature, digest }))
    }

    /// A bundle with a statement about [`FILE`].
    pub(super) fn envelope(&self) -> Signed {
        let payload = Statement::sign(&Digest::sha256(FILE), &Default::default()).to_json();
        let signature = self.sign(&dsse::pre_authentication_encoding(INTOTO_PAYLOAD_TYPE, &payload));
        self.signed(SignedContent::Envelope(Envelope::new(INTOTO_PAYLOAD_TYPE, payload, signature)))
    }

    fn signed(&self, content: SignedContent) -> Signed {
        let signer = SignerMaterial::KeyHint(String::new());
        Signed { content, material: VerificationMaterial { form: Form::Bundle, signer, ..VerificationMaterial::legacy() } }
    }

    pub(super) fn root(&self) -> TrustedRoot {
        let log = |key: &PrivateKey| TransparencyLog {
            base_url: format!("https://{ORIGIN}"),
            key: LogKey { id: log_id(key), key: key.public().clone(), valid: ValidityPeriod::default() },
        };
        let mut root = TrustedRoot { transparency_logs: vec![log(&self.log), log(&self.second_log)], ..TrustedRoot::default() };
        root.add_certificate_authorities(vec![self.ca().sign(&self.root_key)], &[self.intermediate().sign(&self.root_key)]);
        root.certificate_authorities[0].by_hand = false;
        root
    }

    pub(super) fn ca(&self) -> Template {
        Template::authority("root", "root", &self.root_key)
    }

    pub(super) fn intermediate(&self) -> Template {
        Template::authority("intermediate", "root", &self.intermediate_key)
    }

    /// A certificate for `a@example.com`, vouched for by `https://issuer.example`.
    pub(super) fn leaf(&self) -> Template {
        Template::leaf("leaf", "intermediate", &self.signer).with("2.5.29.17", false, testing::names(&[(1, b"a@example.com")])).with(
            "1.3.6.1.4.1.57264.1.1",
            false,
            b"https://issuer.example".to_vec(),
        )
    }

    pub(super) fn by_key(&self) -> Requirement {
        Requirement::new(Trust::key(self.signer.public().clone()))
    }

    pub(super) fn by_identity(&self) -> Requirement {
        let identities = IdentityPolicy::one(Matcher::exact("a@example.com"), Matcher::exact("https://issuer.example"));
        Requirement::new(Trust::Identity { identities, sct: SctRequirement::InsecureIgnore })
    }

    /// The signer's key as version 1 logs it.
    pub(super) fn pem(&self) -> String {
        self.signer.public().to_pem()
    }

    /// The entry that the first log promised at [`TIME`].
    pub(super) fn promised(&self, body: String) -> LogEntry {
        promise(&self.log, body, 7, TIME)
    }

    /// The entry that the first log, of version 2, has as its only one.
    pub(super) fn included_v2(&self, body: String) -> LogEntry {
        let leaf = crate::crypto::merkle::leaf_hash(body.as_bytes());
        let text = format!("{ORIGIN}\n1\n{}\n", base64::encode(leaf));
        let line = [&key_id_v2(ORIGIN, self.log.public())[..], &sign(&self.log, text.as_bytes())].concat();
        let checkpoint = format!("{text}\n\u{2014} {ORIGIN} {}\n", base64::encode(line));
        let (kind, version) = kind_version(&body);
        LogEntry {
            log_id: log_id(&self.log),
            kind,
            version,
            inclusion_proof: Some(InclusionProof { checkpoint, ..InclusionProof::default() }),
            canonicalized_body: body.into_bytes(),
            ..LogEntry::default()
        }
    }

    pub(super) fn check(&self, signed: &Signed, requirement: &Requirement) -> String {
        self.check_with(signed, requirement, &self.root())
    }

    pub(super) fn check_with(&self, signed: &Signed, requirement: &Requirement, root: &TrustedRoot) -> String {
        text_of(verify(signed, Artifact::Blob(&Blob::from_bytes(FILE)), requirement, root, TIME))
    }
}

pub(super) fn sign(key: &PrivateKey, bytes: &[u8]) -> Vec<u8> {
    key.sign_now(key.public().default_scheme(), Message::Bytes(bytes)).unwrap()
}

pub(super) fn log_id(key: &PrivateKey) -> Vec<u8> {
    Digest::sha256(key.public().spki_der()).bytes().to_vec()
}

pub(super) fn promise(log: &PrivateKey, body: String, index: i64, time: UnixTime) -> LogEntry {
    let (kind, version) = kind_version(&body);
    let mut entry = LogEntry {
        log_index: index,
        log_id: log_id(log),
        kind,
        version,
        integrated_time: time.0,
        canonicalized_body: body.into_bytes(),
        ..LogEntry::default()
    };
    entry.inclusion_promise = Some(sign(log, &set::payload(&entry)));
    entry
}

fn kind_version(body: &str) -> (String, String) {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    (body["kind"].as_str().unwrap().to_owned(), body["apiVersion"].as_str().unwrap().to_owned())
}

/// `hashedrekord` 0.0.1.
pub(super) fn hashed_rekord(digest: &Digest, signature: &[u8], pem: &str) -> String {
    format!(
        r#"{{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{{"hash":{{"algorithm":"{}","value":"{}"}}}},"signature":{{"content":"{}","publicKey":{{"content":"{}"}}}}}}}}"#,
        digest.algorithm().name(),
        digest.hex(),
        base64::encode(signature),
        base64::encode(pem)
    )
}

/// `dsse` 0.0.1.
pub(super) fn dsse_entry(payload: &[u8], envelope: &[u8], signature: &[u8], pem: &str) -> String {
    format!(
        r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{{"algorithm":"sha256","value":"{}"}},"payloadHash":{{"algorithm":"sha256","value":"{}"}},"signatures":[{{"signature":"{}","verifier":"{}"}}]}}}}"#,
        hex::encode(Digest::sha256(envelope).bytes()),
        hex::encode(Digest::sha256(payload).bytes()),
        base64::encode(signature),
        base64::encode(pem)
    )
}

/// `hashedrekord` 0.0.2 (Rekor v2) with a bare key.
pub(super) fn hashed_rekord_v2(digest: &[u8], signature: &[u8], spki: &[u8], details: &str) -> String {
    format!(
        r#"{{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{{"algorithm":"SHA2_256","digest":"{}"}},"signature":{{"content":"{}","verifier":{{"keyDetails":"{details}","publicKey":{{"rawBytes":"{}"}}}}}}}}}}}}"#,
        base64::encode(digest),
        base64::encode(signature),
        base64::encode(spki)
    )
}

/// `r` and `s` side by side.
pub(super) fn p1363(signature: &[u8]) -> Vec<u8> {
    let (r, rest) = integer(&signature[2..]);
    [r, integer(rest).0].concat()
}

/// The other signature that verifies wherever an ECDSA one on P-256 does: (r, n − s).
pub(super) fn twin(signature: &[u8]) -> Vec<u8> {
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let (r, rest) = integer(&signature[2..]);
    let (s, _) = integer(rest);
    let mut borrow = 0;
    let mut difference = hex::decode(ORDER).unwrap();
    for (at, digit) in difference.iter_mut().enumerate().rev() {
        let wanted = i32::from(*digit) - i32::from(s[at]) - borrow;
        borrow = i32::from(wanted < 0);
        *digit = u8::try_from(wanted.rem_euclid(256)).unwrap();
    }
    let mut p1363 = r.to_vec();
    p1363.extend(difference);
    crate::crypto::public_key::ecdsa_p1363_to_der(&p1363).unwrap()
}

/// One INTEGER as 32 bytes, and what follows.
fn integer(der: &[u8]) -> ([u8; 32], &[u8]) {
    let (content, rest) = der[2..].split_at(usize::from(der[1]));
    let content: Vec<u8> = content.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut bytes = [0; 32];
    bytes[32 - content.len()..].copy_from_slice(&content);
    (bytes, rest)
}
