//! The whole matrix, as one snapshot: a changed behaviour is a visible diff.

use drd_state_machine::table::{matrix, rows};

#[test]
fn every_state_in_every_situation() {
    insta::assert_snapshot!(matrix(&rows()));
}
