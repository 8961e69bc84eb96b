//! The estate as values: settings, names, stacks and their parameters, and the topology that the
//! daemon is given.
//!
//! Deliberately absent: AWS. What is built is read by `observe` and changed by `apply`.

pub mod artefact;
pub mod daemon_config;
pub mod naming;
pub mod observed;
pub mod outputs;
pub mod parameters;
mod render;
pub mod saved;
pub mod settings;
pub mod side;
pub mod stacks;
pub mod template_shape;
pub mod templates;
pub mod topology;
pub mod values;
