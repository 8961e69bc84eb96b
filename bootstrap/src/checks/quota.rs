//! Service quotas against what the estate needs.
//!
//! Deliberately absent: prices, and EC2's own description of instance types: the SDK of EC2 is
//! larger than drd, and the number of vCPUs follows from a type's name.

use super::check::{Judged, ReadResult, on};

/// One quota that the estate needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What it is called here.
    pub name: &'static str,
    /// What it counts, for people.
    pub unit: &'static str,
    /// The service's code.
    pub service: &'static str,
    /// The quota's code.
    pub code: &'static str,
}

/// vCPUs of running on-demand standard instances; 5 in a new account in eu-central-2.
pub const VCPU: Quota = Quota {
    name: "vcpu",
    unit: "vCPUs",
    service: "ec2",
    code: "L-1216C47A",
};
/// Elastic IP addresses.
pub const ADDRESSES: Quota = Quota {
    name: "elastic_ips",
    unit: "Elastic IPs",
    service: "ec2",
    code: "L-0263D0A3",
};
/// VPCs.
pub const VPCS: Quota = Quota {
    name: "vpcs",
    unit: "VPCs",
    service: "vpc",
    code: "L-F678F1CE",
};

/// What is known of a quota.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The account's limit.
    pub limit: f64,
    /// What is used of it; `None` when CloudWatch has no figure.
    pub used: Option<f64>,
}

/// Whether `need` more fit under the limit.
pub fn fits(quota: Quota, region: &str, level: &ReadResult<Level>, need: Option<u32>) -> Judged {
    let Some(need) = need else {
        return Judged::unknown(
            format!("how many {} are needed is not known", quota.unit),
            format!("compare {} in {region} by hand", quota.code),
        );
    };
    on(level, |level| {
        let Level { limit, used } = *level;
        let (unit, need) = (quota.unit, f64::from(need));
        let raise = format!(
            "aws service-quotas request-service-quota-increase --region {region} \
             --service-code {} --quota-code {} --desired-value {:.0}",
            quota.service,
            quota.code,
            used.unwrap_or(0.0) + need
        );
        match used {
            Some(used) if used + need > limit => {
                let detail = format!("{unit}: {need:.0} needed beside {used:.0} of {limit:.0}");
                Judged::red(detail, raise)
            }
            Some(used) => Judged::green(format!(
                "{unit}: {need:.0} needed beside {used:.0} of {limit:.0}"
            )),
            None if need > limit => Judged::red(
                format!("{unit}: {need:.0} needed, {limit:.0} allowed"),
                raise,
            ),
            None => Judged::unknown(
                format!(
                    "{unit}: {need:.0} needed, {limit:.0} allowed, how many are used is not known"
                ),
                format!("count the {unit} in use in {region}; if short: {raise}"),
            ),
        }
    })
}

/// Families that [`VCPU`] counts (Service Quotas, "Running On-Demand Standard instances").
const STANDARD: &str = "acdhimrtz";

/// vCPUs of one instance of a type, read from its name; `None` where the name does not give it
/// or the quota does not count it.
pub fn vcpus(instance_type: &str) -> Option<u32> {
    let (family, size) = instance_type.split_once('.')?;
    let first = family.chars().next()?;
    // `inf`, `mac`, `hpc` and the like are families of their own quotas.
    let standard =
        STANDARD.contains(first) && family.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    if !standard {
        return None;
    }
    let burstable = first == 't' && family != "t2";
    match size {
        "nano" | "micro" | "small" => Some(if burstable { 2 } else { 1 }),
        "medium" => Some(if first == 't' { 2 } else { 1 }),
        "large" => Some(2),
        "xlarge" => Some(4),
        times => {
            let times: u32 = times.strip_suffix("xlarge")?.parse().ok()?;
            times.checked_mul(4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::check::Verdict;
    use crate::checks::check::tests::{SILENT, failed};

    fn vcpu(limit: f64, used: Option<f64>, need: u32) -> Judged {
        fits(VCPU, "eu-central-2", &Ok(Level { limit, used }), Some(need))
    }

    #[test]
    fn a_quota_counts_what_is_used_already() {
        assert_eq!(vcpu(16.0, Some(4.0), 12).verdict(), Verdict::Green);
        let short = vcpu(16.0, Some(5.0), 12);
        assert_eq!(short.verdict(), Verdict::Red);
        assert!(short.says("--desired-value 17"));
    }

    #[test]
    fn a_limit_below_the_need_is_red_whatever_is_used() {
        assert_eq!(vcpu(5.0, None, 12).verdict(), Verdict::Red);
        let unsure = vcpu(12.0, None, 12);
        assert_eq!(unsure.verdict(), Verdict::Unknown, "usage is not known");
        assert!(unsure.says("L-1216C47A"));
    }

    #[test]
    fn a_silent_service_and_an_unknown_need_are_unknown() {
        let silent = Err(failed(SILENT));
        assert_eq!(
            fits(VPCS, "eu-central-2", &silent, Some(1)).verdict(),
            Verdict::Unknown
        );
        let level = Ok(Level {
            limit: 1.0,
            used: None,
        });
        assert_eq!(
            fits(VCPU, "eu-central-2", &level, None).verdict(),
            Verdict::Unknown
        );
    }

    #[test]
    fn a_types_name_says_how_many_vcpus_it_has() {
        for (name, expected) in [
            ("t3.micro", Some(2)),
            ("t4g.medium", Some(2)),
            ("t2.micro", Some(1)),
            ("t2.medium", Some(2)),
            ("m6g.medium", Some(1)),
            ("c7i.large", Some(2)),
            ("m6i.xlarge", Some(4)),
            ("r6g.12xlarge", Some(48)),
            ("m6i.metal", None),
            ("g5.xlarge", None),
            ("mac2.metal", None),
            ("inf2.xlarge", None),
            ("hpc7g.4xlarge", None),
            ("nonsense", None),
        ] {
            assert_eq!(vcpus(name), expected, "{name}");
        }
    }
}
