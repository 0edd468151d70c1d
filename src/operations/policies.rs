//! `--policy`: policies that verified attestations have to satisfy, in CUE and Rego.

use crate::ambient::{Context, DeadlineExceeded};
use crate::encoding::{UnixTime, text};
use crate::policy::PolicyFile;
use crate::policy::cue::{self, CuePolicy};
use crate::policy::input::{self, InputError};
#[cfg(feature = "policy-rego")]
use crate::policy::rego::{MAX_EVALUATION, RegoPolicies};

/// A policy as it was named, and what was read of it.
#[derive(Debug)]
pub struct PolicySource {
    /// The path or URL.
    pub name: String,
    /// Its text, or why it cannot be read.
    pub text: Result<Vec<u8>, String>,
}

/// The language of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// CUE (`.cue`).
    Cue,
    /// Rego (`.rego`).
    Rego,
}

impl Language {
    /// By the extension of a path or URL.
    ///
    /// # Errors
    /// [`PolicyError::Format`].
    pub fn of(name: &str) -> Result<Self, PolicyError> {
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("cue") => Ok(Self::Cue),
            Some("rego") => Ok(Self::Rego),
            _ => Err(PolicyError::Format),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cue => "CUE",
            Self::Rego => "Rego",
        }
    }
}

/// Why a policy is not satisfied. What is wrong in detail was said before, on stderr. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Neither CUE nor Rego.
    #[error("invalid policy format, expected .cue or .rego")]
    Format,
    /// So many things are wrong.
    #[error("{0} validation errors occurred")]
    Validation(usize),
    /// A statement that is no document for policies.
    #[error(transparent)]
    Input(#[from] InputError),
    /// `--timeout`.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
}

/// The policies of one language: their names, and the program that they make up.
#[derive(Debug)]
struct Group<P> {
    names: Vec<String>,
    program: P,
}

/// Policies that were read and parsed.
#[derive(Debug, Default)]
pub struct Policies {
    cue: Option<Group<CuePolicy>>,
    rego: Option<Group<RegoProgram>>,
}

impl Policies {
    /// Parses policies. What is wrong with them is told as a failed validation is, since to cosign it is one.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn parse(sources: Vec<PolicySource>, context: &Context) -> Result<Self, PolicyError> {
        let (mut cue, mut rego) = (Vec::new(), Vec::new());
        for source in sources {
            match Language::of(&source.name)? {
                Language::Cue => cue.push(source),
                Language::Rego => rego.push(source),
            }
        }
        Ok(Self { cue: group(Language::Cue, cue, parse_cue, context)?, rego: group(Language::Rego, rego, parse_rego, context)? })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cue.is_none() && self.rego.is_none()
    }

    /// Judges statements whose type was asked for as `name`. All must satisfy all policies; what CUE refuses is not shown to Rego.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn judge<'a>(
        &self,
        name: &str,
        statements: impl Iterator<Item = &'a [u8]>,
        (context, now): (&Context, UnixTime),
    ) -> Result<(), PolicyError> {
        let mut errors = Vec::new();
        for statement in statements {
            let document = input::document(name, statement)?;
            if let Some(cue) = &self.cue {
                announce(Language::Cue, &cue.names, context);
                if let Err(error) = cue::evaluate(&cue.program, &document) {
                    errors.push(error.to_string());
                    continue;
                }
            }
            if let Some(rego) = &self.rego {
                announce(Language::Rego, &rego.names, context);
                errors.extend(evaluate_rego(&rego.program, &document, now, context));
            }
        }
        context.deadline.check()?;
        report(&errors, context)
    }
}

/// Reads policies (name and text) of one language; every error in them.
type Parse<P> = fn(&[(String, String)]) -> Result<P, Vec<String>>;

/// The policies of one language; `None` where there is none.
fn group<P>(language: Language, sources: Vec<PolicySource>, parse: Parse<P>, context: &Context) -> Result<Option<Group<P>>, PolicyError> {
    if sources.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    let mut errors = Vec::new();
    let mut texts = Vec::new();
    for PolicySource { name, text } in sources {
        match text.and_then(|text| String::from_utf8(text).map_err(|_| format!("{}: the policy is not valid UTF-8", text::quote(&name)))) {
            Ok(text) => texts.push((name, text)),
            Err(error) => errors.push(error),
        }
    }
    let program = if errors.is_empty() { parse(&texts) } else { Err(errors) };
    match program {
        Ok(program) => Ok(Some(Group { names, program })),
        Err(errors) => {
            announce(language, &names, context);
            report(&errors, context).map(|()| None)
        }
    }
}

fn announce(language: Language, names: &[String], context: &Context) {
    let names: Vec<String> = names.iter().map(|name| text::quote(name)).collect();
    context.ui.status(&format!("will be validating against {} policies: [{}]", language.name(), names.join(" ")));
}

fn report(errors: &[String], context: &Context) -> Result<(), PolicyError> {
    if errors.is_empty() {
        return Ok(());
    }
    context.ui.status(&format!("There are {} number of errors occurred during the validation:", errors.len()));
    context.ui.status("");
    for error in errors {
        context.ui.status(&format!("- {error}"));
    }
    Err(PolicyError::Validation(errors.len()))
}

#[cfg(feature = "policy-rego")]
type RegoProgram = RegoPolicies;
#[cfg(not(feature = "policy-rego"))]
type RegoProgram = std::convert::Infallible;

#[cfg(feature = "policy-rego")]
fn parse_rego(texts: &[(String, String)]) -> Result<RegoProgram, Vec<String>> {
    let files: Vec<PolicyFile<'_>> = texts.iter().map(|(name, text)| PolicyFile { name, text }).collect();
    RegoPolicies::parse(&files).map_err(|error| vec![error.to_string()])
}

#[cfg(not(feature = "policy-rego"))]
fn parse_rego(_: &[(String, String)]) -> Result<RegoProgram, Vec<String>> {
    Err(vec!["Rego policies are not supported by this build".to_owned()])
}

#[cfg(feature = "policy-rego")]
fn evaluate_rego(program: &RegoProgram, document: &[u8], now: UnixTime, context: &Context) -> Vec<String> {
    let limit = context.deadline.remaining().unwrap_or(MAX_EVALUATION);
    program.evaluate(document, now, limit).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[cfg(not(feature = "policy-rego"))]
fn evaluate_rego(program: &RegoProgram, _: &[u8], _: UnixTime, _: &Context) -> Vec<String> {
    match *program {}
}

fn parse_cue(texts: &[(String, String)]) -> Result<CuePolicy, Vec<String>> {
    let files: Vec<PolicyFile<'_>> = texts.iter().map(|(name, text)| PolicyFile { name, text }).collect();
    CuePolicy::parse(&files).map_err(|error| vec![error.to_string()])
}
