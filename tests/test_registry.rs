//! The test registry itself: it must be right before it may judge.

use crate::support::http_client::{Answer, request};
use crate::support::http_server::{Delivery, Response};
use crate::support::registry::behaviour::{Authentication, PASSWORD, USER};
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::{digest_of, http_client, images};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn get(registry: &TestRegistry, path: &str) -> Answer {
    request(&registry.host(), "GET", path, &[], b"").unwrap()
}

fn refers_to(subject: &str, nonce: u32) -> Vec<u8> {
    let subject = serde_json::json!({"mediaType": INDEX, "size": 1, "digest": subject});
    serde_json::json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "subject": subject, "annotations": {"n": nonce.to_string()}})
        .to_string()
        .into_bytes()
}

#[test]
fn images_are_the_same_everywhere() {
    assert_eq!(images::digest("v1"), "sha256:a69b5d592ce56ac73de7e7e3241071b8d9e781db5e0ba68b7c6db19564baafbe");
    assert_eq!(images::digest("multi"), "sha256:e147580ca1d2d1a943c24011ccb82e102bc1a4cb175432170209b384837b59fa");
    let registry = TestRegistry::start(Behaviour::distribution());
    http_client::seed(&registry.host(), "again", &[]);
    let manifest = http_client::manifest(&registry.host(), "again", images::digest("v2")).unwrap();
    assert_eq!(digest_of(manifest.to_string().as_bytes()), images::digest("v2"));
}

#[test]
fn strict_about_what_it_is_given() {
    let registry = TestRegistry::start(Behaviour::default());
    let put = |path: &str, body: &[u8]| request(&registry.host(), "PUT", path, &[("Content-Type", INDEX)], body).unwrap().status;
    let missing = br#"{"schemaVersion":2,"layers":[{"digest":"sha256:00"}]}"#;
    assert_eq!(put("/v2/app/manifests/x", missing), 400);
    assert_eq!(put(&format!("/v2/app/manifests/{}", images::digest("v1")), b"{}"), 400);
    assert_eq!(put("/v2/app/manifests/x", b"no JSON"), 400);
    let upload = format!("/v2/app/blobs/uploads/?digest={}", images::digest("v1"));
    assert_eq!(request(&registry.host(), "POST", &upload, &[], b"other").unwrap().status, 400);
}

#[test]
fn lists_referrers_in_pages() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.page_size = Some(2)));
    let subject = images::digest("v1");
    for nonce in 0..3 {
        let bytes = refers_to(subject, nonce);
        let path = format!("/v2/app/manifests/{}", digest_of(&bytes));
        let stored = request(&registry.host(), "PUT", &path, &[("Content-Type", INDEX)], &bytes).unwrap();
        assert_eq!((stored.status, stored.header("OCI-Subject")), (201, Some(subject)));
    }
    let first = get(&registry, &format!("/v2/app/referrers/{subject}"));
    let next = first.header("link").unwrap().trim_start_matches('<').split('>').next().unwrap().to_owned();
    let second = get(&registry, &next);
    let count = |answer: &Answer| serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()["manifests"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second), second.header("link")), (2, 1, None));
}

#[test]
fn wants_credentials() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.authentication = Authentication::Bearer));
    let refused = get(&registry, "/v2/app/manifests/v1");
    let challenge = refused.header("www-authenticate").unwrap().to_owned();
    assert!(refused.status == 401 && challenge.contains("scope=\"repository:app:pull\""), "{challenge}");
    assert_eq!(get(&registry, "/token?scope=repository:app:pull").status, 401);
    let basic = format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{USER}:{PASSWORD}")));
    let granted = request(&registry.host(), "GET", "/token?scope=repository:app:pull", &[("Authorization", &basic)], b"").unwrap();
    let token = serde_json::from_slice::<serde_json::Value>(&granted.body).unwrap()["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let with_token = |method: &str, path: &str| request(&registry.host(), method, path, &[("Authorization", &bearer)], b"").unwrap().status;
    assert_eq!(with_token("GET", "/v2/app/manifests/v1"), 200);
    assert_eq!(with_token("GET", "/v2/other/manifests/v1"), 401);
    assert_eq!(with_token("POST", "/v2/app/blobs/uploads/"), 401);
    assert_eq!(registry.requests().last().unwrap().authentication.as_deref(), Some("Bearer"));
}

