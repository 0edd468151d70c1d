//! `cosign __complete WORDS...`: what the completion scripts of the Go program ask, answered in its form.

use super::argv::{Line, find};
use super::commands::{Action, ROOT, Spec, Words, help, shown};
use super::error::CommandError;
use super::flag_value::parse_bool;
use super::flags::{Flag, Flags};
use crate::ambient::{Env, Ui};

/// What the shell does with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Default,
    NoFiles,
    Extensions,
    Directories,
}

impl Directive {
    fn number(self) -> u8 {
        match self {
            Self::Default => 0,
            Self::NoFiles => 4,
            Self::Extensions => 8,
            Self::Directories => 16,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Default => "ShellCompDirectiveDefault",
            Self::NoFiles => "ShellCompDirectiveNoFileComp",
            Self::Extensions => "ShellCompDirectiveFilterFileExt",
            Self::Directories => "ShellCompDirectiveFilterDirs",
        }
    }
}

/// What may be typed next: a word and what it means.
type Offers = Vec<(String, String)>;

/// Answers: `word<TAB>text` lines, then the directive.
///
/// # Errors
/// stdout cannot be written.
pub fn answer(words: &[&str], descriptions: bool, ui: &dyn Ui, env: &dyn Env) -> Result<(), CommandError> {
    let off = |name| env.var(name).is_some_and(|value| parse_bool(&value) == Ok(false));
    let descriptions = descriptions && !off("COSIGN_COMPLETION_DESCRIPTIONS") && !off("COBRA_COMPLETION_DESCRIPTIONS");
    let (offers, directive) = match words.split_last() {
        Some((unfinished, before)) => complete(before, unfinished),
        None => (Vec::new(), Directive::Default),
    };
    let mut out = String::new();
    for (word, text) in offers {
        out.push_str(&if descriptions && !text.is_empty() { format!("{word}\t{text}\n") } else { format!("{word}\n") });
    }
    out.push_str(&format!(":{}\n", directive.number()));
    ui.result(out.as_bytes())?;
    ui.status(&format!("Completion ended with directive: {}", directive.name()));
    Ok(())
}

fn complete(before: &[&str], unfinished: &str) -> (Offers, Directive) {
    let nothing = (Vec::new(), Directive::Default);
    let found = find(&ROOT, before);
    let spec = found.spec;
    let unknown = spec.path.is_empty() && found.first_word.is_some();
    if unknown || matches!(spec.action, Action::Later) {
        return nothing;
    }
    let command = spec.command();
    let flags = Flags::of(&command);
    let mut rest = found.rest;
    let only_words = rest.contains(&"--");
    if !only_words && let Some((flag, value)) = flag_in_progress(&mut rest, unfinished, flags) {
        return value_offers(spec, flag, value);
    }
    let (line, result) = Line::read(&rest, flags, true);
    if result.is_err() {
        return nothing;
    }
    if line.wants_help() {
        return (Vec::new(), Directive::NoFiles);
    }
    if !only_words && unfinished.starts_with('-') && !unfinished.contains('=') {
        return (flag_offers(flags, &line, unfinished), Directive::NoFiles);
    }
    word_offers(spec, &line, unfinished)
}

/// The flag whose value is being typed: `--flag=val`, or `--flag` as the last finished word.
fn flag_in_progress<'a>(rest: &mut Vec<&str>, unfinished: &'a str, flags: Flags<'a>) -> Option<(Flag<'a>, &'a str)> {
    let named = |word: &str| match word.strip_prefix("--") {
        Some(name) => flags.long(name),
        None => word.strip_prefix('-').filter(|letters| letters.len() == 1).and_then(|letters| flags.short(letters.chars().next()?)),
    };
    if let Some((name, value)) = unfinished.split_once('=').filter(|_| unfinished.starts_with('-')) {
        return named(name).map(|flag| (flag, value));
    }
    let flag = rest.last().and_then(|word| named(word)).filter(|flag| !flag.stands_alone())?;
    rest.pop();
    Some((flag, unfinished))
}

