//! What a test asks of the estate's story, and the way to each stage of a recovery.
//!
//! Deliberately absent: expectations; each test says its own.

use crate::estate::*;
use drd_state_machine::Decision;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Outcome, Vantage};
use drd_state_machine::table::phrase;
use drd_state_machine::time::Span;
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
        let told = self.decisions.iter().filter(moved);
        told.map(|d| format!("\n{} -> {}: {}", d.from, d.to, d.because))
            .collect()
    }

    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.decisions.iter().flat_map(|d| &d.commands)
    }

    /// The commands of this kind, in order.
    pub fn asked(&self, kind: Kind) -> Vec<&Command> {
        self.commands().filter(|c| c.kind() == kind).collect()
    }

    /// Everything that was commanded, in the words of the table.
    pub fn done(&self) -> Vec<String> {
        self.commands().map(phrase).collect()
    }

    /// Every page, as text.
    pub fn pages(&self) -> Vec<&str> {
        self.commands().filter_map(page_text).collect()
    }

    /// Everything that changes the estate, in the words of the table.
    pub fn mutations(&self) -> Vec<String> {
        let mutating = self.commands().filter(|c| c.kind().mutates());
        mutating.map(phrase).collect()
    }

    pub fn forget(&mut self) {
        self.decisions.clear();
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

    /// Nothing that changes the estate was commanded; people may have been told.
    pub fn hands_off(&self) {
        assert_eq!(self.mutations(), [""; 0], "in {}", self.state());
    }
}

// Longer stories.
impl Estate {
    /// The active region goes dark, and the promotion is asked for.
    pub fn promoting(&mut self) -> &mut Estate {
        self.region_dark();
        self.wait_for("promoting", 75);
        self
    }

    /// The promotion was accepted and done, capacity stands; a write is to be proven.
    pub fn promoted(&mut self) -> &mut Estate {
        self.promoting();
        let to = self.active().other();
        self.ends(Kind::Promote, Outcome::Done);
        self.ends(Kind::Scale, Outcome::Done);
        self.wait(30);
        self.serving(to, 6);
        self.writer_is(to);
        self
    }

    /// Traffic is being moved.
    pub fn redirecting(&mut self) -> &mut Estate {
        self.promoted();
        self.ends(Kind::ProveWrite, Outcome::Done);
        assert_eq!(self.state(), "redirecting");
        self
    }

    /// The new side serves; there is no standby yet.
    pub fn exposed(&mut self) -> &mut Estate {
        self.redirecting();
        let to = self.active().other();
        self.ends(Kind::Redirect, Outcome::Done);
        self.wait(40);
        self.view.dns = Some(to);
        self.wait_for("exposed", 30);
        self
    }

    /// The old side follows the new one.
    pub fn standby_back(&mut self) {
        let old = self.active().other();
        self.view.sides[old.index()] = Some(side_view(1));
        if let Some(global) = &mut self.view.global {
            global.replica_connected = true;
        }
        for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
            self.words.insert((vantage, old), Healthy);
        }
        self.words.insert((Vantage::ControlPlane, old), Healthy);
        self.lag = Some(Span::secs(1));
    }
}
