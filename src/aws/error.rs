//! How a call to AWS fails: the type and the classes that provisioning has, too.
//!
//! Deliberately absent: a second list of codes. `drd_bootstrap::aws` has the one.

pub use drd_bootstrap::aws::error::{AwsError, Class, Reached};
