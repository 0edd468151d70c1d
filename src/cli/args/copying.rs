//! The flags of `copy`, `save`, `load` and `clean`.

use clap::Args;

use super::RegistryArgs;
use crate::cli::flag_value::clean_kind;
use crate::operations::clean_image::CleanKind;

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

/// `cosign save [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct SaveArgs {
    /// The image.
    pub image: String,

    /// The directory to save into
    #[arg(long, default_value_t)]
    pub dir: String,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign load [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct LoadArgs {
    /// Where the image goes.
    pub image: String,

    /// The directory that an image was saved into
    #[arg(long, default_value_t)]
    pub dir: String,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign clean [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct CleanArgs {
    /// The image.
    pub image: String,

    /// What to remove: signature, attestation, referrer (bundles), sbom or all
    #[arg(long = "type", default_value = "all", value_parser = clean_kind)]
    pub kind: CleanKind,

    /// Remove without asking
    #[arg(long, short = 'f')]
    pub force: bool,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}
