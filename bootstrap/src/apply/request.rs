//! What a request for a stack carries: its body, its parameters, its tag and its token.
//!
//! Deliberately absent: sending it.

use super::site::Site;
use crate::estate::observed::TAG;
use crate::estate::stacks::StackId;
use aws_sdk_cloudformation::types::{Parameter, Tag};
use std::collections::BTreeMap;

/// What a stack should be.
pub(super) struct StackRequest {
    pub(super) body: String,
    pub(super) parameters: BTreeMap<&'static str, String>,
}

pub(super) fn listed(wanted: &StackRequest) -> Vec<Parameter> {
    let one = |(name, value): (&&str, &String)| {
        Parameter::builder()
            .parameter_key(*name)
            .parameter_value(value)
            .build()
    };
    wanted.parameters.iter().map(one).collect()
}

pub(super) fn tag(site: &Site) -> Tag {
    Tag::builder()
        .key(TAG)
        .value(site.settings.suffix().as_str())
        .build()
}

/// At most 128 letters, digits and hyphens; the same for a repeated request of one run.
pub(super) fn token(site: &Site, word: &str, id: StackId) -> String {
    format!("drd-{word}-{id}-{}", site.run)
}
