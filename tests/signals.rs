//! Signals that end the program: nothing temporary is left, and the shell sees an end by a signal.

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::support::http_server::Delivery;
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

/// All files under a directory of the sandbox.
fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Whether this process ignores the signal, and its children with it: so under `nohup`, and in the background of a script.
fn is_ignored(number: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

#[test]
fn nothing_temporary_is_left() {
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        if is_ignored(number) {
            continue;
        }
        let registry = TestRegistry::start(Behaviour::without_referrers());
        let sandbox = Sandbox::new();
        // Reading the tag under its lock never ends.
        registry.inject(Fault::on("GET", ".sig", Effect::Deliver(Delivery::Stalled)));
        let running = sandbox.sign(&[OLD_FORM, &registry.image("v1")]).start();
        while registry.count("GET", ".sig") == 0 {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(files(&sandbox.path("tmp")).len(), 1, "the lock");
        let killed = Command::new("kill").args([format!("-{signal}"), running.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let outcome = running.wait();
        assert_eq!(outcome.code, -1, "an end by a signal: {outcome}");
        assert_eq!(files(&sandbox.path("tmp")), Vec::<std::path::PathBuf>::new(), "{signal}");
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    registry.inject(Fault::on("GET", ".sig", Effect::drip(1, Duration::from_millis(20))).times(1));
    let call = sandbox.sign(&[OLD_FORM, &registry.image("v1")]);
    let command = call.command();
    let program = command.get_program().to_owned();
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    // As `nohup` does it, and a shell for its jobs in the background.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP INT; exec \"$@\"", "sh"]).arg(program).args(arguments).current_dir(sandbox.path("."));
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))));
    let mut child = shell.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while registry.count("GET", ".sig") == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    for signal in ["-HUP", "-INT"] {
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    }
    assert!(child.wait().unwrap().success());
}
