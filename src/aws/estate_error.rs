//! A failed AWS call as the rest of drd knows it.
//!
//! Deliberately absent: the classification itself (`error`).

use super::error::{AwsError, Class};
use crate::estate::error::{EstateError, FailureClass};

impl From<Class> for FailureClass {
    fn from(class: Class) -> FailureClass {
        match class {
            Class::Transient => FailureClass::Transient,
            Class::Denied | Class::Unauthenticated | Class::Malformed => FailureClass::Denied,
            Class::Gone => FailureClass::Gone,
            Class::Conflict => FailureClass::Conflict,
        }
    }
}

impl From<AwsError> for EstateError {
    fn from(error: AwsError) -> EstateError {
        EstateError {
            class: error.class.into(),
            operation: error.operation,
            object: error.object,
            cause: error.message,
        }
    }
}
