//! Reads what is there. Deliberately absent: changing any of it.

pub mod doctor;
pub mod handover;
