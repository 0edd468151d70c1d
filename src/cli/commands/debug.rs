//! `cosign debug`.

use clap::Args;

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::error::CommandError;
use crate::cli::runtime::block_on;
use crate::http::{Client, ClientOptions, TlsOptions};
use crate::sigstore::oidc::ambient;

/// `debug` in the table of commands.
pub static GROUP: Spec =
    Spec { path: "debug", about: "Show how cosign sees its surroundings", usage: "[command]", hidden: true, ..Spec::DEFAULT };

/// `debug providers` in the table of commands.
pub static PROVIDERS: Spec = Spec {
    path: "debug providers",
    about: "Show which providers of identity tokens are there",
    long: "Names each provider of identity tokens, in the order in which they are asked, and says whether it is there.",
    action: Action::of::<ProvidersArgs>(),
    ..Spec::DEFAULT
};

/// `cosign debug providers [flags]`
#[derive(Debug, Clone, Args)]
pub struct ProvidersArgs {
    /// Ignored, as in cosign.
    words: Vec<String>,
}

impl Runnable for ProvidersArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, async {
            let client = Client::new(&ClientOptions::of(TlsOptions::default(), 1), context)?;
            for (name, is_there) in ambient::sources(&client, context).await {
                context.ui.result(format!("{name}: {is_there}\n").as_bytes())?;
            }
            Ok(())
        })
    }
}
