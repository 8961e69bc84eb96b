//! Single values: text to region, ARN, URL, length of time. Each refusal names what is wanted.
//!
//! Deliberately absent: anything that compares two keys, and anything that needs the network.

use super::suggest::did_you_mean;
use super::tree::Node;
use drd_bootstrap::Suffix;
use drd_state_machine::event::{Side, Vantage};
use drd_state_machine::time::Span;
use std::net::{IpAddr, SocketAddr};

/// The parts of an Amazon Resource Name that drd looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arn {
    pub text: String,
    pub region: String,
    pub account: String,
}

/// Text that is not empty.
pub(super) fn text(node: &Node) -> Result<String, String> {
    match node.text()?.trim() {
        "" => Err("wants text, not nothing".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// The estate's suffix.
pub(super) fn suffix(node: &Node) -> Result<Suffix, String> {
    Suffix::new(node.text()?).map_err(|error| error.to_string())
}

/// A length of time longer than none, in whole milliseconds.
pub(super) fn span(node: &Node) -> Result<Span, String> {
    const WANTED: &str =
        "wants a length of time in quotes, such as \"300s\", \"30m\" or \"1h 30m\"";
    let text = node.text().map_err(|_| WANTED.to_owned())?;
    let length: jiff::SignedDuration = text.trim().parse().map_err(|_| WANTED.to_owned())?;
    let millis = i64::try_from(length.as_millis()).map_err(|_| WANTED.to_owned())?;
    if millis <= 0 || length.subsec_nanos() % 1_000_000 != 0 {
        return Err("wants a length of time of at least 1ms, in whole milliseconds".to_owned());
    }
    Ok(Span::millis(millis))
}

/// A side by its name.
pub(super) fn side(node: &Node) -> Result<Side, String> {
    named(node.text()?, Side::BOTH, Side::name)
}

/// A vantage by its name.
pub(super) fn vantage(node: &Node) -> Result<Vantage, String> {
    named(node.text()?, Vantage::ALL, Vantage::name)
}

/// One of a few words.
pub(super) fn named<T: Copy, const N: usize>(
    given: &str,
    all: [T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let found = all.into_iter().find(|candidate| name(*candidate) == given);
    found.ok_or_else(|| did_you_mean(given, &all.map(name)))
}

/// An AWS region's code: letters, words, a number.
pub(super) fn region(node: &Node) -> Result<String, String> {
    let text = node.text()?;
    let usable = text.split('-').count() >= 3
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(lower_or_digit));
    if usable {
        Ok(text.to_owned())
    } else {
        Err("wants an AWS region such as eu-central-1".to_owned())
    }
}

fn lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// `arn:aws:rds:REGION:ACCOUNT:cluster:ID`.
pub(super) fn cluster_arn(node: &Node) -> Result<Arn, String> {
    arn(
        node.text()?,
        "rds",
        "cluster:",
        "arn:aws:rds:REGION:ACCOUNT:cluster:NAME",
    )
}

/// `arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID`.
pub(super) fn target_group_arn(node: &Node) -> Result<Arn, String> {
    let wanted = "arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID";
    arn(node.text()?, "elasticloadbalancing", "targetgroup/", wanted)
}

/// `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`.
pub(super) fn alarm_arn(node: &Node) -> Result<Arn, String> {
    arn(
        node.text()?,
        "cloudwatch",
        "alarm:",
        "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME",
    )
}

/// A list of `arn:aws:sns:REGION:ACCOUNT:NAME`.
pub(super) fn topic_arns(node: &Node) -> Result<Vec<Arn>, String> {
    let topic = |node: &Node| arn(node.text()?, "sns", "", "arn:aws:sns:REGION:ACCOUNT:NAME");
    node.list()?.iter().map(topic).collect()
}

fn arn(text: &str, service: &str, resource: &str, wanted: &str) -> Result<Arn, String> {
    let refused = || format!("wants {wanted}");
    // Six: a resource may hold colons itself, as alarm names do.
    let parts: [&str; 6] = text
        .splitn(6, ':')
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| refused())?;
    let [arn, partition, its_service, region, account, its_resource] = parts;
    let usable = arn == "arn"
        && partition.starts_with("aws")
        && its_service == service
        && !region.is_empty()
        && its_resource
            .strip_prefix(resource)
            .is_some_and(|name| !name.is_empty());
    if !usable {
        return Err(refused());
    }
    // AWS account ids are 12 digits, leading zeros included.
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "wants an account of 12 digits in the ARN, not `{account}`"
        ));
    }
    Ok(Arn {
        text: text.to_owned(),
        region: region.to_owned(),
        account: account.to_owned(),
    })
}

