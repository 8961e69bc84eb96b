//! Records in the zone that drd made which no stack of the estate made: Route 53 deletes no zone
//! that has any.
//!
//! ACM's validation records are taken away, since they prove nothing without their zone; of any
//! other record it is not known who needs it, so `destroy` refuses before it begins. Deliberately
//! absent: a zone that was given (`--hosted-zone-id`), which stays as it is.

use super::site::Site;
use crate::aws::call::call;
use crate::error::Error;
use crate::estate::side::GLOBAL_REGION;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use crate::observe::stacks::resources;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};
use std::collections::BTreeSet;

/// Pages of 300 records; an estate makes 4.
const PAGES_MAX: usize = 100;

/// The records of no stack in the zone that drd made.
#[derive(Debug, Default)]
pub(super) struct ForeignRecords {
    zone: String,
    /// What ACM asked for to validate a certificate.
    validations: Vec<ResourceRecordSet>,
    /// Names and types of all others.
    pub(super) others: Vec<String>,
}

/// Reads them; none where drd made no zone.
pub(super) async fn foreign_records(site: &Site) -> Result<ForeignRecords, Error> {
    let edge = StackId::once(Template::Edge);
    let made = resources(&site.aws, site.region(edge), &site.name(edge)).await?;
    let there = |kind: &str| {
        let of_kind = move |r: &&crate::observe::stacks::Resource| {
            r.kind == kind && r.status != "DELETE_COMPLETE"
        };
        made.iter().find(of_kind).map(|r| r.physical.clone())
    };
    let Some(zone) = there("AWS::Route53::HostedZone").filter(|zone| !zone.is_empty()) else {
        return Ok(ForeignRecords::default());
    };
    let own = made.iter().filter(|r| r.kind == "AWS::Route53::RecordSet");
    let own = own.map(|r| plain(&r.physical)).collect();
    let records = list(site, &zone).await?;
    Ok(sort(zone, records, &own))
}

impl ForeignRecords {
    /// What keeps `destroy` from beginning, if anything does.
    pub(super) fn refusal(&self) -> Option<Error> {
        (!self.others.is_empty()).then(|| {
            Error::Refused(format!(
                "the zone {}, which drd made and would delete, holds records that drd did not \
                 make: {}.\nNothing was changed. Move them to another zone or delete them, then \
                 run the same command again.",
                self.zone,
                self.others.join(", ")
            ))
        })
    }

    /// Takes ACM's validation records away; gives their names.
    pub(super) async fn take_validations(&self, site: &Site) -> Result<Vec<String>, Error> {
        let client = site.aws.at(GLOBAL_REGION).route53;
        let change = |record: &ResourceRecordSet| {
            let change = Change::builder().action(ChangeAction::Delete);
            change.resource_record_set(record.clone()).build()
        };
        let changes: Result<Vec<Change>, _> = self.validations.iter().map(change).collect();
        let batch = changes.and_then(|all| ChangeBatch::builder().set_changes(Some(all)).build());
        let batch =
            batch.map_err(|e| Error::Failed(format!("the records of {}: {e}", self.zone)))?;
        if !self.validations.is_empty() {
            call("route53:ChangeResourceRecordSets", &self.zone, || {
                client
                    .change_resource_record_sets()
                    .hosted_zone_id(&self.zone)
                    .change_batch(batch.clone())
                    .send()
            })
            .await?;
        }
        Ok(self.validations.iter().map(|r| plain(r.name())).collect())
    }
}

