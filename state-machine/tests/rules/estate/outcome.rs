//! What the machine did.
//!
//! Deliberately absent: changing anything (`world`, `time`).

use super::Estate;
use crate::common::phrase;
use drd_state_machine::Decision;
use drd_state_machine::command::{Command, Kind};

/// How a page about repeated outages begins.
const REPEATED: &str = "drd's own probe of ";

impl Estate {
    pub fn state(&self) -> &'static str {
        self.record.state.name()
    }

    pub fn because(&self) -> &str {
        self.decisions.last().map_or("", |d| &d.because)
    }

    /// Every decision that changed something, as a test's failure shows it.
    pub fn story(&self) -> String {
        let moved = |d: &&Decision| d.is_transition() || !d.commands.is_empty();
        let decided = self.decisions.iter().filter(moved);
        decided
            .map(|d| format!("\n{} -> {}: {}", d.from, d.to, d.because))
            .collect()
    }

    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.decisions.iter().flat_map(|d| &d.commands)
    }

    /// The commands of this kind, in order.
    pub fn asked(&self, kind: Kind) -> Vec<&Command> {
        self.commands().filter(|c| c.kind() == kind).collect()
    }

    /// Everything that was commanded, in the notation of the table.
    pub fn done(&self) -> Vec<String> {
        self.commands().map(phrase).collect()
    }

    /// Every page, as text.
    /// But those about repeated outages, which come beside any other ([`Estate::repeated_pages`]).
    pub fn pages(&self) -> Vec<&str> {
        let all = self.commands().filter_map(page_text);
        all.filter(|text| !text.starts_with(REPEATED)).collect()
    }

    pub fn repeated_pages(&self) -> Vec<&str> {
        let all = self.commands().filter_map(page_text);
        all.filter(|text| text.starts_with(REPEATED)).collect()
    }

    /// Everything that changes the estate, in the notation of the table.
    pub fn mutations(&self) -> Vec<String> {
        let mutating = self.commands().filter(|c| c.kind().mutates());
        mutating.map(phrase).collect()
    }

    pub fn forget(&mut self) {
        self.decisions.clear();
        self.answered = 0;
    }

    /// Nothing at all was commanded, not even a page.
    pub fn quiet(&mut self) {
        assert_eq!(
            self.done(),
            [""; 0],
            "in {}: {}",
            self.state(),
            self.because()
        );
        self.forget();
    }

    /// No role, no traffic and no serving side was touched: capacity that a suspicion raises on the
    /// other side is taken back.
    pub fn changes_no_role(&self) {
        let mut commands = self.mutations();
        commands.retain(|c| !c.starts_with("prescale") && !c.starts_with("scale_back"));
        assert_eq!(commands, [""; 0], "in {}", self.state());
    }

    /// Nothing that changes the estate was commanded; pages may have been sent.
    pub fn hands_off(&self) {
        assert_eq!(self.mutations(), [""; 0], "in {}", self.state());
    }
}

fn page_text(command: &Command) -> Option<&str> {
    if let Command::Page { text, .. } = command {
        Some(text)
    } else {
        None
    }
}
