//! `cosign public-key`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::PublicKeyArgs;
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::cli::resolve::given_path;
use crate::cli::runtime::block_on;
use crate::keys::KeyRef;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::public_key::{ShowPublicKey, show_public_key};

/// `public-key` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "public-key",
    about: "Show the public key of a private key",
    long: "Prints the public key of a private key in PEM, or writes it to a file.",
    examples: "\
  # to standard output
  cosign public-key --key cosign.key

  # to a file
  cosign public-key --key env://SIGNING_KEY --outfile cosign.pub",
    env: true,
    action: Action::of::<PublicKeyArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for PublicKeyArgs {
    fn check_early(&self) -> Result<(), CommandError> {
        Ok(self.security_key.exactly_one_key(&self.key)?)
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: PublicKeyArgs, context: &Context) -> Result<(), CommandError> {
    if args.security_key.security_key {
        return Err(NotSupportedYet("cosign public-key --sk".to_owned()).into());
    }
    let request = ShowPublicKey { key: KeyRef::parse(&args.key), outfile: given_path(&args.outfile) };
    Ok(show_public_key(&request, context, &HttpFetch::new(context)).await?)
}
