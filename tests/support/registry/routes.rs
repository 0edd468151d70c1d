//! The distribution API over a [`Store`].

use serde_json::{Value, json};

use super::State;
use super::auth;
use super::store::{Content, Store};
use crate::support::digest_of;
use crate::support::http_server::{Request, Response};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An error answer in the specification's form.
pub fn error(status: u16, code: &str, message: &str) -> Response {
    Response::new(status, json!({"errors": [{"code": code, "message": message, "detail": {}}]}).to_string())
        .with("Content-Type", "application/json; charset=utf-8")
}

/// Serves one request.
pub fn serve(state: &State, request: &Request) -> Response {
    if request.path() == "/token" {
        return auth::token(state, request);
    }
    let Some(rest) = request.path().strip_prefix("/v2/") else { return Response::new(404, "") };
    let (repository, kind, reference) = split(rest);
    if let Some(refusal) = auth::challenge(state, request, repository) {
        return refusal;
    }
    let mut store = state.store.lock().unwrap();
    match (kind, request.method.as_str()) {
        ("", _) if rest.is_empty() => Response::new(200, "{}").with("Content-Type", "application/json"),
        ("manifests", "GET" | "HEAD") => manifest(state, &store, repository, reference),
        ("manifests", "PUT") => put_manifest(state, &mut store, request, repository, reference),
        ("manifests", "DELETE") => delete_manifest(state, store.repository(repository), reference),
        ("blobs", "GET" | "HEAD") => blob(&store, repository, reference),
        ("uploads", _) => upload(state, &mut store, request, repository, reference),
        ("referrers", "GET") => referrers(state, &store, request, repository, reference),
        ("tags", "GET") => tags(&store, repository),
        _ => error(404, "UNSUPPORTED", "no such route"),
    }
}

/// `app/x/manifests/v1` as ("app/x", "manifests", "v1").
pub fn split(path: &str) -> (&str, &str, &str) {
    for (mark, kind) in [
        ("/blobs/uploads/", "uploads"),
        ("/manifests/", "manifests"),
        ("/blobs/", "blobs"),
        ("/referrers/", "referrers"),
        ("/tags/", "tags"),
    ] {
        if let Some((repository, reference)) = path.rsplit_once(mark) {
            return (repository, kind, reference);
        }
    }
    ("", "", path)
}

fn manifest(state: &State, store: &Store, repository: &str, reference: &str) -> Response {
    match store.existing(repository).and_then(|content| content.manifest(reference)) {
        Some((digest, manifest)) => {
            Response::new(200, manifest.bytes).with("Content-Type", manifest.media_type).with("Docker-Content-Digest", digest)
        }
        None if state.behaviour.hides_absence => error(403, "DENIED", "requested access to the resource is denied"),
        None => error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    }
}

