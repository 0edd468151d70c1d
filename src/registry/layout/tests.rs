use super::*;
use crate::format::oci::{ImageRef, media_type};
use crate::registry::tests::{AddEntry, context_with, push_image, referrer};
use crate::registry::{Access, Registries, RegistryOptions};

fn layout(directory: &Path) -> LayoutRepository {
    LayoutRepository::new(directory, context_with(&[]).0)
}

#[tokio::test]
async fn images_tags_and_referrers_are_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/layout");
    let written = layout(&path);
    let image = push_image(&written, "v1").await;
    let subject = image.parsed_digest().unwrap();
    let (entry, manifest) = referrer(&image, "a");
    written.put_referrer(&subject, &entry, &manifest).await.unwrap();
    let sig = crate::registry::tag_scheme::attachment_tag("", &subject, crate::registry::tag_scheme::Attachment::Signature);
    for name in ["one", "two"] {
        written.update_tag(&sig, &AddEntry(Descriptor::of("x", name.as_bytes()))).await.unwrap();
    }
    let read = layout(&path);
    assert_eq!(read.only_image().unwrap(), subject);
    assert_eq!(read.resolve(&Selector::Tag("v1".into())).await.unwrap().digest, image.digest);
    let referrers = read.referrers(&subject).await.unwrap();
    assert_eq!(
        referrers.iter().map(|found| (&found.digest, found.artifact_type.as_deref())).collect::<Vec<_>>(),
        [(&entry.digest, Some(media_type::BUNDLE_V03))]
    );
    let attached: crate::format::oci::Index =
        serde_json::from_slice(&read.manifest(&Selector::Tag(sig.clone())).await.unwrap().bytes).unwrap();
    assert_eq!(attached.manifests.len(), 2);
    let missing = read.manifest(&Selector::Tag("nope".into())).await.unwrap_err();
    assert!(missing.is_not_found() && missing.to_string().contains("MANIFEST_UNKNOWN"), "{missing}");
    read.delete_manifest(&Selector::Tag(sig.clone())).await.unwrap();
    assert!(read.resolve(&Selector::Tag(sig)).await.unwrap_err().is_not_found());
    assert_eq!(std::fs::read_to_string(path.join("oci-layout")).unwrap(), r#"{"imageLayoutVersion":"1.0.0"}"#);
    assert!(
        !std::fs::read_dir(path.join("blobs/sha256")).unwrap().any(|file| file.unwrap().file_name().to_string_lossy().starts_with(".tmp"))
    );
}

#[tokio::test]
async fn several_images_want_a_name_and_an_absent_layout_is_not_found() {
    let directory = tempfile::tempdir().unwrap();
    let written = layout(directory.path());
    let first = push_image(&written, "v1").await;
    let bytes = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    written.put_manifest(&Selector::Tag("v2".into()), media_type::OCI_INDEX, bytes).await.unwrap();
    assert!(written.only_image().unwrap_err().to_string().contains("name a tag"));
    let registries = Registries::new(RegistryOptions::default(), context_with(&[]).0).unwrap();
    let image = ImageRef::parse(&format!("oci:{}:v1", directory.path().display())).unwrap();
    let located = registries.locate(&image, Access::Pull).unwrap();
    assert_eq!(located.repository.resolve(&located.selector).await.unwrap().digest, first.digest);
    let nowhere = ImageRef::parse("oci:/nonexistent/layout").unwrap();
    assert!(registries.locate(&nowhere, Access::Pull).err().unwrap().is_not_found());
}

#[tokio::test]
async fn changed_blobs_and_foreign_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let written = layout(directory.path());
    let image = push_image(&written, "v1").await;
    let digest = image.parsed_digest().unwrap();
    std::fs::write(directory.path().join("blobs/sha256").join(digest.hex()), "{ }").unwrap();
    assert!(matches!(written.manifest(&Selector::Tag("v1".into())).await, Err(RegistryError::DigestMismatch { .. })));
    assert_eq!(written.referrers(&digest).await.unwrap().len(), 0);
    std::fs::write(directory.path().join("index.json"), "[").unwrap();
    assert!(matches!(written.manifest(&Selector::Tag("v1".into())).await, Err(RegistryError::Layout { .. })));
}

#[tokio::test]
async fn twenty_writers_of_one_layout_keep_everything() {
    let directory = tempfile::tempdir().unwrap();
    let image = push_image(&layout(directory.path()), "v1").await;
    let subject = image.parsed_digest().unwrap();
    let writers: Vec<_> = (0..20)
        .map(|number| {
            let (path, image, subject) = (directory.path().to_owned(), image.clone(), subject.clone());
            tokio::spawn(async move {
                let layout = layout(&path);
                let (entry, manifest) = referrer(&image, &format!("writer {number}"));
                layout.put_referrer(&subject, &entry, &manifest).await.unwrap();
                layout.update_tag("sig", &AddEntry(Descriptor::of("x", number.to_string().as_bytes()))).await.unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let layout = layout(directory.path());
    assert_eq!(layout.referrers(&subject).await.unwrap().len(), 20);
    let tagged: crate::format::oci::Index =
        serde_json::from_slice(&layout.manifest(&Selector::Tag("sig".into())).await.unwrap().bytes).unwrap();
    assert_eq!(tagged.manifests.len(), 20);
}
