//! A panel in Grafana's JSON.
//!
//! Deliberately absent: what is shown (`panels`).

use super::panel::{Panel, Shows};
use serde_json::{Value, json};

/// Every panel asks the source that the reader chose.
pub(super) fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

pub(super) fn kind(shows: Shows) -> &'static str {
    match shows {
        Shows::Value | Shows::Name => "stat",
        Shows::Share => "gauge",
        Shows::Bars => "bargauge",
        Shows::Lines => "timeseries",
        Shows::Bands => "state-timeline",
        Shows::Rows(_) => "table",
    }
}

/// Whether the newest value is all that is drawn.
fn is_instant(shows: Shows) -> bool {
    !matches!(shows, Shows::Lines | Shows::Bands)
}

pub(super) fn target(shows: Shows, place: usize, expr: &str, legend: &str) -> Value {
    let instant = is_instant(shows);
    let format = if matches!(shows, Shows::Rows(_)) {
        "table"
    } else {
        "time_series"
    };
    let letter = char::from(b'A' + u8::try_from(place).unwrap_or(25).min(25));
    json!({
        "refId": letter.to_string(),
        "datasource": source(),
        "expr": expr,
        "legendFormat": legend,
        "instant": instant,
        "range": !instant,
        "format": format,
    })
}

pub(super) fn options(shows: Shows) -> Value {
    let newest = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
    match shows {
        Shows::Value | Shows::Name => json!({
            "colorMode": "background",
            "graphMode": "none",
            "justifyMode": "center",
            "textMode": if shows == Shows::Name { "name" } else { "auto" },
            "reduceOptions": newest,
        }),
        Shows::Share => json!({"reduceOptions": newest, "showThresholdMarkers": true}),
        Shows::Bars => json!({
            "displayMode": "basic",
            "orientation": "horizontal",
            "reduceOptions": newest,
        }),
        Shows::Lines => json!({
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }),
        Shows::Bands => json!({
            "mergeValues": true,
            "showValue": "never",
            "rowHeight": 0.8,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
            "tooltip": {"mode": "single"},
        }),
        Shows::Rows(_) => json!({"showHeader": true, "cellHeight": "sm"}),
    }
}

/// Units, colours and value names.
pub(super) fn fields(panel: &Panel) -> Value {
    let mut defaults = json!({
        "unit": panel.unit,
        "mappings": mappings(panel),
        "thresholds": {"mode": "absolute", "steps": steps(panel)},
        "color": {"mode": if panel.shows == Shows::Lines { "palette-classic" } else { "thresholds" }},
        "custom": custom(panel.shows),
    });
    if !panel.nothing.is_empty() {
        defaults["noValue"] = json!(panel.nothing);
    }
    if panel.shows == Shows::Share {
        // A little more than the whole, so that a miss is seen as one.
        defaults["min"] = json!(0);
        defaults["max"] = json!(1.2);
    } else if panel.unit == "none" {
        // Prometheus extrapolates counters; there are no 1.02 failovers.
        defaults["decimals"] = json!(0);
    }
    json!({"defaults": defaults, "overrides": overrides(panel.shows)})
}

fn custom(shows: Shows) -> Value {
    match shows {
        Shows::Lines => json!({"lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}),
        Shows::Bands => json!({"lineWidth": 0, "fillOpacity": 80}),
        Shows::Rows(_) => json!({"cellOptions": {"type": "color-text"}}),
        Shows::Value | Shows::Name | Shows::Share | Shows::Bars => json!({}),
    }
}

fn mappings(panel: &Panel) -> Value {
    let options: serde_json::Map<String, Value> = panel
        .names
        .iter()
        .enumerate()
        .map(|(index, (value, text, color))| {
            let label = json!({"text": text, "color": color, "index": index});
            (value.to_string(), label)
        })
        .collect();
    if options.is_empty() {
        json!([])
    } else {
        json!([{"type": "value", "options": options}])
    }
}

/// Grafana wants the first step to be without a value: it is the ground.
fn steps(panel: &Panel) -> Vec<Value> {
    if panel.steps.is_empty() {
        return vec![json!({"color": "text", "value": null})];
    }
    let step = |(place, (from, color)): (usize, &(f64, &str))| {
        let value = if place == 0 { json!(null) } else { json!(from) };
        json!({"color": color, "value": value})
    };
    panel.steps.iter().enumerate().map(step).collect()
}

/// Objectives and limits are drawn as what they are: dashed, red, without a ground.
fn overrides(shows: Shows) -> Value {
    if shows != Shows::Lines {
        return json!([]);
    }
    json!([{
        "matcher": {"id": "byRegexp", "options": "/objective|limit/"},
        "properties": [
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}},
            {"id": "custom.fillOpacity", "value": 0},
            {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}},
        ],
    }])
}

/// Of a table's columns only the label and the value's name are of interest.
pub(super) fn transformations(shows: Shows) -> Value {
    match shows {
        Shows::Rows(label) => json!([{
            "id": "organize",
            "options": {
                "excludeByName": {"Time": true},
                "indexByName": {label: 0, "Value": 1},
                "renameByName": {"Value": "is"},
            },
        }]),
        Shows::Value | Shows::Name | Shows::Share | Shows::Bars | Shows::Lines | Shows::Bands => {
            json!([])
        }
    }
}
