//! What the frame knows of a command.

use clap::{ArgMatches, Command, FromArgMatches};

use crate::ambient::Context;
use crate::cli::args::{Given, GlobalArgs};
use crate::cli::error::CommandError;
use crate::cli::flags::with_go_habits;
use crate::cli::usage_error::UsageError;

/// One command of the table.
pub struct Spec {
    /// Its words, such as `attach signature`; empty for the root.
    pub path: &'static str,
    /// One line for lists.
    pub about: &'static str,
    /// More about it; empty where there is no more to say.
    pub long: &'static str,
    /// What follows its words in a call.
    pub usage: &'static str,
    /// Example calls with a comment above each.
    pub examples: &'static str,
    /// Why it is deprecated, in cosign's words; such a command is not listed.
    pub notice: Option<&'static str>,
    /// Whether no list names it, though it is not deprecated.
    pub hidden: bool,
    /// How many words it takes.
    pub words: Words,
    /// Whether its flags also come from the environment.
    pub env: bool,
    /// Whether `--timeout` is a deadline for all it does.
    pub deadline: bool,
    /// Flags that have to be given.
    pub required: &'static [&'static str],
    /// Groups of which one flag at least has to be given.
    pub one_required: &'static [&'static [&'static str]],
    /// Groups of which one flag at most may be given.
    pub exclusive: &'static [&'static [&'static str]],
    /// What it does.
    pub action: Action,
}

/// What a command does.
pub enum Action {
    /// Groups other commands.
    Group,
    /// It is the matter of a later issue.
    Later,
    /// Its flags, and what runs it.
    Run {
        /// Adds its flags to a clap command.
        augment: fn(Command) -> Command,
        /// Checks and runs it.
        run: fn(Call<'_>) -> Result<(), CommandError>,
    },
}

/// How many words a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Any number.
    Any,
    /// None; a word is taken for an unknown command.
    None,
    /// So many or more.
    AtLeast(usize),
    /// So many or fewer.
    AtMost(usize),
    /// Just so many.
    Exactly(usize),
    /// Exactly one of these.
    OneOf(&'static [&'static str]),
}

/// A call that was taken apart, on its way to the command.
pub struct Call<'a> {
    /// The command.
    pub spec: &'static Spec,
    /// Its flags and words, as clap bound them.
    pub matches: ArgMatches,
    /// The flags that were given, on the command line or in the environment.
    pub given: Given,
    /// Everything from outside.
    pub context: &'a Context,
}

/// What the frame asks of the arguments of a command.
pub trait Runnable: clap::Args + FromArgMatches + Sized {
    /// Takes over which flags were given; for commands with a rule that needs it.
    fn note_given(&mut self, _given: Given) {}

    /// The command's own check that comes before those for required flags and groups.
    ///
    /// # Errors
    /// A rule between flags is broken.
    fn check_early(&self) -> Result<(), CommandError> {
        Ok(())
    }

    /// Does it.
    ///
    /// # Errors
    /// Whatever the command may meet.
    fn run(self, context: &Context) -> Result<(), CommandError>;
}

impl Action {
    /// What a command with the arguments `A` does.
    pub const fn of<A: Runnable>() -> Self {
        Self::Run { augment: A::augment_args, run: run::<A> }
    }
}

fn run<A: Runnable>(call: Call<'_>) -> Result<(), CommandError> {
    let mut args = A::from_arg_matches(&call.matches)?;
    args.note_given(call.given.clone());
    args.check_early()?;
    call.spec.check_groups(&call.given)?;
    args.run(call.context)
}

/// A command of a later issue.
pub const fn later(path: &'static str) -> Spec {
    Spec { path, action: Action::Later, ..Spec::DEFAULT }
}

impl Spec {
    /// A group without anything particular.
    pub const DEFAULT: Self = Self {
        path: "",
        about: "",
        long: "",
        usage: "[flags]",
        examples: "",
        notice: None,
        hidden: false,
        words: Words::Any,
        env: false,
        deadline: false,
        required: &[],
        one_required: &[],
        exclusive: &[],
        action: Action::Group,
    };

    /// Its last word.
    pub fn name(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or_default()
    }

