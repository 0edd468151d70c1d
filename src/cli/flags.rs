//! The flags of a clap command, seen as Go's flag library sees them.
//!
//! The clap definition is the only one. By convention the `long_help` of a hidden flag is its notice of deprecation: a
//! hidden flag has no place in a help text, and cosign's hidden flags are the deprecated ones.

use std::any::TypeId;

use clap::{Arg, ArgAction, Command};

use super::flag_value::{GoDuration, Kind, ReferrersMode};
use crate::operations::clean_image::CleanKind;

/// Other spellings of flags, good for every command that has the flag.
const ALIASES: [(&str, &str); 5] = [
    ("cert", "certificate"),
    ("cert-chain", "certificate-chain"),
    ("cert-identity", "certificate-identity"),
    ("cert-oidc-issuer", "certificate-oidc-issuer"),
    ("output-cert", "output-certificate"),
];

/// The help heading of flags that cosign does not have; they are not bound to the environment.
pub const ADDED: &str = "Beyond cosign";

/// The flags that every command inherits from the root.
pub const INHERITED: [&str; 3] = ["output-file", "timeout", "verbose"];

/// Gives the flags of `command` the habits of Go's: a bool may carry a value after `=`, and the last use of a flag counts.
pub fn with_go_habits(command: Command) -> Command {
    command.no_binary_name(true).disable_help_flag(true).disable_version_flag(true).args_override_self(true).mut_args(|arg| {
        if !matches!(arg.get_action(), ArgAction::SetTrue) {
            return arg;
        }
        let no_default = arg.get_default_values().is_empty();
        let arg = arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(clap::value_parser!(bool));
        if no_default { arg.default_value("false") } else { arg }
    })
}

/// All flags of a command.
#[derive(Debug, Clone, Copy)]
pub struct Flags<'a>(&'a Command);

impl<'a> Flags<'a> {
    /// The flags of `command`, to which [`with_go_habits`] was applied.
    pub fn of(command: &'a Command) -> Self {
        Self(command)
    }

    /// All of them, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Flag<'a>> {
        self.0.get_arguments().filter(|arg| !arg.is_positional()).map(Flag)
    }

    /// All of them, by name.
    pub fn sorted(self) -> Vec<Flag<'a>> {
        let mut flags: Vec<_> = self.iter().collect();
        flags.sort_by_key(|flag| flag.name());
        flags
    }

    /// The flag called `name`, or of which that is another spelling.
    pub fn long(self, name: &str) -> Option<Flag<'a>> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
        self.iter().find(|flag| flag.name() == name)
    }

    /// The flag with this shorthand.
    pub fn short(self, letter: char) -> Option<Flag<'a>> {
        self.iter().find(|flag| flag.letter() == Some(letter))
    }
}

/// One flag.
#[derive(Debug, Clone, Copy)]
pub struct Flag<'a>(&'a Arg);

impl<'a> Flag<'a> {
    /// Its name, without dashes.
    pub fn name(self) -> &'a str {
        self.0.get_long().unwrap_or_default()
    }

    /// Its shorthand.
    pub fn letter(self) -> Option<char> {
        self.0.get_short()
    }

    /// How messages name it: `--name`, or `-n, --name`.
    pub fn label(self) -> String {
        match self.letter() {
            Some(letter) => format!("-{letter}, --{}", self.name()),
            None => format!("--{}", self.name()),
        }
    }

    /// The type of its value.
    pub fn kind(self) -> Kind {
        let id = self.0.get_value_parser().type_id();
        if id == TypeId::of::<bool>() {
            Kind::Bool
        } else if id == TypeId::of::<i64>() {
            Kind::Int
        } else if id == TypeId::of::<u64>() {
            Kind::Uint
        } else if id == TypeId::of::<GoDuration>() {
            Kind::Duration
        } else if id == TypeId::of::<ReferrersMode>() {
            Kind::ReferrersMode
        } else if id == TypeId::of::<CleanKind>() {
            Kind::CleanKind
        } else if !matches!(self.0.get_action(), ArgAction::Append) {
            Kind::Text
        } else {
            match self.0.get_value_names().and_then(|names| names.first()).map(|name| name.as_str()) {
                Some("stringArray") => Kind::Array,
                Some("stringToString") => Kind::Map,
                _ => Kind::List,
            }
        }
    }

    /// Whether it needs no value.
    pub fn stands_alone(self) -> bool {
        self.kind() == Kind::Bool
    }

    /// Whether help and completion leave it out.
    pub fn is_hidden(self) -> bool {
        self.0.is_hide_set()
    }

    /// Whether cosign does not have it.
    pub fn is_added(self) -> bool {
        self.0.get_help_heading() == Some(ADDED)
    }

    /// Whether it comes from the root command.
    pub fn is_inherited(self) -> bool {
        INHERITED.contains(&self.name())
    }

    /// What using it says about its deprecation.
    pub fn notice(self) -> Option<String> {
        self.0.get_long_help().filter(|_| self.is_hidden()).map(ToString::to_string)
    }

    /// What it does.
    pub fn help(self) -> String {
        self.0.get_help().map(ToString::to_string).unwrap_or_default()
    }

    /// Its default; `None` for an empty text or list.
    pub fn default(self) -> Option<String> {
        self.0.get_default_values().first().map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    }

    /// The identifier by which clap's groups know it.
    pub fn id(self) -> &'a clap::Id {
        self.0.get_id()
    }
}
