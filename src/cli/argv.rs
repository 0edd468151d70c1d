//! How a call is taken apart: the command is found among flags, then its flags are read from left to right.
//!
//! Two habits of Go programs are kept: cosign's rewriting of dashes (`-key k`, `--t 5s`, `-version`, each with a warning),
//! here for flags only and never for values, and the order of errors of the cobra and pflag libraries.

use super::commands::{Spec, children, find_child};
use super::flag_value::Kind;
use super::flags::{Flag, Flags};
use super::usage_error::UsageError;

/// The command that a call names.
pub struct Found<'a> {
    /// The command.
    pub spec: &'static Spec,
    /// All other words, in order.
    pub rest: Vec<&'a str>,
    /// Warnings about the spelling of the command itself.
    pub warnings: Vec<String>,
    /// The words that are no flags, when the command is the root.
    pub first_word: Option<&'a str>,
}

/// Finds the command. Flags may stand before it; an unknown one is taken to have a value, as cobra does.
pub fn find<'a>(root: &'static Spec, arguments: &[&'a str]) -> Found<'a> {
    let mut spec = root;
    let mut rest = arguments.to_vec();
    let mut warnings = Vec::new();
    loop {
        let command = spec.command();
        let word = first_word(&rest, Flags::of(&command));
        let child = word.filter(|_| children(spec).next().is_some()).and_then(|(index, word)| Some((index, find_child(spec, word)?)));
        match child {
            Some((index, child)) => {
                warnings.extend(read(rest.remove(index), Flags::of(&command)).1);
                spec = child;
            }
            None => return Found { spec, rest, warnings, first_word: word.map(|(_, word)| word) },
        }
    }
}

/// The first word that is neither a flag nor the value of one.
fn first_word<'a>(words: &[&'a str], flags: Flags<'_>) -> Option<(usize, &'a str)> {
    let mut index = 0;
    while index < words.len() {
        let takes_next = match read(words[index], flags).0 {
            Reading::Dashes => return None,
            Reading::Word("" | "-") => false,
            Reading::Word(word) => return Some((index, word)),
            Reading::Long(_, Some(_)) => false,
            Reading::Long(name, None) => !is_bool(flags.long(name).filter(|flag| flag.name() != "help")),
            Reading::Cluster(letters) => cluster_takes_next(letters, flags),
        };
        // As in cobra, a flag with its value at the end hides nothing.
        index += if takes_next { 2 } else { 1 };
    }
    None
}

fn is_bool(flag: Option<Flag<'_>>) -> bool {
    flag.is_some_and(Flag::stands_alone)
}

fn cluster_takes_next(letters: &str, flags: Flags<'_>) -> bool {
    let known = |letter| flags.short(letter).filter(|flag| flag.name() != "help");
    let mut rest = letters.chars();
    while let Some(letter) = rest.next() {
        if !is_bool(known(letter)) {
            return rest.as_str().is_empty();
        }
        if rest.as_str().starts_with('=') {
            return false;
        }
    }
    false
}

/// What one word is, seen alone.
#[derive(Debug, PartialEq, Eq)]
enum Reading<'a> {
    /// No flag.
    Word(&'a str),
    /// `--`: only words follow.
    Dashes,
    /// `--name` or `--name=value`.
    Long(&'a str, Option<&'a str>),
    /// Shorthands; the last may be followed by its value.
    Cluster(&'a str),
}

/// Reads one word, with the warning that its spelling deserves.
fn read<'a>(word: &'a str, flags: Flags<'_>) -> (Reading<'a>, Option<String>) {
    let Some(body) = word.strip_prefix('-').filter(|body| !body.is_empty()) else { return (Reading::Word(word), None) };
    if body == "-" {
        return (Reading::Dashes, None);
    }
    if let Some(name) = body.strip_prefix('-') {
        if name.len() == 1 {
            let warning = format!("the flag {word} is deprecated and will be removed in a future release. Please use the flag -{name}.");
            return (Reading::Cluster(name), Some(warning));
        }
        return (long(name), None);
    }
    let name = body.split('=').next().unwrap_or_default();
    if body.len() == 1 || (flags.long(name).is_none() && is_cluster(body, flags)) {
        return (Reading::Cluster(body), None);
    }
    let (reading, instead, what) = if body == "version" {
        (Reading::Word(body), "version".to_owned(), "subcommand")
    } else {
        (long(body), format!("--{name}"), "flag")
    };
    // The value stays out of the warning: it may be a password.
    let warning =
        format!("the -{name} flag is deprecated and will be removed in a future release. Please use the {instead} {what} instead.");
    (reading, Some(warning))
}

fn long(body: &str) -> Reading<'_> {
    match body.split_once('=') {
        Some((name, value)) => Reading::Long(name, Some(value)),
        None => Reading::Long(body, None),
    }
}

