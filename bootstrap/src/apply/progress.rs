//! What provisioning reports while it works. The receiver decides how to show it.
//!
//! Deliberately absent: terminals.

use std::fmt;

/// One thing that happened to one line of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The stack or step, e.g. `data-standby`.
    pub work: String,
    /// What happened.
    pub news: News,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It was begun: creating, updating, deleting, waiting...
    Begun(String),
    /// It is so far.
    At {
        /// Resources at rest.
        done: usize,
        /// Resources in all, as far as known.
        total: usize,
        /// One that it waits for.
        waits_for: Option<String>,
    },
    /// It ended well; how.
    Done(String),
    /// It failed: the first cause, in AWS's words.
    Failed(String),
    /// It was not begun, and why.
    Skipped(String),
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            News::Begun(what) => f.write_str(what),
            News::At {
                done,
                total,
                waits_for,
            } => {
                write!(f, "{done}/{total}")?;
                match waits_for {
                    Some(what) => write!(f, " waits for {what}"),
                    None => Ok(()),
                }
            }
            News::Done(how) => write!(f, "done: {how}"),
            News::Failed(why) => write!(f, "FAILED: {why}"),
            News::Skipped(why) => write!(f, "not begun: {why}"),
        }
    }
}

/// The receiver of reports.
pub trait Progress: Send + Sync {
    /// Something happened.
    fn report(&self, moment: Moment);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_and_what_it_waits_for() {
        let at = News::At {
            done: 12,
            total: 47,
            waits_for: Some("AWS::RDS::DBInstance Instance1".to_owned()),
        };
        assert_eq!(
            at.to_string(),
            "12/47 waits for AWS::RDS::DBInstance Instance1"
        );
        let failed = News::Failed("AWS::EC2::EIP Nat2: limit exceeded".to_owned());
        assert_eq!(
            failed.to_string(),
            "FAILED: AWS::EC2::EIP Nat2: limit exceeded"
        );
    }
}
