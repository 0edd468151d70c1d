//! Questions that want a yes.

use super::{Terminal, input};
use crate::ambient::{Consent, PromptError};

/// Asks once. An end of input is a no.
pub fn ask(terminal: &Terminal, consent: &Consent<'_>) -> Result<(), PromptError> {
    if let Some(warning) = consent.warning {
        terminal.say(&format!("WARNING: {warning}\n"));
    }
    terminal.say("Are you sure you would like to continue? [y/N] ");
    let (answer, ended) = if terminal.state().stdin_holds.is_some() { (String::new(), true) } else { input::line()? };
    if ended {
        // The cursor stands behind the question.
        let advice = consent.flag.map(|flag| format!("no answer on standard input; {flag} answers yes\n"));
        terminal.say(&format!("\n{}", advice.unwrap_or_default()));
    }
    match answer.as_str() {
        "y" | "Y" => Ok(()),
        "" | "n" | "N" => Err(PromptError::Declined),
        _ => Err(PromptError::Invalid(answer)),
    }
}
