//! One `MESSAGE_ID` for each kind of line that operators search for, the same for ever: journald
//! indexes it, and `journalctl -x` explains it by the catalogue that is shipped beside the unit.
//!
//! An id is never used again for anything else. Deliberately absent: ids for all other lines;
//! most have none.

use drd_state_machine::Phase;

/// drd is armed from here on.
pub const ARMED: &str = "b32187254639494e8c54e5c25ab968d1";
/// drd would not fail over from here on; the line gives the reasons.
pub const NOT_ARMED: &str = "a7eb66f6b21441db8cfdb47eb16b33a4";
/// A page was sent.
pub const PAGED: &str = "4832e79d969547a1b316b0ae971e9247";
/// This daemon leads, of those that share a ledger.
pub const LEADS: &str = "9d5c444ef35e44178e363edf893c8f1d";
/// This daemon leads no more.
pub const LEADS_NO_MORE: &str = "9bb1245aa8e64fa6867cdbd5f2e945e7";
/// The ledger refuses: nothing acts.
pub const LEDGER_REFUSES: &str = "e4f36682d5984589a88fc46e9f61205f";

/// The id of "this state was entered".
pub const fn entered(phase: Phase) -> &'static str {
    match phase {
        Phase::Watching => "71790d58e44240c2ab39938e090feb78",
        Phase::Suspecting => "28c2a12257544bd78a7ae83b12e6b7da",
        Phase::Fencing => "eb3979543ff64cc3aa11889e851cb251",
        Phase::Promoting => "cfc21396292d412d8816dc9aff8d513b",
        Phase::Redirecting => "b026404ea9ff469aa385e429c2e66ea9",
        Phase::Verifying => "58ee333166514d82ab1c859a9822bc11",
        Phase::Exposed => "f347e6006f134027aeb1d96646318971",
        Phase::Switching => "f1a4cd72af4e428ebeb86ff5652bd234",
        Phase::Held => "fe4356fe97e740688a99788ec57cde12",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const CATALOGUE: &str = include_str!("../../deploy/systemd/drd.catalog");
    const OTHERS: [&str; 6] = [
        ARMED,
        NOT_ARMED,
        PAGED,
        LEADS,
        LEADS_NO_MORE,
        LEDGER_REFUSES,
    ];

    /// The catalogue's entries: id and subject.
    fn explained() -> Vec<(String, String)> {
        let after = |text: &str, key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap_or_default().trim().to_owned()
        };
        let entries = CATALOGUE.split("\n-- ").skip(1);
        entries
            .map(|entry| {
                let id = entry.lines().next().unwrap_or_default().trim();
                (id.to_owned(), after(entry, "Subject:"))
            })
            .collect()
    }

    #[test]
    fn every_state_has_an_id_and_no_two_kinds_share_one() {
        let ids: BTreeSet<&str> = Phase::ALL.map(entered).into_iter().chain(OTHERS).collect();
        assert_eq!(ids.len(), Phase::ALL.len() + OTHERS.len());
        let is_id = |id: &&str| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(ids.iter().all(is_id));
    }

    #[test]
    fn the_catalogue_explains_each_of_them_and_nothing_else() {
        let explained = explained();
        for phase in Phase::ALL {
            let (id, state) = (entered(phase), phase.name());
            let (_, subject) = explained
                .iter()
                .find(|(known, _)| known == id)
                .unwrap_or_else(|| panic!("{state} is not explained"));
            assert!(subject.contains(state), "{state}: {subject}");
        }
        let ids: BTreeSet<&str> = explained.iter().map(|(id, _)| id.as_str()).collect();
        assert!(OTHERS.iter().all(|id| ids.contains(id)), "{ids:?}");
        assert_eq!(explained.len(), Phase::ALL.len() + OTHERS.len());
    }
}
