//! `copy`, `save` and `load` where something goes wrong: a clear error, nothing half done that counts, and a second run completes.

use serde_json::json;

use crate::copy::{put_large, signed, tag, verifies_in_both_forms};
use crate::support::http_server::Delivery;
use crate::support::images;
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::sandbox::Sandbox;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn two() -> (TestRegistry, TestRegistry, Sandbox) {
    (TestRegistry::start(Behaviour::default()), TestRegistry::start(Behaviour::without_referrers()), Sandbox::new())
}

#[test]
fn a_second_run_completes_what_failed() {
    let (from, (_, to, sandbox)) = (signed(), two());
    let copy = format!("{}/mirror:v1", to.host());
    let places = ["/uploads/", "/manifests/sha256:", "/manifests/sha256-", "/manifests/v1"];
    for (number, place) in places.into_iter().enumerate() {
        let method = if number == 0 { "POST" } else { "PUT" };
        to.inject(Fault::on(method, place, Effect::status(403, "DENIED")));
        let copying = ["copy", &from.image("v1"), &copy];
        sandbox.cosign(copying).run().fails(1).says("DENIED: injected");
        assert!(!to.store().repository("mirror").tags.contains_key("v1"), "the tag of the image is written last");
        to.heal();
    }
    sandbox.cosign(["copy", &from.image("v1"), &copy]).run().exits(0);
    verifies_in_both_forms(&sandbox, &copy);
}

#[test]
fn overload_is_waited_for() {
    let (from, to, sandbox) = two();
    let (digest, layer) = put_large(&from, 1 << 20);
    from.inject(Fault::on("GET", format!("/blobs/{digest}"), Effect::too_many_requests("0")).times(1));
    to.inject(Fault::on("POST", "/uploads/", Effect::too_many_requests("0")).times(1));
    to.inject(Fault::on("PUT", "/uploads/", Effect::status(503, "UNAVAILABLE")).times(1));
    to.inject(Fault::on("PUT", "/manifests/", Effect::too_many_requests("0")).times(1));
    sandbox.cosign(["copy", &format!("{}/large:v1", from.host()), &format!("{}/mirror:v1", to.host())]).run().exits(0);
    assert_eq!(to.store().repository("mirror").blobs[&digest], layer);
}

#[test]
fn connections_that_break_are_made_again() {
    let (from, to, sandbox) = two();
    let (digest, layer) = put_large(&from, 1 << 20);
    from.inject(Fault::on("GET", format!("/blobs/{digest}"), Effect::Deliver(Delivery::CutAfter(300_000))).times(1));
    let image = format!("{}/large:v1", from.host());
    sandbox.cosign(["copy", &image, &format!("{}/mirror:v1", to.host())]).run().exits(0);
    assert_eq!(to.store().repository("mirror").blobs[&digest], layer);
    from.inject(Fault::on("GET", format!("/blobs/{digest}"), Effect::Deliver(Delivery::CutAfter(300_000))).times(1));
    sandbox.cosign(["save", "--dir", "saved", &image]).run().exits(0);
    assert_eq!(std::fs::read(sandbox.path(&format!("saved/blobs/sha256/{}", &digest[7..]))).unwrap(), layer);
    from.heal();
    to.inject(Fault::on("PUT", "/uploads/", Effect::Deliver(Delivery::Nothing)).times(1));
    sandbox.cosign(["copy", &image, &format!("{}/other:v1", to.host())]).run().exits(0);
    assert_eq!(to.store().repository("other").blobs[&digest], layer);
}

#[test]
fn a_source_that_lies_is_found_out() {
    let (from, to, sandbox) = two();
    let (digest, mut layer) = put_large(&from, 1 << 20);
    let image = format!("{}/large:v1", from.host());
    let copy = format!("{}/mirror:v1", to.host());
    let last = layer.len() - 1;
    layer[last] ^= 1;
    let shorter = layer[..last].to_vec();
    let mut longer = layer.clone();
    longer.push(0);
    for (body, says) in [(layer, "does not match the expected"), (shorter, "bytes where its descriptor says"), (longer, "larger than")] {
        from.inject(Fault::on("GET", format!("/blobs/{digest}"), Effect::Replace(body)));
        sandbox.cosign(["copy", &image, &copy]).run().fails(1).says(says);
        sandbox.cosign(["save", "--dir", "saved", &image]).run().fails(1).says(says);
        from.heal();
    }
    assert!(!to.store().repository("mirror").blobs.contains_key(&digest) && !to.store().repository("mirror").tags.contains_key("v1"));
    assert!(!sandbox.exists("saved/index.json") && !sandbox.exists(&format!("saved/blobs/sha256/{}", &digest[7..])));
    from.inject(Fault::on("GET", "/manifests/v1", Effect::Replace(b"{\"layers\":[]}".to_vec())));
    sandbox.cosign(["copy", &image, &copy]).run().fails(1).says("does not match the expected");
    from.heal();
    sandbox.cosign(["save", "--dir", "saved", &image]).run().exits(0);
    let left = std::fs::read_dir(sandbox.path("saved/blobs/sha256"))
        .unwrap()
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with(".tmp"));
    assert_eq!(left.count(), 0, "no temporary file is left");
}

