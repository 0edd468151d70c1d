//! `--policy`: every policy is read and parsed before anything else is done.

use std::path::{self, Path};

use super::file_or_url;
use crate::ambient::Context;
use crate::cli::error::CommandError;
use crate::encoding::PathError;
use crate::keys::load::FetchUrl;
use crate::operations::policies::{Language, Policies, PolicySource};

/// Reads the policies that flags name: files (`file://` too, as OPA takes it), URLs and variables.
///
/// # Errors
/// One that cannot be read or parsed; what is wrong with it was said on stderr.
pub(super) async fn load(names: &[String], urls: &dyn FetchUrl, context: &Context) -> Result<Policies, CommandError> {
    let mut sources = Vec::new();
    for name in names {
        let language = Language::of(name)?;
        let reference = name.strip_prefix("file://").unwrap_or(name);
        let text = match exists(reference, language) {
            Ok(()) => file_or_url(reference, urls, context).await.map_err(|error| error.message()),
            Err(error) => Err(error.to_string()),
        };
        let loading = |error| if language == Language::Rego { format!("1 error occurred during loading: {error}") } else { error };
        sources.push(PolicySource { name: name.clone(), text: text.map_err(loading) });
    }
    Ok(Policies::parse(sources, context)?)
}

/// Where a file is missing, it is named as each of Go's loaders names it.
fn exists(reference: &str, language: Language) -> Result<(), PathError> {
    if reference.contains("://") {
        return Ok(());
    }
    let shown = match language {
        Language::Cue => path::absolute(reference).unwrap_or_else(|_| reference.into()),
        Language::Rego => reference.into(),
    };
    Path::new(reference).metadata().map(drop).map_err(PathError::of("stat", shown))
}
