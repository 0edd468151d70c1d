//! `cosign version`.

use std::fmt::Write;

use clap::Args;

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::error::CommandError;

/// `version` in the table of commands.
pub static SPEC: Spec = Spec { path: "version", about: "Show the version", action: Action::of::<VersionArgs>(), ..Spec::DEFAULT };

/// `cosign version [flags]`
#[derive(Debug, Clone, Args)]
pub struct VersionArgs {
    /// Ignored, as in cosign.
    words: Vec<String>,

    /// Show it as JSON
    #[arg(long)]
    json: bool,
}

const ART: &str = r"  ______   ______        _______. __    _______ .__   __.
 /      | /  __  \      /       ||  |  /  _____||  \ |  |
|  ,----'|  |  |  |    |   (----`|  | |  |  __  |   \|  |
|  |     |  |  |  |     \   \    |  | |  | |_ | |  . `  |
|  `----.|  `--'  | .----)   |   |  | |  |__| | |  |\   |
 \______| \______/  |_______/    |__|  \______| |__| \__|
cosign: A tool for Container Signing, Verification and Storage in an OCI registry
";

/// The fields, with their names in the text and in JSON.
fn fields() -> [(&'static str, &'static str, String); 7] {
    let or_unknown = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    [
        ("GitVersion", "gitVersion", format!("v{}", env!("CARGO_PKG_VERSION"))),
        ("GitCommit", "gitCommit", or_unknown(option_env!("COSIGN_BUILD_COMMIT"))),
        ("GitTreeState", "gitTreeState", or_unknown(option_env!("COSIGN_BUILD_TREE_STATE"))),
        ("BuildDate", "buildDate", or_unknown(option_env!("COSIGN_BUILD_DATE"))),
        ("GoVersion", "goVersion", or_unknown(option_env!("COSIGN_BUILD_RUSTC"))),
        ("Compiler", "compiler", "rustc".to_owned()),
        ("Platform", "platform", format!("{}/{}", go_os(), go_arch())),
    ]
}

/// The operating system as Go names it.
fn go_os() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }
}

/// The processor as Go names it.
fn go_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        other => other,
    }
}

fn text() -> String {
    let mut out = format!("{ART}\n");
    for (name, _, value) in fields() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:<15}{value}", format!("{name}:"));
    }
    out.push('\n');
    out
}

fn json() -> String {
    let members: Vec<String> =
        fields().iter().map(|(_, name, value)| format!("  \"{name}\": {}", serde_json::Value::from(value.as_str()))).collect();
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

impl Runnable for VersionArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let out = if self.json { json() } else { text() };
        Ok(context.ui.result(out.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_version_is_the_release_that_is_met() {
        let value: serde_json::Value = serde_json::from_str(&json()).unwrap();
        assert_eq!(value["gitVersion"], "v3.1.3");
        assert_eq!(value.as_object().unwrap().len(), 7);
        assert!(text().contains("\nGitVersion:    v3.1.3\n"));
    }
}
