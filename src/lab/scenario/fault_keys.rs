//! Which keys a kind of fault uses: one that it does not use would be ignored, and is refused.
//!
//! Deliberately absent: what values they may have (`fault_bounds`), and which are needed (`fault_check`).

use super::fault::{Fault, FaultKind};

impl FaultKind {
    /// The keys that this kind uses beside `at` and `kind`.
    pub const fn keys(self) -> &'static [&'static str] {
        match self {
            FaultKind::RegionDark
            | FaultKind::DatabaseDown
            | FaultKind::DatabaseHung
            | FaultKind::ApplicationDown
            | FaultKind::ApplicationWrongData
            | FaultKind::EdgeDown
            | FaultKind::LatchStoreDown => &["side", "for"],
            FaultKind::ReplicationStall
            | FaultKind::VersionMismatch
            | FaultKind::EventsReordered
            | FaultKind::SecondDaemon
            | FaultKind::LedgerDown
            | FaultKind::DnsStale
            | FaultKind::WitnessSilent
            | FaultKind::LogSinkHangs
            | FaultKind::FsyncHangs
            | FaultKind::OldWriterUnfenced => &["for"],
            FaultKind::ObserverIsolated | FaultKind::DaemonFreeze => &["daemon", "for"],
            FaultKind::ReplicationLag => &["lag", "for"],
            FaultKind::ControlPlaneDown => &["side", "service", "for"],
            FaultKind::ApiThrottle => &["service", "rate", "for"],
            FaultKind::ApiError => &["service", "operation", "code", "times", "for"],
            FaultKind::ApiLatency => &["service", "latency", "for"],
            FaultKind::ReplyLost => &["operation", "for"],
            FaultKind::CapacityShortage => &["side", "available", "for"],
            FaultKind::PromotionSlow => &["duration", "for"],
            FaultKind::PromotionFails => &["times", "for"],
            FaultKind::EventsLost | FaultKind::PageLost => &["rate", "for"],
            FaultKind::LagLost => &["rate", "source", "for"],
            FaultKind::EventsDuplicated => &["copies", "for"],
            FaultKind::EventsDelayed => &["delay", "for"],
            FaultKind::LagDelayed => &["delay", "source", "for"],
            FaultKind::LagWrong => &["lag", "rows", "source", "for"],
            FaultKind::AlarmFlap => &["period", "for"],
            FaultKind::SingleSensorFalse | FaultKind::SensorWrong => &["sensor", "verdict", "for"],
            FaultKind::RecordChanged => &["to", "for"],
            FaultKind::BlueGreen => &["side", "downtime", "for"],
            FaultKind::CredentialsExpired => &["service", "for"],
            FaultKind::PermissionDenied => &["service", "operation", "for"],
            FaultKind::LedgerReplaced => &["how", "for"],
            FaultKind::ReadinessFlickers => &["check", "period", "for"],
            // A moment, which nothing takes back. Every kind takes `for` all the same.
            FaultKind::DaemonCrash => &["daemon", "restart_after", "for"],
            FaultKind::ClockJump | FaultKind::HostClock => &["daemon", "by", "for"],
            FaultKind::Operator => &["word", "for"],
            FaultKind::PoisonMessage | FaultKind::LatchRemoved => &["for"],
            FaultKind::LatchChanged => &["to", "for"],
            FaultKind::CapacityChanged => &["side", "min", "desired", "for"],
            FaultKind::RoleChangeByHand => &["to", "how", "for"],
        }
    }
}

/// As a file has it.
pub(super) fn shown<T: std::fmt::Debug>(value: Option<T>) -> Option<String> {
    value.map(|value| format!("{value:?}").to_lowercase())
}

impl Fault {
    /// The optional keys that are given, with their values.
    fn given(&self) -> impl Iterator<Item = (&'static str, String)> {
        let span = |span: Option<drd_state_machine::time::Span>| span.map(|s| s.to_string());
        let keys = [
            ("for", span(self.lasts)),
            ("side", shown(self.side)),
            ("service", self.service.clone()),
            ("operation", self.operation.clone()),
            ("code", self.code.clone()),
            ("rate", shown(self.rate)),
            ("times", shown(self.times)),
            ("lag", span(self.lag)),
            ("latency", span(self.latency)),
            ("delay", span(self.delay)),
            ("period", span(self.period)),
            ("duration", span(self.duration)),
            ("available", shown(self.available)),
            ("copies", shown(self.copies)),
            ("sensor", self.sensor.clone()),
            ("by", span(self.by)),
            ("restart_after", span(self.restart_after)),
            ("word", shown(self.word)),
            ("verdict", shown(self.verdict)),
            ("to", shown(self.to)),
            ("min", shown(self.min)),
            ("desired", shown(self.desired)),
            ("how", shown(self.how)),
            ("downtime", span(self.downtime)),
            ("rows", shown(self.rows)),
            ("check", self.check.clone()),
            ("daemon", shown(self.daemon)),
            ("source", shown(self.source)),
        ];
        keys.into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
    }

    /// A key that this kind does not use.
    pub(super) fn unused_key(&self) -> Option<String> {
        let used = self.kind.keys();
        let (key, value) = self.given().find(|(key, _)| !used.contains(key))?;
        if key == "daemon" {
            let name = self.kind.name();
            return Some(format!("{name} strikes no daemon: leave `daemon` out"));
        }
        let what = match used {
            ["for"] => "it has no keys but `kind`, `at` and `for`".to_owned(),
            used => format!("it uses {}", used.join(", ")),
        };
        let name = self.kind.name();
        Some(format!("{name} ignores `{key}` = {value}: {what}"))
    }
}
