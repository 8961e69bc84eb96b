//! The table that two daemons share: one item is the lease, the others are the ledger's lines.
//! Every write is conditional, so the store itself refuses a writer that is not the leader.
//!
//! Deliberately absent: what the lease means (`crate::engine::lease`), what a line holds
//! (`crate::ledger`), and retries. A refusal that is known for certain is a value, not an error.

use super::clients::Clients;
use super::error::AwsError;
use crate::engine::lease::Row;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::collections::HashMap;
use std::time::Duration;

const LEASE: &str = "lease";
const LEDGER: &str = "ledger";

/// A table and how long one call to it may take.
#[derive(Clone)]
pub struct Table {
    aws: Clients,
    name: String,
    attempt: Duration,
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is durable.
    Yes,
    /// The lease is not this daemon's. Nothing was written.
    Deposed,
    /// An item of this number is there. Nothing was written.
    Exists,
    /// Another write to the same items ran, or the table was throttled. Nothing was written.
    Busy,
}

type Item = HashMap<String, AttributeValue>;

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish()
    }
}

impl Table {
    /// A table in the standby region, as DESIGN section 6 has it. Makes no call.
    pub fn new(aws: Clients, name: String, attempt: Duration) -> Table {
        Table { aws, name, attempt }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lease; `None` before anybody took it.
    ///
    /// # Errors
    /// AWS's error, or that the item is not a lease.
    pub async fn lease(&self) -> Result<Option<Row>, AwsError> {
        const OPERATION: &str = "dynamodb:GetItem";
        let item = self.item(LEASE, 0).await?;
        item.map(|item| {
            row(&item).ok_or_else(|| self.strange(OPERATION, "the item pk=lease is no lease"))
        })
        .transpose()
    }

    /// Writes the lease if it still is what was `found`. `false`: it is not.
    ///
    /// # Errors
    /// AWS's error; whether it was written is then unknown, unless it was not sent.
    pub async fn write_lease(&self, found: Option<&Row>, next: &Row) -> Result<bool, AwsError> {
        let request = self.aws.dynamodb().put_item().table_name(&self.name);
        let request = request.set_item(Some(lease_item(next)));
        let request = match found {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(row) => request
                .condition_expression("epoch = :epoch AND version = :version")
                .expression_attribute_values(":epoch", number(row.fencing_token))
                .expression_attribute_values(":version", number(row.version)),
        };
        let sent = async {
            match request.send().await {
                Ok(_) => Ok(true),
                Err(error) if was_refused(&error) => Ok(false),
                Err(error) => Err(error),
            }
        };
        self.call("dynamodb:PutItem", sent).await
    }

    /// Writes one line, if the lease is still `holder`'s and no line of this number is there.
    ///
    /// # Errors
    /// AWS's error; whether it was written is then unknown.
    pub async fn put_line(&self, holder: &Row, seq: u64, line: &str) -> Result<Written, AwsError> {
        let broken =
            |e: &dyn std::error::Error| self.strange("dynamodb:TransactWriteItems", &e.to_string());
        let check = self.holds(holder).map_err(|e| broken(&e))?;
        let put = self.line_item(holder, seq, line).map_err(|e| broken(&e))?;
        let request = self
            .aws
            .dynamodb()
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().condition_check(check).build())
            .transact_items(TransactWriteItem::builder().put(put).build());
        let sent = async {
            match request.send().await {
                Ok(_) => Ok(Written::Yes),
                Err(error) => cancelled(&error).ok_or(error),
            }
        };
        self.call("dynamodb:TransactWriteItems", sent).await
    }

