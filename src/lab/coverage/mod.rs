//! What a soak came through: hard situations (`milestone`), and which fault met which state (`cells`).
//!
//! Deliberately absent: judging. Meeting one is neither good nor bad; meeting none proves nothing.

mod cells;
mod milestone;
mod stage;

pub use cells::{Cells, Coverage, CoverageBook};
pub use milestone::{Milestone, Reached};
pub use stage::Stage;
