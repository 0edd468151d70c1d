//! The flags of `upload`.

use std::path::PathBuf;

use super::given;
use crate::cli::args::UploadBlobArgs;
use crate::operations::upload_files::{Platform, PlatformFile, UploadFiles};

/// What `upload blob` is to do.
pub fn blob(args: &UploadBlobArgs) -> UploadFiles {
    let pair = |entry: &String| entry.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    UploadFiles {
        image: args.image.clone(),
        files: args.files.iter().map(|word| file(word)).collect(),
        content_type: given(&args.ct).map(str::to_owned),
        annotations: args.annotation.iter().filter_map(pair).collect(),
    }
}

/// `PATH[:OS[/ARCHITECTURE[/VARIANT]]]`; as in cosign the path ends at the first colon, and what follows a second one is dropped.
fn file(word: &str) -> PlatformFile {
    let mut parts = word.split(':');
    let path = PathBuf::from(parts.next().unwrap_or_default());
    let platform = parts.next().map(|platform| {
        let mut words = platform.splitn(3, '/').map(str::to_owned);
        let os = words.next().unwrap_or_default();
        Platform { os, architecture: words.next().unwrap_or_default(), variant: words.next().unwrap_or_default() }
    });
    PlatformFile { path, platform }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_platforms() {
        let of = |word: &str| {
            let PlatformFile { path, platform } = file(word);
            let shown = platform.map(|platform| [platform.os, platform.architecture, platform.variant].join("|"));
            (path.to_string_lossy().into_owned(), shown)
        };
        assert_eq!(of("a"), ("a".into(), None));
        assert_eq!(of("a:linux"), ("a".into(), Some("linux||".into())));
        assert_eq!(of("d/a:linux/arm/v7"), ("d/a".into(), Some("linux|arm|v7".into())));
        assert_eq!(of("a:linux:b"), ("a".into(), Some("linux||".into())));
    }
}
