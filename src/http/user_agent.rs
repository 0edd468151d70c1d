//! What this program calls itself.

/// `cosign/v3.1.3 (linux; amd64)`, with Go's names of systems and processors, as the Go program says it.
pub fn user_agent() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    };
    format!("cosign/v{} ({os}; {architecture})", env!("CARGO_PKG_VERSION"))
}
