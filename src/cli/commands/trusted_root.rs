//! `cosign trusted-root`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::TrustedRootCreateArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::format::trusted_root::TrustedRoot;
use crate::operations::create_trusted_root::{Distributed, create_trusted_root, distributed};

/// The group in the table of commands.
pub static GROUP: Spec =
    Spec { path: "trusted-root", about: "Make trusted roots: the keys and certificates of services", usage: "[command]", ..Spec::DEFAULT };

/// `trusted-root create` in the table of commands.
pub static CREATE: Spec = Spec {
    path: "trusted-root create",
    about: "Make a trusted root",
    long: "Makes a trusted root of certificate chains and public keys in files, and of that of the public services: what verifying \
        commands take as --trusted-root.",
    usage: "[flags]",
    examples: "\
  # services of one's own
  cosign trusted-root create --fulcio url=https://fulcio.example.com,certificate-chain=fulcio.pem \\
    --ctfe url=https://ctfe.example.com,public-key=ctfe.pub,start-time=2024-01-01T00:00:00Z \\
    --rekor url=https://rekor.example.com,public-key=rekor.pub,start-time=2024-01-01T00:00:00Z,origin=rekor.example.com \\
    --tsa url=https://tsa.example.com,certificate-chain=tsa.pem --out trusted_root.json

  # the public services, and a timestamp authority of one's own instead of theirs
  cosign trusted-root create --with-default-services --no-default-tsa --tsa url=https://tsa.example.com,certificate-chain=tsa.pem",
    deadline: true,
    action: Action::of::<TrustedRootCreateArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for TrustedRootCreateArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let request = resolve::trusted_root::resolve(&self)?;
        let root = match request.distributed {
            wanted if wanted == Distributed::default() => TrustedRoot::default(),
            wanted => block_on(context, async { Ok(distributed(wanted, context).await?) })?,
        };
        super::write_document(&self.out, create_trusted_root(&request, root)?, context)
    }
}
