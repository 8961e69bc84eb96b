//! DNS names as they are compared.
//!
//! Deliberately absent: resolving them.

/// A DNS name as it is compared: lower case, no final dot, no `dualstack.` (an alias to a load
/// balancer may carry it, Route 53 developer guide).
pub fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.")
        .map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_dns_compares_them() {
        let alias = "dualstack.ALB-1.eu-central-2.elb.amazonaws.com.";
        assert_eq!(plain(alias), "alb-1.eu-central-2.elb.amazonaws.com");
    }
}
