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
    judge(answer)
}

/// There is no second try.
fn judge(answer: String) -> Result<(), PromptError> {
    match answer.as_str() {
        "y" | "Y" => Ok(()),
        "" | "n" | "N" => Err(PromptError::Declined),
        _ => Err(PromptError::Invalid(answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_y_is_a_yes() {
        let text = |answer: &str| judge(answer.to_owned()).map_err(|error| error.to_string());
        assert!(text("y").is_ok() && text("Y").is_ok());
        for no in ["", "n", "N"] {
            assert_eq!(text(no), Err("user declined the prompt".to_owned()));
        }
        assert_eq!(text("yes"), Err("invalid input \"yes\" (allowed values y, n)".to_owned()));
    }
}