    fn holds(
        &self,
        holder: &Row,
    ) -> Result<ConditionCheck, aws_smithy_types::error::operation::BuildError> {
        ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(key(LEASE, 0)))
            .condition_expression("epoch = :epoch AND #owner = :owner")
            // OWNER is among the reserved words of expressions.
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":epoch", number(holder.fencing_token))
            .expression_attribute_values(":owner", text(&holder.owner))
            .build()
    }

    fn line_item(
        &self,
        holder: &Row,
        seq: u64,
        line: &str,
    ) -> Result<Put, aws_smithy_types::error::operation::BuildError> {
        let mut item = key(LEDGER, seq);
        item.insert("line".to_owned(), text(line));
        item.insert("epoch".to_owned(), number(holder.fencing_token));
        item.insert("owner".to_owned(), text(&holder.owner));
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .build()
    }

    /// One line; `None` when there is none of this number.
    ///
    /// # Errors
    /// AWS's error.
    pub async fn line(&self, seq: u64) -> Result<Option<String>, AwsError> {
        let item = self.item(LEDGER, seq).await?;
        Ok(item.and_then(|item| numbered(&item)).map(|(_, line)| line))
    }

    /// The newest lines of a number under `below`, newest first: as many as one answer holds.
    ///
    /// # Errors
    /// AWS's error, or that an item is no line.
    pub async fn lines_below(&self, below: Option<u64>) -> Result<Vec<(u64, String)>, AwsError> {
        const OPERATION: &str = "dynamodb:Query";
        let request = self
            .aws
            .dynamodb()
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("pk = :ledger AND sk < :below")
            .expression_attribute_values(":ledger", text(LEDGER))
            // Numbers of DynamoDB have 38 digits, so the largest of ours is one.
            .expression_attribute_values(":below", number(below.unwrap_or(u64::MAX)));
        let answer = self.call(OPERATION, request.send()).await?;
        answer
            .items
            .unwrap_or_default()
            .iter()
            .map(|item| {
                numbered(item).ok_or_else(|| self.strange(OPERATION, "an item is no ledger line"))
            })
            .collect()
    }

    async fn item(&self, pk: &str, sk: u64) -> Result<Option<Item>, AwsError> {
        let request = self
            .aws
            .dynamodb()
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key(pk, sk)))
            .consistent_read(true);
        let answer = self.call("dynamodb:GetItem", request.send()).await?;
        Ok(answer.item)
    }

    async fn call<T, E>(
        &self,
        operation: &'static str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> Result<T, AwsError>
    where
        E: aws_smithy_types::error::metadata::ProvideErrorMetadata
            + std::error::Error
            + Send
            + Sync
            + 'static,
    {
        self.aws
            .call(self.attempt, operation, &self.name, request)
            .await
    }

    fn strange(&self, operation: &'static str, what: &str) -> AwsError {
        AwsError::said(operation, &self.name, Some("InvalidInput"), what.to_owned())
    }
}

fn was_refused(error: &SdkError<PutItemError, HttpResponse>) -> bool {
    error
        .as_service_error()
        .is_some_and(PutItemError::is_conditional_check_failed_exception)
}

/// What a cancelled transaction certainly did not do. The reasons are in the order of the
/// items: the lease, then the line (DynamoDB API reference, TransactWriteItems).
fn cancelled(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> Option<Written> {
    let TransactWriteItemsError::TransactionCanceledException(why) = error.as_service_error()?
    else {
        return None;
    };
    let refused = |place: usize| {
        let reason = why.cancellation_reasons().get(place);
        reason.and_then(|r| r.code()) == Some("ConditionalCheckFailed")
    };
    Some(match (refused(0), refused(1)) {
        (true, _) => Written::Deposed,
        (false, true) => Written::Exists,
        (false, false) => Written::Busy,
    })
}

fn key(pk: &str, sk: u64) -> Item {
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), number(sk))])
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn lease_item(row: &Row) -> Item {
    let mut item = key(LEASE, 0);
    item.insert("owner".to_owned(), text(&row.owner));
    item.insert("epoch".to_owned(), number(row.fencing_token));
    item.insert("version".to_owned(), number(row.version));
    item.insert(
        "lease_ms".to_owned(),
        AttributeValue::N(row.lease_ms.to_string()),
    );
    item.insert("released".to_owned(), AttributeValue::Bool(row.released));
    item
}

fn parsed<T: std::str::FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn row(item: &Item) -> Option<Row> {
    Some(Row {
        owner: item.get("owner")?.as_s().ok()?.clone(),
        fencing_token: parsed(item, "epoch")?,
        version: parsed(item, "version")?,
        lease_ms: parsed(item, "lease_ms")?,
        released: item
            .get("released")
            .is_some_and(|v| v.as_bool() == Ok(&true)),
    })
}

fn numbered(item: &Item) -> Option<(u64, String)> {
    let line = item.get("line")?.as_s().ok()?.clone();
    Some((parsed(item, "sk")?, line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use drd_state_machine::time::Span;

    #[test]
    fn a_lease_is_read_back_as_it_was_written() {
        let written = Row::taken(None, "host-1", Span::secs(15)).renewed();
        assert_eq!(row(&lease_item(&written)), Some(written.clone()));
        assert_eq!(
            row(&lease_item(&written.given_up())),
            Some(written.given_up())
        );
    }

    #[test]
    fn an_item_that_lacks_something_is_no_lease_and_no_line() {
        let mut item = lease_item(&Row::taken(None, "host-1", Span::secs(15)));
        item.remove("version");
        assert_eq!(row(&item), None);
        assert_eq!(numbered(&key(LEDGER, 3)), None);
    }
}