/// Whether the letters up to the first that takes a value are shorthands.
fn is_cluster(body: &str, flags: Flags<'_>) -> bool {
    let mut rest = body.chars();
    while let Some(letter) = rest.next() {
        let Some(flag) = flags.short(letter) else { return false };
        if !flag.stands_alone() {
            return true;
        }
        if rest.as_str().len() > 1 && rest.as_str().starts_with('=') {
            return true;
        }
    }
    true
}

/// One use of a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The flag.
    pub name: String,
    /// Its value in the form that clap binds; several, or none, for a list.
    pub values: Vec<String>,
}

/// The flags and words of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The flags, in order.
    pub uses: Vec<Use>,
    /// The other words.
    pub words: Vec<String>,
    /// Warnings about spellings, in order.
    pub warnings: Vec<String>,
    /// Notices of deprecated flags, in order.
    pub notices: Vec<String>,
}

impl Line {
    /// Reads `arguments` up to the first mistake, which is the second part of the answer.
    ///
    /// `experimental` tells whether values that have to be switched on are.
    pub fn read(arguments: &[&str], flags: Flags<'_>, experimental: bool) -> (Self, Result<(), UsageError>) {
        let mut reader = Reader { flags, experimental, rest: arguments.iter(), line: Self::default() };
        let result = reader.read();
        (reader.line, result)
    }

    /// Whether help was asked for.
    pub fn wants_help(&self) -> bool {
        self.last("help") == Some("true")
    }

    /// The value that counts of a flag that is no list.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.uses.iter().rev().find(|one| one.name == name).and_then(|one| one.values.first()).map(String::as_str)
    }
}

struct Reader<'a, 'f> {
    flags: Flags<'f>,
    experimental: bool,
    rest: std::slice::Iter<'a, &'a str>,
    line: Line,
}

impl Reader<'_, '_> {
    fn read(&mut self) -> Result<(), UsageError> {
        while let Some(word) = self.rest.next() {
            let (reading, warning) = read(word, self.flags);
            self.line.warnings.extend(warning);
            match reading {
                Reading::Word(word) => self.line.words.push(word.to_owned()),
                Reading::Dashes => self.line.words.extend(self.rest.by_ref().map(|word| (*word).to_owned())),
                Reading::Long(name, value) => self.long(word, name, value)?,
                Reading::Cluster(letters) => self.cluster(letters)?,
            }
        }
        Ok(())
    }

    fn long(&mut self, word: &str, name: &str, value: Option<&str>) -> Result<(), UsageError> {
        if name.is_empty() || name.starts_with('-') {
            return Err(UsageError::BadSyntax(word.to_owned()));
        }
        let flag = self.flags.long(name).ok_or_else(|| UsageError::UnknownFlag(name.to_owned()))?;
        let value = match value {
            Some(value) => value,
            None if flag.stands_alone() => "true",
            None => self.rest.next().ok_or_else(|| UsageError::NeedsArgument(name.to_owned()))?,
        };
        self.set(flag, value)
    }

    fn cluster(&mut self, letters: &str) -> Result<(), UsageError> {
        let mut rest = letters;
        while let Some(letter) = rest.chars().next() {
            let cluster = rest;
            rest = &rest[letter.len_utf8()..];
            let flag = self.flags.short(letter).ok_or(UsageError::UnknownShorthand(letter))?;
            let value = match rest.strip_prefix('=').filter(|value| !value.is_empty()) {
                Some(value) => Some(value),
                None if flag.stands_alone() => {
                    self.set(flag, "true")?;
                    continue;
                }
                None => Some(rest).filter(|rest| !rest.is_empty()),
            };
            let value = match value {
                Some(value) => value,
                None => self.rest.next().ok_or_else(|| UsageError::ShorthandNeedsArgument { letter, cluster: cluster.to_owned() })?,
            };
            return self.set(flag, value);
        }
        Ok(())
    }

    fn set(&mut self, flag: Flag<'_>, value: &str) -> Result<(), UsageError> {
        let values = flag.kind().canonical(value, self.experimental).map_err(|reason| UsageError::InvalidValue {
            value: value.to_owned(),
            flag: flag.label(),
            reason: Box::new(reason),
        })?;
        self.line.uses.push(Use { name: flag.name().to_owned(), values });
        if let Some(notice) = flag.notice() {
            self.line.notices.push(format!("Flag --{} has been deprecated, {notice}", flag.name()));
        }
        Ok(())
    }
}

