//! The numbers: objectives, thresholds, slices of the RTO, what may happen unattended.
//!
//! Deliberately absent: using them. The daemon turns [`PolicyConfig`] into the machine's policy.

use super::fit::{HoldDowns, Objectives};
use super::leaf;
use super::problem::Origin;
use super::reader::{Field, Reader};
use super::tree::Node;
use drd_state_machine::time::Span;
use std::collections::BTreeMap;

/// The diagnoses that have a ladder (DESIGN section 4), so that a person may tune them.
pub const DIAGNOSES: [&str; 4] = [
    "region_dark",
    "database_down",
    "application_down",
    "edge_down",
];

/// How much drd may do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autonomy {
    /// Record it.
    Observe,
    /// Tell people what drd would do.
    Advise,
    /// Do it.
    Act,
}

impl Autonomy {
    const ALL: [Autonomy; 3] = [Autonomy::Observe, Autonomy::Advise, Autonomy::Act];

    /// The word used in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Autonomy::Observe => "observe",
            Autonomy::Advise => "advise",
            Autonomy::Act => "act",
        }
    }
}

/// The RTO as a ledger of slices; the fence runs beside the promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetConfig {
    /// First bad sample to decision.
    pub detect: Span,
    /// The best-effort fence, inside `promote`.
    pub fence: Span,
    /// Promotion and capacity, side by side.
    pub promote: Span,
    /// Latch thrown to resolvers answering.
    pub redirect: Span,
    /// The last proof.
    pub verify: Span,
}

impl BudgetConfig {
    /// The slices that follow each other, with their names.
    pub fn in_sequence(&self) -> [(&'static str, Span); 4] {
        [
            ("detect", self.detect),
            ("promote", self.promote),
            ("redirect", self.redirect),
            ("verify", self.verify),
        ]
    }

    /// What the slices add up to.
    pub fn total(&self) -> Span {
        self.in_sequence()
            .into_iter()
            .fold(Span::ZERO, |sum, (_, slice)| sum + slice)
    }
}

/// Everything under `[policy]` and `[capacity]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyConfig {
    /// Recovery time objective.
    pub rto: Span,
    /// Recovery point objective.
    pub rpo: Span,
    /// Fault domains that must agree: 2 or 3.
    pub quorum: u8,
    /// How long the quorum must last.
    pub hold_down: Span,
    /// Exceptions, by name of the diagnosis.
    pub hold_down_for: BTreeMap<&'static str, Span>,
    /// How old a lag sample may be at the onset.
    pub lag_fresh: Span,
    /// How far apart lag samples are.
    pub lag_period: Span,
    /// No second automatic role change within this time.
    pub cool_down: Span,
    /// Older events are not believed.
    pub event_max_age: Span,
    /// What drd may do by itself, for each of [`DIAGNOSES`].
    pub autonomy: BTreeMap<&'static str, Autonomy>,
    /// The slices of the RTO.
    pub budget: BudgetConfig,
    /// MinSize that the active side must reach.
    pub serving_min: u32,
    /// DesiredCapacity that the active side must reach.
    pub serving_desired: u32,
    /// The share of `serving_desired` with which serving is better than waiting, 1 to 100.
    pub floor_percent: u32,
}

/// Reads `[policy]` and `[capacity]`. Defaults are those of DESIGN section 10, with their reasons
/// in `drd_state_machine::policy`.
pub(super) fn read(root: &mut Reader<'_>) -> Option<PolicyConfig> {
    let capacity = read_capacity(root);
    let mut table = root.table_or_empty("policy");
    let budget = read_budget(&mut table);
    let hold_down = table.with_default("hold_down", Span::secs(60), leaf::span);
    let hold_down_for = read_hold_down_for(&mut table);
    let fits = Objectives {
        rto: table.with_default("rto", Span::secs(300), leaf::span),
        rpo: table.with_default("rpo", Span::secs(60), leaf::span),
        lag_fresh: table.with_default("lag_fresh", Span::secs(120), leaf::span),
        lag_period: table.with_default("lag_period", Span::secs(30), leaf::span),
    };
    fits.check(table.notes(), &budget.value);
    super::fit::hold_downs_fit(table.notes(), &hold_down, &hold_down_for, &budget.value);
    let quorum = table.with_default("quorum", 2, quorum).value;
    let cool_down = table
        .with_default("cool_down", Span::secs(30 * 60), leaf::span)
        .value;
    let event_max_age = table
        .with_default("event_max_age", Span::secs(5 * 60), leaf::span)
        .value;
    let autonomy = read_autonomy(&mut table);
    table.finish();
    let capacity = capacity?;
    Some(PolicyConfig {
        rto: fits.rto.value,
        rpo: fits.rpo.value,
        quorum,
        hold_down: hold_down.value,
        hold_down_for: hold_down_for
            .into_iter()
            .map(|(name, field)| (name, field.value))
            .collect(),
        lag_fresh: fits.lag_fresh.value,
        lag_period: fits.lag_period.value,
        cool_down,
        event_max_age,
        autonomy,
        budget: budget.value,
        serving_min: capacity.min,
        serving_desired: capacity.desired,
        floor_percent: capacity.floor_percent,
    })
}

