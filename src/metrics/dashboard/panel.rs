//! What a panel is made of.
//!
//! Deliberately absent: the panels (`panels`), and what Grafana calls things (`grafana`).

/// How a panel draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// The newest value, large.
    Value,
    /// The legend of the newest value, large: for one of several that are 0 or 1.
    Name,
    /// A part of a whole; 1 is the objective.
    Share,
    /// One bar for each series.
    Bars,
    /// Lines over time.
    Lines,
    /// Bands of value names over time.
    Bands,
    /// A row for each value of this label.
    Rows(&'static str),
}

/// One expression and what its series are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query(pub &'static str, pub &'static str);

/// What a value is called, and in which colour.
pub(super) type ValueLabel = (i64, &'static str, &'static str);
/// From this value on, this colour.
pub(super) type ColorStep = (f64, &'static str);

/// One panel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub title: &'static str,
    pub shows: Shows,
    /// Grafana's name of the unit.
    pub unit: &'static str,
    /// Of 24 columns.
    pub width: u64,
    pub queries: &'static [Query],
    pub names: &'static [ValueLabel],
    pub steps: &'static [ColorStep],
    /// What to read out of it; the help of its metrics is added.
    pub note: &'static str,
    /// What is shown without any value.
    pub nothing: &'static str,
}

/// One whose figures are all usual.
pub(super) const PLAIN: Panel = Panel {
    title: "",
    shows: Shows::Lines,
    unit: "none",
    width: 8,
    queries: &[],
    names: &[],
    steps: &[],
    note: "",
    nothing: "",
};

/// A row's title, how high its panels are, and the panels.
pub(super) struct PanelRow(pub &'static str, pub u64, pub &'static [Panel]);