/// The words for clap: each flag with its value after `=`, then what is no flag.
///
/// A bool, number, text or mode that was given several times appears once, with its last value.
pub fn for_clap(uses: &[Use], flags: Flags<'_>, words: &[String]) -> Vec<String> {
    let adds_up = |one: &Use| flags.long(&one.name).is_some_and(|flag| Kind::adds_up(flag.kind()));
    let mut out = Vec::with_capacity(uses.len() + words.len() + 1);
    for (index, one) in uses.iter().enumerate() {
        if adds_up(one) || !uses[index + 1..].iter().any(|later| later.name == one.name) {
            out.extend(one.values.iter().map(|value| format!("--{}={value}", one.name)));
        }
    }
    out.push("--".to_owned());
    out.extend_from_slice(words);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::cli::commands::ROOT;

    /// The command, then its line as far as it could be read, then the mistake.
    fn parse(arguments: &[&str]) -> (&'static str, Line, Result<(), String>) {
        let found = find(&ROOT, arguments);
        let command = found.spec.command();
        let (line, result) = Line::read(&found.rest, Flags::of(&command), false);
        (found.spec.path, line, result.map_err(|error| error.to_string()))
    }

    fn error(arguments: &[&str]) -> String {
        parse(arguments).2.unwrap_err()
    }

    #[test]
    fn flags_may_stand_before_the_command() {
        for arguments in [
            &["--timeout", "1s", "sign", "x"][..],
            &["-d", "sign", "x"],
            &["-t5s", "sign", "x"],
            &["-timeout", "5s", "sign", "x"],
            &["--key", "k", "sign", "x"],
            &["-dt", "5s", "sign", "x"],
        ] {
            let (path, line, result) = parse(arguments);
            assert_eq!((path, result), ("sign", Ok(())), "{arguments:?}");
            assert_eq!(line.words, ["x"]);
        }
        assert_eq!(parse(&["--", "sign"]).0, "");
        assert_eq!(parse(&["--help", "sign"]).0, "");
        assert_eq!(parse(&["-version"]).0, "version");
        assert_eq!(find(&ROOT, &["-version"]).warnings.len(), 1);
    }

    #[test]
    fn single_dashes() {
        let (_, line, result) = parse(&["sign", "-key", "-k", "-ry", "-t5s", "-t=6s", "-a=b=c", "x", "--", "-key"]);
        assert_eq!(result, Ok(()));
        assert_eq!(line.last("key"), Some("-k"), "a value is not rewritten");
        assert_eq!((line.last("recursive"), line.last("yes"), line.last("timeout")), (Some("true"), Some("true"), Some("6s")));
        assert_eq!(line.words, ["x", "-key"]);
        assert_eq!(line.warnings.len(), 1);
        let (_, line, _) = parse(&["sign", "--t", "5s", "-yes=false"]);
        assert_eq!((line.last("timeout"), line.last("yes")), (Some("5s"), Some("false")));
        assert_eq!(line.warnings.len(), 2);
        assert_eq!(error(&["sign", "-xyz"]), "unknown flag: --xyz");
        assert_eq!(error(&["sign", "-rx"]), "unknown flag: --rx");
    }

    #[test]
    fn a_warning_holds_no_value() {
        let (_, line, _) = parse(&["sign", "-registry-password=hunter2"]);
        assert!(line.warnings[0].contains("-registry-password") && !line.warnings[0].contains("hunter2"));
    }

    #[test]
    fn errors_come_from_left_to_right() {
        assert_eq!(error(&["sign", "--bogus", "--sk=maybe"]), "unknown flag: --bogus");
        assert_eq!(
            error(&["sign", "--sk=maybe", "--bogus"]),
            "invalid argument \"maybe\" for \"--sk\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"
        );
        assert_eq!(error(&["sign", "-z"]), "unknown shorthand flag: 'z' in -z");
        assert_eq!(error(&["sign", "-t"]), "flag needs an argument: 't' in -t");
        assert_eq!(error(&["sign", "--cert"]), "flag needs an argument: --cert");
        assert_eq!(error(&["sign", "---x"]), "bad flag syntax: ---x");
        assert_eq!(error(&["sign", "--key"]), "flag needs an argument: --key");
    }

    #[test]
    fn notices_use_the_real_name() {
        let (_, line, result) = parse(&["sign", "--output-cert", "c", "--tlog-upload=false", "--cert", "x"]);
        assert_eq!(result, Ok(()));
        assert!(line.notices[0].starts_with("Flag --output-certificate has been deprecated, please"));
        assert_eq!((line.notices.len(), line.last("certificate")), (2, Some("x")));
    }

    #[test]
    fn the_last_value_counts_and_lists_add_up() {
        let command = crate::cli::commands::find_child(&ROOT, "sign").unwrap().command();
        let flags = Flags::of(&command);
        let (line, _) = Line::read(&["--key=a", "-a", "x=1,y=2", "--key", "b", "-a", "z=3", "--slot="], flags, false);
        let words = for_clap(&line.uses, flags, &line.words);
        assert_eq!(words, ["--annotations=x=1", "--annotations=y=2", "--key=b", "--annotations=z=3", "--slot=", "--"]);
    }

    proptest! {
        #[test]
        fn never_panics(words in prop::collection::vec("(-{0,3}[a-zé=]{0,6}|--key|-a|-t|sign|verify|-ry|--|\\PC{0,8})", 0..6)) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let (_, line, result) = parse(&words);
            if result.is_ok() && !words.contains(&"--") {
                prop_assert!(line.words.iter().all(|word| !word.starts_with("--")));
            }
        }
    }
}
