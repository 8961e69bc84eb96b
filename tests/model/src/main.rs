//! Runs the whole battery and prints it. Exit 1 when a rule does not hold, or a planted mistake is not
//! found.
//!
//! Deliberately absent: choices. There is one battery.

use std::process::ExitCode;

#[expect(clippy::print_stdout, reason = "what it finds is what it is run for")]
fn main() -> ExitCode {
    let wrong = drd_model::battery::run_all(&mut |ran| print!("{ran}"));
    for what in &wrong {
        println!("model: WRONG: {what}");
    }
    if wrong.is_empty() {
        println!("model: every rule holds, every planted mistake was found, every fault was met");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
