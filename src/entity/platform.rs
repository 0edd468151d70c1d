//! The image for one platform in an index.

use serde::Deserialize;

use crate::encoding::text;
use crate::format::oci::{Descriptor, Index, media_type};
use crate::registry::FetchedManifest;

/// Why there is no such image. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The image is no index.
    #[error("specified reference is not a multiarch image")]
    NotAnIndex,
    /// `--platform` has too many parts.
    #[error("parsing platform: too many slashes in platform spec: {}", text::quote(.0))]
    TooManyParts(String),
    /// The index is no JSON of one.
    #[error("getting available platforms: fetching index manifest: {0}")]
    Index(#[from] serde_json::Error),
    /// None is for that platform.
    #[error("unable to find an entity for {}", text::quote(.0))]
    None(String),
    /// Several are.
    #[error("platform spec matches more than one image architecture: {}", text::quote(.0))]
    Several(String),
}

/// A platform as `--platform` and descriptors have it; an empty part is any.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
    variant: String,
    #[serde(rename = "os.version")]
    os_version: String,
}

impl Platform {
    /// Reads `os[/arch[/variant]][:version]`.
    fn parse(text: &str) -> Result<Self, PlatformError> {
        let (words, version) = text.split_once(':').unwrap_or((text, ""));
        let mut words = words.split('/').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let platform = Self { os: word(), architecture: word(), variant: word(), os_version: version.to_owned() };
        if words.next().is_some() {
            return Err(PlatformError::TooManyParts(text.to_owned()));
        }
        Ok(platform)
    }

    fn takes(&self, found: &Self) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&self.os, &found.os)
            && fits(&self.architecture, &found.architecture)
            && fits(&self.variant, &found.variant)
            && (fits(&self.os_version, &found.os_version) || self.takes_build_of_windows(found))
    }

    /// Windows images are for a build, `10.0.17763`, whatever the revision behind it.
    fn takes_build_of_windows(&self, found: &Self) -> bool {
        let dots = |version: &str| version.matches('.').count();
        self.os == "windows"
            && dots(&found.os_version) == 3
            && dots(&self.os_version) == 2
            && found.os_version.rsplit_once('.').is_some_and(|(build, _)| build == self.os_version)
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = [&*self.os, &self.architecture, &self.variant].into_iter().filter(|word| !word.is_empty()).collect();
        f.write_str(&words.join("/"))?;
        if self.os_version.is_empty() { Ok(()) } else { write!(f, ":{}", self.os_version) }
    }
}

fn platform_of(entry: &Descriptor) -> Option<Platform> {
    serde_json::from_str::<Option<Platform>>(entry.platform.as_ref()?.get()).ok()?
}

/// What an entry of an index is for, `os/arch[/variant][:version]`, as `--platform` takes it.
pub fn shown(entry: &Descriptor) -> Option<String> {
    platform_of(entry).map(|platform| platform.to_string())
}

/// The one entry of `index` that is for `platform` (`os[/arch[/variant]][:version]`).
///
/// # Errors
/// [`PlatformError`].
pub fn choose(index: &FetchedManifest, platform: &str) -> Result<Descriptor, PlatformError> {
    if !media_type::is_index(&index.descriptor.media_type) {
        return Err(PlatformError::NotAnIndex);
    }
    let wanted = Platform::parse(platform)?;
    let listed: Index = serde_json::from_slice(&index.bytes)?;
    let mut found: Vec<(Platform, Descriptor)> = listed
        .manifests
        .into_iter()
        .filter_map(|entry| Some((platform_of(&entry)?, entry)))
        .filter(|(platform, _)| wanted.takes(platform))
        .collect();
    if found.len() > 1 {
        let names: Vec<String> = found.iter().take(100).map(|(platform, _)| platform.to_string()).collect();
        return Err(PlatformError::Several(names.join(", ")));
    }
    found.pop().map(|(_, entry)| entry).ok_or_else(|| PlatformError::None(wanted.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn index(platforms: &[&str]) -> FetchedManifest {
        let entry = |(number, platform): (usize, &&str)| {
            let mut entry = serde_json::to_value(Descriptor::of(media_type::OCI_MANIFEST, &[number as u8])).unwrap();
            if !platform.is_empty() {
                entry["platform"] = serde_json::from_str(platform).unwrap();
            }
            entry
        };
        let entries: Vec<_> = platforms.iter().enumerate().map(entry).collect();
        let bytes = serde_json::to_vec(&serde_json::json!({"schemaVersion": 2, "manifests": entries})).unwrap();
        FetchedManifest { descriptor: Descriptor::of(media_type::OCI_INDEX, &bytes), bytes }
    }

    fn of(index: &FetchedManifest, platform: &str) -> Result<u8, String> {
        let digests = (0..9_u8).map(|number| Descriptor::of("", &[number]).digest);
        let found = choose(index, platform).map_err(|error| error.to_string())?;
        Ok(digests.into_iter().position(|digest| digest == found.digest).unwrap() as u8)
    }

    #[test]
    fn parts_that_are_given_count() {
        let index = index(&[
            r#"{"os":"linux","architecture":"amd64"}"#,
            r#"{"os":"linux","architecture":"arm","variant":"v7"}"#,
            r#"{"os":"windows","architecture":"amd64","os.version":"10.0.17763.1"}"#,
            "",
            "null",
        ]);
        assert_eq!(of(&index, "linux/amd64"), Ok(0));
        assert_eq!(of(&index, "linux/arm"), Ok(1));
        assert_eq!(of(&index, "linux/arm/v7"), Ok(1));
        assert_eq!(of(&index, "windows/amd64:10.0.17763"), Ok(2));
        assert_eq!(of(&index, "linux/arm/v6").unwrap_err(), "unable to find an entity for linux/arm/v6");
        assert_eq!(of(&index, "windows/amd64:10.0").unwrap_err(), "unable to find an entity for windows/amd64:10.0");
        assert_eq!(of(&index, "linux").unwrap_err(), "platform spec matches more than one image architecture: linux/amd64, linux/arm/v7");
        assert_eq!(of(&index, "a/b/c/d").unwrap_err(), "parsing platform: too many slashes in platform spec: a/b/c/d");
    }

    #[test]
    fn platforms_are_shown_as_the_flag_takes_them() {
        let of = |json: &str| {
            let mut entry = Descriptor::of(media_type::OCI_MANIFEST, b"x");
            entry.platform = Some(serde_json::value::RawValue::from_string(json.to_owned()).unwrap());
            shown(&entry).unwrap()
        };
        assert_eq!(of(r#"{"architecture":"arm","os":"linux","variant":"v7"}"#), "linux/arm/v7");
        assert_eq!(of(r#"{"architecture":"amd64","os":"windows","os.version":"10.0.1"}"#), "windows/amd64:10.0.1");
        assert_eq!(shown(&Descriptor::of(media_type::OCI_MANIFEST, b"x")), None);
    }

    #[test]
    fn only_of_an_index() {
        let image = FetchedManifest { descriptor: Descriptor::of(media_type::OCI_MANIFEST, b"{}"), bytes: b"{}".to_vec() };
        assert_eq!(choose(&image, "linux").unwrap_err().to_string(), "specified reference is not a multiarch image");
    }

    proptest! {
        #[test]
        fn never_panics(bytes in "\\PC{0,60}", platform in "[a-z/:.]{0,20}") {
            let descriptor = Descriptor::of(media_type::OCI_INDEX, bytes.as_bytes());
            let _ = choose(&FetchedManifest { descriptor, bytes: bytes.into_bytes() }, &platform);
        }
    }
}
