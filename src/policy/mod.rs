//! Policies about attestations: what a predicate must say beyond being signed.

pub mod cue;
