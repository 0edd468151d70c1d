//! The house rules that no compiler checks: which folder of `src/` may import which, which crates and which ambient things stay in which
//! room, and how long a file may be. Textual, so `crate::*` and renaming the crate are banned; `super` is followed as far as it goes.
#![allow(clippy::unwrap_used)]

#[path = "architecture/paths.rs"]
mod paths;

use std::fs;
use std::path::{Path, PathBuf};

use paths::{SourcePath, paths_of, strip, without_tests};

/// The rooms and the floors they are on. A room imports from lower floors only: the table of allowed arrows is this order.
const FLOORS: &[(&str, u8)] = &[
    ("encoding", 0),
    ("secret", 0),
    ("ambient", 1),
    ("crypto", 2),
    ("format", 3),
    ("verify", 4),
    ("policy", 4),
    ("http", 4),
    ("cloud", 5),
    ("keys", 6),
    ("registry", 6),
    ("sigstore", 6),
    ("sign", 7),
    ("entity", 7),
    ("operations", 8),
    ("cli", 9),
];

/// Arrows that point down and are nevertheless not allowed: the engine gets everything as an argument.
const FORBIDDEN_ARROWS: &[(&str, &str)] = &[("verify", "http"), ("format", "ambient"), ("verify", "policy")];

/// Paths that may be named only below the given places. A place is a path under `src/` (a folder, or a file with or without `.rs`).
const HOMES: &[(&[&str], &[&str])] = &[
    (&["aws_lc_rs"], &["crypto", "http/tls"]),
    (&["aws_lc_sys"], &["crypto"]),
    (&["crypto_secretbox"], &["crypto"]),
    (&["der"], &["crypto"]),
    (&["const_oid"], &["crypto"]),
    (&["ecdsa"], &["crypto"]),
    (&["ed25519_dalek"], &["crypto"]),
    (&["p256"], &["crypto"]),
    (&["p384"], &["crypto"]),
    (&["p521"], &["crypto"]),
    (&["pkcs8"], &["crypto"]),
    (&["scrypt"], &["crypto"]),
    (&["sec1"], &["crypto"]),
    (&["sha2"], &["crypto"]),
    (&["spki"], &["crypto"]),
    (&["x509_cert"], &["crypto"]),
    (&["base64"], &["encoding"]),
    (&["rustls"], &["http/tls"]),
    (&["rustls_native_certs"], &["http/tls"]),
    (&["sigstore_tuf"], &["sigstore/tuf"]),
    (&["jiff"], &["sigstore/tuf"]),
    (&["h2"], &["sigstore/oidc/ambient/spiffe"]),
    (&["regorus"], &["policy/rego"]),
    (&["anyhow"], &["policy/rego"]),
    (&["clap"], &["cli"]),
    (&["clap_complete"], &["cli"]),
    (&["indicatif"], &["cli"]),
    (&["signal_hook"], &["cli"]),
    (&["rpassword"], &["cli"]),
    (&["getrandom"], &["cli"]),
    (&["std", "env"], &["cli"]),
    (&["SystemTime", "now"], &["cli"]),
    (&["Instant", "now"], &["ambient", "cli", "http", "registry", "cloud", "sigstore"]),
];

/// Below one of those, and nevertheless constant.
const HARMLESS: &[&[&str]] = &[&["std", "env", "consts"], &["std", "env", "split_paths"]];

/// What the pure floors never name, wherever it is found in a path.
const IMPURE: &[&[&str]] =
    &[&["tokio"], &["reqwest"], &["std", "fs"], &["net", "TcpStream"], &["net", "TcpListener"], &["net", "UdpSocket"], &["std", "process"]];
const PURE_ROOMS: &[&str] = &["encoding", "secret", "crypto", "format", "verify", "policy"];

/// Where something may be printed: the terminal alone.
const PRINTING_MACROS: &[&str] = &["println", "print", "eprintln", "eprint", "dbg"];
const PRINTING_HOMES: &[&str] = &["cli/terminal"];

const LONGEST_FILE: usize = 500;
const MEDIAN_FILE: usize = 150;

#[test]
fn src_keeps_the_rules() {
    let mut broken = Vec::new();
    for (file, text) in sources("src") {
        broken.extend(violations(&file, &text));
    }
    assert!(broken.is_empty(), "the house rules are broken:\n{}", broken.join("\n"));
}

