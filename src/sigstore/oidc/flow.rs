//! Which way a token is got: given, ambient, or by one of the flows with a provider.

use std::path::Path;

use super::claims::{Claims, Jws};
use super::provider::Provider;
use super::{OidcError, ambient, browser, device};
use crate::ambient::{Consent, Context};
use crate::encoding::{PathError, UnixTime};
use crate::http::{Client, ClientOptions, TlsOptions};
use crate::secret::{IdToken, Password};

/// The privacy statement that comes before a person is identified.
pub const PRIVACY_STATEMENT: &str = "
\tThe sigstore service, hosted by sigstore a Series of LF Projects, LLC, is provided pursuant to the Hosted Project Tools Terms of Use, available at https://lfprojects.org/policies/hosted-project-tools-terms-of-use/.
\tNote that if your submission includes personal data associated with this signed artifact, it will be part of an immutable record.
\tThis may include the email address associated with the account with which you authenticate your contractual Agreement.
\tThis information will be used for signing this artifact and will be stored in public transparency logs and cannot be removed later, and is subject to the Immutable Record notice at https://lfprojects.org/policies/hosted-project-tools-immutable-records/.
";
/// What a yes to it means.
pub const PRIVACY_CONFIRMATION: &str = "By typing 'y', you attest that (1) you are not submitting the personal data of any other person; and (2) you understand and agree to the statement and the Agreement terms at the URLs listed above.";

/// How often a provider is asked at most.
const ATTEMPTS: u32 = 4;
/// How far this machine's clock may be ahead, in seconds: Fulcio's own clock is what counts.
const SKEW: i64 = 24 * 60 * 60;
/// No token file is longer.
const LONGEST_TOKEN: u64 = 256 * 1024;

/// How a person, or a service, is identified (`--fulcio-auth-flow`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthFlow {
    /// In a browser on this machine.
    Normal,
    /// In a browser elsewhere, by a code.
    Device,
    /// By a token that is given.
    Token,
    /// As a client with a secret.
    ClientCredentials,
}

impl AuthFlow {
    /// The name of the flow that takes a token at hand, and asks nobody.
    pub const TOKEN: &str = "token";

    /// Reads `--fulcio-auth-flow`; `None` where it is empty.
    ///
    /// # Errors
    /// [`OidcError::UnknownFlow`].
    pub fn parse(text: &str) -> Result<Option<Self>, OidcError> {
        match text {
            "" => Ok(None),
            "normal" => Ok(Some(Self::Normal)),
            "device" => Ok(Some(Self::Device)),
            Self::TOKEN => Ok(Some(Self::Token)),
            "client_credentials" => Ok(Some(Self::ClientCredentials)),
            other => Err(OidcError::UnknownFlow(other.to_owned())),
        }
    }
}

/// How a token is to be got.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// `--identity-token`: a token, or the path of a file that holds one.
    pub given: Option<IdToken>,
    /// Do not look at the surroundings.
    pub disable_ambient: bool,
    /// Look at this ambient provider only.
    pub provider: Option<String>,
    /// The flow as it was named (`--fulcio-auth-flow`); empty decides by whether a person is there. Read only where it is needed.
    pub flow: String,
    /// The OpenID issuer; `None` where none is known.
    pub issuer: Option<String>,
    /// What this program is called at the issuer.
    pub client_id: String,
    /// Its secret there.
    pub client_secret: Option<Password>,
    /// Where the browser is sent back to; `None` for a free port of this machine.
    pub redirect_url: Option<String>,
    /// Questions are answered with yes.
    pub consented: bool,
}

/// Gets a token.
///
/// # Errors
/// [`OidcError`].
pub async fn token(request: &TokenRequest, context: &Context) -> Result<IdToken, OidcError> {
    if let Some(given) = &request.given {
        let token = given_token(given)?;
        refuse_expired(&token, "--identity-token", context)?;
        return Ok(token);
    }
    let client = Client::new(&ClientOptions::of(TlsOptions::default(), ATTEMPTS), context)?;
    if !request.disable_ambient
        && let Some(token) = ambient::token(request.provider.as_deref(), &client, context).await?
    {
        return Ok(token);
    }
    let flow = match AuthFlow::parse(&request.flow)? {
        Some(AuthFlow::Token) => return Err(OidcError::NoneGiven),
        Some(flow) => flow,
        None if !context.ui.is_interactive() => {
            context.ui.status("Non-interactive mode detected, using device flow.");
            AuthFlow::Device
        }
        None => {
            consent(request.consented, context)?;
            AuthFlow::Normal
        }
    };
    let issuer = request.issuer.as_deref().ok_or(OidcError::NoIssuer)?;
    let provider = Provider::discover(issuer, &client).await?;
    match flow {
        AuthFlow::Normal => browser::token(request, &provider, context).await,
        AuthFlow::Device => device::token(request, &provider, context).await,
        AuthFlow::ClientCredentials => provider.client_credentials(request, context).await,
        AuthFlow::Token => Err(OidcError::NoneGiven),
    }
}

fn consent(consented: bool, context: &Context) -> Result<(), OidcError> {
    context.ui.status(PRIVACY_STATEMENT);
    context.ui.status(PRIVACY_CONFIRMATION);
    if consented {
        return Ok(());
    }
    context.ui.confirm(&Consent { warning: None, flag: Some("--yes") }).map_err(OidcError::Consent)
}

/// A value of any algorithm, or a file; what surrounds a token in a file is no part of it.
fn given_token(given: &IdToken) -> Result<IdToken, OidcError> {
    if Jws::parse(given.expose().trim()).is_ok() {
        return Ok(IdToken::new(given.expose().trim()));
    }
    let path = Path::new(given.expose());
    // What cannot be a path may be a token with a slip in it: never shown.
    if given.expose().len() > 4096 || given.expose().matches('.').count() == 2 && !path.exists() {
        return Err(OidcError::NoToken);
    }
    read_token(path).map_err(OidcError::File)
}

/// Fulcio has one sentence for all that is wrong with a token. One that somebody kept too long is said here, before anybody is asked; what was
/// issued a moment ago is not judged by this machine's clock.
pub(super) fn refuse_expired(token: &IdToken, given_with: &'static str, context: &Context) -> Result<(), OidcError> {
    let now = UnixTime::from(context.clock.now());
    // What is no token at all, Fulcio's client says better.
    let expired = Claims::of(token).ok().and_then(|claims| claims.expires()).filter(|at| at.0.saturating_add(SKEW) <= now.0);
    expired.map_or(Ok(()), |at| Err(OidcError::Expired { given_with, at, now }))
}

/// A token that a file holds.
pub(super) fn read_token(path: &Path) -> Result<IdToken, PathError> {
    use std::io::Read;
    let mut text = zeroize::Zeroizing::new(String::new());
    let file = std::fs::File::open(path).map_err(PathError::of("open", path))?;
    file.take(LONGEST_TOKEN).read_to_string(&mut text).map_err(PathError::of("read", path))?;
    Ok(IdToken::new(text.trim()))
}
