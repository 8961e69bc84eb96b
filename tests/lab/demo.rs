//! A demonstration as somebody sees it who has nothing yet: its own lines, and what other commands do to it.
//!
//! Deliberately absent: a whole recovery; that takes minutes of real time.

use crate::Folder;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A message travels for 3 s at most, a look takes under 1 s; the rest is for a loaded host.
const WITHIN: Duration = Duration::from_secs(60);

struct Shown {
    child: Child,
    typed: ChildStdin,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Shown {
    fn start(folder: &Path) -> Shown {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_drd"));
        demo.args(["demo", "--dir"]).arg(folder);
        demo.stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = demo.spawn().expect("drd starts");
        let typed = child.stdin.take().expect("piped");
        let (send, lines) = channel();
        let out = child.stdout.take().expect("piped");
        let err = child.stderr.take().expect("piped");
        let other = send.clone();
        let forward = |lines: Box<dyn std::io::BufRead + Send>,
                       send: std::sync::mpsc::Sender<String>| {
            std::thread::spawn(move || {
                lines
                    .lines()
                    .map_while(Result::ok)
                    .all(|line| send.send(line).is_ok())
            });
        };
        forward(Box::new(BufReader::new(out)), send);
        forward(Box::new(BufReader::new(err)), other);
        Shown {
            child,
            typed,
            lines,
            seen: Vec::new(),
        }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.typed, "{line}").expect("it reads");
    }

    /// The next line that has this in it.
    fn shows(&mut self, part: &str) -> String {
        // A deadline a line: what comes in between are the demonstration's own lines, and there are few.
        while let Ok(line) = self.lines.recv_timeout(WITHIN) {
            self.seen.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
        panic!("no line with {part:?} in\n{}", self.seen.join("\n"));
    }

    fn ends(mut self) -> i32 {
        self.types("quit");
        self.child
            .wait()
            .expect("it ends")
            .code()
            .expect("no signal")
    }
}

fn drd(config: &PathBuf, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drd"));
    command.args(words).env("DRD_CONFIG", config);
    command.output().expect("drd runs")
}

#[test]
fn a_demonstration_arms_itself_takes_every_command_and_shows_what_breaks() {
    let folder = Folder::new("demo");
    let mut demo = Shown::start(folder.path());
    demo.shows("poke it");
    demo.shows("ARMED   primary serves (eu-central-1)");
    let config = folder.path().join("drd.toml");
    let status = drd(&config, &["status"]);
    assert!(
        String::from_utf8_lossy(&status.stdout).starts_with("lab   ARMED"),
        "{status:?}"
    );
    let paused = drd(&config, &["pause", "--for", "10m"]);
    assert_eq!(paused.status.code(), Some(0), "{paused:?}");
    demo.shows("lab   PAUSED");
    assert_eq!(drd(&config, &["resume"]).status.code(), Some(0));
    demo.shows("lab   ARMED");

    demo.types("help");
    demo.shows("break region-dark | database");
    demo.types("break everything");
    demo.shows("no kind of fault is called everything");
    demo.types("break edge");
    demo.shows("edge_down begins");
    demo.shows("lab   SUSPECTING");
    let status = drd(&config, &["status"]);
    let table = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        table.contains("Eyes ") && table.contains("observer DOWN"),
        "{table}"
    );
    demo.types("heal");
    demo.shows("edge_down ends");
    demo.shows("lab   ARMED");
    assert_eq!(demo.ends(), 0);
    assert!(
        folder.path().join("ledger.jsonl").exists(),
        "--dir keeps it"
    );
    let conforms = drd(
        &config,
        &[
            "replay",
            "--conform",
            &folder.path().join("ledger.jsonl").display().to_string(),
        ],
    );
    assert_eq!(conforms.status.code(), Some(0), "{conforms:?}");
}
