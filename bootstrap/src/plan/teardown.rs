//! In which order an estate is taken away: pure, for either orientation.
//!
//! A stack goes when nothing that needs it is left. The exception is the database: the reader's
//! stack goes before the writer's, since a writer cannot leave a global cluster that has readers;
//! after a failover that is the other way round than they were built. Deliberately absent: AWS.

use crate::estate::observed::Writer;
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use std::collections::{BTreeMap, BTreeSet};

/// Each stack that is there, with those that must be gone first.
pub fn order(present: &BTreeSet<StackId>, writer: Writer) -> BTreeMap<StackId, Vec<StackId>> {
    let writing = match writer {
        Writer::Side(role) => role,
        Writer::Nobody | Writer::Moving | Writer::Foreign => Role::Primary,
    };
    let waits_for = |id: StackId| {
        let dependents = present
            .iter()
            .copied()
            .filter(|other| needs(*other, id, writing));
        (id, dependents.collect())
    };
    present.iter().copied().map(waits_for).collect()
}

/// Whether `one` must be gone before `other` can go.
fn needs(one: StackId, other: StackId, writing: Role) -> bool {
    if one.template == Template::Data && other.template == Template::Data {
        return other.role == Some(writing) && one.role != other.role;
    }
    one.after().contains(&other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(writer: Writer) -> Vec<String> {
        let present: BTreeSet<StackId> = StackId::all().into_iter().collect();
        let jobs = order(&present, writer);
        let mut gone: Vec<StackId> = Vec::new();
        while gone.len() < present.len() {
            let next = jobs
                .iter()
                .find(|(id, first)| !gone.contains(id) && first.iter().all(|f| gone.contains(f)));
            gone.push(*next.expect("no circle").0);
        }
        gone.iter().map(ToString::to_string).collect()
    }

    fn place(sequence: &[String], name: &str) -> usize {
        sequence.iter().position(|n| n == name).expect("a stack")
    }

    #[test]
    fn the_reader_goes_before_the_writer_in_both_orientations() {
        for (writer, first, second) in [
            (Role::Primary, "data-standby", "data-primary"),
            (Role::Standby, "data-primary", "data-standby"),
        ] {
            let sequence = sequence(Writer::Side(writer));
            assert!(
                place(&sequence, first) < place(&sequence, second),
                "{sequence:?}"
            );
            assert!(
                place(&sequence, second) < place(&sequence, "global"),
                "{sequence:?}"
            );
        }
    }

    #[test]
    fn what_others_need_goes_after_them_and_the_anchor_last() {
        for writer in [
            Writer::Nobody,
            Writer::Side(Role::Primary),
            Writer::Side(Role::Standby),
        ] {
            let sequence = sequence(writer);
            for (first, second) in [
                ("edge", "latch"),
                ("witness", "edge"),
                ("app-primary", "network-primary"),
                ("app-standby", "storage-standby"),
                ("data-standby", "foundation-primary"),
                ("monitor-primary", "events"),
            ] {
                assert!(
                    place(&sequence, first) < place(&sequence, second),
                    "{sequence:?}"
                );
            }
            assert_eq!(sequence.last().map(String::as_str), Some("anchor"));
        }
    }
}
