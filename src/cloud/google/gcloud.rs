//! The account that `gcloud` is logged in with.

use std::process::{Command, Stdio};

use serde::Deserialize;

use super::TokenAnswer;
use crate::cloud::caller::ANSWER_LIMIT;
use crate::cloud::{Caller, CloudError};
use crate::secret::IdToken;

#[derive(Deserialize)]
struct Helper {
    credential: TokenAnswer,
}

/// Asks `gcloud`; `None` where it is not installed.
///
/// # Errors
/// It fails, or answers nonsense.
pub async fn access_token(caller: &Caller) -> Result<Option<IdToken>, CloudError> {
    let failed = |reason: String| CloudError::Program { program: "gcloud config config-helper".to_owned(), reason };
    let mut command = Command::new("gcloud");
    command.args(["config", "config-helper", "--force-auth-refresh", "--format=json(credential)"]);
    command.env_clear().envs(caller.context().env.vars()).stdin(Stdio::null()).stderr(Stdio::inherit());
    let ran = tokio::task::spawn_blocking(move || command.output()).await.map_err(|error| failed(error.to_string()))?;
    let output = match ran {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    if !output.status.success() || output.stdout.len() as u64 > ANSWER_LIMIT {
        return Err(failed(format!("it failed ({})", output.status)));
    }
    let helper: Helper = serde_json::from_slice(&output.stdout).map_err(|_| failed("its answer is no JSON of a credential".to_owned()))?;
    Ok(Some(helper.credential.token(caller)))
}
