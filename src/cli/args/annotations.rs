//! `--annotations`.

use clap::Args;

/// Annotations to sign, or to ask for.
#[derive(Debug, Clone, Default, Args)]
pub struct AnnotationArgs {
    /// A key=value pair that is signed or asked for; repeatable, or several with commas between
    #[arg(long, short = 'a')]
    pub annotations: Vec<String>,
}

/// An annotation that is no pair. The text is cosign's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to parse annotation: {0}")]
pub struct AnnotationError(pub String);

impl AnnotationArgs {
    /// The pairs, in order; a value may hold further `=`.
    ///
    /// # Errors
    /// [`AnnotationError`] for the first entry without `=`.
    pub fn pairs(&self) -> Result<Vec<(String, String)>, AnnotationError> {
        let pair = |entry: &String| {
            let (key, value) = entry.split_once('=').ok_or_else(|| AnnotationError(entry.clone()))?;
            Ok((key.to_owned(), value.to_owned()))
        };
        self.annotations.iter().map(pair).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pairs_split_at_the_first_sign() {
        let pairs = |entries: &[&str]| AnnotationArgs { annotations: entries.iter().map(|entry| (*entry).to_owned()).collect() }.pairs();
        assert_eq!(pairs(&["a=b=c", "d="]).unwrap(), [("a".to_owned(), "b=c".to_owned()), ("d".to_owned(), String::new())]);
        assert_eq!(pairs(&["x"]).unwrap_err().to_string(), "unable to parse annotation: x");
    }
}
