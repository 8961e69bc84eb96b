//! One store's latch object: how it is read, and the one conditional write that moves it.
//!
//! Deliberately absent: the other store (`latch`), and any change in Route 53.

use super::clients::{Clients, LatchStore};
use super::error::{AwsError, Class};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use drd_bootstrap::aws::error::chain;
use drd_state_machine::event::Side;
use serde::{Deserialize, Serialize};

const GET: &str = "s3:GetObject";
/// A larger object is not one that drd wrote; its incident is not looked for.
const BODY_BYTES_MAX: i64 = 1_024;

/// The latch object as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatchObject {
    /// What a conditional put or delete must name.
    pub etag: String,
    /// The incident that threw it; `None` when drd did not.
    pub incident_id: Option<u64>,
}

/// The object's content. Route 53 only checks whether the object exists.
#[derive(Serialize, Deserialize)]
struct Body {
    schema: String,
    active: Side,
    /// `drd.latch/1.0` names the incident's number `epoch`; objects of that schema are stored.
    #[serde(rename = "epoch")]
    incident_id: u64,
}

/// What to do about the latch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LatchMove {
    /// It is as wanted.
    AlreadySo,
    /// A newer incident moved it: an older one must not undo that.
    Newer(u64),
    /// Put the object where none is.
    Create,
    /// Put it over the one that was read.
    Replace(String),
    /// Delete the one that was read.
    Delete(String),
}

/// How moving the latch went in one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// By this request.
    Now,
    /// It was so.
    Before,
}

/// What sends traffic to `to` on behalf of an incident, given what was found.
pub fn next_move(found: Option<&LatchObject>, to: Side, incident_id: u64) -> LatchMove {
    match (to, found) {
        (
            _,
            Some(LatchObject {
                incident_id: Some(theirs),
                ..
            }),
        ) if *theirs > incident_id => LatchMove::Newer(*theirs),
        (Side::Standby, None) => LatchMove::Create,
        (Side::Standby, Some(latch)) if latch.incident_id == Some(incident_id) => {
            LatchMove::AlreadySo
        }
        (Side::Standby, Some(latch)) => LatchMove::Replace(latch.etag.clone()),
        (Side::Primary, None) => LatchMove::AlreadySo,
        (Side::Primary, Some(latch)) => LatchMove::Delete(latch.etag.clone()),
    }
}

/// One store's object; `None` when it is not there.
///
/// # Errors
/// The failed call. Without `s3:ListBucket` S3 answers 403 for an object that is not there
/// (S3 API reference, GetObject), which is [`Class::Denied`].
pub(super) async fn find_in(
    aws: &Clients,
    store: &LatchStore,
) -> Result<Option<LatchObject>, AwsError> {
    let object = store.object();
    let request = store.s3.get_object().bucket(&store.bucket).key(&store.key);
    match aws.read(GET, &object, request.send()).await {
        Ok(answer) => read(aws, &object, answer).await.map(Some),
        Err(e) if e.class == Class::Gone && !e.message.starts_with("NoSuchBucket") => Ok(None),
        Err(e) => Err(e),
    }
}

/// Looks at one store, makes the one move that is left, and judges a lost race by what is there then.
pub(super) async fn move_in(
    aws: &Clients,
    store: &LatchStore,
    to: Side,
    incident_id: u64,
) -> Result<Moved, AwsError> {
    let next = match find_in(aws, store).await {
        Ok(found) => next_move(found.as_ref(), to, incident_id),
        // Without s3:ListBucket an absent object reads as denied. Creating is conditional on
        // absence, so it is safe to try; deleting is not.
        Err(error) if error.class == Class::Denied && to == Side::Standby => LatchMove::Create,
        Err(error) => return Err(error),
    };
    match make(aws, store, &next, incident_id).await {
        Err(error) if error.class == Class::Conflict => {
            let found = find_in(aws, store).await;
            let is_so = found.is_ok_and(|found| {
                next_move(found.as_ref(), to, incident_id) == LatchMove::AlreadySo
            });
            if is_so { Ok(Moved::Now) } else { Err(error) }
        }
        made => made,
    }
}

