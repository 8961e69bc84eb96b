//! What may be the case in a state, by name: the columns of the matrix.
//!
//! `observed` has what the sensors and polls report, `answered` what commands and operators
//! answer. Each is arranged on top of "all is well", whatever the state. Deliberately absent:
//! sequences of events; the rules and the lab have those.

mod answered;
mod observed;
mod situation;

pub use situation::Situation;

/// Every situation, in the order of the README.
pub fn situations() -> impl Iterator<Item = &'static Situation> {
    observed::OBSERVED.iter().chain(answered::ANSWERED)
}
