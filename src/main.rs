//! The `cosign` program.

fn main() -> std::process::ExitCode {
    cosign::cli::main()
}
