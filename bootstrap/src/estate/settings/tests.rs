//! Settings as a person meets them.

use super::*;

fn suffix() -> Suffix {
    Suffix::new("shop1").expect("a suffix")
}

fn said(pairs: &[(Key, &str)]) -> Said {
    pairs.iter().map(|(k, v)| (*k, (*v).to_owned())).collect()
}

#[test]
fn the_defaults_are_an_estate() {
    let settings = Settings::resolve(&suffix(), None, &Said::new()).expect("settings");
    assert_eq!(settings.get(Key::Domain), "shop1.drd.internal");
    assert_eq!(
        settings.subnets(Role::Standby, SubnetKind::Data),
        "10.20.128.0/20,10.20.144.0/20,10.20.160.0/20"
    );
    assert_eq!(
        settings.regions(),
        ["eu-central-1", "eu-central-2", "eu-west-1", "us-east-1"]
    );
}

#[test]
fn every_bad_value_is_named_at_once() {
    let bad = said(&[
        (Key::InstanceClass, "db.t4g.medium"),
        (Key::VpcCidrPrimary, "10.10.1.0/16"),
        (Key::GlobalRpo, "5"),
        (Key::WitnessRegion, "eu-central-2"),
    ]);
    let text = Settings::resolve(&suffix(), None, &bad)
        .expect_err("refused")
        .to_string();
    for flag in [
        "--instance-class",
        "--vpc-cidr-primary",
        "--global-rpo",
        "--witness-region",
    ] {
        assert!(text.contains(flag), "{flag} is missing in {text}");
    }
}

#[test]
fn what_was_said_before_holds_until_something_else_is_said() {
    let first = said(&[(Key::Email, "ops@example.com"), (Key::StandbyMin, "2")]);
    let first = Settings::resolve(&suffix(), None, &first).expect("settings");
    let memory = Settings::recall(&first.remembered());
    let again = Settings::resolve(&suffix(), Some(&memory), &said(&[(Key::StandbyMin, "3")]));
    let again = again.expect("settings");
    assert_eq!(again.get(Key::Email), "ops@example.com");
    assert_eq!(again.get(Key::StandbyMin), "3");
}

#[test]
fn an_estate_that_exists_does_not_move() {
    let memory = said(&[(Key::StandbyRegion, "eu-central-2")]);
    let moved = said(&[(Key::StandbyRegion, "eu-south-1")]);
    let error = Settings::resolve(&suffix(), Some(&memory), &moved).expect_err("refused");
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("--standby-region"), "{error}");
}

#[test]
fn every_default_passes_its_own_check() {
    for parameter in &PARAMETERS {
        let value = parameter.default.replace("{suffix}", "shop1");
        assert_eq!((parameter.check)(&value), Ok(()), "{}", parameter.name);
        assert_eq!(Key::named(parameter.name), Some(parameter.key));
    }
}
