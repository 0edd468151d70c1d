//! Credentials of AWS, Google, Azure and Alibaba Cloud, found as their own tools find them; shared by registries and key management.
//!
//! Each provider has a chain of sources. A source that is not configured is passed over; one that is configured and fails is an error.

pub mod alibaba;
pub mod aws;
pub mod azure;
pub mod caller;
pub mod error;
pub mod google;
mod ini;

pub use caller::Caller;
pub use error::CloudError;
