//! placeholder
pub mod command;
pub mod event;
pub mod time;
