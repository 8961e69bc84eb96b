//! A small estate for tests that read as English: what is true, who says so, and time.
//!
//! Sensors keep their rhythm while time passes: own probes every 5 s, the witness and Route 53
//! every 10 s, a look every 5 s, lag every 30 s, a tick every second.

use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{
    Check, Completion, Event, GlobalView, LagSample, Observation, Outcome, RoleChange, Side,
    SideView, Signal, Vantage, Verdict, Word,
};
use drd_state_machine::policy::{Autonomy, Policy, Sensor, Serving};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Record, Setup, diagnosis::Diagnosis, step};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use Verdict::{Healthy, Unhealthy, Unknown};

/// Where the tests' time starts.
pub const START: Time = Time(1_767_225_600_000);

/// An estate, the machine that watches it, and what it decided.
pub struct Estate {
    pub record: Record,
    pub setup: Setup,
    pub now: Time,
    /// What each sensor would say; a sensor that is missing is silent.
    pub words: BTreeMap<(Vantage, Side), Verdict>,
    pub references: Verdict,
    pub view: Observation,
    /// The lag that samples show; `None`: no sample arrives.
    pub lag: Option<Span>,
    pub readiness: Verdict,
    /// Every decision since the last `forget`.
    pub decisions: Vec<Decision>,
    /// At each step the machine goes on with what it read of what it wrote.
    pub reads_its_own_record: bool,
    deliveries: u64,
}

/// An estate that has been well for three minutes.
pub fn estate() -> Estate {
    let mut estate = unknown_estate();
    estate.tell(Event::Started);
    estate.check();
    estate.speak();
    estate.wait(180);
    assert_eq!(estate.state(), "watching");
    assert!(estate.record.facts.armed);
    estate.quiet();
    estate
}

/// An estate that nothing was heard of yet.
pub fn unknown_estate() -> Estate {
    let setup = setup();
    let every = |vantage| Side::BOTH.map(|side| ((vantage, side), Healthy));
    let spoken = Vantage::ALL
        .into_iter()
        .filter(|v| *v != Vantage::Replication);
    Estate {
        record: Record::new(&setup, START),
        setup,
        now: START,
        words: spoken.flat_map(every).collect(),
        references: Healthy,
        view: Observation {
            references: Healthy,
            global: Some(GlobalView {
                writer: Some(Side::Primary),
                writers: 1,
                role_change: RoleChange::Idle,
                replica_connected: true,
            }),
            sides: [Some(side_view(6)), Some(side_view(1))],
            dns: Some(Side::Primary),
        },
        lag: Some(Span::secs(1)),
        readiness: Healthy,
        decisions: Vec::new(),
        reads_its_own_record: false,
        deliveries: 0,
    }
}

/// The default policy; the daemon lives in the standby region.
pub fn setup() -> Setup {
    let sensor = |vantage: Vantage, side: Side| Sensor {
        name: Arc::from(name(vantage, side)),
        vantage,
        side,
    };
    let of = |side| Vantage::ALL.map(|vantage| sensor(vantage, side));
    Setup {
        policy: Policy::default(),
        sensors: Side::BOTH.into_iter().flat_map(of).collect(),
        serving: Serving {
            min: 6,
            desired: 6,
            floor_percent: 50,
        },
        home: Some(Side::Standby),
    }
}

pub fn name(vantage: Vantage, side: Side) -> String {
    format!("{}-{side}", vantage.name())
}

pub fn side_view(serving: u32) -> SideView {
    SideView {
        database_available: Some(true),
        in_service: Some(serving),
        healthy_targets: Some(serving),
        min_size: Some(serving),
    }
}

pub fn unanswered() -> Outcome {
    Outcome::Unknown {
        why: "no answer within 10 s".to_owned(),
    }
}

pub fn refused() -> Outcome {
    Outcome::Refused {
        why: "InvalidGlobalClusterStateFault".to_owned(),
    }
}

