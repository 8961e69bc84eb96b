//! Hard situations that a rehearsal came through. A soak that never met one of them proves
//! nothing about it, and reports that.
//!
//! Deliberately absent: judging. Meeting one is neither good nor bad.

use drd_state_machine::command::Command;
use drd_state_machine::state::{Hold, State};
use drd_state_machine::{Decision, Record};

/// One hard situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The other daemon began to lead.
    Takeover,
    /// It did so while the roles were changing.
    TakeoverInPromoting,
    /// A daemon took its own lease again.
    OwnLeaseReclaimed,
    /// A leader that was asked to stop gave its lease up.
    HandedOver,
    /// A leader whose lease was over did not send what it had signed.
    StaleLeaderFenced,
    /// A role change was not sent: its decision was too old.
    DecisionTooOld,
    /// The store refused the line of a leader that another one had replaced.
    StaleLeaderRefused,
    /// A renewal took effect, its answer was lost, and the leader went on.
    LostRenewalAdopted,
    /// A lease was granted so late that it was over.
    LeaseGrantedTooLate,
    /// A line became durable and its daemon never received the answer.
    LineAnswerLost,
    /// A mutating call took effect and its answer was lost.
    AnswerLostAfterEffect,
    /// A mutating call took effect after the term that sent it.
    LandedAfterItsSender,
    /// Held: a gate was closed.
    HeldBlocked,
    /// Held: the role change was refused too often.
    HeldRefused,
    /// Held: a permission was missing.
    HeldDenied,
    /// Held: the objective was used up.
    HeldOutOfTime,
    /// The ledger's store refused, and nothing was done.
    HeldByLedger,
    /// An operator wanted the way back while old requests could land.
    WayBackRefused,
    /// The way back was taken after that was over.
    WayBackAfterQuarantine,
}

impl Milestone {
    /// Every one.
    pub const ALL: [Milestone; 19] = [
        Milestone::Takeover,
        Milestone::TakeoverInPromoting,
        Milestone::OwnLeaseReclaimed,
        Milestone::HandedOver,
        Milestone::StaleLeaderFenced,
        Milestone::DecisionTooOld,
        Milestone::StaleLeaderRefused,
        Milestone::LostRenewalAdopted,
        Milestone::LeaseGrantedTooLate,
        Milestone::LineAnswerLost,
        Milestone::AnswerLostAfterEffect,
        Milestone::LandedAfterItsSender,
        Milestone::HeldBlocked,
        Milestone::HeldRefused,
        Milestone::HeldDenied,
        Milestone::HeldOutOfTime,
        Milestone::HeldByLedger,
        Milestone::WayBackRefused,
        Milestone::WayBackAfterQuarantine,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Milestone::Takeover => "takeover",
            Milestone::TakeoverInPromoting => "takeover in promoting",
            Milestone::OwnLeaseReclaimed => "own lease reclaimed",
            Milestone::HandedOver => "lease handed over",
            Milestone::StaleLeaderFenced => "stale leader fenced",
            Milestone::DecisionTooOld => "role change not sent, decided too long ago",
            Milestone::StaleLeaderRefused => "stale leader's line refused",
            Milestone::LostRenewalAdopted => "lost renewal adopted",
            Milestone::LeaseGrantedTooLate => "lease granted too late",
            Milestone::LineAnswerLost => "line durable, answer lost",
            Milestone::AnswerLostAfterEffect => "call's answer lost after its effect",
            Milestone::LandedAfterItsSender => "call landed after its sender's term",
            Milestone::HeldBlocked => "held: blocked",
            Milestone::HeldRefused => "held: refused",
            Milestone::HeldDenied => "held: denied",
            Milestone::HeldOutOfTime => "held: out of time",
            Milestone::HeldByLedger => "held: ledger",
            Milestone::WayBackRefused => "way back refused",
            Milestone::WayBackAfterQuarantine => "way back after quarantine",
        }
    }
}

/// Which were met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached(u32);

impl Reached {
    /// One was met.
    pub fn note(&mut self, milestone: Milestone) {
        self.0 |= 1 << milestone as u32;
    }

    /// Whether it was met.
    pub fn has(self, milestone: Milestone) -> bool {
        self.0 & (1 << milestone as u32) != 0
    }

    pub(in crate::lab) fn decided(&mut self, record: &Record, decision: &Decision) {
        if let State::Held { hold, .. } = &record.state
            && decision.is_transition()
        {
            self.note(match hold {
                Hold::Blocked(_) => Milestone::HeldBlocked,
                Hold::PromotionRefused(_) => Milestone::HeldRefused,
                Hold::Denied(_) => Milestone::HeldDenied,
                Hold::OutOfTime => Milestone::HeldOutOfTime,
            });
        }
        let Some(unanswered) = record.facts.unanswered else {
            return;
        };
        if decision.because.starts_with("the order is refused") {
            self.note(Milestone::WayBackRefused);
        }
        let back = decision.commands.iter().any(|command| match command {
            Command::Promote { to, .. } | Command::Switchover { to, .. } => *to != unanswered.to,
            Command::Prescale { .. }
            | Command::ScaleBack { .. }
            | Command::Fence { .. }
            | Command::Scale { .. }
            | Command::ProveWrite { .. }
            | Command::Redirect { .. }
            | Command::Page { .. } => false,
        });
        if back {
            self.note(Milestone::WayBackAfterQuarantine);
        }
    }
}