#[test]
fn files_are_short() {
    let mut broken = Vec::new();
    for root in ["src", "tests"] {
        for (file, text) in sources(root) {
            broken.extend(too_long(&format!("{root}/{file}"), &text));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let mut lengths: Vec<usize> = sources("src").iter().map(|(_, text)| text.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN_FILE, "the median file of src/ has {median} lines, more than {MEDIAN_FILE}");
}

#[test]
fn every_folder_of_src_is_in_the_table() {
    for (file, _) in sources("src") {
        let room = room_of(&file);
        assert!(matches!(room, "lib" | "main") || floor(room).is_some(), "src/{file}: {room} has no floor in tests/architecture.rs");
    }
}

/// Every file below `root`, as (path relative to root, text), in order.
fn sources(root: &str) -> Vec<(String, String)> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut folders = vec![base.clone()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.retain(|file| !file.ends_with("src/build.rs")); // runs before the crate is there
    files.sort();
    let name = |path: &Path| path.strip_prefix(&base).unwrap().to_string_lossy().replace('\\', "/");
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn room_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn lies_in(file: &str, places: &[&str]) -> bool {
    let module = file.trim_end_matches(".rs");
    places.iter().any(|place| module == *place || module.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')))
}

/// What `text`, the file at `file` below `src/`, does against the rules.
fn violations(file: &str, text: &str) -> Vec<String> {
    let room = room_of(file);
    let stripped = strip(text);
    let mut broken = Vec::new();
    for path in paths_of(&stripped) {
        broken.extend(broken_arrow(file, room, &path).map(|what| format!("src/{file}:{}: {what}", path.line)));
    }
    let code = without_tests(file, &stripped);
    let paths = paths_of(&code);
    // `use crate::encoding::base64;` gives a crate's name to a module of ours.
    let ours = |path: &SourcePath| paths.iter().any(|import| is_inner(import) && import.segments.last() == path.segments.first());
    for path in paths.iter().filter(|path| !ours(path)) {
        let path: &SourcePath = path;
        broken.extend(broken_home(file, room, path).map(|what| format!("src/{file}:{}: {what}", path.line)));
    }
    for (line, name) in paths::macros_of(&code) {
        if PRINTING_MACROS.contains(&name.as_str()) && !lies_in(file, PRINTING_HOMES) {
            broken.push(format!("src/{file}:{line}: {name}! belongs in cli/terminal.rs"));
        }
    }
    broken
}

fn is_inner(path: &SourcePath) -> bool {
    matches!(path.segments[0].as_str(), "crate" | "super" | "self") && path.segments.len() > 1
}

/// An import of a room that is not below.
fn broken_arrow(file: &str, room: &str, path: &SourcePath) -> Option<String> {
    let target = match target(file, path)? {
        [] => return Some("the crate as a whole may not be imported or renamed".into()),
        [target, ..] => target.as_str(),
    };
    if matches!(target, "*" | "self") {
        return Some(format!("`crate::{target}` is not allowed"));
    }
    if target == room || matches!(room, "lib" | "main") {
        return None;
    }
    let Some((from, to)) = floor(room).zip(floor(target)) else {
        return Some(format!("`crate::{target}` is no room of the house"));
    };
    let forbidden = FORBIDDEN_ARROWS.contains(&(room, target));
    (to >= from || forbidden).then(|| format!("{room}/ may not import {target}/"))
}

/// The path from the crate's root, by `crate::` or by as many `super` as lead there; `None` for any other path.
fn target<'a>(file: &str, path: &'a SourcePath) -> Option<&'a [String]> {
    let segments = path.segments.as_slice();
    if segments[0] == "crate" {
        return Some(&segments[1..]);
    }
    let segments = if segments[0] == "self" { &segments[1..] } else { segments };
    let up = segments.iter().take_while(|segment| *segment == "super").count();
    let named = file.trim_end_matches(".rs").split('/').filter(|name| !matches!(*name, "mod" | "lib" | "main")).count();
    (up > 0 && up >= named + path.inline).then(|| &segments[up..])
}

/// A crate or an ambient thing outside its home.
fn broken_home(file: &str, room: &str, path: &SourcePath) -> Option<String> {
    for (what, homes) in HOMES {
        let harmless = HARMLESS.iter().any(|harmless| path.names(harmless));
        if path.names(what) && !harmless && !lies_in(file, homes) {
            return Some(format!("`{}` is for {} only", what.join("::"), homes.join(", ")));
        }
    }
    let impure = IMPURE.iter().find(|what| path.names(what))?;
    PURE_ROOMS.contains(&room).then(|| format!("{room}/ is pure: no `{}`", impure.join("::")))
}

fn too_long(file: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let reason = text.lines().take_while(|line| line.starts_with("//!")).any(|line| line.contains("one long file because"));
    (lines > LONGEST_FILE && !reason).then(|| format!("{file} has {lines} lines, more than {LONGEST_FILE}"))
}

/// Each rule, seen to fail once, beside something close to it that is allowed.
mod rules {
    use super::{too_long, violations};

    #[track_caller]
    fn refused(file: &str, text: &str, reason: &str) {
        let found = violations(file, text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(reason), "{found:?}");
    }

    #[track_caller]
    fn allowed(file: &str, text: &str) {
        assert_eq!(violations(file, text), Vec::<String>::new());
    }

    #[test]
    fn arrows_point_down() {
        allowed("verify/mod.rs", "use crate::crypto::Digest;");
        refused("crypto/mod.rs", "use crate::format::oci;", "crypto/ may not import format/");
        refused("verify/chain.rs", "fn f() { crate::cli::main(); }", "verify/ may not import cli/");
        refused("encoding/hex.rs", "use crate :: cli :: {main};", "may not import cli/");
        refused("keys/load.rs", "type T = Box<dyn crate::operations::X>;", "may not import operations/");
    }

    #[test]
    fn siblings_are_strangers() {
        refused("keys/load.rs", "use crate::registry::Repository;", "keys/ may not import registry/");
        refused("secret.rs", "use crate::encoding::hex;", "secret/ may not import encoding/");
    }

    #[test]
    fn the_engine_asks_nobody() {
        refused("verify/mod.rs", "use crate::http::Client;", "verify/ may not import http/");
        refused("format/dsse.rs", "use crate::ambient::Clock;", "format/ may not import ambient/");
    }

    #[test]
    fn groups_are_read() {
        allowed("keys/load.rs", "use crate::{crypto::{Signer, digest}, secret};");
        refused("keys/load.rs", "use crate::{crypto::{self, Signer}, sign::content};", "keys/ may not import sign/");
        refused("keys/load.rs", "use crate::{\n crypto,\n cli,\n};", "keys.rs:3".replace("keys.rs", "load.rs").as_str());
        refused("keys/load.rs", "pub(crate) use {crate::cli::main, std::fmt};", "keys/ may not import cli/");
    }

    #[test]
    fn ways_around_are_closed() {
        refused("keys/load.rs", "use super::super::cli;", "keys/ may not import cli/");
        refused("keys/load.rs", "use super::super::{crypto, cli};", "keys/ may not import cli/");
        refused("keys/kms/aws.rs", "use super::super::super::cli;", "keys/ may not import cli/");
        refused("keys/mod.rs", "use super::cli::main;", "keys/ may not import cli/");
        refused("secret.rs", "fn f() { super::cli::main() }", "secret/ may not import cli/");
        refused("keys/load.rs", "mod a { mod b { use super::super::super::super::cli; } }", "keys/ may not import cli/");
        refused("keys/load.rs", "mod a {} use self::super::super::cli;", "keys/ may not import cli/");
        refused("keys/mod.rs", "use super::*;", "`crate::*`");
        refused("keys/mod.rs", "use super as house;", "as a whole");
        refused("keys/load.rs", "use crate::*;", "`crate::*`");
        refused("keys/load.rs", "use crate as house;", "as a whole");
        refused("keys/load.rs", "use crate::{self as house};", "`crate::self`");
        refused("keys/load.rs", "use crate::nowhere::X;", "no room");
        allowed("keys/load.rs", "use super::KeyRef;");
        allowed("keys/kms/aws.rs", "use super::super::KeyRef; use super::super::super::crypto;");
        allowed("keys/load.rs", "fn f() { if x {} } mod a { fn g() { mod b { use super::super::super::KeyRef; } } }");
        allowed("keys/mod.rs", "#[cfg(test)]\nmod tests {\n use super::*;\n}\n");
        allowed("keys/mod.rs", "pub(crate) fn f() {}");
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        allowed("crypto/mod.rs", "//! Used by [`crate::cli`].\n/* crate::cli /* nested */ crate::cli */");
        allowed("crypto/mod.rs", "const A: &str = \"crate::cli \\\" crate::cli\"; const B: &str = r#\"crate::cli \" println!\"#;");
        allowed("crypto/mod.rs", "const A: char = '\"'; fn f<'a>(x: &'a str) {} const B: &[u8] = b\"std::env\";");
        refused("crypto/mod.rs", "const A: char = '\"'; use crate::cli; const B: char = '\"';", "may not import cli/");
    }

    #[test]
    fn crates_stay_at_home() {
        allowed("crypto/digest.rs", "use sha2::Digest as _;");
        refused("registry/digest.rs", "use sha2::{Digest};", "`sha2` is for crypto");
        refused("keys/load.rs", "fn f() { p256::SecretKey::random(); }", "`p256` is for crypto");
        refused("keys/load.rs", "use {std::fmt, x509_cert::Certificate};", "`x509_cert`");
        refused("keys/load.rs", "use scrypt;", "`scrypt`");
        refused("operations/sign_image.rs", "use clap::Args;", "`clap` is for cli");
        refused("registry/auth.rs", "base64::decode(x)", "`base64` is for encoding");
        allowed("http/tls.rs", "use rustls::ClientConfig;");
        allowed("http/tls/roots.rs", "use rustls::ClientConfig;");
        refused("http/mod.rs", "use rustls::ClientConfig;", "`rustls` is for http/tls");
        allowed("keys/load.rs", "use crate::crypto::sha2;");
        allowed("keys/load.rs", "use crate::encoding::{base64, hex}; fn f() { base64::decode(x); }");
        refused("keys/load.rs", "use crate::encoding::hex; fn f() { base64::decode(x); }", "`base64`");
    }

    #[test]
    fn nothing_is_ambient() {
        refused("keys/env.rs", "fn f() { std::env::var(\"X\"); }", "`std::env`");
        refused("keys/env.rs", "use std::{env, fs};", "`std::env`");
        refused("sign/mod.rs", "fn f() { std::time::SystemTime::now(); }", "`SystemTime::now`");
        refused("sign/mod.rs", "fn f() { SystemTime::now(); }", "`SystemTime::now`");
        refused("verify/mod.rs", "fn f() { Instant::now(); }", "`Instant::now`");
        refused("sign/mod.rs", "fn f() { getrandom::fill(&mut x); }", "`getrandom`");
        allowed("cli/terminal.rs", "use std::env;");
        allowed("http/user_agent.rs", "use std::env::consts::{ARCH, OS};");
        allowed("keys/env.rs", "#[cfg(test)]\nmod tests { fn f() { std::env::temp_dir(); } }");
    }

    #[test]
    fn printing_belongs_to_the_terminal() {
        refused("operations/sign_image.rs", "fn f() { println!(\"x\"); }", "println!");
        refused("cli/render/mod.rs", "fn f() { eprintln! (\"x\"); }", "eprintln!");
        refused("keys/load.rs", "fn f() { dbg!(1); }", "dbg!");
        allowed("cli/terminal.rs", "fn f() { println!(\"x\"); }");
        allowed("keys/load.rs", "fn f(print: bool) -> bool { print != true }");
    }

    #[test]
    fn pure_floors_do_no_io() {
        refused("verify/mod.rs", "use std::fs;", "verify/ is pure");
        refused("crypto/mod.rs", "async fn f() { tokio::time::sleep(x).await }", "crypto/ is pure");
        refused("format/mod.rs", "use std::{fmt, net::TcpStream};", "format/ is pure");
        refused("format/mod.rs", "fn f() { std::net::TcpListener::bind(x); }", "format/ is pure");
        allowed("format/mod.rs", "use std::net::{IpAddr, Ipv6Addr};");
        allowed("registry/layout.rs", "use std::fs;");
    }

    #[test]
    fn long_files_need_a_reason() {
        let long = "x\n".repeat(501);
        assert!(too_long("src/a.rs", &long).is_some());
        assert!(too_long("src/a.rs", &"x\n".repeat(500)).is_none());
        assert!(too_long("src/a.rs", &format!("//! A table; one long file because it is one table.\n{long}")).is_none());
    }
}