/// An http or https URL with a host, and without a user: a configuration is copied, shown and
/// attached to tickets, so it holds nothing that is secret.
pub(super) fn url(node: &Node) -> Result<String, String> {
    let text = node.text()?;
    let uri: http::Uri = text
        .parse()
        .map_err(|error| format!("wants a URL: {error}"))?;
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    if !scheme || uri.host().is_none_or(str::is_empty) {
        return Err("wants a whole URL: https://host/path".to_owned());
    }
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err("wants a URL without user and password: drd keeps no secrets".to_owned());
    }
    Ok(text.to_owned())
}

/// A list of URLs.
pub(super) fn urls(node: &Node) -> Result<Vec<String>, String> {
    node.list()?.iter().map(url).collect()
}

/// A host name or address, without scheme, port or path.
pub(super) fn host(node: &Node) -> Result<String, String> {
    let text = node.text()?;
    let name = text.strip_suffix('.').unwrap_or(text);
    if text.parse::<IpAddr>().is_ok() || is_dns_name(name) {
        return Ok(text.to_owned());
    }
    Err("wants a host name or an address, without scheme, port or path".to_owned())
}

/// A record's full name; the final dot is added where it is missing.
pub(super) fn record(node: &Node) -> Result<String, String> {
    let text = node.text()?;
    let name = text.strip_suffix('.').unwrap_or(text);
    if !is_dns_name(name) || !name.contains('.') {
        return Err("wants the record's full name, such as \"api.example.com.\"".to_owned());
    }
    Ok(format!("{name}."))
}

/// RFC 1035 lengths; the underscore is common in records although not in host names.
fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// A Route 53 hosted zone id; `/hostedzone/` before it, as some tools print it, is dropped.
pub(super) fn zone(node: &Node) -> Result<String, String> {
    let text = node.text()?;
    let id = text.strip_prefix("/hostedzone/").unwrap_or(text);
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("wants a hosted zone id, such as \"Z0123456789ABCDEFGHIJ\"".to_owned());
    }
    Ok(id.to_owned())
}

/// A list of `host:port`; a bare address gets DNS's port 53.
pub(super) fn resolvers(node: &Node) -> Result<Vec<String>, String> {
    node.list()?.iter().map(resolver).collect()
}

fn resolver(node: &Node) -> Result<String, String> {
    let text = node.text()?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, 53).to_string());
    }
    let named = text.rsplit_once(':').is_some_and(|(host, port)| {
        is_dns_name(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if named || text.parse::<SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!(
        "wants resolvers as host:port, such as \"10.1.0.2:53\", not `{text}`"
    ))
}

/// The address of the HTTP interface: the loopback interface only.
pub(super) fn listen(node: &Node) -> Result<SocketAddr, String> {
    let text = node.text()?;
    text.parse()
        .map_err(|_| "wants an address and a port, such as \"127.0.0.1:9817\"".to_owned())
}

/// A percentage from 1 to 100.
pub(super) fn percent(node: &Node) -> Result<u32, String> {
    match node.whole()? {
        percent @ 1..=100 => Ok(percent),
        other => Err(format!("wants 1 to 100, not {other}")),
    }
}

/// Far above any group that serves, far below where `instances * percent` would overflow.
const INSTANCES_MAX: u32 = 10_000;

/// A number of instances.
pub(super) fn instances(node: &Node) -> Result<u32, String> {
    match node.whole()? {
        count @ 1..=INSTANCES_MAX => Ok(count),
        other => Err(format!("wants 1 to {INSTANCES_MAX} instances, not {other}")),
    }
}
