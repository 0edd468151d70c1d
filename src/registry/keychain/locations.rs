//! Where the configuration lies.

use std::path::PathBuf;

use crate::ambient::Env;

/// The directory of the Docker config: `$DOCKER_CONFIG`, else `~/.docker`; `None` without a home.
pub fn docker_directory(env: &dyn Env) -> Option<PathBuf> {
    env.path("DOCKER_CONFIG").or_else(|| Some(home(env)?.join(".docker")))
}

/// The file to read; `None` where there is none. As in go-containerregistry the Docker config counts as found when either of its places has
/// one, and is then read from `$DOCKER_CONFIG` where that is set.
pub fn config_file(env: &dyn Env) -> Option<PathBuf> {
    let at_home = home(env).map(|home| home.join(".docker").join("config.json")).filter(|path| path.is_file());
    let named = env.path("DOCKER_CONFIG").map(|directory| directory.join("config.json"));
    let docker = match (named, at_home) {
        (Some(named), _) if named.is_file() => Some(named),
        // A named directory without a config hides the one at home, and with it podman's files.
        (Some(_), Some(_)) => return None,
        (_, at_home) => at_home,
    };
    let podman =
        || env.path("XDG_RUNTIME_DIR").map(|directory| directory.join("containers").join("auth.json")).filter(|path| path.is_file());
    docker.or_else(|| env.path("REGISTRY_AUTH_FILE").filter(|path| path.is_file())).or_else(podman)
}

fn home(env: &dyn Env) -> Option<PathBuf> {
    env.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}
