//! A certificate authority with Fulcio's API v2: a root, an intermediate, and certificates of ten minutes for whom a token names.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use cosign::crypto::{Message, PublicKey};
use cosign::encoding::{base64, pem};
use serde_json::{Value, json};

use super::ct::CtLog;
use super::der::{inside, oid, seq, tlv, utf8};
use super::keys::{Key, KeyKind, verifies};
use super::oidc::Issuer;
use super::service::{Clock, json as json_response, refusal};
use super::x509::{Authority, CODE_SIGNING, Template, authority_key_id, extended_key_usage, extension, key_usage, name, subject_key_id};
use crate::support::http_server::{Request, Response};

/// What Fulcio issues; the first is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issue {
    Right,
    /// Right, with the SCT beside the certificate.
    Detached,
    /// About another key.
    OtherKey,
    /// The SCT is of a CT log that nobody knows.
    UnknownCtLog,
    /// The SCT is over another certificate.
    ForeignSct,
    /// There is no SCT.
    NoSct,
    /// By an authority that nobody knows.
    UnknownAuthority,
    /// For nobody of the token's.
    OtherIdentity,
}

/// The authority.
pub struct Fulcio {
    pub root: Authority,
    pub intermediate: Authority,
    pub ct: CtLog,
    clock: Clock,
    issuer: Arc<Issuer>,
    issue: Mutex<Issue>,
    lifetime: AtomicI64,
}

const IDENTITY_TOKEN: &str = "There was an error processing the identity token";
const PROOF: &str = "The signature supplied in the request could not be verified";

impl Fulcio {
    pub fn new(kind: KeyKind, clock: &Clock, issuer: Arc<Issuer>) -> Self {
        let (root, intermediate) = authorities(kind, clock.now());
        Self {
            root,
            intermediate,
            ct: CtLog::new(),
            clock: clock.clone(),
            issuer,
            issue: Mutex::new(Issue::Right),
            lifetime: AtomicI64::new(600),
        }
    }

    /// What is issued from now on.
    pub fn issues(&self, issue: Issue) {
        *self.issue.lock().unwrap() = issue;
    }

    /// How many seconds certificates last from now on.
    pub fn lasts(&self, seconds: i64) {
        self.lifetime.store(seconds, Ordering::SeqCst);
    }

    pub fn answer(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path()) {
            ("POST", "/api/v2/signingCert") => self.signing_cert(request).unwrap_or_else(|refused| refused),
            ("GET", "/api/v2/trustBundle") => {
                let chain = [&self.intermediate, &self.root].map(|authority| pem::encode("CERTIFICATE", &authority.certificate));
                json_response(200, &json!({ "chains": [{ "certificates": chain }] }))
            }
            _ => refusal(404, 5, "Not Found"),
        }
    }

    fn signing_cert(&self, request: &Request) -> Result<Response, Response> {
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| refusal(400, 3, "the request is no JSON"))?;
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let token = bearer.or_else(|| body["credentials"]["oidcIdentityToken"].as_str());
        let token = token.ok_or_else(|| refusal(401, 16, "no identity token"))?;
        let claims = self.issuer.verify(token, self.clock.now()).map_err(|_| refusal(400, 3, IDENTITY_TOKEN))?;
        let subject = claims["email"].as_str().or(claims["sub"].as_str()).ok_or_else(|| refusal(400, 3, IDENTITY_TOKEN))?;
        if claims["email"].is_string() && claims["email_verified"] != true && claims["email_verified"] != "true" {
            return Err(refusal(400, 3, IDENTITY_TOKEN));
        }
        let key = certified_key(&body, subject)?;
        Ok(self.issued(&key, &claims))
    }

    fn issued(&self, key: &[u8], claims: &Value) -> Response {
        let issue = *self.issue.lock().unwrap();
        let now = self.clock.now();
        let key = if issue == Issue::OtherKey { Key::new(KeyKind::P256).spki() } else { key.to_vec() };
        let (root, intermediate) = match issue {
            Issue::UnknownAuthority => authorities(KeyKind::P256, now),
            _ => (self.root.clone(), self.intermediate.clone()),
        };
        let issuer_key = intermediate.key.spki();
        let mut extensions =
            vec![key_usage(0x80), extended_key_usage(CODE_SIGNING, false), subject_key_id(&key), authority_key_id(&issuer_key)];
        let nobody = json!({ "iss": claims["iss"], "email": "mallory@example.com" });
        extensions.extend(identity(if issue == Issue::OtherIdentity { &nobody } else { claims }));
        let template =
            Template { subject: seq(&[]), not_before: now, not_after: now + self.lifetime.load(Ordering::SeqCst), spki: key, extensions };
        let (leaf, _) = intermediate.issue(template, |tbs| match issue {
            Issue::Detached | Issue::NoSct => Vec::new(),
            Issue::UnknownCtLog => vec![CtLog::new().embedded(tbs, &issuer_key, now)],
            Issue::ForeignSct => vec![self.ct.embedded(b"another", &issuer_key, now)],
            _ => vec![self.ct.embedded(tbs, &issuer_key, now)],
        });
        let certificates =
            [&leaf, &intermediate.certificate, &root.certificate].map(|der| pem::encode("CERTIFICATE", der).trim_end().to_owned());
        let chain = json!({ "certificates": certificates });
        let answer = match issue {
            Issue::Detached => json!({ "signedCertificateDetachedSct": {
                "chain": chain, "signedCertificateTimestamp": base64::encode(self.ct.detached(&leaf, now)),
            }}),
            _ => json!({ "signedCertificateEmbeddedSct": { "chain": chain } }),
        };
        json_response(200, &answer)
    }
}

