//! The flags of `verify`.

use std::sync::Arc;

use super::registry::place;
use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::{CertVerifyArgs, CommonVerifyArgs, VerifyArgs};
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::crypto::HashAlgorithm;
use crate::keys::KeyRef;
use crate::keys::load::{self, FetchUrl};
use crate::operations::verify_image::{Bundles, DetachedSignature, Forms, VerifyImages};
use crate::verify::{ClaimsRequirement, KeyTrust, Requirement, SctRequirement, TimeRequirement, TlogRequirement, Trust};
