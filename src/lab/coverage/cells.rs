//! The coverage table: which kind of fault was active in which state, by the stage of the story in which it
//! began.
//!
//! A cell that cannot be reached is named by a predicate with its reason; a soak that reaches it all the
//! same refutes the reason. Deliberately absent: drawing faults (`soak`).

use super::stage::Stage;
use crate::lab::scenario::{Fault, FaultKind};
use crate::lab::world::World;
use drd_state_machine::phase::Phase;

const KINDS: usize = FaultKind::ALL.len();
const STAGES: usize = Stage::ALL.len();
const PHASES: usize = Phase::ALL.len();

/// A kind of fault, the stage in which it began, and a state in which it was active.
pub type Cell = (FaultKind, Stage, Phase);

/// The cells of one rehearsal.
#[derive(Clone, Debug)]
pub struct Cells([[u16; STAGES]; KINDS]);

impl Default for Cells {
    fn default() -> Cells {
        Cells([[0; STAGES]; KINDS])
    }
}

impl Cells {
    /// A fault that began in this stage is active in this state.
    pub fn note(&mut self, (kind, stage, phase): Cell) {
        self.0[kind as usize][stage as usize] |= 1 << phase as u16;
    }

    fn has(&self, (kind, stage, phase): Cell) -> bool {
        self.0[kind as usize][stage as usize] & (1 << phase as u16) != 0
    }

    /// Whether a fault of this kind began.
    pub fn drew(&self, kind: FaultKind) -> bool {
        self.0[kind as usize].iter().any(|phases| *phases != 0)
    }
}

/// The notes of a rehearsal under way.
#[derive(Debug, Default)]
pub struct CoverageBook {
    stage: Stage,
    /// The stage in which each fault of the scenario began.
    began_in: Vec<Stage>,
    /// What was met so far.
    pub cells: Cells,
}

impl CoverageBook {
    /// For a scenario with so many faults.
    pub fn new(faults: usize) -> CoverageBook {
        CoverageBook {
            began_in: vec![Stage::default(); faults],
            ..CoverageBook::default()
        }
    }

    /// A fault begins.
    pub fn begins(&mut self, place: usize) {
        self.began_in[place] = self.stage;
    }

    /// Time passed: the faults that are active, while drd is in this state.
    pub(in crate::lab) fn look(
        &mut self,
        world: &World,
        faults: &[Fault],
        active: &[bool],
        phase: Option<Phase>,
    ) {
        self.stage = self.stage.then(world);
        let Some(phase) = phase else { return };
        let active = faults.iter().zip(active).zip(&self.began_in);
        for ((fault, _), stage) in active.filter(|((_, on), _)| **on) {
            self.cells.note((fault.kind, *stage, phase));
        }
    }
}

/// Every cell, in the order of the table.
fn all() -> impl Iterator<Item = Cell> {
    let stages = |kind| Stage::ALL.into_iter().map(move |stage| (kind, stage));
    let phases = |(kind, stage)| {
        Phase::ALL
            .into_iter()
            .map(move |phase| (kind, stage, phase))
    };
    FaultKind::ALL.into_iter().flat_map(stages).flat_map(phases)
}

/// Why a cell cannot be reached; `None` for one that can.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds can meet everything"
)]
fn unreachable((kind, stage, phase): Cell) -> Option<&'static str> {
    let before = matches!(stage, Stage::BeforeOnset | Stage::BeforeAcceptance);
    let moved = matches!(
        phase,
        Phase::Redirecting | Phase::Verifying | Phase::Exposed
    );
    match kind {
        FaultKind::HostClock if stage != Stage::BeforeOnset => {
            Some("a host's clock is wrong from the start; one that jumps is a clock_jump")
        }
        FaultKind::VersionMismatch if before && moved => {
            Some("Aurora accepts no role change while the versions differ, whoever asks")
        }
        FaultKind::FsyncHangs | FaultKind::LedgerDown if before && moved => {
            Some("no state is entered while no line becomes durable")
        }
        _ => None,
    }
}

/// Every cell that can be reached.
fn reachable() -> impl Iterator<Item = Cell> {
    all().filter(|cell| unreachable(*cell).is_none())
}

/// How many rehearsals reached each cell, and how many drew each kind.
#[derive(Clone, Debug)]
pub struct Coverage {
    reached: Vec<u64>,
    drawn: [u64; KINDS],
}

impl Default for Coverage {
    fn default() -> Coverage {
        Coverage {
            reached: vec![0; KINDS * STAGES * PHASES],
            drawn: [0; KINDS],
        }
    }
}

const fn place((kind, stage, phase): Cell) -> usize {
    (kind as usize * STAGES + stage as usize) * PHASES + phase as usize
}

impl Coverage {
    /// One rehearsal more.
    pub fn add(&mut self, cells: &Cells) {
        for cell in all().filter(|cell| cells.has(*cell)) {
            self.reached[place(cell)] += 1;
        }
        for kind in FaultKind::ALL {
            self.drawn[kind as usize] += u64::from(cells.drew(kind));
        }
    }

    /// What another thread came through.
    #[must_use]
    pub fn and(mut self, other: &Coverage) -> Coverage {
        self.reached
            .iter_mut()
            .zip(&other.reached)
            .for_each(|(sum, n)| *sum += n);
        self.drawn
            .iter_mut()
            .zip(other.drawn)
            .for_each(|(sum, n)| *sum += n);
        self
    }

    /// In how many rehearsals a fault of this kind began.
    pub fn drawn(&self, kind: FaultKind) -> u64 {
        self.drawn[kind as usize]
    }

    fn met(&self, cell: Cell) -> bool {
        self.reached[place(cell)] > 0
    }

    /// Cells, those of them that can be reached, and those of these that were.
    pub fn counts(&self) -> (usize, usize, usize) {
        let can = reachable().count();
        (all().count(), can, can - self.missed().len())
    }

    /// Cells that can be reached and were not.
    pub fn missed(&self) -> Vec<Cell> {
        reachable().filter(|cell| !self.met(*cell)).collect()
    }

    /// Cells that were reached although they cannot be, with the reason that they refute.
    pub fn refuted(&self) -> Vec<(Cell, &'static str)> {
        let met = all().filter(|cell| self.met(*cell));
        met.filter_map(|cell| Some((cell, unreachable(cell)?)))
            .collect()
    }

    /// In how many of the states that can be met a kind that began in this stage was met, and how many
    /// there are.
    pub fn states(&self, kind: FaultKind, stage: Stage) -> (usize, usize) {
        let row = |cell: &Cell| (cell.0, cell.1) == (kind, stage);
        let can: Vec<Cell> = reachable().filter(row).collect();
        let met = can.iter().filter(|cell| self.met(**cell)).count();
        (met, can.len())
    }
}
