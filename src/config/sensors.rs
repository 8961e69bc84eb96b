//! The sensors: those that are written down, and those that every estate has.
//!
//! Deliberately absent: votes and domains; `drd_state_machine::event::Vantage` knows them.

use super::diagnostics::Origin;
use super::reader::{Field, Notes, Reader};
use super::tree::Node;
use super::values::{self, Arn};
use drd_bootstrap::Topology;
use drd_state_machine::event::{Side, Vantage};

/// One source of signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorConfig {
    /// Its name: unique, a label of the metrics.
    pub name: String,
    /// Where it looks from.
    pub vantage: Vantage,
    /// The side it is about.
    pub side: Side,
    /// The CloudWatch alarm that is its source; `None` when drd or the witness is.
    pub alarm_arn: Option<String>,
}

/// What every estate has on each side unless it is written down. `route53` and `inside` have
/// alarms as their only source, so they exist only where an alarm is named.
const IMPLICIT: [(Vantage, &str); 4] = [
    (Vantage::Witness, "witness"),
    (Vantage::Probe, "probe"),
    (Vantage::ControlPlane, "control-plane"),
    (Vantage::Replication, "replication"),
];

/// Where CloudWatch keeps Route 53's metrics, for every region (aws-facts 1.4).
const ROUTE53_REGION: &str = "us-east-1";

struct SensorRead {
    config: SensorConfig,
    alarm: Option<Field<Arn>>,
    origin: Origin,
}

/// Reads `[[sensors]]` and adds the implicit ones.
pub(super) fn read(root: &mut Reader<'_>, topology: Option<&Topology>) -> Vec<SensorConfig> {
    let tables = root.tables("sensors");
    let notes = tables.first().map(Reader::notes);
    let declared: Vec<SensorRead> = tables.into_iter().filter_map(read_sensor).collect();
    if let Some(notes) = notes {
        for (at, sensor) in declared.iter().enumerate() {
            unlike_earlier(notes, sensor, &declared[..at]);
            alarm_fits(notes, sensor, topology);
        }
    }
    with_implicit(declared.into_iter().map(|sensor| sensor.config).collect())
}

fn read_sensor(mut table: Reader<'_>) -> Option<SensorRead> {
    let name = table.required(
        "name",
        "what this sensor is called in metrics and reports",
        name,
    );
    let vantage = table.required("vantage", "where this sensor looks from", values::vantage);
    let side = table.required("side", "the side this sensor is about", values::side);
    let alarm = table.optional("alarm_arn", values::alarm_arn);
    let origin = table.origin().clone();
    table.finish();
    let config = SensorConfig {
        name: name?.value,
        vantage: vantage?.value,
        side: side?.value,
        alarm_arn: alarm.as_ref().map(|field| field.value.text.clone()),
    };
    Some(SensorRead {
        config,
        alarm,
        origin,
    })
}

/// 64: long enough for any name drd gives; a metric label must stay readable.
const NAME_CHARS_MAX: usize = 64;

fn name(node: &Node) -> Result<String, String> {
    let text = node.text()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "wants 1 to {NAME_CHARS_MAX} of letters, digits, `.`, `_` and `-`"
        ))
    }
}

fn unlike_earlier(notes: &Notes, sensor: &SensorRead, earlier: &[SensorRead]) {
    let config = &sensor.config;
    if earlier.iter().any(|other| other.config.name == config.name) {
        let what = format!("two sensors are called `{}`", config.name);
        notes.problem(&sensor.origin, what, "each needs a name of its own");
    }
    if is_reserved(config) {
        let what = format!(
            "`{}` is the name of a sensor that every estate has",
            config.name
        );
        notes.problem(
            &sensor.origin,
            what,
            "choose another name, or its vantage and side",
        );
    }
    let same_alarm = |other: &&SensorRead| other.config.alarm_arn == config.alarm_arn;
    let same_place = |other: &&SensorRead| {
        other.config.vantage == config.vantage && other.config.side == config.side
    };
    let mut twin = earlier.iter().filter(same_alarm);
    let twin = if config.alarm_arn.is_some() {
        twin.next()
    } else {
        twin.find(same_place)
    };
    if let Some(twin) = twin {
        let what = format!("`{}` hears what `{}` hears", config.name, twin.config.name);
        notes.problem(
            &sensor.origin,
            what,
            "one source is one sensor; remove one of them",
        );
    }
}

/// Whether the alarm's events are accepted, and it fails only with what its vantage fails with.
fn alarm_fits(notes: &Notes, sensor: &SensorRead, topology: Option<&Topology>) {
    let config = &sensor.config;
    let Some(alarm) = &sensor.alarm else {
        if matches!(config.vantage, Vantage::Route53 | Vantage::Inside) {
            let what = format!("`{}` has no alarm_arn", config.name);
            notes.problem(
                &sensor.origin,
                what,
                "a CloudWatch alarm is the only source of this vantage",
            );
        }
        return;
    };
    let Some(topology) = topology else { return };
    let ours = topology.sides.primary.account().unwrap_or_default();
    if alarm.value.account != ours {
        let what = format!(
            "the alarm is in account {}, the estate in {ours}",
            alarm.value.account
        );
        notes.problem(
            &alarm.origin,
            what,
            "events of other accounts are discarded",
        );
    }
    let region = &alarm.value.region;
    if let Err(hint) = region_fits(config, region, topology) {
        let what = format!(
            "an alarm in {region} does not fit vantage {}",
            config.vantage.name()
        );
        notes.problem(&alarm.origin, what, hint);
    }
}

/// Whether an alarm in `region` fails with the fault domain of the sensor's vantage.
fn region_fits(config: &SensorConfig, region: &str, topology: &Topology) -> Result<(), String> {
    let (own, other) = match config.side {
        Side::Primary => (
            &topology.sides.primary.region,
            &topology.sides.standby.region,
        ),
        Side::Standby => (
            &topology.sides.standby.region,
            &topology.sides.primary.region,
        ),
    };
    let (fits, wanted) = match config.vantage {
        Vantage::Route53 => (region == ROUTE53_REGION, ROUTE53_REGION.to_owned()),
        Vantage::Inside => (region == own, own.clone()),
        Vantage::Replication => (region == other, other.clone()),
        Vantage::Witness => (
            region != own && region != other,
            "a third region".to_owned(),
        ),
        Vantage::Probe | Vantage::ControlPlane => {
            (false, "none: drd itself looks from there".to_owned())
        }
    };
    if fits {
        Ok(())
    } else {
        Err(format!("its fault domain is {wanted}"))
    }
}

/// Whether the name is an implicit sensor's, but the sensor is another one.
fn is_reserved(config: &SensorConfig) -> bool {
    let implicit =
        |side: Side| IMPLICIT.map(|(vantage, prefix)| (implicit_name(prefix, side), vantage, side));
    let owner = Side::BOTH
        .into_iter()
        .flat_map(implicit)
        .find(|(name, ..)| *name == config.name);
    owner.is_some_and(|(_, vantage, side)| (vantage, side) != (config.vantage, config.side))
}

fn implicit_name(prefix: &str, side: Side) -> String {
    format!("{prefix}-{side}")
}

fn with_implicit(mut sensors: Vec<SensorConfig>) -> Vec<SensorConfig> {
    for side in Side::BOTH {
        for (vantage, prefix) in IMPLICIT {
            let name = implicit_name(prefix, side);
            let declared = sensors
                .iter()
                .any(|s| s.vantage == vantage && s.side == side);
            if !declared {
                sensors.push(SensorConfig {
                    name,
                    vantage,
                    side,
                    alarm_arn: None,
                });
            }
        }
    }
    sensors
}
