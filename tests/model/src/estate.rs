//! What is true: the global database, the two groups, the latch. It knows no fencing token: every
//! request that arrives and fits takes effect, however old it is and whichever process sent it.
//!
//! Deliberately absent: time, and who may send.

use drd_state_machine::command::Kind;
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

/// A command's deadline.
const ATTEMPT_MAX: Span = Span::secs(15);

/// How an attempt ended, without the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// Accepted, or proven.
    Done,
    /// The look before the act found it so.
    AlreadySo,
    /// No answer.
    Unknown,
    /// A conflict.
    Refused,
}

/// The write that a look at the latch led to; it takes effect only on the object that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Write {
    /// Put it where none is.
    Create,
    /// Put it over that generation.
    Replace(u8),
    /// Delete that generation.
    Delete(u8),
}

/// A request that changes the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Act {
    /// Promote, Switchover, Fence or Redirect.
    pub kind: Kind,
    /// Where to, or what is fenced.
    pub side: Side,
    /// The incident.
    pub incident_id: u64,
    /// The attempt.
    pub attempt: u32,
    /// For the latch, once it was looked at.
    pub write: Option<Write>,
}

/// The latch object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latch {
    /// What a conditional write must name: its ETag.
    pub generation: u8,
    /// The incident that threw it.
    pub incident_id: u64,
}

/// A role change that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Underway {
    /// The side that will write.
    pub to: Side,
    /// Whether the old side is left behind.
    pub lossy: bool,
}

/// Both regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Estate {
    /// The primary region does not answer.
    pub dark: bool,
    /// Who writes.
    pub writer: Side,
    /// The role change that runs.
    pub underway: Option<Underway>,
    /// The reading side follows.
    pub connected: bool,
    /// Groups at zero.
    pub fenced: [bool; 2],
    /// The latch; absent sends traffic to the primary.
    pub latch: Option<Latch>,
    /// Generations of the latch so far.
    pub writes: u8,
    /// When the newest role change ended: what is left behind takes longer than an attempt's
    /// deadline to come back.
    pub changed_at: Span,
}

impl Estate {
    /// The primary region has just gone.
    pub fn dark() -> Estate {
        Estate {
            dark: true,
            writer: Side::Primary,
            underway: None,
            connected: false,
            fenced: [false; 2],
            latch: None,
            writes: 0,
            changed_at: Span::ZERO,
        }
    }

    /// Where users are sent.
    pub fn traffic(&self) -> Side {
        match self.latch {
            Some(_) => Side::Standby,
            None => Side::Primary,
        }
    }

    /// Whether a row can be written and read back there.
    pub fn writable(&self, side: Side) -> bool {
        self.writer == side && self.underway.is_none() && !(self.dark && side == Side::Primary)
    }

    /// The look before an act: what to send, or how it ended without a request. As `perform` and
    /// `aws::traffic` do.
    pub fn looked(&self, act: Act) -> Result<Act, How> {
        match act.kind {
            Kind::Promote | Kind::Switchover => self.role_looked(act),
            Kind::Fence if self.fenced[act.side.index()] => Err(How::AlreadySo),
            Kind::Redirect => self.latch_looked(act),
            Kind::Fence
            | Kind::Prescale
            | Kind::ScaleBack
            | Kind::Scale
            | Kind::ProveWrite
            | Kind::Page => Ok(act),
        }
    }

    fn role_looked(&self, act: Act) -> Result<Act, How> {
        match self.underway {
            Some(change) if change.to != act.side => Err(How::Refused),
            Some(_) | None if self.writer == act.side => Err(How::AlreadySo),
            Some(_) => Err(How::Done),
            None => Ok(act),
        }
    }

    fn latch_looked(&self, act: Act) -> Result<Act, How> {
        let write = match (act.side, self.latch) {
            (_, Some(latch)) if latch.incident_id > act.incident_id => return Err(How::Refused),
            (Side::Standby, None) => Write::Create,
            (Side::Standby, Some(latch)) if latch.incident_id == act.incident_id => {
                return Err(How::AlreadySo);
            }
            (Side::Standby, Some(latch)) => Write::Replace(latch.generation),
            (Side::Primary, None) => return Err(How::AlreadySo),
            (Side::Primary, Some(latch)) => Write::Delete(latch.generation),
        };
        Ok(Act {
            write: Some(write),
            ..act
        })
    }

    /// A request arrives. `Done` means that it took effect.
    pub fn arrives(&mut self, act: &Act) -> How {
        match act.kind {
            Kind::Promote => self.role_asked(act.side, true),
            Kind::Switchover => self.role_asked(act.side, false),
            Kind::Fence => {
                self.fenced[act.side.index()] = true;
                How::Done
            }
            Kind::Redirect => self.latch_asked(act),
            Kind::Scale => {
                self.fenced[act.side.index()] = false;
                How::Done
            }
            Kind::Prescale | Kind::ScaleBack | Kind::ProveWrite | Kind::Page => How::Done,
        }
    }

    fn role_asked(&mut self, to: Side, lossy: bool) -> How {
        // The switchover's endpoint is the writer's, and needs a replica that follows.
        let unable = !lossy && (self.dark || !self.connected);
        if self.underway.is_some() || self.writer == to || unable {
            return How::Refused;
        }
        self.underway = Some(Underway { to, lossy });
        How::Done
    }

    fn latch_asked(&mut self, act: &Act) -> How {
        let fits = match (act.write, self.latch) {
            (Some(Write::Create), None) => true,
            (Some(Write::Replace(seen) | Write::Delete(seen)), Some(latch)) => {
                latch.generation == seen
            }
            (Some(Write::Create | Write::Replace(_) | Write::Delete(_)) | None, _) => false,
        };
        if !fits {
            return How::Refused;
        }
        self.writes += 1;
        let thrown = Latch {
            generation: self.writes,
            incident_id: act.incident_id,
        };
        self.latch = (act.side == Side::Standby).then_some(thrown);
        How::Done
    }

    /// The role change ends.
    pub fn completes(&mut self, now: Span) {
        if let Some(change) = self.underway.take() {
            self.changed_at = now;
            self.writer = change.to;
            self.connected = !change.lossy;
        }
    }

    /// The primary region is back, and its old cluster follows the writer.
    pub fn rejoins(&mut self) {
        self.dark = false;
        self.connected = true;
    }

    /// Whether that can happen.
    pub fn may_rejoin(&self, now: Span) -> bool {
        let left_behind = self.writer == Side::Standby && now - self.changed_at >= ATTEMPT_MAX;
        self.underway.is_none() && !self.connected && left_behind
    }
}