#[test]
fn strange_manifests_are_errors() {
    let (from, to, sandbox) = two();
    let copy = format!("{}/mirror:x", to.host());
    let large =
        format!("{{\"mediaType\":{MANIFEST:?},\"layers\":[{{\"mediaType\":\"l\",\"size\":-1,\"digest\":\"sha256:{}\"}}]}}", "0".repeat(64));
    let child =
        |media_type: &str, digest: &str| json!({"schemaVersion": 2, "manifests": [{"mediaType": media_type, "size": 1, "digest": digest}]});
    let absent = format!("sha256:{}", "1".repeat(64));
    let cases = [
        (MANIFEST, "[]".to_owned()),
        (MANIFEST, large),
        (MANIFEST, json!({"layers": [{"mediaType": "l", "size": 1, "digest": "sha256:../../x"}]}).to_string()),
        ("application/vnd.docker.distribution.manifest.v1+json", "{}".to_owned()),
        (INDEX, "{\"manifests\":7}".to_owned()),
        (INDEX, child("text/plain", images::digest("v1")).to_string()),
        (INDEX, child(MANIFEST, "x").to_string()),
        (INDEX, child(MANIFEST, &absent).to_string()),
    ];
    for (media_type, bytes) in cases {
        from.store().repository("app").put_manifest(Some("x"), media_type, bytes.as_bytes());
        for arguments in [["copy", &from.image("x"), &copy], ["save", "--dir=saved", &from.image("x")]] {
            sandbox.cosign(arguments).run().fails(1);
        }
        assert!(!to.store().repository("mirror").tags.contains_key("x") && !sandbox.exists("saved/index.json"), "{bytes}");
    }
}

#[test]
fn a_fallback_tag_that_holds_an_image_is_no_list_of_referrers() {
    // As the Go program's copy leaves it.
    let from = TestRegistry::start(Behaviour::without_referrers());
    let to = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    for image in images::all() {
        from.store().repository("app").put_manifest(Some(&tag(image.tag, "")), image.media_type, &image.bytes);
    }
    let copy = format!("{}/mirror:multi", to.host());
    sandbox.cosign(["copy", &from.image("multi"), &copy]).run().exits(0);
    assert_eq!(to.store().repository("mirror").tags.keys().collect::<Vec<_>>(), ["multi"]);
    sandbox.sign(&[&copy]).run().exits(0);
    sandbox.verify(&[&copy]).run().exits(0);
}

#[test]
fn others_who_write_the_fallback_tag_meanwhile_lose_nothing() {
    let (from, (_, to, sandbox)) = (signed(), two());
    let fallback = tag("v1", "");
    let image = images::all().iter().find(|image| image.tag == "v2").unwrap();
    to.store().repository("mirror").put_manifest(None, MANIFEST, &image.bytes);
    let entry = json!({"mediaType": MANIFEST, "size": 1, "digest": image.digest});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).to_string();
    let name = fallback.clone();
    let overwrite = move |store: &mut crate::support::registry::Store| {
        store.repository("mirror").put_manifest(Some(&name), INDEX, index.as_bytes());
    };
    to.inject(Fault::on("PUT", format!("/manifests/{fallback}"), Effect::After(Box::new(overwrite))).times(1));
    let copy = format!("{}/mirror:v1", to.host());
    sandbox.cosign(["copy", &from.image("v1"), &copy]).run().exits(0);
    let (_, index) = to.store().repository("mirror").manifest(&fallback).unwrap();
    assert_eq!(index.json()["manifests"].as_array().unwrap().len(), 4, "{}", index.json());
}

#[test]
fn a_listing_that_fails_is_no_empty_one() {
    let (from, to, sandbox) = two();
    from.inject(Fault::on("GET", "/referrers/", Effect::status(401, "UNAUTHORIZED")));
    for arguments in [["copy", &from.image("v1"), &format!("{}/mirror:v1", to.host())], ["save", "--dir=saved", &from.image("v1")]] {
        sandbox.cosign(arguments).run().fails(1).says("UNAUTHORIZED");
    }
    assert!(!to.store().repository("mirror").tags.contains_key("v1") && !sandbox.exists("saved"));
}
