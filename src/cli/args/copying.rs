//! The flags of `copy`.

use clap::Args;

use super::RegistryArgs;

/// `cosign copy [flags] SOURCE DESTINATION`
#[derive(Debug, Clone, Args)]
pub struct CopyArgs {
    /// The image, and where it goes.
    pub words: Vec<String>,

    /// Copy only these attached things (sig, att, sbom), and do not tag the image
    #[arg(long, value_name = "strings")]
    pub only: Vec<String>,

    /// Copy only signatures: the older spelling of --only=sig
    #[arg(long)]
    pub sig_only: bool,

    /// Overwrite tags at the destination that point to something else
    #[arg(long, short = 'f')]
    pub force: bool,

    /// Copy only the image for this platform (os/arch[/variant]) of a multi-platform image
    #[arg(long, default_value_t)]
    pub platform: String,

    /// Access to the registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
}
