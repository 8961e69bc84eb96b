//! How AWS is called, and how a failed call is classified.
//!
//! Deliberately absent: what is asked; `observe` and `apply` do that.

#[cfg(feature = "aws")]
pub mod call;
mod class;
#[cfg(feature = "aws")]
pub mod clients;
pub mod error;
#[cfg(feature = "aws")]
pub mod outsider;
#[cfg(feature = "aws")]
mod sdk;
