//! What a value may look like, without asking AWS.

/// Why a value was refused, or nothing.
pub(super) type ValueCheck = fn(&str) -> Result<(), String>;

fn ensure(holds: bool, why: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

pub(super) fn region(value: &str) -> Result<(), String> {
    let mut parts = value.split('-');
    let words = parts.clone().count();
    let last_is_number = parts.next_back().is_some_and(|n| n.parse::<u8>().is_ok());
    let plain = value
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    ensure(
        words >= 3 && last_is_number && plain,
        "is no AWS region (such as eu-central-2)",
    )
}

pub(super) fn domain(value: &str) -> Result<(), String> {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let labels = value.split('.').count();
    ensure(
        labels >= 2 && value.len() <= 200 && value.split('.').all(label),
        "is no domain name in lower case without a dot at its end",
    )
}

pub(super) fn zone(value: &str) -> Result<(), String> {
    let plain = value
        .chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    ensure(
        value.is_empty() || (value.starts_with('Z') && plain && value.len() <= 32),
        "is no hosted zone id (Z and capital letters and digits, without /hostedzone/)",
    )
}

pub(super) fn certificate(value: &str) -> Result<(), String> {
    let arn = value.starts_with("arn:aws") && value.contains(":acm:");
    ensure(value.is_empty() || arn, "is no ARN of an ACM certificate")
}

pub(super) fn email(value: &str) -> Result<(), String> {
    let usable = value
        .split_once('@')
        .is_some_and(|(who, place)| !who.is_empty() && place.contains('.') && !value.contains(' '));
    ensure(value.is_empty() || usable, "is no e-mail address")
}

pub(super) fn daemon(value: &str) -> Result<(), String> {
    ensure(matches!(value, "none" | "ecs"), "is neither none nor ecs")
}

pub(super) fn yes_or_no(value: &str) -> Result<(), String> {
    ensure(matches!(value, "yes" | "no"), "is neither yes nor no")
}

pub(super) fn text(value: &str) -> Result<(), String> {
    ensure(
        value.len() <= 255 && !value.contains(char::is_whitespace),
        "holds spaces, or is longer than 255 characters",
    )
}

pub(super) fn cidr(value: &str) -> Result<(), String> {
    ensure(
        sixteenths(value, 0).is_some(),
        "is no private IPv4 range of /16 to /20 that begins at its own first address",
    )
}

pub(super) fn database_class(value: &str) -> Result<(), String> {
    let (prefix, small) = (value.starts_with("db."), value.starts_with("db.t"));
    ensure(
        prefix && !small,
        "is no class that an Aurora Global Database takes: memory optimised, such as db.r6g.large (db.t* is not)",
    )
}

pub(super) fn instance_type(value: &str) -> Result<(), String> {
    ensure(
        value.contains('.') && !value.starts_with("db."),
        "is no EC2 instance type",
    )
}

pub(super) fn version(value: &str) -> Result<(), String> {
    let numbers: Vec<Result<u32, _>> = value.split('.').map(str::parse).collect();
    ensure(
        numbers.len() == 2 && numbers.iter().all(Result::is_ok),
        "is no Aurora PostgreSQL version with its minor part, such as 17.7",
    )
}

pub(super) fn database_name(value: &str) -> Result<(), String> {
    let plain = value
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let opens = value.starts_with(|c: char| c.is_ascii_lowercase());
    ensure(
        opens && plain && value.len() <= 63,
        "is no database name: lower-case letters and digits, a letter first",
    )
}

pub(super) fn size(value: &str) -> Result<(), String> {
    between(value, 1, 500)
}

pub(super) fn gateways(value: &str) -> Result<(), String> {
    between(value, 1, 3)
}

pub(super) fn instances(value: &str) -> Result<(), String> {
    // As many as the template has, one a zone.
    between(value, 1, 3)
}

pub(super) fn days(value: &str) -> Result<(), String> {
    between(value, 1, 35)
}

pub(super) fn rpo(value: &str) -> Result<(), String> {
    if value == "0" {
        return Ok(());
    }
    // Aurora takes 20 s and more for rds.global_db_rpo.
    between(value, 20, 3600).map_err(|_| "is neither 0 (off) nor 20 to 3600 seconds".to_owned())
}

fn between(value: &str, low: u32, high: u32) -> Result<(), String> {
    let inside = value.parse().is_ok_and(|n: u32| (low..=high).contains(&n));
    ensure(inside, &format!("is not between {low} and {high}"))
}

/// Three neighbouring sixteenths of an IPv4 range, from `first` on, as `a,b,c`.
pub(super) fn sixteenths(cidr: &str, first: u32) -> Option<String> {
    let (address, length) = cidr.split_once('/')?;
    let length: u32 = length.parse().ok().filter(|l| (16..=20).contains(l))?;
    let address: std::net::Ipv4Addr = address
        .parse()
        .ok()
        .filter(std::net::Ipv4Addr::is_private)?;
    let base = u32::from(address);
    let size = 1_u32 << (32 - length);
    if base % size != 0 {
        return None;
    }
    let one = |n: u32| {
        let at = std::net::Ipv4Addr::from(base + n * (size / 16));
        format!("{at}/{}", length + 4)
    };
    Some([one(first), one(first + 1), one(first + 2)].join(","))
}
