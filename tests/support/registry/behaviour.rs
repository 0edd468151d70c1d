//! How a test registry behaves: a specification-complete open registry unless told otherwise.

use std::time::Duration;

/// Every way in which registries differ.
#[derive(Clone)]
pub struct Behaviour {
    /// The status of the referrers API; 200 has one, 404, 400, 406 have none.
    pub referrers: u16,
    /// Whether a PUT of a manifest with a subject is answered with `OCI-Subject`.
    pub acknowledges_subject: bool,
    pub authentication: Authentication,
    /// Whether `POST …/uploads/?digest=` with a body stores the blob (201), or only starts an upload (202).
    pub single_post: bool,
    /// Whether 201 answers carry `Location`.
    pub names_location: bool,
    /// Whether DELETE takes a tag; else 400.
    pub deletes_tags: bool,
    /// Whether `?mount=` mounts (201); else it starts an upload (202).
    pub mounts: bool,
    /// 403 instead of 404 for a manifest that is not there, as Artifactory answers.
    pub hides_absence: bool,
    /// Referrers a page, more by `Link`.
    pub page_size: Option<usize>,
    /// Before each answer.
    pub latency: Duration,
    /// With the certificate of `testdata/pki`.
    pub tls: bool,
    /// Under which host it names its token service; its address where nobody says.
    pub public_name: Option<&'static str>,
    /// Who may sign in.
    pub user: &'static str,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            referrers: 200,
            acknowledges_subject: true,
            authentication: Authentication::Open,
            single_post: true,
            names_location: true,
            deletes_tags: true,
            mounts: true,
            hides_absence: false,
            page_size: None,
            latency: Duration::ZERO,
            tls: false,
            public_name: None,
            user: USER,
        }
    }
}

impl Behaviour {
    /// A registry without the referrers API, which takes blobs by one POST.
    pub fn without_referrers() -> Self {
        Self { referrers: 404, acknowledges_subject: false, ..Self::default() }
    }

    /// A registry that behaves as Debian's docker-registry 2.8.2.
    pub fn distribution() -> Self {
        Self { single_post: false, deletes_tags: false, ..Self::without_referrers() }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// Who may do what.
#[derive(Clone, Copy, PartialEq)]
pub enum Authentication {
    Open,
    /// [`USER`] and [`PASSWORD`] with each request.
    Basic,
    /// Tokens from the registry's own `/token`, for [`USER`] and [`PASSWORD`].
    Bearer,
    /// As `Bearer`, and everyone gets a token to pull.
    BearerAnonymousPull,
}

pub const USER: &str = "alice";
pub const PASSWORD: &str = "correct-horse-battery";
/// What every token begins with, to look for in traces.
pub const TOKEN_MARK: &str = "TESTTOKEN";