async fn read(
    aws: &Clients,
    object: &str,
    answer: GetObjectOutput,
) -> Result<LatchObject, AwsError> {
    let broken = |cause: String| AwsError::said(GET, object, None, cause);
    let etag = answer
        .e_tag()
        .ok_or_else(|| broken("the answer has no ETag".to_owned()))?
        .to_owned();
    if answer.content_length().is_some_and(|n| n > BODY_BYTES_MAX) {
        return Ok(LatchObject {
            etag,
            incident_id: None,
        });
    }
    let body = tokio::time::timeout(aws.timers().attempt, answer.body.collect())
        .await
        .map_err(|_| AwsError::no_answer(GET, object, aws.timers().attempt))?
        .map_err(|e| broken(chain(&e)))?;
    Ok(LatchObject {
        etag,
        incident_id: incident_of(&body.into_bytes()),
    })
}

fn incident_of(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Body>(body)
        .ok()
        .map(|b| b.incident_id)
}

/// Makes a move. Every write is conditional: one that was overtaken changes nothing.
///
/// # Errors
/// The failed call; [`Class::Conflict`] when the object is not the one that was read.
async fn make(
    aws: &Clients,
    store: &LatchStore,
    next: &LatchMove,
    incident_id: u64,
) -> Result<Moved, AwsError> {
    let object = store.object();
    let LatchStore {
        bucket, key, s3, ..
    } = store;
    let put = || {
        let body = Body {
            schema: "drd.latch/1.0".to_owned(),
            active: Side::Standby,
            incident_id,
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        s3.put_object()
            .bucket(bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(text))
    };
    match next {
        LatchMove::AlreadySo => Ok(Moved::Before),
        LatchMove::Newer(theirs) => Err(AwsError::said(
            "s3:PutObject",
            &object,
            Some("Conflict"),
            format!(
                "the latch was moved by the newer incident {theirs}, this one is {incident_id}"
            ),
        )),
        LatchMove::Create => {
            let request = put().if_none_match("*");
            aws.act("s3:PutObject", &object, request.send())
                .await
                .map(|_| Moved::Now)
        }
        LatchMove::Replace(etag) => {
            let request = put().if_match(etag);
            aws.act("s3:PutObject", &object, request.send())
                .await
                .map(|_| Moved::Now)
        }
        LatchMove::Delete(etag) => {
            let request = s3.delete_object().bucket(bucket).key(key).if_match(etag);
            aws.act("s3:DeleteObject", &object, request.send())
                .await
                .map(|_| Moved::Now)
        }
    }
}

impl LatchStore {
    fn object(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latch(incident_id: Option<u64>) -> LatchObject {
        LatchObject {
            etag: "\"e\"".to_owned(),
            incident_id,
        }
    }

    #[test]
    fn the_latch_is_created_only_where_none_is() {
        assert_eq!(next_move(None, Side::Standby, 7), LatchMove::Create);
        let seen = latch(Some(7));
        assert_eq!(
            next_move(Some(&seen), Side::Standby, 7),
            LatchMove::AlreadySo
        );
    }

    #[test]
    fn an_older_incident_s_is_replaced_by_condition() {
        for older in [Some(6), None] {
            let step = next_move(Some(&latch(older)), Side::Standby, 7);
            assert_eq!(step, LatchMove::Replace("\"e\"".to_owned()), "{older:?}");
        }
    }

    #[test]
    fn a_newer_incident_s_is_never_undone() {
        for to in Side::BOTH {
            assert_eq!(next_move(Some(&latch(Some(8))), to, 7), LatchMove::Newer(8));
        }
    }

    #[test]
    fn traffic_goes_home_when_the_object_is_gone() {
        assert_eq!(next_move(None, Side::Primary, 9), LatchMove::AlreadySo);
        let step = next_move(Some(&latch(Some(7))), Side::Primary, 9);
        assert_eq!(step, LatchMove::Delete("\"e\"".to_owned()));
    }

    #[test]
    fn the_body_carries_its_incident_and_foreign_objects_have_none() {
        assert_eq!(
            incident_of(br#"{"schema":"drd.latch/1.0","active":"standby","epoch":7}"#),
            Some(7)
        );
        assert_eq!(incident_of(b"by hand"), None);
        assert_eq!(incident_of(b""), None);
    }
}
