//! What `drd bootstrap` does around its work: asks doctor before, and hands over after.
//!
//! Deliberately absent: the checks and the file's text; `drd_bootstrap` has both.

use drd_bootstrap::Error;
use drd_bootstrap::apply::Site;
use drd_bootstrap::apply::handed;
use drd_bootstrap::doctor::{Finding, Side, Wanted, refusals};
use drd_bootstrap::handover::{self, Facts};
use drd_bootstrap::observe::{self, clients::Aws};
use drd_bootstrap::settings::{Key, Settings};
use drd_bootstrap::stacks::Role;
use drd_bootstrap::state::Folder;
use drd_bootstrap::values::Outputs;

/// What keeps the estate from being built, if anything does.
pub(super) async fn refusal(aws: &Aws, settings: &Settings) -> Option<Error> {
    let now = crate::clock::Clock::start().read().0;
    let findings = observe::doctor::preflight(aws.config(), &wanted(settings), now).await;
    let refused = refusals(&findings);
    if refused.is_empty() {
        return None;
    }
    let line = |finding: &&Finding| {
        let remedy = finding.remedy.as_deref().unwrap_or("run `drd doctor`");
        format!("  {}: {}\n    {remedy}", finding.check, finding.detail)
    };
    let lines: Vec<String> = refused.iter().map(line).collect();
    Some(Error::Refused(format!(
        "estate {} cannot be built as it is wanted:\n{}\nNothing was created.",
        settings.suffix(),
        lines.join("\n")
    )))
}

fn wanted(settings: &Settings) -> Wanted {
    let side = |role: Role, built: Key, gateways: Key| Side {
        role: role.name(),
        region: settings.region(role).to_owned(),
        built: settings.number(built),
        serving: settings.number(Key::ServingDesired),
        nat_gateways: settings.number(gateways),
    };
    let zone = settings.get(Key::HostedZoneId);
    let text = |key| settings.get(key).to_owned();
    Wanted {
        suffix: settings.suffix().to_string(),
        sides: [
            side(Role::Primary, Key::ServingDesired, Key::NatGatewaysPrimary),
            side(Role::Standby, Key::StandbyMin, Key::NatGatewaysStandby),
        ],
        witness_region: text(Key::WitnessRegion),
        hosted_zone_id: (!zone.is_empty()).then(|| zone.to_owned()),
        domain: text(Key::Domain),
        engine_version: text(Key::EngineVersion),
        instance_class: text(Key::InstanceClass),
        instance_type: text(Key::InstanceType),
    }
}

/// Writes the daemon's configuration to the state folder, and to the standby's configuration
/// bucket, where a daemon finds it while the primary's region is dark.
pub(super) async fn hand_over(
    site: &Site,
    folder: &Folder,
    outputs: &Outputs,
) -> Result<(), Error> {
    let settings = &site.settings;
    let facts = Facts {
        suffix: settings.suffix().clone(),
        primary_region: settings.region(Role::Primary).to_owned(),
        standby_region: settings.region(Role::Standby).to_owned(),
        witness_region: settings.get(Key::WitnessRegion).to_owned(),
        serving_min: settings.number(Key::ServingMin),
        serving_desired: settings.number(Key::ServingDesired),
    };
    let named: handover::Outputs = outputs
        .iter()
        .map(|(id, values)| (id.name(settings.suffix()), values.clone()))
        .collect();
    let topology = handover::topology(&facts, &named).map_err(|e| Error::Failed(e.to_string()))?;
    let text = handover::toml(&facts, &topology);
    folder.write("toml", &text)?;
    handed::put(site, &text).await
}
