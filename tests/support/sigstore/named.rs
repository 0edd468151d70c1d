//! Services of others, by variables: `COSIGN_TEST_FULCIO_URL`, `…_REKOR_URL`, `…_REKOR_V2_URL`, `…_TSA_URL`, `…_OIDC_ISSUER`,
//! `…_TUF_MIRROR`, `…_TUF_ROOT` (a root.json). `…_TUF_MIRROR` switches to them; any of the others may be missing.
//!
//! The token is `COSIGN_TEST_ID_TOKEN`, else `ISSUER/id-token`, else what the issuer's token endpoint gives for client credentials
//! (`…_CLIENT_ID`, `…_CLIENT_SECRET`) or a password (`…_USER`, `…_PASSWORD` too). Its e-mail, else its subject, is the identity, unless
//! `COSIGN_TEST_IDENTITY` names another: Fulcio turns some subjects into something else.

use std::process::Command;

use cosign::encoding::base64;
use serde_json::Value;

use super::{Sigstore, Source};

fn variable(name: &str) -> Option<String> {
    std::env::var(format!("COSIGN_TEST_{name}")).ok().filter(|value| !value.is_empty())
}

impl Sigstore {
    pub(super) fn named() -> Option<Self> {
        let tuf_mirror = variable("TUF_MIRROR")?;
        let root = variable("TUF_ROOT").expect("COSIGN_TEST_TUF_MIRROR needs COSIGN_TEST_TUF_ROOT").into();
        let address = |name: &str| variable(name).unwrap_or_default().trim_end_matches('/').to_owned();
        let issuer = address("OIDC_ISSUER");
        let given = variable("ID_TOKEN");
        let token = given.clone().or_else(|| token(&issuer, ""));
        let identity = variable("IDENTITY").or_else(|| token.as_deref().and_then(identity_of)).unwrap_or_default();
        // Without a token no Fulcio is of use.
        let fulcio = if token.is_some() { address("FULCIO_URL") } else { String::new() };
        Some(Self {
            fulcio,
            rekor: address("REKOR_URL"),
            rekor_v2: address("REKOR_V2_URL"),
            tsa: variable("TSA_URL").unwrap_or_default(),
            issuer,
            tuf_mirror,
            identity,
            source: Source::Named { root, token: given },
        })
    }
}

/// A token of an issuer's.
pub(super) fn token(issuer: &str, query: &str) -> Option<String> {
    let simple = curl(&[&format!("{issuer}/id-token{query}")]).filter(|text| text.matches('.').count() == 2);
    simple.or_else(|| granted(issuer).filter(|_| query.is_empty()))
}

/// What the token endpoint gives.
fn granted(issuer: &str) -> Option<String> {
    let discovery: Value = serde_json::from_str(&curl(&[&format!("{issuer}/.well-known/openid-configuration")])?).ok()?;
    let client = format!("client_id={}", variable("CLIENT_ID").unwrap_or_else(|| "sigstore".to_owned()));
    let secret = format!("client_secret={}", variable("CLIENT_SECRET").unwrap_or_default());
    let mut fields = vec![client, secret, "scope=openid email".to_owned()];
    match (variable("USER"), variable("PASSWORD")) {
        (Some(user), Some(password)) => {
            fields.extend(["grant_type=password".to_owned(), format!("username={user}"), format!("password={password}")]);
        }
        _ => fields.push("grant_type=client_credentials".to_owned()),
    }
    let mut arguments: Vec<&str> = fields.iter().flat_map(|field| ["--data-urlencode", field.as_str()]).collect();
    arguments.push(discovery["token_endpoint"].as_str()?);
    let answer: Value = serde_json::from_str(&curl(&arguments)?).ok()?;
    Some(answer["id_token"].as_str()?.to_owned())
}

fn curl(arguments: &[&str]) -> Option<String> {
    let output = Command::new("curl").args(["--silent", "--fail", "--max-time", "20"]).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn identity_of(token: &str) -> Option<String> {
    let claims: Value = serde_json::from_slice(&base64::decode_protojson(token.split('.').nth(1)?).ok()?).ok()?;
    claims["email"].as_str().or(claims["sub"].as_str()).map(str::to_owned)
}
