//! The images of `testdata/images`: `v1`, `v2`, and `multi`, an index of both.

use std::fs;
use std::sync::LazyLock;

use serde_json::Value;

use super::testdata;

/// An image manifest or index.
pub struct Image {
    pub tag: &'static str,
    pub media_type: &'static str,
    pub digest: String,
    pub bytes: Vec<u8>,
}

static IMAGES: LazyLock<Vec<Image>> = LazyLock::new(|| {
    let index: Value = serde_json::from_slice(&fs::read(testdata("images/layout/index.json")).unwrap()).unwrap();
    index["manifests"].as_array().unwrap().iter().map(image).collect()
});

fn image(descriptor: &Value) -> Image {
    let digest = descriptor["digest"].as_str().unwrap().to_owned();
    let tag = match descriptor["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap() {
        "v1" => "v1",
        "v2" => "v2",
        _ => "multi",
    };
    let media_type = if tag == "multi" { "application/vnd.oci.image.index.v1+json" } else { "application/vnd.oci.image.manifest.v1+json" };
    let bytes = fs::read(testdata("images/layout/blobs/sha256").join(digest.trim_start_matches("sha256:"))).unwrap();
    Image { tag, media_type, digest, bytes }
}

/// `v1`, `v2` and `multi`, children before the index.
pub fn all() -> &'static [Image] {
    &IMAGES
}

/// The digest of an image.
pub fn digest(tag: &str) -> &'static str {
    &IMAGES.iter().find(|image| image.tag == tag).unwrap().digest
}

/// The blobs of all images.
pub fn blobs() -> Vec<Vec<u8>> {
    let manifests: Vec<&str> = IMAGES.iter().map(|image| image.digest.trim_start_matches("sha256:")).collect();
    let files = fs::read_dir(testdata("images/layout/blobs/sha256")).unwrap().map(|entry| entry.unwrap());
    files.filter(|file| !manifests.contains(&&*file.file_name().to_string_lossy())).map(|file| fs::read(file.path()).unwrap()).collect()
}