fn put_manifest(state: &State, store: &mut Store, request: &Request, repository: &str, reference: &str) -> Response {
    let Ok(json) = serde_json::from_slice::<Value>(&request.body) else { return error(400, "MANIFEST_INVALID", "not JSON") };
    let digest = digest_of(&request.body);
    if reference.starts_with("sha256:") && reference != digest {
        return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    let content = store.repository(repository);
    if let Some(missing) = content.missing(&json) {
        return error(400, "MANIFEST_BLOB_UNKNOWN", &missing);
    }
    let tag = (!reference.starts_with("sha256:")).then_some(reference);
    content.put_manifest(tag, request.header("content-type").unwrap_or(""), &request.body);
    let response = created(state, format!("/v2/{repository}/manifests/{digest}")).with("Docker-Content-Digest", &digest);
    match json["subject"]["digest"].as_str() {
        Some(subject) if state.behaviour.acknowledges_subject => response.with("OCI-Subject", subject),
        _ => response,
    }
}

fn created(state: &State, location: String) -> Response {
    let response = Response::new(201, "");
    if state.behaviour.names_location { response.with("Location", location) } else { response }
}

fn delete_manifest(state: &State, content: &mut Content, reference: &str) -> Response {
    if !reference.starts_with("sha256:") {
        return match content.tags.contains_key(reference) {
            _ if !state.behaviour.deletes_tags => error(400, "DIGEST_INVALID", "invalid checksum digest format"),
            true => {
                content.tags.remove(reference);
                Response::new(202, "")
            }
            false => error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        };
    }
    content.tags.retain(|_, digest| digest != reference);
    match content.manifests.remove(reference) {
        Some(_) => Response::new(202, ""),
        None => error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    }
}

fn blob(store: &Store, repository: &str, digest: &str) -> Response {
    match store.existing(repository).and_then(|content| content.blobs.get(digest)) {
        Some(bytes) => {
            Response::new(200, bytes.clone()).with("Content-Type", "application/octet-stream").with("Docker-Content-Digest", digest)
        }
        None => error(404, "BLOB_UNKNOWN", "blob unknown to registry"),
    }
}

fn upload(state: &State, store: &mut Store, request: &Request, repository: &str, id: &str) -> Response {
    let digest = request.query("digest");
    if request.method == "POST" {
        let source = request.query("from").zip(request.query("mount")).filter(|_| state.behaviour.mounts);
        if let Some((from, digest)) = source
            && let Some(bytes) = store.existing(&from).and_then(|content| content.blobs.get(&digest)).cloned()
        {
            store.repository(repository).put_blob(&bytes);
            return created(state, format!("/v2/{repository}/blobs/{digest}"));
        }
        if let Some(digest) = digest.filter(|_| state.behaviour.single_post) {
            return finish(state, store.repository(repository), repository, &request.body, &digest);
        }
        let id = store.new_upload(repository);
        return Response::new(202, "").with("Location", format!("/v2/{repository}/blobs/uploads/{id}?_state=x")).with("Range", "0-0");
    }
    let content = store.repository(repository);
    let Some(mut bytes) = content.uploads.remove(id) else { return error(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown") };
    bytes.extend_from_slice(&request.body);
    match (request.method.as_str(), digest) {
        ("PATCH", _) => {
            content.uploads.insert(id.to_owned(), bytes);
            Response::new(202, "").with("Location", format!("/v2/{repository}/blobs/uploads/{id}?_state=y"))
        }
        ("PUT", Some(digest)) => finish(state, content, repository, &bytes, &digest),
        _ => error(405, "UNSUPPORTED", "no such upload step"),
    }
}

fn finish(state: &State, content: &mut Content, repository: &str, bytes: &[u8], digest: &str) -> Response {
    if digest_of(bytes) != digest {
        return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    content.put_blob(bytes);
    created(state, format!("/v2/{repository}/blobs/{digest}")).with("Docker-Content-Digest", digest)
}

fn referrers(state: &State, store: &Store, request: &Request, repository: &str, digest: &str) -> Response {
    match state.behaviour.referrers {
        200 => {}
        404 => return Response::new(404, "404 page not found\n").with("Content-Type", "text/plain; charset=utf-8"),
        status => return error(status, "UNSUPPORTED", "no referrers here"),
    }
    let mut all = store.existing(repository).map(|content| content.referrers(digest)).unwrap_or_default();
    let filter = request.query("artifactType");
    all.retain(|descriptor| filter.as_deref().is_none_or(|wanted| descriptor["artifactType"] == wanted));
    let page: usize = request.query("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let size = state.behaviour.page_size.unwrap_or(usize::MAX);
    let shown: Vec<&Value> = all.iter().skip(page.saturating_mul(size)).take(size).collect();
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": shown});
    let mut response = Response::new(200, index.to_string()).with("Content-Type", OCI_INDEX);
    if (page + 1).saturating_mul(size) < all.len() {
        response = response.with("Link", format!("</v2/{repository}/referrers/{digest}?page={}>; rel=\"next\"", page + 1));
    }
    if filter.is_some() { response.with("OCI-Filters-Applied", "artifactType") } else { response }
}

fn tags(store: &Store, repository: &str) -> Response {
    let names: Vec<&String> = store.existing(repository).map(|content| content.tags.keys().collect()).unwrap_or_default();
    Response::new(200, json!({"name": repository, "tags": names}).to_string()).with("Content-Type", "application/json")
}
