use std::sync::atomic::{AtomicUsize, Ordering};

use super::micro_server::{MicroServer, Seen, ok, status, tag};
use super::*;
use crate::format::oci::Selector;

#[tokio::test]
async fn temporary_answers_are_repeated_and_a_lasting_one_is_said() {
    let count = AtomicUsize::new(0);
    let server = MicroServer::start(move |_: &Seen| match count.fetch_add(1, Ordering::SeqCst) {
        0 => (429, vec![("Retry-After", "0".to_owned())], Vec::new()),
        1 => (0, Vec::new(), b"cut".to_vec()),
        2 => ok(media_type::OCI_MANIFEST, b"{}"),
        _ => (429, vec![("Retry-After", "3600".to_owned())], b"slow down".to_vec()),
    })
    .await;
    let repository = repository(&format!("{}/a/b", server.address));
    repository.manifest(&tag("v1")).await.unwrap();
    assert_eq!(server.requests().len(), 3);
    let error = repository.referrers(&Digest::sha256(b"")).await.unwrap_err();
    assert!(error.to_string().contains("429 Too Many Requests: slow down") && error.status() == Some(429), "{error}");
    assert_eq!(server.requests().len(), 4, "a server that asks for an hour is not asked again");
}

#[tokio::test]
async fn wrong_digests_and_sizes_are_refused() {
    let server = MicroServer::start(|seen: &Seen| match seen.path.as_str() {
        "/v2/a/b/manifests/lies" => (
            200,
            vec![("Content-Type", media_type::OCI_MANIFEST.to_owned()), ("Docker-Content-Digest", Digest::sha256(b"other").to_string())],
            b"{}".to_vec(),
        ),
        _ => ok(media_type::OCI_MANIFEST, b"{}"),
    })
    .await;
    let repository = repository(&format!("{}/a/b", server.address));
    let digest = Digest::sha256(b"other");
    let mismatch = |result: Result<FetchedManifest, _>| matches!(result, Err(RegistryError::DigestMismatch { .. }));
    assert!(mismatch(repository.manifest(&Selector::Digest(digest.clone())).await));
    assert!(mismatch(repository.manifest(&tag("lies")).await));
    let blob = async |size, limit| repository.blob(&Descriptor::new("x", size, &digest), limit).await.unwrap_err();
    assert!(matches!(blob(2, 10).await, RegistryError::DigestMismatch { .. }));
    assert!(matches!(blob(3, 10).await, RegistryError::SizeMismatch { .. }));
    assert!(matches!(blob(1, 10).await, RegistryError::Http(_)), "more than the descriptor says is not read");
    let before = server.requests().len();
    assert!(matches!(blob(11, 10).await, RegistryError::TooLarge { .. }));
    assert_eq!(server.requests().len(), before, "what is said to be too large is not asked for");
}

#[tokio::test]
async fn referrers_are_paged_and_only_known_answers_mean_none() {
    let entry = |name: &str| serde_json::to_string(&Descriptor::of("x", name.as_bytes())).unwrap();
    let page = move |name: &str| format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entry(name)).into_bytes();
    let subjects: Vec<Digest> = ["pages", "none", "bad", "wrong type", "forbidden", "bad fallback"].map(Digest::sha256).to_vec();
    let of = subjects.clone();
    let server = MicroServer::start(move |seen: &Seen| {
        let is = |index: usize| seen.path.contains(&of[index].hex());
        if is(0) && !seen.path.contains('?') {
            let link = format!("<{}?n=2>; rel=\"next\"", seen.path);
            return (200, vec![("Content-Type", format!("{}; charset=utf-8", media_type::OCI_INDEX)), ("Link", link)], page("a"));
        }
        if is(0) {
            return ok(media_type::OCI_INDEX, &page("b"));
        }
        match (is(1), is(2), is(3), is(4), seen.path.contains("referrers")) {
            (true, ..) | (.., true) if !is(2) && !is(3) && !is(4) => status(404),
            (_, true, ..) => ok(media_type::OCI_INDEX, b"{"),
            (_, _, true, _, true) => ok("text/html", b"<html>"),
            (_, _, true, _, false) => ok(media_type::OCI_INDEX, &page("c")),
            (_, _, _, true, _) => status(403),
            _ => status(500),
        }
    })
    .await;
    let repository = repository(&format!("{}/a/b", server.address));
    let count = async |index: usize| repository.referrers(&subjects[index]).await.map(|entries| entries.len());
    assert_eq!(count(0).await.unwrap(), 2);
    assert_eq!(count(1).await.unwrap(), 0);
    assert!(count(2).await.is_err());
    assert_eq!(count(3).await.unwrap(), 1);
    assert!(count(4).await.unwrap_err().is_forbidden());
}

