//! Secrets, from the prompt to their use: zeroized when dropped, never printed by `Debug`.
//!
//! `expose()` is the only way out and is meant to be found by a search for it.

use std::fmt;

use zeroize::Zeroizing;

/// A password, as bytes: what a terminal, a pipe or `COSIGN_PASSWORD` gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

/// An OIDC identity token (a JWT).
#[derive(Clone, PartialEq, Eq)]
pub struct IdToken(Zeroizing<String>);

/// Private key material in PEM, encrypted or not.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKeyPem(Zeroizing<Vec<u8>>);

macro_rules! secret {
    ($name:ident, $owned:ty, $borrowed:ty) => {
        impl $name {
            /// Takes the secret over.
            pub fn new(value: impl Into<$owned>) -> Self {
                Self(Zeroizing::new(value.into()))
            }

            /// The secret itself. Do not log, format or store what this returns.
            pub fn expose(&self) -> &$borrowed {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(<redacted>)"))
            }
        }
    };
}

secret!(Password, Vec<u8>, [u8]);
secret!(IdToken, String, str);
secret!(PrivateKeyPem, Vec<u8>, [u8]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Password::new(*b"hunter2")), "Password(<redacted>)");
        assert_eq!(format!("{:?}", IdToken::new("eyJ")), "IdToken(<redacted>)");
    }
}
