//! The flags of the root command, which all commands inherit.

use clap::Args;

use crate::cli::flag_value::GoDuration;

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Show this help
    #[arg(long, short = 'h')]
    pub help: bool,

    /// Write to this file what would go to standard output
    #[arg(long, default_value_t)]
    pub output_file: String,

    /// The time within which the command has to be done
    #[arg(long, short = 't', default_value = "3m0s", value_parser = str::parse::<GoDuration>)]
    pub timeout: GoDuration,

    /// Show the requests to the registry and its answers on standard error
    #[arg(long, short = 'd')]
    pub verbose: bool,
}
