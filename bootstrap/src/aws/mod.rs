//! How AWS is called, and how a failed call is classified.
//!
//! Deliberately absent: what is asked; `observe` and `apply` do.

pub mod error;
