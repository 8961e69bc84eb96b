//! What an estate can be built without and should not be left without: a domain that can be
//! delegated, certificates, somebody who is mailed, a daemon.
//!
//! Judged from the settings alone. Deliberately absent: whether resolvers are sent to the zone
//! (`zone`), and whether a daemon that somebody else started runs (`event_path`).

use super::check::{Check, Gates, Judged, Verdict};
use super::zone::is_private_use;
use crate::estate::settings::{Key, Settings};

/// The four, each as a check.
pub fn checks(settings: &Settings) -> Vec<Check> {
    vec![
        // No failover of a record that resolvers deny could end.
        domain(settings.get(Key::Domain)).named("domain", Gates::Failover),
        certificates(settings).named("certificates", Gates::Nothing),
        subscriber(settings.get(Key::Email)).named("subscriber", Gates::Nothing),
        daemon(settings).named("daemon", Gates::Nothing),
    ]
}

/// The red ones for people, a line each; empty when none is.
pub fn text(checks: &[Check]) -> String {
    let red = checks.iter().filter(|check| check.verdict == Verdict::Red);
    let lines: Vec<String> = red
        .map(|check| format!("  {:<13} {}\n", check.name, check.text()))
        .collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!("\nWhat it lacks:\n{}", lines.concat()),
    }
}

fn domain(name: &str) -> Judged {
    match is_private_use(name) {
        true => Judged::red(
            format!("no resolver can be sent to {name}: drd is not armed, no failover could end"),
            "build with --domain NAME of a zone that can be delegated",
        ),
        false => Judged::green(format!("{name} can be delegated")),
    }
}

fn certificates(settings: &Settings) -> Judged {
    let keys = [Key::CertificateArnPrimary, Key::CertificateArnStandby];
    match keys.iter().all(|key| !settings.get(*key).is_empty()) {
        true => Judged::green("clients talk HTTPS to both sides"),
        false => Judged::red(
            "clients talk HTTP, unencrypted",
            "give --certificate-arn-primary and --certificate-arn-standby, each for api, primary \
             and standby of the domain",
        ),
    }
}

fn subscriber(email: &str) -> Judged {
    match email.is_empty() {
        true => Judged::red(
            "nobody is mailed: what drd pages reaches only who else subscribes to the topics",
            "give --email ADDRESS, and confirm AWS's mail",
        ),
        false => Judged::green(format!("{email}, once AWS's mail is confirmed")),
    }
}

fn daemon(settings: &Settings) -> Judged {
    match settings.get(Key::Daemon) {
        "none" => Judged::red(
            "nothing fails over until a daemon runs",
            format!(
                "give --daemon ecs with --daemon-image, or run `drd run --suffix {}` on a host",
                settings.suffix()
            ),
        ),
        kind => Judged::green(format!("AWS runs it ({kind})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::naming::Suffix;
    use std::collections::BTreeMap;

    fn with(given: &[(Key, &str)]) -> Vec<Check> {
        let suffix = Suffix::new("shop1").expect("a suffix");
        let given: BTreeMap<Key, String> = given
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        checks(&Settings::resolve(&suffix, None, &given).expect("settings"))
    }

    #[test]
    fn the_defaults_lack_all_four_and_each_line_names_its_flag() {
        let text = text(&with(&[]));
        for flag in [
            "--domain",
            "--certificate-arn-primary",
            "--email",
            "--daemon",
        ] {
            assert!(text.contains(flag), "{flag} in {text}");
        }
        assert_eq!(text.lines().count(), 6, "{text}");
    }

    #[test]
    fn an_estate_that_lacks_nothing_has_no_line() {
        let arn = |region: &str| format!("arn:aws:acm:{region}:123456789012:certificate/a");
        let (primary, standby) = (arn("eu-central-1"), arn("eu-central-2"));
        let found = with(&[
            (Key::Domain, "shop.example.com"),
            (Key::CertificateArnPrimary, &primary),
            (Key::CertificateArnStandby, &standby),
            (Key::Email, "sre@example.com"),
            (Key::Daemon, "ecs"),
            (Key::DaemonImage, "drd:1"),
        ]);
        assert_eq!(text(&found), "");
    }
}
