//! What is true of the estate, and the longer stories that tests begin in the middle of.
//!
//! Deliberately absent: the passing of time (`time`).

use super::{Estate, Healthy, Unhealthy, side_view};
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Outcome, RoleChange, Side, Vantage, Verdict};
use drd_state_machine::policy::Autonomy;
use drd_state_machine::time::Span;

impl Estate {
    pub fn active(&self) -> Side {
        self.record.facts.active
    }

    /// The active region goes: endpoint, control plane and replication.
    pub fn region_dark(&mut self) {
        let side = self.active();
        self.endpoint(Unhealthy);
        self.verdicts
            .insert((Vantage::ControlPlane, side), Unhealthy);
        self.verdicts.remove(&(Vantage::Inside, side));
        self.view.sides[side.index()] = None;
        self.lag = None;
        self.poll_all();
    }

    /// Everything is as it was.
    pub fn region_back(&mut self) {
        let side = self.active();
        self.endpoint(Healthy);
        self.verdicts.insert((Vantage::ControlPlane, side), Healthy);
        self.verdicts.insert((Vantage::Inside, side), Healthy);
        self.view.sides[side.index()] = Some(side_view(6));
        self.lag = Some(Span::secs(1));
        self.poll_all();
    }

    /// What every endpoint sensor of the active side will report.
    pub fn endpoint(&mut self, verdict: Verdict) {
        let side = self.active();
        for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
            self.verdicts.insert((vantage, side), verdict);
        }
    }

    /// The database of the active side has no available writer; the region answers.
    pub fn database_down(&mut self) {
        self.endpoint(Unhealthy);
        if let Some(view) = &mut self.view.sides[self.record.facts.active.index()] {
            view.database_available = Some(false);
        }
        self.lag = None;
        self.poll_all();
    }

    /// The application fails; database and replication are well.
    pub fn application_down(&mut self) {
        self.endpoint(Unhealthy);
        if let Some(view) = &mut self.view.sides[self.record.facts.active.index()] {
            view.healthy_targets = Some(0);
        }
        self.poll_all();
    }

    /// The writer is on this side now, available, and nothing is connected to it.
    pub fn writer_is(&mut self, side: Side) {
        if let Some(global) = &mut self.view.global {
            global.writer = Some(side);
            global.role_change = RoleChange::Idle;
            global.replica_connected = false;
        }
        self.look();
    }

    /// A role change runs towards this side.
    pub fn underway(&mut self, to: Side) {
        if let Some(global) = &mut self.view.global {
            global.role_change = RoleChange::Underway(to);
        }
    }

    pub fn serving(&mut self, side: Side, instances: u32) {
        self.view.sides[side.index()] = Some(side_view(instances));
        self.look();
    }

    pub fn may_only_advise_on(&mut self, diagnosis: Diagnosis) {
        self.setup
            .policy
            .autonomy
            .insert(diagnosis, Autonomy::Advise);
    }

    pub fn may_act_on(&mut self, diagnosis: Diagnosis) {
        self.setup.policy.autonomy.insert(diagnosis, Autonomy::Act);
    }
}

/// Longer stories.
impl Estate {
    /// The active region goes dark, and the promotion is asked for.
    pub fn promoting(&mut self) -> &mut Estate {
        self.region_dark();
        self.wait_for("promoting", 75);
        self
    }

    /// The promotion was accepted and done, capacity is there; a write is to be proven.
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
            self.verdicts.insert((vantage, old), Healthy);
        }
        self.verdicts.insert((Vantage::ControlPlane, old), Healthy);
        self.lag = Some(Span::secs(1));
    }
}