#[tokio::test]
async fn a_forbidden_fallback_tag_is_absent_only_where_the_image_was_read() {
    let server = MicroServer::start(|seen: &Seen| match seen.path.as_str() {
        "/v2/a/b/manifests/v1" => ok(media_type::OCI_MANIFEST, b"{}"),
        path if path.contains("referrers") => status(404),
        _ => status(403),
    })
    .await;
    let (context, heard) = context_with(&[]);
    let registries = Registries::new(RegistryOptions::default(), context).unwrap();
    let repository = registries.repository(&RepositoryName::parse(&format!("{}/a/b", server.address)).unwrap(), Access::Pull).unwrap();
    let subject = Digest::sha256(b"{}");
    assert!(repository.referrers(&subject).await.unwrap_err().is_forbidden());
    repository.manifest(&tag("v1")).await.unwrap();
    assert_eq!(repository.referrers(&subject).await.unwrap().len(), 0);
    assert_eq!(heard.warnings.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_that_another_writer_undoes_is_repeated_and_a_dropped_one_is_an_error() {
    let stored: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let server = MicroServer::start(move |seen: &Seen| {
        let mut stored = stored.lock().unwrap();
        match (seen.method.as_str(), seen.path.ends_with("/dropped")) {
            ("PUT", dropped) => {
                if !dropped {
                    stored.push(seen.body.clone());
                }
                status(201)
            }
            (_, true) => status(404),
            // The first write is replaced by another writer's.
            _ if stored.len() == 1 => ok(media_type::OCI_INDEX, br#"{"schemaVersion":2,"manifests":[]}"#),
            _ => stored.last().map_or_else(|| status(404), |bytes| ok(media_type::OCI_INDEX, bytes)),
        }
    })
    .await;
    let repository = repository(&format!("{}/a/b", server.address));
    let update = AddEntry(Descriptor::of("x", b"mine"));
    assert!(repository.update_tag("x.sig", &update).await.unwrap().is_some());
    let puts = server.requests().iter().filter(|request| request.starts_with("PUT")).count();
    assert_eq!(puts, 2);
    tokio::time::timeout(Duration::from_secs(30), async {
        assert!(matches!(repository.update_tag("dropped", &update).await, Err(RegistryError::NotKept { .. })));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn blobs_go_in_one_post_where_that_is_taken() {
    let server = MicroServer::start(|seen: &Seen| match (seen.method.as_str(), seen.path.split('/').nth(2).unwrap_or_default()) {
        ("POST", "one") => status(201),
        ("POST", "two") => (202, vec![("Location", format!("http://{}/upload?_state=s1gned", seen.header("host").unwrap()))], Vec::new()),
        ("POST", "inside") => (202, vec![("Location", "http://169.254.169.254/latest?x=s1gned".to_owned())], Vec::new()),
        ("POST", _) if seen.path.contains("digest=") => status(405),
        ("POST", _) => (202, vec![("Location", "/upload".to_owned())], Vec::new()),
        _ => status(201),
    })
    .await;
    let digest = Digest::sha256(b"blob");
    let put = async |name: &str| {
        let before = server.requests().len();
        repository(&format!("{}/{name}/x", server.address)).put_blob(&digest, b"blob").await.map(|()| server.requests().len() - before)
    };
    assert_eq!(put("one").await.unwrap(), 1);
    assert_eq!(put("two").await.unwrap(), 2);
    assert_eq!(put("old").await.unwrap(), 3);
    let last = server.log().pop().unwrap();
    assert_eq!((last.path.as_str(), last.body.as_slice()), (&*format!("/upload?digest=sha256%3A{}", digest.hex()), &b"blob"[..]));
    let refused = put("inside").await.unwrap_err().to_string();
    assert!(refused.contains("private or link-local") && !refused.contains("s1gned"), "{refused}");
}

#[tokio::test]
async fn tags_are_deleted_by_digest_where_they_must_be() {
    let server = MicroServer::start(|seen: &Seen| match (seen.method.as_str(), seen.path.contains("sha256:")) {
        ("DELETE", true) => status(202),
        ("DELETE", false) => status(400),
        _ => ok(media_type::OCI_MANIFEST, b"{}"),
    })
    .await;
    repository(&format!("{}/a/b", server.address)).delete_manifest(&tag("v1")).await.unwrap();
    assert!(server.requests().last().unwrap().starts_with("DELETE /v2/a/b/manifests/sha256:"));
}

#[tokio::test]
async fn a_referrer_costs_one_request_where_its_subject_is_acknowledged_and_five_without() {
    let image = Descriptor::of(media_type::OCI_MANIFEST, b"image");
    let (entry, manifest) = referrer(&image, "x");
    let said = image.digest.clone();
    let stored: Mutex<Option<Vec<u8>>> = Mutex::default();
    let server = MicroServer::start(move |seen: &Seen| match (seen.method.as_str(), seen.path.split('/').nth(2).unwrap_or_default()) {
        ("PUT", "acknowledges") => (201, vec![("OCI-Subject", said.clone())], Vec::new()),
        ("PUT", "confused") => (201, vec![("OCI-Subject", Digest::sha256(b"other").to_string())], Vec::new()),
        ("PUT", _) => {
            *stored.lock().unwrap() = Some(seen.body.clone());
            status(201)
        }
        ("GET", _) if seen.path.contains("referrers") => status(404),
        _ => stored.lock().unwrap().as_ref().map_or_else(|| status(404), |bytes| ok(media_type::OCI_INDEX, bytes)),
    })
    .await;
    let put = async |name: &str| {
        let before = server.requests().len();
        let repository = repository(&format!("{}/{name}/x", server.address));
        repository.put_referrer(&image.parsed_digest().unwrap(), &entry, &manifest).await.map(|_| server.requests().len() - before)
    };
    // One, and the listing that only a trace asks for: the fake world of these tests traces.
    assert_eq!(put("acknowledges").await.unwrap(), 2);
    // The manifest, the probe, the fallback tag before and after, and its write.
    let fallback = server.requests().len();
    assert_eq!(put("silent").await.unwrap(), 5);
    let methods: Vec<String> = server.requests()[fallback..].iter().map(|request| request.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["PUT", "GET", "GET", "PUT", "GET"]);
    assert_eq!(put("confused").await.unwrap(), 3, "the acknowledgement of another subject is none; the entry is there already");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_at_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (context, _) = context_until(&[], Deadline::after(Duration::from_millis(400)));
    let registries = Registries::new(RegistryOptions::default(), context).unwrap();
    let repository = registries.repository(&RepositoryName::parse(&format!("{address}/a/b")).unwrap(), Access::Pull).unwrap();
    let error = repository.manifest(&tag("v1")).await.unwrap_err().to_string();
    assert!(error.ends_with(&format!("://{address}/v2/a/b/manifests/v1\": context deadline exceeded")), "{error}");
    drop(listener);
}

#[tokio::test]
async fn hosts_that_are_not_there_are_named() {
    let (context, _) = context_with(&[]);
    let registries = Registries::new(RegistryOptions::default(), context).unwrap();
    let ask = async |name: &str| {
        let repository = registries.repository(&RepositoryName::parse(name).unwrap(), Access::Pull).unwrap();
        repository.manifest(&tag("v1")).await.unwrap_err().to_string()
    };
    assert!(ask("registry.invalid/a/b").await.contains("dial tcp: lookup registry.invalid: no such host"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let refused = ask(&format!("{address}/a/b")).await;
    assert!(refused.ends_with(&format!("dial tcp {address}: connect: connection refused")), "{refused}");
}
