//! Hardware keys, and the rule that a key comes from one place.

use clap::Args;

/// A hardware security key.
#[derive(Debug, Clone, Default, Args)]
pub struct SecurityKeyArgs {
    /// Use a hardware security key
    #[arg(long = "sk")]
    pub security_key: bool,

    /// Its slot: authentication, signature (if not given), card-authentication or key-management
    #[arg(long, default_value_t)]
    pub slot: String,
}

/// A key from two places, or from none. The text is cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("exactly one of: key reference (--key), or hardware token (--sk) must be provided")]
pub struct KeyFlagsError;

impl SecurityKeyArgs {
    /// Not both `--key` and `--sk`.
    ///
    /// # Errors
    /// [`KeyFlagsError`].
    pub fn at_most_one_key(&self, key: &str) -> Result<(), KeyFlagsError> {
        if self.security_key && !key.is_empty() { Err(KeyFlagsError) } else { Ok(()) }
    }

    /// Either `--key` or `--sk`.
    ///
    /// # Errors
    /// [`KeyFlagsError`].
    pub fn exactly_one_key(&self, key: &str) -> Result<(), KeyFlagsError> {
        if self.security_key == key.is_empty() { Ok(()) } else { Err(KeyFlagsError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_from_one_place() {
        let sk = |security_key| SecurityKeyArgs { security_key, ..Default::default() };
        assert!(sk(true).exactly_one_key("").is_ok() && sk(false).exactly_one_key("k").is_ok());
        assert!(sk(true).exactly_one_key("k").is_err() && sk(false).exactly_one_key("").is_err());
        assert!(sk(true).at_most_one_key("k").is_err() && sk(false).at_most_one_key("").is_ok());
    }
}