fn authorities(kind: KeyKind, now: i64) -> (Authority, Authority) {
    let root = Authority::root(kind, &name("sigstore.test", "virtual"), now);
    let intermediate = root.intermediate(kind, &name("sigstore.test", "virtual-intermediate"), CODE_SIGNING, now);
    (root, intermediate)
}

/// The key of the request, once it was shown to be at hand: by a proof over the subject, or by a certificate signing request.
fn certified_key(body: &Value, subject: &str) -> Result<Vec<u8>, Response> {
    let unreadable = || refusal(400, 3, "The public key supplied in the request could not be parsed");
    let decoded = |value: &Value| value.as_str().and_then(|text| base64::decode(text).ok()).ok_or_else(unreadable);
    let (key, signed, signature) = match body["certificateSigningRequest"].as_str() {
        Some(_) => signing_request(&decoded(&body["certificateSigningRequest"])?).ok_or_else(unreadable)?,
        None => {
            let asked = &body["publicKeyRequest"];
            let key =
                asked["publicKey"]["content"].as_str().and_then(|pem| PublicKey::from_pem(pem.as_bytes()).ok()).ok_or_else(unreadable)?;
            (key, subject.as_bytes().to_vec(), decoded(&asked["proofOfPossession"])?)
        }
    };
    if verifies(&key, Message::Bytes(&signed), &signature) { Ok(key.spki_der().to_vec()) } else { Err(refusal(400, 3, PROOF)) }
}

/// Key, signed bytes and signature of a certificate signing request (PKCS#10, PEM).
fn signing_request(text: &[u8]) -> Option<(PublicKey, Vec<u8>, Vec<u8>)> {
    let (block, _) = pem::first(text)?;
    let parts = inside(&block.bytes)?;
    let [info, _, signature] = parts[..] else { return None };
    let fields = inside(info.raw)?;
    let key = PublicKey::from_spki_der(fields.get(2)?.raw).ok()?;
    Some((key, info.raw.to_vec(), signature.content.get(1..)?.to_vec()))
}

/// The SAN and Fulcio's own extensions: who, by whose word.
fn identity(claims: &Value) -> Vec<Vec<u8>> {
    let text = |claim: &str| claims[claim].as_str().unwrap_or_default();
    let issuer = text("iss");
    let workflow = claims["job_workflow_ref"].as_str();
    let san = match (workflow, claims["email"].as_str()) {
        (Some(workflow), _) => tlv(0x86, &[format!("https://github.com/{workflow}").as_bytes()]),
        (None, Some(email)) => tlv(0x81, &[email.as_bytes()]),
        (None, None) if text("sub").contains("://") => tlv(0x86, &[text("sub").as_bytes()]),
        (None, None) => {
            let user = format!("{}!sigstore.test", text("sub"));
            tlv(0xa0, &[&oid("1.3.6.1.4.1.57264.1.7"), &tlv(0xa0, &[&utf8(&user)])])
        }
    };
    let arc = |number: u32| format!("1.3.6.1.4.1.57264.1.{number}");
    let mut extensions = vec![
        extension("2.5.29.17", true, &seq(&[&san])),
        extension(&arc(1), false, issuer.as_bytes()),
        extension(&arc(8), false, &utf8(issuer)),
    ];
    if let Some(workflow) = workflow {
        for (number, claim) in [(2, "event_name"), (3, "sha"), (4, "workflow"), (5, "repository"), (6, "ref")] {
            extensions.push(extension(&arc(number), false, text(claim).as_bytes()));
        }
        extensions.extend(github(claims, workflow).into_iter().map(|(number, value)| extension(&arc(number), false, &utf8(&value))));
    }
    extensions
}

fn github(claims: &Value, workflow: &str) -> Vec<(u32, String)> {
    let text = |claim: &str| claims[claim].as_str().unwrap_or_default().to_owned();
    let url = |path: &str| format!("https://github.com/{path}");
    let run = format!("{}/actions/runs/{}/attempts/{}", text("repository"), text("run_id"), text("run_attempt"));
    vec![
        (9, url(workflow)),
        (10, text("job_workflow_sha")),
        (11, text("runner_environment")),
        (12, url(&text("repository"))),
        (13, text("sha")),
        (14, text("ref")),
        (15, text("repository_id")),
        (16, url(&text("repository_owner"))),
        (17, text("repository_owner_id")),
        (18, url(&text("workflow_ref"))),
        (19, text("workflow_sha")),
        (20, text("event_name")),
        (21, url(&run)),
        (22, text("repository_visibility")),
    ]
}
