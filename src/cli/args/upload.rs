//! The flags of `upload`.

use clap::Args;

use super::RegistryArgs;

/// `cosign upload blob [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct UploadBlobArgs {
    /// Where to.
    pub image: String,

    /// A file to upload, with :os[/architecture[/variant]] behind it where there are several; repeatable
    #[arg(long, short = 'f')]
    pub files: Vec<String>,

    /// The media type of the files, instead of what they look like
    #[arg(long, default_value_t)]
    pub ct: String,

    /// A key=value pair for the manifests; repeatable, or several with commas between
    #[arg(long, short = 'a', value_name = "stringToString")]
    pub annotation: Vec<String>,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign upload wasm [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct UploadWasmArgs {
    /// Where to.
    pub image: String,

    /// The module to upload
    #[arg(long, short = 'f', default_value_t)]
    pub file: String,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}