fn value_offers(spec: &Spec, flag: Flag<'_>, value: &str) -> (Offers, Directive) {
    let plain = |words: &[&str]| words.iter().map(|word| ((*word).to_owned(), String::new())).collect::<Offers>();
    if let Some(extensions) = extensions(spec.path, flag.name()) {
        return (plain(extensions), Directive::Extensions);
    }
    match flag.name() {
        "output" if spec.path.contains("verify") => (plain(&starting(&["json", "text"], value)), Directive::NoFiles),
        "type" if spec.path == "attach sbom" => (plain(&starting(&["spdx", "cyclonedx", "syft"], value)), Directive::NoFiles),
        "input-format" => (plain(&starting(&["json", "xml", "text"], value)), Directive::NoFiles),
        "dir" => (Vec::new(), Directive::Directories),
        "annotations" | "max-workers" => (Vec::new(), Directive::NoFiles),
        _ => (Vec::new(), Directive::Default),
    }
}

fn starting<'a>(words: &[&'a str], beginning: &str) -> Vec<&'a str> {
    words.iter().copied().filter(|word| word.starts_with(beginning)).collect()
}

/// The endings of the files that a flag takes.
fn extensions(path: &str, flag: &str) -> Option<&'static [&'static str]> {
    Some(match flag {
        // These take files of any name.
        "signature" | "certificate" | "certificate-chain" | "bundle" if path.starts_with("attach ") => return None,
        "key" if path.contains("verify") => &["pub"],
        "outfile" => &["pub"],
        "key" | "registry-client-key" | "timestamp-client-key" => &["key"],
        "certificate"
        | "certificate-chain"
        | "ca-roots"
        | "ca-intermediates"
        | "output-certificate"
        | "registry-cacert"
        | "registry-client-cert"
        | "timestamp-certificate-chain"
        | "timestamp-client-cacert"
        | "timestamp-client-cert" => &["cert", "crt", "pem"],
        "bundle" => &["sigstore.json", "bundle"],
        "attachment" | "sbom" => &["json", "xml", "spdx"],
        "file" => &["wasm"],
        "signature" | "output-signature" => &["sig"],
        "trusted-root" if path.contains("verify") => &["json"],
        _ => return None,
    })
}

/// Inherited flags come first. A flag that was given and does not add up is not offered again.
fn flag_offers(flags: Flags<'_>, line: &Line, unfinished: &str) -> Offers {
    let mut sorted = flags.sorted();
    sorted.sort_by_key(|flag| !flag.is_inherited());
    let open = |flag: &Flag<'_>| flag.kind().adds_up() || !line.uses.iter().any(|one| one.name == flag.name());
    let mut offers = Vec::new();
    for flag in sorted.into_iter().filter(|flag| !flag.is_hidden()).filter(open) {
        let long = format!("--{}", flag.name());
        let short = flag.letter().map(|letter| format!("-{letter}"));
        offers
            .extend([Some(long), short].into_iter().flatten().filter(|name| name.starts_with(unfinished)).map(|name| (name, flag.help())));
    }
    offers
}

fn word_offers(spec: &'static Spec, line: &Line, unfinished: &str) -> (Offers, Directive) {
    if !line.words.is_empty() && spec.path != help::SPEC.path {
        return (Vec::new(), Directive::Default);
    }
    if let Words::OneOf(words) = spec.words {
        let offers = words.iter().filter(|word| word.starts_with(unfinished)).map(|word| ((*word).to_owned(), String::new()));
        return (offers.collect(), Directive::NoFiles);
    }
    let parent = if spec.path == help::SPEC.path {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        find(&ROOT, &words).spec
    } else {
        spec
    };
    let commands = shown(parent);
    let names_files = commands.is_empty() && spec.path != help::SPEC.path;
    let directive = if names_files { Directive::Default } else { Directive::NoFiles };
    let offers =
        commands.iter().filter(|child| child.name().starts_with(unfinished)).map(|child| (child.name().to_owned(), child.about.to_owned()));
    (offers.collect(), directive)
}
