//! Timestamp authorities (RFC 3161 over HTTP): asks for a time stamp over a signature.

use std::time::Duration;

use super::service::{ANSWER_LIMIT, Service, ServiceError};
use crate::ambient::Rng;
use crate::crypto::Digest;
use crate::crypto::timestamp::{self, Expected, TimestampError};
use crate::format::trusted_root::TrustedRoot;
use crate::http::{Client, Method, Request, StatusCode};

const LIMIT: Duration = Duration::from_secs(30);

/// A timestamp authority.
pub struct TimestampService {
    service: Service,
}

/// Why there is no time stamp.
#[derive(Debug, thiserror::Error)]
pub enum TimestampServiceError {
    /// The exchange.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// There is no randomness for a nonce.
    #[error("timestamp authority: {0}")]
    Random(#[from] std::io::Error),
    /// What it answered is no answer to what was asked.
    #[error("timestamp authority {url}: its answer does not verify: {reason}")]
    Wrong {
        /// Which one.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// What it answered does not hold under any trusted authority.
    #[error("timestamp authority {url}: its answer does not verify: {reason}; is this authority in the trusted root?")]
    Refused {
        /// Which one.
        url: String,
        /// What is wrong.
        reason: String,
    },
}

impl TimestampService {
    /// The authority at `url`, exactly as it is configured.
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(url: &str, client: &Client) -> Result<Self, TimestampServiceError> {
        Ok(Self { service: Service::new("timestamp authority", url, client, LIMIT)? })
    }

    /// Asks for a time stamp over `signature`. Imprint and nonce of the answer are checked always, its chain with trusted material; the response
    /// is what is stored.
    ///
    /// # Errors
    /// [`TimestampServiceError`].
    pub async fn timestamp(
        &self,
        signature: &[u8],
        trusted: Option<&TrustedRoot>,
        rng: &dyn Rng,
    ) -> Result<Vec<u8>, TimestampServiceError> {
        let mut nonce = [0_u8; 16];
        rng.fill(&mut nonce)?;
        // Never empty, never with a zero in front: every authority sends the same digits back.
        nonce[0] |= 1;
        nonce[0] &= 0x7f;
        let query = timestamp::request(&Digest::sha256(signature), &nonce);
        let request = Request::new(Method::POST, self.service.url(), ANSWER_LIMIT).body("application/timestamp-query", query);
        let response = self.service.send(request).await?;
        if !matches!(response.status.as_u16(), 200 | 201) {
            return Err(self.service.refused(&response, advice(response.status)).into());
        }
        match trusted {
            Some(trusted) => self.check(&response.body, signature, &nonce, trusted)?,
            None => {
                let held = timestamp::verify_unanchored(&response.body, signature, Expected { nonce: Some(&nonce) });
                held.map_err(|error| self.refused(&error))?;
            }
        }
        Ok(response.body)
    }

    fn refused(&self, reason: &TimestampError) -> TimestampServiceError {
        TimestampServiceError::Wrong { url: self.service.url().to_string(), reason: reason.to_string() }
    }

    fn check(&self, response: &[u8], signature: &[u8], nonce: &[u8], trusted: &TrustedRoot) -> Result<(), TimestampServiceError> {
        let expected = Expected { nonce: Some(nonce) };
        let mut first: Option<TimestampError> = None;
        for named in &trusted.timestamp_authorities {
            match timestamp::verify_expected(response, signature, &named.authority, expected) {
                Ok(_) => return Ok(()),
                // What is wrong with the answer itself says more than which authority it is not of.
                Err(error) if is_about_answer(&error) => return Err(self.refused(&error)),
                Err(error) if first.is_none() => first = Some(error),
                Err(_) => {}
            }
        }
        let reason = first.map_or_else(|| "no timestamp authority is trusted".to_owned(), |error| error.to_string());
        Err(TimestampServiceError::Refused { url: self.service.url().to_string(), reason })
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            " (the URL is taken as it is: does it lead to the authority itself, as …/api/v1/timestamp?)"
        }
        _ => "",
    }
}

fn is_about_answer(error: &TimestampError) -> bool {
    matches!(error, TimestampError::Nonce | TimestampError::ImprintMismatch | TimestampError::NotGranted { .. })
}

#[cfg(test)]
mod tests;
