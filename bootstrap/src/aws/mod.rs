//! How AWS is called, and how a failed call is classified.
//!
//! Deliberately absent: what is asked; `observe` and `apply` do that.

#[cfg(feature = "aws")]
pub mod call;
#[cfg(feature = "aws")]
pub mod clients;
pub mod error;
