//! Flags from the environment: `COSIGN_<FLAG>`, in upper case with `_` for `-`.
//!
//! The command line comes first, an empty variable is as if unset, and no notice of deprecation is given. A value that
//! does not parse is an error; one outside a closed set is a warning, since one variable serves many commands.

use super::argv::{Line, Use};
use super::flags::{Flag, Flags};
use super::usage_error::UsageError;
use crate::ambient::Env;

/// What could be bound too late to matter in cosign, and is not bound here.
const TOO_LATE: [&str; 3] = ["help", "output-file", "verbose"];

/// The variable of a flag.
pub fn variable(flag: &str) -> String {
    format!("COSIGN_{}", flag.to_uppercase().replace('-', "_"))
}

/// Adds to `line` the flags that only the environment gives; the answer are warnings.
///
/// # Errors
/// [`UsageError::InvalidVariable`].
pub fn bind(line: &mut Line, flags: Flags<'_>, env: &dyn Env, experimental: bool) -> Result<Vec<String>, UsageError> {
    let mut warnings = Vec::new();
    for flag in flags.sorted() {
        if flag.is_added() || TOO_LATE.contains(&flag.name()) || line.uses.iter().any(|one| one.name == flag.name()) {
            continue;
        }
        let variable = variable(flag.name());
        let Some(value) = env.var(&variable).filter(|value| !value.is_empty()) else { continue };
        match canonical(flag, &variable, value, experimental) {
            Ok(values) => line.uses.push(Use { name: flag.name().to_owned(), values }),
            Err(error) if flag.kind().is_closed_set() => warnings.push(format!("{error}; it is not used")),
            Err(error) => return Err(error),
        }
    }
    Ok(warnings)
}

fn canonical(flag: Flag<'_>, variable: &str, value: String, experimental: bool) -> Result<Vec<String>, UsageError> {
    flag.kind().canonical(&value, experimental).map_err(|reason| UsageError::InvalidVariable {
        value,
        variable: variable.to_owned(),
        flag: flag.label(),
        reason: Box::new(reason),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashMap;
    use std::ffi::OsString;

    use super::*;
    use crate::cli::commands::{ROOT, find_child};

    struct Variables(HashMap<&'static str, &'static str>);

    impl Env for Variables {
        fn var_os(&self, name: &str) -> Option<OsString> {
            self.0.get(name).map(OsString::from)
        }

        fn vars(&self) -> Vec<(String, String)> {
            Vec::new()
        }
    }

    fn bound(arguments: &[&str], variables: &[(&'static str, &'static str)]) -> Result<(Line, Vec<String>), UsageError> {
        bound_by("verify", arguments, variables)
    }

    fn bound_by(name: &str, arguments: &[&str], variables: &[(&'static str, &'static str)]) -> Result<(Line, Vec<String>), UsageError> {
        let command = find_child(&ROOT, name).unwrap().command();
        let flags = Flags::of(&command);
        let (mut line, result) = Line::read(arguments, flags, false);
        result.unwrap();
        let warnings = bind(&mut line, flags, &Variables(variables.iter().copied().collect()), false)?;
        Ok((line, warnings))
    }

    #[test]
    fn names() {
        assert_eq!(variable("max-workers"), "COSIGN_MAX_WORKERS");
        assert_eq!(variable("digestAlg"), "COSIGN_DIGESTALG");
    }

    #[test]
    fn the_command_line_comes_first() {
        let variables = [("COSIGN_KEY", "e"), ("COSIGN_ANNOTATIONS", "a=b,c=d"), ("COSIGN_OUTPUT", "")];
        let (line, _) = bound(&["--key=c"], &variables).unwrap();
        assert_eq!(line.last("key"), Some("c"));
        assert_eq!(line.last("output"), None);
        let annotations = line.uses.iter().find(|one| one.name == "annotations").unwrap();
        assert_eq!(annotations.values, ["a=b", "c=d"]);
        assert!(line.notices.is_empty());
    }

    #[test]
    fn a_value_that_does_not_parse_names_the_variable() {
        for (name, value) in [("COSIGN_CHECK_CLAIMS", "yes"), ("COSIGN_MAX_WORKERS", "abc"), ("COSIGN_TIMEOUT", "5")] {
            let error = bound(&[], &[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
        assert!(bound(&[], &[("COSIGN_VERBOSE", "maybe"), ("COSIGN_HELP", "x")]).unwrap().0.uses.is_empty());
    }

    #[test]
    fn a_value_outside_a_closed_set_is_a_warning() {
        for mode in ["bogus", "oci-1-1"] {
            let (line, warnings) = bound_by("sign", &[], &[("COSIGN_REGISTRY_REFERRERS_MODE", mode)]).unwrap();
            assert!(line.uses.is_empty());
            assert!(warnings[0].contains("COSIGN_REGISTRY_REFERRERS_MODE"), "{warnings:?}");
        }
    }

    #[test]
    fn flags_that_cosign_lacks_are_not_bound() {
        let arg = |name: &'static str| clap::Arg::new(name).long(name);
        let command = clap::Command::new("x").arg(arg("old")).arg(arg("new").help_heading(crate::cli::flags::ADDED));
        let mut line = Line::default();
        let variables = Variables([("COSIGN_OLD", "1"), ("COSIGN_NEW", "1")].into());
        bind(&mut line, Flags::of(&command), &variables, false).unwrap();
        assert_eq!(line.uses.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["old"]);
    }
}
