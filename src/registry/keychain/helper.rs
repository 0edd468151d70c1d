//! Credential helpers: programs named `docker-credential-NAME` that speak Docker's protocol over their standard streams.

use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::config::Credential;
use crate::ambient::Env;
use crate::encoding::text;
use crate::registry::RegistryError;
use crate::secret::{IdToken, Password};

/// The most bytes that a helper may print.
const OUTPUT_LIMIT: u64 = 1 << 20;
/// What helpers say when they know nothing of a server.
const NOT_FOUND: [&str; 3] = ["credentials not found in native keychain", "no credentials server URL", "no credentials username"];
/// The user name that marks an identity token.
const TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(rename = "ServerURL")]
    server_url: &'a str,
    username: &'a str,
    secret: &'a str,
}

/// Asks a helper for a server's credential; an empty one where it has none.
///
/// # Errors
/// [`RegistryError::Helper`], naming the program: missing, failing, or answering nonsense.
pub fn get(helper: &str, server: &str, env: &dyn Env) -> Result<Credential, RegistryError> {
    let program = format!("docker-credential-{helper}");
    let output = match run(&program, "get", server.as_bytes(), env)? {
        Ran { status, output } if status.success() => output,
        ran => {
            let said = String::from_utf8_lossy(&ran.output);
            if NOT_FOUND.iter().any(|known| said.trim().ends_with(known)) {
                return Ok(Credential::default());
            }
            return Err(failed(&program, ran.failure()));
        }
    };
    let mut answer: Answer =
        serde_json::from_slice(&output).map_err(|_| failed(&program, "its answer is no JSON of a credential".to_owned()))?;
    let secret = Zeroizing::new(std::mem::take(&mut answer.secret));
    if answer.username == TOKEN_USER {
        return Ok(Credential { identity_token: Some(IdToken::new(secret.as_str())), ..Credential::default() });
    }
    if answer.username.is_empty() && secret.is_empty() {
        return Ok(Credential::default());
    }
    Ok(Credential::basic(answer.username, Password::new(secret.as_bytes())))
}

/// Stores a credential with a helper.
///
/// # Errors
/// [`RegistryError::Helper`], naming the program.
pub fn store(helper: &str, server: &str, username: &str, password: &Password, env: &dyn Env) -> Result<(), RegistryError> {
    let program = format!("docker-credential-{helper}");
    let secret = std::str::from_utf8(password.expose()).map_err(|_| failed(&program, "the password is no UTF-8".to_owned()))?;
    let entry = serde_json::to_vec(&Entry { server_url: server, username, secret }).map_err(|error| failed(&program, error.to_string()))?;
    match run(&program, "store", &Zeroizing::new(entry), env)? {
        ran if ran.status.success() => Ok(()),
        ran => Err(failed(&program, ran.failure())),
    }
}

/// A helper that ran to its end.
struct Ran {
    status: ExitStatus,
    output: Zeroizing<Vec<u8>>,
}

impl Ran {
    /// Why it failed, as it said itself on standard output: Docker's protocol has no other place.
    fn failure(&self) -> String {
        match String::from_utf8_lossy(&self.output).trim() {
            "" => format!("it ended with {} and said nothing", self.status),
            said => format!("it failed and said: {}", text::quote(said)),
        }
    }
}

fn run(program: &str, action: &str, input: &[u8], env: &dyn Env) -> Result<Ran, RegistryError> {
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => failed(program, "executable file not found in $PATH".to_owned()),
        _ => failed(program, error.to_string()),
    };
    let mut command = Command::new(program);
    command.arg(action).env_clear().envs(env.vars()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(io)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper may end without reading; its status tells.
        let _ = stdin.write_all(input);
    }
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        stdout.take(OUTPUT_LIMIT).read_to_end(&mut output).map_err(io)?;
    }
    let status = child.wait().map_err(io)?;
    Ok(Ran { status, output })
}

fn failed(program: &str, reason: String) -> RegistryError {
    RegistryError::Helper { program: text::quote(program), reason }
}
