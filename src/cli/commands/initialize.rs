//! `cosign initialize`.

use serde::Serialize as _;

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::{Given, InitializeArgs};
use crate::cli::error::CommandError;
use crate::cli::resolve::file_or_url;
use crate::cli::runtime::block_on;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::initialize::{Initialize, initialize};
use crate::sigstore::tuf::STAGING_MIRROR;
use crate::sigstore::tuf::initialize::RootStatus;

/// `initialize` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "initialize",
    about: "Fetch the keys and addresses of a Sigstore instance",
    long: "Fetches whom to trust (trusted_root.json) and which services sign (signing_config) from a TUF repository, verified from its root \
        on, and keeps them in ~/.sigstore/root (or TUF_ROOT). Without flags that is the public instance, whose root is built in. The old \
        cache is replaced once all of the new one is there.",
    usage: "[flags]",
    examples: "\
  # the public instance
  cosign initialize

  # the staging instance
  cosign initialize --staging

  # an instance of one's own
  cosign initialize --mirror https://tuf.example.com --root root.json

  # the same, with a root from a URL whose checksum is known
  cosign initialize --mirror https://tuf.example.com --root https://tuf.example.com/1.root.json --root-checksum SHA256",
    env: true,
    deadline: true,
    action: Action::of::<InitializeArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for InitializeArgs {
    fn note_given(&mut self, given: Given) {
        self.given = given;
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: InitializeArgs, context: &Context) -> Result<(), CommandError> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if args.staging {
        let request = Initialize { mirror: Some(STAGING_MIRROR.to_owned()), root: None, root_checksum: None };
        return done(initialize(&request, context).await?, context);
    }
    let is_url = args.root.starts_with("http://") || args.root.starts_with("https://");
    if is_url && args.root_checksum.is_empty() {
        context.ui.warn(
            "Fetching initial root from URL without providing its checksum is deprecated and will be disallowed in a future Cosign release. Please provide the initial root checksum via the --root-checksum argument.",
        );
    }
    let root = match args.root.as_str() {
        "" => None,
        named => Some((named.to_owned(), file_or_url(named, &HttpFetch::new(context), context).await?)),
    };
    let request = Initialize { mirror: given(&args.mirror), root, root_checksum: given(&args.root_checksum) };
    done(initialize(&request, context).await?, context)
}

/// As in cosign nothing is said, but of repositories whose keys are targets of their own.
fn done(status: Option<RootStatus>, context: &Context) -> Result<(), CommandError> {
    let Some(status) = status else { return Ok(()) };
    let mut text = b"Root status: \n ".to_vec();
    text.extend(to_json_with_tabs(&status)?);
    text.push(b'\n');
    Ok(context.ui.result(&text)?)
}

fn to_json_with_tabs(status: &RootStatus) -> Result<Vec<u8>, std::io::Error> {
    let mut json = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    status.serialize(&mut serde_json::Serializer::with_formatter(&mut json, formatter)).map_err(std::io::Error::from)?;
    Ok(json)
}
