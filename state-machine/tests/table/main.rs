//! The machine as a table: every state in every named situation, answered by the real `step`.
//!
//! `scene` arranges a state, `situations` names what may be the case in it, `rows` asks the
//! machine, `write` prints; `matrix` and `readme` are the tests. Deliberately absent: sequences of
//! events; `rules` and the lab have those.

#[path = "../common/mod.rs"]
mod common;
mod matrix;
mod readme;
mod rows;
mod scene;
mod situations;
mod write;
