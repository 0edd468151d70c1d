//! The images of a Dockerfile: `FROM` and `COPY --from`. Read line by line, as cosign does, but for what Docker itself joins.

use std::collections::BTreeMap;

use super::variables::expand;
use crate::encoding::text;

/// An instruction that names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DockerfileError {
    /// `FROM … AS` and nothing behind it.
    #[error("expected stage name after \"AS\" in line {:?}", text::quote(.0))]
    StageName(String),
    /// `FROM` without an image.
    #[error("no image found in line {:?} (is a build arg missing from the environment?)", text::quote(.0))]
    NoImage(String),
}

/// An image that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// As it stands there, variables replaced.
    pub name: String,
    /// Whether a `FROM` names it.
    pub is_base: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The images, in their order.
    pub images: Vec<Image>,
    /// What was left out, for people.
    pub notes: Vec<String>,
}

struct Reader<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    variables: BTreeMap<String, String>,
    stages: Vec<String>,
    /// How many stages were begun, named or not.
    begun: usize,
    found: Found,
}

/// Reads a Dockerfile; what `ARG` and `ENV` do not set comes from `environment`.
///
/// # Errors
/// [`DockerfileError`].
pub fn read(dockerfile: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Found, DockerfileError> {
    let mut reader = Reader { environment, variables: BTreeMap::new(), stages: Vec::new(), begun: 0, found: Found::default() };
    let dockerfile = dockerfile.strip_prefix('\u{feff}').unwrap_or(dockerfile);
    let escape = escape_character(dockerfile);
    let mut joined: Option<String> = None;
    for line in dockerfile.lines().map(str::trim) {
        let is_continued = joined.is_some();
        if is_continued && (line.is_empty() || line.starts_with('#')) {
            continue;
        }
        // cosign knows no joined lines: what it takes for an instruction counts here, too, wherever it stands.
        if is_continued && is_instruction(line, "FROM") {
            reader.instruction(line.trim_end_matches(escape))?;
        }
        let whole = joined.take().unwrap_or_default() + line.strip_suffix(escape).unwrap_or(line);
        if line.ends_with(escape) && !line.starts_with('#') {
            joined = Some(whole);
        } else {
            reader.instruction(&whole)?;
        }
    }
    if let Some(unfinished) = joined {
        reader.instruction(&unfinished)?;
    }
    Ok(reader.found)
}

/// The character that joins lines: a backslash, unless a directive (`# escape=`) at the top says otherwise.
fn escape_character(dockerfile: &str) -> char {
    for line in dockerfile.lines() {
        let Some((name, value)) = line.trim().strip_prefix('#').and_then(|directive| directive.split_once('=')) else { break };
        if name.trim().eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

fn is_instruction(line: &str, name: &str) -> bool {
    line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(name))
}

impl Reader<'_> {
    fn instruction(&mut self, line: &str) -> Result<(), DockerfileError> {
        let line = line.trim();
        let rest = line.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
        if is_instruction(line, "FROM") {
            self.from(line, &self.expand(rest))?;
        } else if is_instruction(line, "COPY") {
            self.copy(&self.expand(rest));
        } else if is_instruction(line, "ENV") || is_instruction(line, "ARG") {
            self.set(&self.expand(rest));
        }
        Ok(())
    }

    fn expand(&self, text: &str) -> String {
        expand(text, &|name| self.variables.get(name).cloned().or_else(|| (self.environment)(name)))
    }

    fn is_stage(&self, name: &str) -> bool {
        self.stages.iter().any(|stage| stage.eq_ignore_ascii_case(name))
    }

    fn from(&mut self, line: &str, rest: &str) -> Result<(), DockerfileError> {
        let mut words: Vec<&str> = rest.split_whitespace().collect();
        let mut stage = None;
        // An image may be called "as", if it stands alone.
        if let Some(at) = words.iter().rposition(|word| word.eq_ignore_ascii_case("AS")).filter(|_| words.len() > 1) {
            let Some(name) = words.get(at + 1) else { return Err(DockerfileError::StageName(line.to_owned())) };
            stage = Some((*name).to_owned());
            words.truncate(at);
        }
        let Some(image) = words.iter().rfind(|word| !word.starts_with("--")).copied() else {
            return Err(DockerfileError::NoImage(line.to_owned()));
        };
        if image == "scratch" {
            self.found.notes.push("- scratch image ignored".to_owned());
        } else if self.is_stage(image) {
            self.found.notes.push(format!("- stage reference ignored: {}", text::quote(image)));
        } else {
            self.found.images.push(Image { name: image.to_owned(), is_base: true });
        }
        // Only now: a stage named as its own image is no reference to itself.
        self.stages.extend(stage);
        self.begun += 1;
        Ok(())
    }

    fn copy(&mut self, rest: &str) {
        let sources = rest.split_whitespace().filter_map(|word| word.strip_prefix("--from=")).filter(|name| !name.is_empty());
        let is_number = |name: &str| name.parse::<usize>().is_ok_and(|number| number < self.begun);
        let image = sources.filter(|name| !self.is_stage(name) && !is_number(name)).map(str::to_owned).next();
        self.found.images.extend(image.map(|name| Image { name, is_base: false }));
    }

    fn set(&mut self, rest: &str) {
        for word in rest.split_whitespace() {
            if let Some((name, value)) = word.split_once('=') {
                self.variables.insert(name.to_owned(), unquoted(value).to_owned());
            }
        }
    }
}

fn unquoted(value: &str) -> &str {
    let within = |quote: char| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "REPO").then(|| "env/repo".to_owned())
    }

    fn images(dockerfile: &str) -> Vec<String> {
        read(dockerfile, &environment).unwrap().images.into_iter().map(|image| image.name).collect()
    }

    #[test]
    fn what_cosign_finds() {
        for (dockerfile, expected) in [
            ("FROM gcr.io/test/image:1.16.5 as build", &["gcr.io/test/image:1.16.5"][..]),
            ("FROM --platform=linux/arm64 gcr.io/fancy AS fancy", &["gcr.io/fancy"]),
            ("\tfrom one\nRUN x\nFROM two\r\n FROM three\nCMD bin", &["one", "two", "three"]),
            ("FROM gcr.io/${REPO}/$REPO:latest", &["gcr.io/env/repo/env/repo:latest"]),
            ("ARG IMAGE=${REPO}\nFROM ${IMAGE}", &["env/repo"]),
            ("ENV A=one B=two\nFROM ${A}\nFROM $B", &["one", "two"]),
            ("COPY --from=some/image /a /b", &["some/image"]),
            ("ENV I=some/image\nCOPY --chown=1 --from=${I} /a /b", &["some/image"]),
            ("FROM one AS prepare\nFROM two AS final\nCOPY --from=prepare /a /a", &["one", "two"]),
            ("FROM one AS base\nFROM base\nFROM scratch", &["one"]),
            ("# FROM no\nRUN FROM no\nFROMAGE no", &[]),
        ] {
            assert_eq!(images(dockerfile), expected, "{dockerfile}");
        }
        let found = read("FROM scratch AS a\nFROM a", &environment).unwrap();
        assert_eq!(found.notes, ["- scratch image ignored", "- stage reference ignored: a"]);
    }

    #[test]
    fn what_docker_finds_besides() {
        for (dockerfile, expected) in [
            ("FROM --platform=$X \\\n  # comment\n\n  one \\ \n AS a\nFROM a", &["one"][..]),
            ("# escape=`\nCOPY --from=one a C:\\\nFROM two `\n", &["one", "two"]),
            ("FROM one AS one\nFROM Two AS two\nCOPY --from=TWO a b\nCOPY --from=0 a b\nCOPY --from=7 a b", &["one", "Two", "7"]),
            ("\u{feff}FROM one", &["one"]),
            ("ARG A=\"one\" B='two'\nFROM $A\nFROM $B\nFROM ${C:-three}", &["one", "two", "three"]),
            ("RUN a \\\nFROM one\nFROM two \\", &["one", "two"]),
            ("COPY \\\n --from=one a b", &["one"]),
            ("# comment \\\nFROM one", &["one"]),
        ] {
            assert_eq!(images(dockerfile), expected, "{dockerfile}");
        }
    }

    #[test]
    fn what_is_incomplete() {
        let error = |dockerfile: &str| read(dockerfile, &environment).unwrap_err().to_string();
        assert_eq!(error("FROM one AS"), "expected stage name after \"AS\" in line \"FROM one AS\"");
        for dockerfile in ["FROM", "FROM ${NONE}", "FROM --platform=x", "FROM $NONE AS x"] {
            assert!(error(dockerfile).contains("no image found in line"), "{dockerfile}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(dockerfile in "(FROM|COPY|ARG|ENV|AS|--from=|#|escape=|`|\\\\|\n| |\\$|\\{|\\}|=|a|é|\"){0,40}") {
            let _ = read(&dockerfile, &environment);
        }
    }
}
