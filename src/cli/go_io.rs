//! System errors in the words that Go programs use for them.

use std::io;

/// The text of a system error without Rust's `(os error N)`, in lower case as in Go.
pub fn go_io_error(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_such_file() {
        let Err(error) = std::fs::read("/nonexistent/cosign") else { panic!("it exists") };
        assert_eq!(go_io_error(&error), "no such file or directory");
    }
}
