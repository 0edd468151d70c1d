//! The `--registry-*` flags.

use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::RegistryArgs;
use crate::cli::error::CommandError;
use crate::operations::place::Place;
use crate::registry::{Registries, RegistryOptions};
use crate::secret::{IdToken, Password};

/// The registries as the flags reach them. Files that they name are read now.
///
/// # Errors
/// A file that cannot be loaded, named.
pub fn registries(args: &RegistryArgs, context: &Context) -> Result<Registries, CommandError> {
    let secret = |password: &Password| (!password.expose().is_empty()).then(|| password.clone());
    let options = RegistryOptions {
        insecure_skip_tls_verify: args.allow_insecure_registry,
        insecure_allow_http: args.allow_http_registry || args.allow_insecure_registry,
        ca_certificates: given_path(&args.registry_cacert),
        client_certificate: given_path(&args.registry_client_cert),
        client_key: given_path(&args.registry_client_key),
        server_name: given(&args.registry_server_name).map(str::to_owned),
        username: given(&args.registry_username).map(str::to_owned),
        password: secret(&args.registry_password),
        token: secret(&args.registry_token).map(|token| IdToken::new(String::from_utf8_lossy(token.expose()))),
        k8s_keychain: args.k8s_keychain,
        ..RegistryOptions::default()
    };
    Ok(Registries::new(options, context.clone())?)
}

/// Where signatures lie.
///
/// # Errors
/// `COSIGN_REPOSITORY` is no repository.
pub fn place(args: &RegistryArgs, context: &Context) -> Result<Place, CommandError> {
    Ok(Place::from_env(&*context.env, args.attachment_tag_prefix.clone())?)
}
