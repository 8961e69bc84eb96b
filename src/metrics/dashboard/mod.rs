//! The Grafana dashboard, made from the metrics that the daemon has: `drd config dashboard`.
//!
//! `panels` and `daemon_panels` list what is shown, `check` compares every expression with the registry, `grafana`
//! knows the format. A name or a kind that drifted is an error here, never a panel
//! that stays empty. Deliberately absent: assets of others, and a fixed data source.

mod check;
mod daemon_panels;
mod grafana;
mod panel;
mod panels;

use crate::metrics::{FamilyInfo, Metrics, MetricsError, gameday_families};
use drd_state_machine::Setup;
use drd_state_machine::policy::{Policy, Serving};
use panel::Panel;
use panels::ROWS;
use serde_json::{Value, json};

/// Grafana finds the dashboard under it, also after an update.
const UID: &str = "drd";
/// Grafana 9 wrote it, and newer ones read it.
const SCHEMA_VERSION: u64 = 37;
/// The matcher of the estate that the reader chose.
const ESTATE: &str = "estate=~\"$estate\"";
/// Of two daemons the one that leads.
const LEADS: &str = "and on (job, estate, instance) drd_leader == 1";

/// A panel and the metrics do not fit together: a defect of this build.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// A family could not be registered.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// An expression and the metrics drifted apart.
    #[error("panel {panel:?}: {what}. Nothing was printed; this drd does not fit its own metrics")]
    Drift {
        /// Its title.
        panel: &'static str,
        /// What is wrong.
        what: String,
    },
}

/// What can be scraped: the daemon's families and what a game day leaves.
///
/// # Errors
/// When a family cannot be registered.
pub fn families() -> Result<Vec<FamilyInfo>, MetricsError> {
    let metrics = Metrics::for_daemon(&any_setup(), ["", ""])?;
    let mut all = metrics.families().to_vec();
    all.extend(gameday_families()?);
    Ok(all)
}

/// Names, kinds and labels are the same for every setup; figures are not read.
pub(crate) fn any_setup() -> Setup {
    Setup {
        policy: Policy::default(),
        sensors: Vec::new(),
        serving: Serving {
            min: 1,
            desired: 1,
            floor_percent: 50,
        },
        home: None,
    }
}

/// The dashboard as JSON.
///
/// # Errors
/// When a panel and the metrics drifted apart.
pub fn dashboard() -> Result<Value, DashboardError> {
    let families = families()?;
    let mut panels = Vec::new();
    let mut y = 0;
    for row in &ROWS {
        let (title, height) = (row.0, row.1);
        panels.push(json!({
            "type": "row",
            "title": title,
            "collapsed": false,
            "panels": [],
            "gridPos": {"x": 0, "y": y, "w": 24, "h": 1},
        }));
        y += 1;
        let mut x = 0;
        for panel in row.2 {
            if x + panel.width > 24 {
                (x, y) = (0, y + height);
            }
            let place = json!({"x": x, "y": y, "w": panel.width, "h": height});
            panels.push(drawn(panel, place, &families)?);
            x += panel.width;
        }
        y += height;
    }
    for (id, panel) in (1_u64..).zip(&mut panels) {
        panel["id"] = json!(id);
    }
    Ok(around(panels))
}

fn drawn(panel: &Panel, place: Value, families: &[FamilyInfo]) -> Result<Value, DashboardError> {
    let mut targets = Vec::new();
    let mut read: Vec<&FamilyInfo> = Vec::new();
    for (at, query) in panel.queries.iter().enumerate() {
        let expr = query.0.replace("%estate", ESTATE).replace("%leads", LEADS);
        let found = check::read(&expr, families).map_err(|what| DashboardError::Drift {
            panel: panel.title,
            what,
        })?;
        // Who leads is only how to choose here, unless it is what is asked.
        let asked =
            |family: &&FamilyInfo| family.name != "drd_leader" || query.0.contains("drd_leader");
        let new = |family: &&FamilyInfo| asked(family) && !read.contains(family);
        let found: Vec<&FamilyInfo> = found.into_iter().filter(new).collect();
        read.extend(found);
        targets.push(grafana::target(panel.shows, at, &expr, query.1));
    }
    let help = read
        .iter()
        .map(|family| format!("`{}`: {}", family.name, family.help));
    let note = (!panel.note.is_empty()).then(|| panel.note.to_owned());
    let described: Vec<String> = note.into_iter().chain(help).collect();
    Ok(json!({
        "type": grafana::kind(panel.shows),
        "title": panel.title,
        "description": described.join("\n\n"),
        "gridPos": place,
        "datasource": grafana::source(),
        "targets": targets,
        "fieldConfig": grafana::fields(panel),
        "options": grafana::options(panel.shows),
        "transformations": grafana::transformations(panel.shows),
    }))
}

/// Everything but the panels.
fn around(panels: Vec<Value>) -> Value {
    json!({
        "uid": UID,
        "title": "drd: cross-region failover",
        "description": "Generated by drd config dashboard from the metrics of this build. Edit the source, not this.",
        "tags": ["drd"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "15s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [
            {
                "name": "datasource",
                "label": "Data source",
                "type": "datasource",
                "query": "prometheus",
                "refresh": 1,
                "current": {},
            },
            {
                "name": "estate",
                "label": "Estate",
                "type": "query",
                "datasource": grafana::source(),
                "query": {"query": "label_values(drd_build_info, estate)", "refId": "estate"},
                "definition": "label_values(drd_build_info, estate)",
                "refresh": 2,
                "sort": 1,
                "multi": false,
                "includeAll": true,
                "allValue": ".*",
                "current": {"text": "All", "value": "$__all"},
            },
        ]},
        "annotations": {"list": [{
            "name": "Role changes",
            "enable": true,
            "iconColor": "red",
            "datasource": grafana::source(),
            "expr": format!("drd_failover_started_timestamp_seconds{{{ESTATE}}} * 1000 {LEADS}"),
            "useValueForTime": true,
            "step": "60s",
            "titleFormat": "role change decided",
        }]},
        "links": [],
        "panels": panels,
    })
}

#[cfg(test)]
mod tests;