struct Capacity {
    min: u32,
    desired: u32,
    floor_percent: u32,
}

fn read_capacity(root: &mut Reader<'_>) -> Option<Capacity> {
    let mut table = root.table("capacity", "how many instances the active side must reach")?;
    let floor_percent = table.with_default("floor_percent", 50, leaf::percent).value;
    let serving = table.table(
        "serving",
        "the size the active side must reach, { min, desired }",
    );
    table.finish();
    let mut serving = serving?;
    let min = serving.required("min", "MinSize of the active side", leaf::instances);
    let desired = serving.required(
        "desired",
        "DesiredCapacity of the active side",
        leaf::instances,
    );
    let notes = serving.notes();
    serving.finish();
    let (min, desired) = (min?, desired?);
    if min.value > desired.value {
        let what = format!(
            "serving.min {} > serving.desired {}",
            min.value, desired.value
        );
        notes.problem(
            &min.origin,
            what,
            "a group cannot want fewer instances than its minimum",
        );
    }
    Some(Capacity {
        min: min.value,
        desired: desired.value,
        floor_percent,
    })
}

fn quorum(node: &Node) -> Result<u8, String> {
    match node.whole()? {
        2 => Ok(2),
        3 => Ok(3),
        0 | 1 => Err("one fault domain alone must never cause an irreversible act".to_owned()),
        _ => Err("wants 2 or 3: three fault domains can see the endpoint".to_owned()),
    }
}

fn read_budget(policy: &mut Reader<'_>) -> Field<BudgetConfig> {
    let mut budget = policy.table_or_empty("budget");
    let origin = budget.origin().clone();
    let value = BudgetConfig {
        detect: budget
            .with_default("detect", Span::secs(105), leaf::span)
            .value,
        fence: budget
            .with_default("fence", Span::secs(10), leaf::span)
            .value,
        promote: budget
            .with_default("promote", Span::secs(120), leaf::span)
            .value,
        redirect: budget
            .with_default("redirect", Span::secs(50), leaf::span)
            .value,
        verify: budget
            .with_default("verify", Span::secs(20), leaf::span)
            .value,
    };
    if value.fence > value.promote {
        let what = format!(
            "budget.fence {} > budget.promote {}",
            value.fence, value.promote
        );
        budget
            .notes()
            .problem(&origin, what, "the fence runs beside the promotion");
    }
    budget.finish();
    Field { value, origin }
}

fn read_hold_down_for(policy: &mut Reader<'_>) -> HoldDowns {
    let mut table = policy.table_or_empty("hold_down_for");
    let default = Field {
        value: Span::secs(90),
        origin: Origin::Nowhere,
    };
    let mut read = HoldDowns::from([("database_down", default)]);
    for name in DIAGNOSES {
        if let Some(field) = table.optional(name, leaf::span) {
            read.insert(name, field);
        }
    }
    table.finish();
    read
}

fn read_autonomy(policy: &mut Reader<'_>) -> BTreeMap<&'static str, Autonomy> {
    let mut table = policy.table_or_empty("autonomy");
    let mut read = BTreeMap::new();
    for name in DIAGNOSES {
        let lossy = matches!(name, "region_dark" | "database_down");
        let default = if lossy {
            Autonomy::Act
        } else {
            Autonomy::Advise
        };
        let word = table.with_default(name, default, |node| {
            leaf::named(node.text()?, Autonomy::ALL, Autonomy::name)
        });
        read.insert(name, word.value);
    }
    table.finish();
    read
}