pub fn denied() -> Outcome {
    Outcome::Denied {
        why: "AccessDenied".to_owned(),
    }
}

// What is true.
impl Estate {
    pub fn active(&self) -> Side {
        self.record.facts.active
    }

    /// The active region goes: endpoint, control plane and replication.
    pub fn region_dark(&mut self) {
        let side = self.active();
        self.endpoint(Unhealthy);
        self.words.insert((Vantage::ControlPlane, side), Unhealthy);
        self.words.remove(&(Vantage::Inside, side));
        self.view.sides[side.index()] = None;
        self.lag = None;
        self.speak();
    }

    /// Everything is as it was.
    pub fn region_back(&mut self) {
        let side = self.active();
        self.endpoint(Healthy);
        self.words.insert((Vantage::ControlPlane, side), Healthy);
        self.words.insert((Vantage::Inside, side), Healthy);
        self.view.sides[side.index()] = Some(side_view(6));
        self.lag = Some(Span::secs(1));
        self.speak();
    }

    /// What every endpoint sensor of the active side will say.
    pub fn endpoint(&mut self, verdict: Verdict) {
        let side = self.active();
        for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
            self.words.insert((vantage, side), verdict);
        }
    }

    /// The database of the active side has no available writer; the region answers.
    pub fn database_down(&mut self) {
        self.endpoint(Unhealthy);
        if let Some(view) = &mut self.view.sides[self.record.facts.active.index()] {
            view.database_available = Some(false);
        }
        self.lag = None;
        self.speak();
    }

    /// The application fails; database and replication are well.
    pub fn application_down(&mut self) {
        self.endpoint(Unhealthy);
        if let Some(view) = &mut self.view.sides[self.record.facts.active.index()] {
            view.healthy_targets = Some(0);
        }
        self.speak();
    }

    /// The writer is on this side now, available, and nothing is connected to it.
    pub fn writer_is(&mut self, side: Side) {
        if let Some(global) = &mut self.view.global {
            global.writer = Some(side);
            global.role_change = RoleChange::Idle;
            global.replica_connected = false;
        }
        self.look();
    }

    /// A role change runs towards this side.
    pub fn underway(&mut self, to: Side) {
        if let Some(global) = &mut self.view.global {
            global.role_change = RoleChange::Underway(to);
        }
    }

    pub fn serving(&mut self, side: Side, instances: u32) {
        self.view.sides[side.index()] = Some(side_view(instances));
        self.look();
    }

    pub fn may_act_on(&mut self, diagnosis: Diagnosis) {
        self.setup.policy.autonomy.insert(diagnosis, Autonomy::Act);
    }
}

// Who says so, and time.
impl Estate {
    /// Tells the machine one event, now.
    pub fn tell(&mut self, event: Event) -> &Decision {
        let decision = step(&mut self.record, &self.setup, self.now, &event);
        if self.reads_its_own_record {
            crate::record::survives_json(&self.record);
            let text = serde_json::to_string(&self.record).expect("a record is JSON");
            self.record = serde_json::from_str(&text).expect("a record can be read");
        }
        self.decisions.push(decision);
        self.decisions.last().expect("just pushed")
    }

    /// A second later every sensor speaks, and there is a look.
    pub fn speak(&mut self) {
        self.now = self.now + Span::secs(1);
        for vantage in Vantage::ALL {
            self.say_all(vantage);
        }
        self.look();
    }

    fn say_all(&mut self, vantage: Vantage) {
        for side in Side::BOTH {
            if let Some(verdict) = self.words.get(&(vantage, side)).copied() {
                self.signal(&name(vantage, side), vantage, verdict, self.now);
            }
        }
    }

    /// From now on this sensor of the active side says so, for the first time a second later.
    pub fn says(&mut self, vantage: Vantage, verdict: Verdict) {
        let side = self.active();
        self.now = self.now + Span::secs(1);
        self.words.insert((vantage, side), verdict);
        self.signal(&name(vantage, side), vantage, verdict, self.now);
    }