    /// The path of the command above it.
    pub fn parent(&self) -> &'static str {
        match self.path.rsplit_once(' ') {
            Some((parent, _)) => parent,
            None if self.path.is_empty() => "\0",
            None => "",
        }
    }

    /// As it is typed: `cosign sign`.
    pub fn full_name(&self) -> String {
        format!("cosign {}", self.path).trim_end().to_owned()
    }

    /// Whether help, suggestions and completion name it.
    pub fn is_shown(&self) -> bool {
        self.notice.is_none() && !self.hidden && !matches!(self.action, Action::Later)
    }

    /// Its clap definition, with the flags of the root.
    pub fn command(&self) -> Command {
        let mut command = <GlobalArgs as clap::Args>::augment_args(Command::new(self.name()));
        if let Action::Run { augment, .. } = self.action {
            command = augment(command);
        }
        with_go_habits(command)
    }

    /// Checks the number of words.
    ///
    /// # Errors
    /// It does not fit.
    pub fn check_words(&self, words: &[String]) -> Result<(), UsageError> {
        let received = words.len();
        match self.words {
            Words::None => match words.first() {
                Some(word) => Err(UsageError::UnknownCommand { word: word.clone(), path: self.full_name(), suggestions: Vec::new() }),
                None => Ok(()),
            },
            Words::AtLeast(wanted) if received < wanted => Err(UsageError::TooFew { wanted, received }),
            Words::Exactly(wanted) if received != wanted => Err(UsageError::NotExactly { wanted, received }),
            Words::AtMost(most) if received > most => Err(UsageError::TooMany { most, received }),
            Words::OneOf(_) if received != 1 => Err(UsageError::NotExactly { wanted: 1, received }),
            Words::OneOf(known) => match words.iter().find(|word| !known.contains(&word.as_str())) {
                Some(word) => Err(UsageError::InvalidWord { word: word.clone(), path: self.full_name() }),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Required flags, then groups of flags, each by the name of the group.
    fn check_groups(&self, given: &Given) -> Result<(), UsageError> {
        let missing: Vec<_> = self.required.iter().copied().filter(|name| !given.has(name)).collect();
        if !missing.is_empty() {
            return Err(UsageError::Required(missing));
        }
        for group in sorted(self.one_required) {
            if !group.iter().any(|name| given.has(name)) {
                return Err(UsageError::OneRequired(group.join(" ")));
            }
        }
        for group in sorted(self.exclusive) {
            let mut both: Vec<_> = group.iter().copied().filter(|name| given.has(name)).collect();
            if both.len() > 1 {
                both.sort_unstable();
                return Err(UsageError::Exclusive { group: group.join(" "), given: both.join(" ") });
            }
        }
        Ok(())
    }
}

fn sorted(groups: &'static [&'static [&'static str]]) -> Vec<&'static [&'static str]> {
    let mut groups = groups.to_vec();
    groups.sort_by_key(|group| group.join(" "));
    groups
}

/// The arguments `A` as `words` give them, for tests.
#[cfg(test)]
pub(in crate::cli) fn args_of<A: Runnable>(spec: &Spec, words: &[&str]) -> A {
    use crate::cli::argv::{Line, for_clap};
    use crate::cli::flags::Flags;

    let command = spec.command();
    let flags = Flags::of(&command);
    let (line, result) = Line::read(words, flags, true);
    assert_eq!(result, Ok(()));
    let matches = command.clone().try_get_matches_from(for_clap(&line.uses, flags, &line.words));
    match matches.and_then(|matches| A::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => panic!("{error}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn groups_are_named_as_cosign_names_them() {
        let spec = Spec { exclusive: &[&["use-signing-config", "signing-config"]], required: &["dir"], ..Spec::DEFAULT };
        let given = |names: &[&str]| Given::new(names.iter().map(|name| (*name).to_owned()));
        assert_eq!(spec.check_groups(&given(&[])).unwrap_err().to_string(), "required flag(s) \"dir\" not set");
        assert!(spec.check_groups(&given(&["dir", "signing-config"])).is_ok());
        assert_eq!(
            spec.check_groups(&given(&["dir", "signing-config", "use-signing-config"])).unwrap_err().to_string(),
            "if any flags in the group [use-signing-config signing-config] are set none of the others can be; [signing-config use-signing-config] were all set"
        );
    }
}
