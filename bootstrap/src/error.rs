//! Why provisioning stopped, with the exit codes of DESIGN section 9.
//!
//! Deliberately absent: printing. The command line prints it, once, with its causes.

use crate::aws::error::{AwsError, Class};

/// Why provisioning stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments are wrong: no call was made.
    #[error("{0}")]
    Usage(String),
    /// A guard refused: nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// Something failed, and nothing that drd started is running.
    #[error("{0}")]
    Failed(String),
    /// The work goes on at AWS, or its end is unknown.
    #[error("{0}")]
    InProgress(String),
    /// A call to AWS failed before anything was done; later ones become one of the above.
    #[error("{0}\nNothing was changed. {remedy}", remedy = remedy(.0))]
    Aws(AwsError),
    /// The state folder could not be read or written.
    #[error(
        "{doing} (the state file is a convenience: the truth is in AWS; `--state-dir` names another folder)"
    )]
    State {
        /// What was being done, and where.
        doing: String,
        /// The failure of the system call.
        #[source]
        source: std::io::Error,
    },
}

// By hand: as a source it would be printed twice.
impl From<AwsError> for Error {
    fn from(error: AwsError) -> Error {
        Error::Aws(error)
    }
}

fn remedy(error: &AwsError) -> &'static str {
    if error.is_unreachable() {
        return "Look at the credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID), at the network and at \
                AWS_ENDPOINT_URL.";
    }
    match error.class {
        Class::Denied => "Allow the action to these credentials.",
        Class::Transient
        | Class::Unauthenticated
        | Class::Malformed
        | Class::Gone
        | Class::Conflict => "Run the same command again; `drd doctor` looks closer.",
    }
}

impl Error {
    /// The exit code of DESIGN section 9.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => 2,
            Error::Refused(_) => 3,
            // Only what was denied before anything was done comes here as it is.
            Error::Aws(error) if error.class == Class::Denied => 3,
            Error::InProgress(_) => 5,
            Error::Aws(error) if error.is_unreachable() => 7,
            Error::Failed(_) | Error::Aws(_) | Error::State { .. } => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_credentials_are_told_apart_from_a_missing_permission() {
        let refused = |code| {
            let operation = "sts:GetCallerIdentity";
            Error::Aws(AwsError::said(
                operation,
                "the caller",
                Some(code),
                "no".to_owned(),
            ))
        };
        assert_eq!(refused("InvalidClientTokenId").exit_code(), 7);
        assert_eq!(refused("AccessDenied").exit_code(), 3);
        let text = refused("InvalidClientTokenId").to_string();
        assert!(
            text.contains("AWS_PROFILE") && text.contains("Nothing was changed"),
            "{text}"
        );
    }
}