    /// One word of one sensor. Only what is pushed has an identity.
    pub fn signal(&mut self, sensor: &str, vantage: Vantage, verdict: Verdict, looked: Time) {
        let own = matches!(vantage, Vantage::Probe | Vantage::ControlPlane);
        self.deliveries += 1;
        let id = if own {
            String::new()
        } else {
            self.deliveries.to_string()
        };
        self.tell(Event::Signalled(Signal {
            id: Arc::from(id),
            sensor: Arc::from(sensor),
            verdict,
            observed_at: looked,
        }));
    }

    pub fn look(&mut self) {
        self.view.references = self.references;
        let view = if self.references == Unhealthy {
            // Cut off: nothing that is far away answers.
            Observation {
                references: Unhealthy,
                ..Observation::default()
            }
        } else {
            self.view
        };
        self.tell(Event::Observed(view));
    }

    pub fn sample(&mut self, taken_at: Time, lag: Span) {
        self.tell(Event::Sampled(LagSample { taken_at, lag }));
    }

    pub fn check(&mut self) {
        let checks = vec![Check {
            name: Arc::from("engine_parity"),
            verdict: self.readiness,
            detail: Arc::from("16.4 and 16.3"),
            gates: true,
        }];
        self.tell(Event::Checked { checks });
    }

    /// Time passes, second by second, and every sensor keeps its rhythm.
    pub fn wait(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now = self.now + Span::secs(1);
            self.second();
        }
    }

    fn second(&mut self) {
        let second = (self.now - START).0 / 1000;
        let every = |period: i64| second.rem_euclid(period) == 0;
        if every(5) {
            self.say_all(Vantage::Probe);
            self.say_all(Vantage::ControlPlane);
            self.look();
        }
        if every(10) {
            self.say_all(Vantage::Witness);
            self.say_all(Vantage::Route53);
            self.say_all(Vantage::Inside);
        }
        if let Some(lag) = self.lag.filter(|_| every(30)) {
            self.sample(self.now, lag);
        }
        if every(60) {
            let (sent_at, stamped_at) = (self.now, self.now);
            self.tell(Event::HeartbeatReturned {
                sent_at,
                stamped_at,
            });
        }
        if every(300) {
            self.check();
        }
        self.tell(Event::Tick);
    }

    /// Time passes until this state is reached, for so many seconds at most.
    pub fn wait_for(&mut self, state: &str, seconds: i64) {
        for _ in 0..seconds {
            if self.state() == state {
                return;
            }
            self.wait(1);
        }
        assert_eq!(self.state(), state, "after {seconds} s: {}", self.story());
    }

    /// Time passes until one of these states is reached, or so many seconds are over.
    pub fn wait_for_any(&mut self, states: &[&str], seconds: i64) {
        for _ in 0..seconds {
            if !states.contains(&self.state()) {
                self.wait(1);
            }
        }
    }

    pub fn order(&mut self, word: Word) {
        self.tell(Event::Ordered { word });
    }

    /// The newest attempt of this command ends, if there was one.
    pub fn ends_if_asked(&mut self, kind: Kind, outcome: Outcome) {
        if !self.asked(kind).is_empty() {
            self.ends(kind, outcome);
        }
    }

    /// The newest attempt of this command ends.
    pub fn ends(&mut self, kind: Kind, outcome: Outcome) {
        let newest = self.asked(kind).last().copied();
        let command = newest.unwrap_or_else(|| panic!("{kind} was never asked"));
        let done = completion(command, outcome);
        self.tell(done);
    }
}

pub fn page_text(command: &Command) -> Option<&str> {
    if let Command::Page { text, .. } = command {
        Some(text)
    } else {
        None
    }
}

/// The end of an attempt of this command.
pub fn completion(command: &Command, outcome: Outcome) -> Event {
    Event::Finished(Completion {
        kind: command.kind(),
        epoch: command.epoch(),
        attempt: command.attempt(),
        outcome,
    })
}

// What the machine did.