async fn list(site: &Site, zone: &str) -> Result<Vec<ResourceRecordSet>, Error> {
    let client = site.aws.at(GLOBAL_REGION).route53;
    let mut found = Vec::new();
    let mut next: (Option<String>, Option<RrType>, Option<String>) = (None, None, None);
    for _ in 0..PAGES_MAX {
        let (name, kind, identifier) = next.clone();
        let page = call("route53:ListResourceRecordSets", zone, || {
            client
                .list_resource_record_sets()
                .hosted_zone_id(zone)
                .set_start_record_name(name.clone())
                .set_start_record_type(kind.clone())
                .set_start_record_identifier(identifier.clone())
                .send()
        })
        .await?;
        found.extend(page.resource_record_sets().iter().cloned());
        if !page.is_truncated() {
            return Ok(found);
        }
        next = (
            page.next_record_name().map(str::to_owned),
            page.next_record_type().cloned(),
            page.next_record_identifier().map(str::to_owned),
        );
    }
    Err(Error::Failed(format!(
        "the zone {zone} has more records than drd can list"
    )))
}

/// `own`: the names that the estate's stack has records of.
fn sort(zone: String, records: Vec<ResourceRecordSet>, own: &BTreeSet<String>) -> ForeignRecords {
    let mut foreign = ForeignRecords {
        zone,
        ..ForeignRecords::default()
    };
    let apex = records.iter().find(|r| *r.r#type() == RrType::Soa);
    let apex = apex.map(|r| plain(r.name()));
    for record in records {
        let name = plain(record.name());
        // Every zone has these two of its own name, and Route 53 takes them away with it.
        let of_the_zone = matches!(record.r#type(), RrType::Soa | RrType::Ns);
        if own.contains(&name) || of_the_zone && apex.as_ref() == Some(&name) {
            continue;
        }
        if is_validation(&record) {
            foreign.validations.push(record);
        } else {
            let kind = record.r#type().as_str();
            foreign.others.push(format!("{name} {kind}"));
        }
    }
    foreign
}

/// `_TOKEN.name CNAME _TOKEN.TOKEN.acm-validations.aws.` (ACM user guide, DNS validation).
fn is_validation(record: &ResourceRecordSet) -> bool {
    let to_acm = |value: &str| plain(value).ends_with(".acm-validations.aws");
    let values = record.resource_records();
    *record.r#type() == RrType::Cname
        && record.name().starts_with('_')
        && !values.is_empty()
        && values.iter().all(|value| to_acm(value.value()))
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_route53::types::ResourceRecord;

    fn record(name: &str, kind: RrType, value: &str) -> ResourceRecordSet {
        let value = ResourceRecord::builder().value(value).build();
        ResourceRecordSet::builder()
            .name(name)
            .r#type(kind)
            .resource_records(value.expect("a value"))
            .build()
            .expect("a record")
    }

    #[test]
    fn only_acms_records_are_taken_away_and_any_other_keeps_destroy_from_beginning() {
        let acm = "_1a.api.shop1.example.com.";
        let to_acm = "_2b.mhbtsbpdnt.acm-validations.aws.";
        let records = vec![
            record(
                "shop1.example.com.",
                RrType::Soa,
                "ns-1.awsdns-01.org. a. 1 2 3 4 5",
            ),
            record("shop1.example.com.", RrType::Ns, "ns-1.awsdns-01.org."),
            record("Api.shop1.example.com.", RrType::A, "192.0.2.1"),
            record(acm, RrType::Cname, to_acm),
        ];
        let own = ["api.shop1.example.com".to_owned()].into();
        let found = sort("Z1".to_owned(), records.clone(), &own);
        assert_eq!(found.validations.len(), 1);
        assert!(found.refusal().is_none(), "{found:?}");
        for (name, kind, value) in [
            ("www.shop1.example.com.", RrType::A, "192.0.2.2"),
            ("sub.shop1.example.com.", RrType::Ns, "ns-9.awsdns-09.org."),
            (
                "_dmarc.shop1.example.com.",
                RrType::Cname,
                "mail.example.com.",
            ),
            ("shop1.example.com.", RrType::Txt, "\"v=spf1 -all\""),
        ] {
            let mut more = records.clone();
            more.push(record(name, kind, value));
            let refusal = sort("Z1".to_owned(), more, &own).refusal();
            let text = refusal.map(|e| e.to_string()).unwrap_or_default();
            assert!(text.contains(name.trim_end_matches('.')), "{name}: {text}");
        }
    }
}
