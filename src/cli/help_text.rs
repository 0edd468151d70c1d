//! Help: what a command does, its calls, and its flags in groups.

use std::fmt;

use clap::Command;

use super::commands::{ROOT, Spec, shown};
use super::flags::{ADDED, Flag, Flags};
use super::terminal::columns;

/// The headings, in their order on the page.
const HEADINGS: [&str; 7] = ["Flags", "Identity flags", "Service flags", "Registry flags", "Timestamp flags", ADDED, "Global flags"];

/// The help of one command; its `Display` is the text.
pub struct Help {
    spec: &'static Spec,
    command: Command,
    width: usize,
}

/// What `help` says of words that name no command.
pub fn unknown_topic(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", crate::encoding::text::quote(word))).collect();
    let help = Help::of(&ROOT).to_string();
    let usage = help.split_once("\n\n").map_or("", |(_, usage)| usage);
    format!("Unknown help topic [{}]\n{usage}", words.join(" "))
}

impl Help {
    /// The help of `spec`, as wide as the terminal.
    pub fn of(spec: &'static Spec) -> Self {
        Self { spec, command: spec.command(), width: columns() }
    }

    fn usage(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spec { usage, examples, long, about, .. } = self.spec;
        let text = if long.is_empty() { about } else { long };
        for paragraph in text.split('\n') {
            writeln!(f, "{}", wrap(paragraph, self.width, 0))?;
        }
        let commands = !shown(self.spec).is_empty();
        let usage = if commands { "[command]" } else { usage };
        writeln!(f, "\nUsage:\n  {} {usage}", self.spec.full_name())?;
        if examples.is_empty() { Ok(()) } else { writeln!(f, "\nExamples:\n  {}", examples.trim_start()) }
    }

    fn commands(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commands = shown(self.spec);
        if commands.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nCommands:")?;
        let pad = commands.iter().map(|spec| spec.name().len()).max().unwrap_or_default();
        for spec in commands {
            writeln!(f, "  {:pad$}  {}", spec.name(), spec.about)?;
        }
        Ok(())
    }

    /// The groups of visible flags, each sorted by name.
    fn groups(&self) -> Vec<(&'static str, Vec<Flag<'_>>)> {
        let flags = Flags::of(&self.command).sorted();
        HEADINGS
            .into_iter()
            .map(|heading| {
                let members = flags.iter().copied().filter(|flag| !flag.is_hidden() && self.heading(*flag) == heading);
                (heading, members.collect::<Vec<_>>())
            })
            .filter(|(_, flags)| !flags.is_empty())
            .collect()
    }

    /// clap's derive makes a group of each struct, which says where a flag belongs; it stays empty for a struct that flattens
    /// others.
    fn heading(&self, flag: Flag<'_>) -> &'static str {
        if flag.is_added() {
            return ADDED;
        }
        if flag.is_inherited() {
            return "Global flags";
        }
        let group = self.command.get_groups().find(|group| group.get_args().any(|id| id == flag.id()));
        match group.map(|group| group.get_id().as_str()) {
            Some("CertIdentityArgs" | "FulcioArgs" | "OidcArgs") => "Identity flags",
            Some("SigningConfigArgs") => "Service flags",
            Some("RegistryArgs" | "ReferrersModeArgs") => "Registry flags",
            Some("TimestampArgs") => "Timestamp flags",
            _ => "Flags",
        }
    }

    fn flags(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (heading, flags) in self.groups() {
            writeln!(f, "\n{heading}:")?;
            let left: Vec<String> = flags.iter().map(|flag| label(*flag)).collect();
            // A long name has its text on the next line, so that one flag does not push all texts to the right.
            let pad = left.iter().map(String::len).filter(|length| *length <= 32).max().unwrap_or(8) + 2;
            for (label, flag) in left.iter().zip(&flags) {
                let mut text = flag.help();
                if let Some(default) = flag.default().filter(|default| default != "false") {
                    text.push_str(&format!(" (default {default})"));
                }
                let text = wrap(&text, self.width, pad);
                if label.len() + 2 > pad {
                    writeln!(f, "{label}\n{:pad$}{text}", "")?;
                } else {
                    writeln!(f, "{label:pad$}{text}")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.usage(f)?;
        self.commands(f)?;
        self.flags(f)?;
        if shown(self.spec).is_empty() {
            return Ok(());
        }
        writeln!(f, "\nUse \"{} [command] --help\" for more about a command.", self.spec.full_name())
    }
}

fn label(flag: Flag<'_>) -> String {
    let letter = flag.letter().map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    format!("  {letter}--{} {}", flag.name(), flag.kind().name()).trim_end().to_owned()
}

/// Breaks `text` into lines of at most `width` columns, of which the first `indent` are left free from the second on.
fn wrap(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(24);
    let mut out = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let columns = word.chars().count();
        if length > 0 && length + 1 + columns > room {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            length = 0;
        } else if length > 0 {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += columns;
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::commands::find_child;

    #[test]
    fn wraps_at_words() {
        assert_eq!(wrap("aa bb cc", 24, 0), "aa bb cc");
        assert_eq!(wrap(&"word ".repeat(6), 24, 2).lines().count(), 2);
    }

    #[test]
    fn hidden_flags_and_later_commands_are_absent() {
        let sign =
            Help { spec: find_child(&ROOT, "sign").unwrap(), command: find_child(&ROOT, "sign").unwrap().command(), width: 80 }.to_string();
        assert!(sign.contains("  -a, --annotations strings") && sign.contains("Registry flags:\n"));
        assert!(!sign.contains("--tlog-upload "), "a deprecated flag is shown");
        let root = Help { spec: &ROOT, command: ROOT.command(), width: 80 }.to_string();
        assert!(root.contains("\n  verify ") && !root.contains("  piv-tool ") && !root.contains("triangulate"));
    }
}
