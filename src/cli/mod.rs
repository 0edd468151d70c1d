//! What a person types and reads: the only floor that knows clap, the terminal and exit codes.

pub mod args;
pub mod commands;
pub mod render;

/// Runs the program.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