#[test]
fn faults_strike_as_often_as_told() {
    let registry = TestRegistry::start(Behaviour::default());
    registry.inject(Fault::on("GET", "/manifests/v1", Effect::too_many_requests("1")).after(1).times(2));
    let statuses = [(); 4].map(|()| get(&registry, "/v2/app/manifests/v1").status);
    assert_eq!(statuses, [200, 429, 429, 200]);
    registry.inject(Fault::on("GET", "/manifests/v2", Effect::Answer(Response::new(500, "oops"))));
    assert_eq!((get(&registry, "/v2/app/manifests/v2").status, get(&registry, "/v2/app/manifests/v2").status), (500, 500));
    registry.heal();
    registry.inject(Fault::on("GET", "/manifests/v2", Effect::Truncate(10)));
    assert_eq!(get(&registry, "/v2/app/manifests/v2").body.len(), 10);
    registry.heal();
    registry.inject(Fault::on("GET", "/manifests/v2", Effect::Deliver(Delivery::CutAfter(7))));
    let cut = get(&registry, "/v2/app/manifests/v2");
    assert_eq!((cut.body.len(), cut.header("content-length")), (7, Some("403")));
    registry.heal();
    registry.inject(Fault::on("GET", "/manifests/v2", Effect::drip(100, std::time::Duration::from_millis(1))));
    assert_eq!(get(&registry, "/v2/app/manifests/v2").body.len(), 403);
    assert_eq!((registry.count("GET", "/manifests/v1"), registry.connections()), (4, 9));
}

#[test]
fn others_write_between_two_requests() {
    let registry = TestRegistry::start(Behaviour::default());
    let change = |store: &mut crate::support::registry::Store| drop(store.repository("app").tags.remove("v1"));
    registry.inject(Fault::on("GET", "/manifests/v2", Effect::After(Box::new(change))).times(1));
    assert_eq!(get(&registry, "/v2/app/manifests/v1").status, 200);
    get(&registry, "/v2/app/manifests/v2");
    assert_eq!(get(&registry, "/v2/app/manifests/v1").status, 404);
    registry.heal();
    let back = |store: &mut crate::support::registry::Store| {
        store.repository("app").put_manifest(Some("v1"), INDEX, b"{}");
    };
    registry.inject(Fault::on("GET", "/manifests/v1", Effect::Before(Box::new(back))));
    assert_eq!(get(&registry, "/v2/app/manifests/v1").status, 200);
}

#[test]
fn quirks() {
    let registry = TestRegistry::start(Behaviour::distribution().with(|b| {
        b.hides_absence = true;
        b.names_location = false;
    }));
    assert_eq!(get(&registry, "/v2/app/manifests/absent").status, 403);
    assert_eq!(request(&registry.host(), "DELETE", "/v2/app/manifests/v1", &[], b"").unwrap().status, 400);
    assert_eq!(get(&registry, &format!("/v2/app/referrers/{}", images::digest("v1"))).status, 404);
    let blob = images::blobs()[0].clone();
    let mount = format!("/v2/other/blobs/uploads/?mount={}&from=app", digest_of(&blob));
    let mounted = request(&registry.host(), "POST", &mount, &[], b"").unwrap();
    assert_eq!((mounted.status, mounted.header("location")), (201, None));
    let refusing = TestRegistry::start(Behaviour::default().with(|b| b.mounts = false));
    assert_eq!(request(&refusing.host(), "POST", &mount, &[], b"").unwrap().status, 202);
    assert_eq!(request(&refusing.host(), "DELETE", "/v2/app/manifests/v1", &[], b"").unwrap().status, 202);
    registry.inject(Fault::on("GET", "/manifests/v1", Effect::Drop("Docker-Content-Digest")));
    assert_eq!(get(&registry, "/v2/app/manifests/v1").header("docker-content-digest"), None);
    registry.inject(Fault::on("GET", "/manifests/v2", Effect::Replace(b"{}".to_vec())));
    assert_eq!(get(&registry, "/v2/app/manifests/v2").body, b"{}");
    registry.inject(Fault::on("GET", "/manifests/multi", Effect::status(500, "UNKNOWN")));
    assert_eq!(get(&registry, "/v2/app/manifests/multi").status, 500);
}
