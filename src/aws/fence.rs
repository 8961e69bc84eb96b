//! The last look before a request leaves: signed, then the lease checked, then sent.
//!
//! RDS, Auto Scaling and S3 know no fencing token. A daemon that was frozen between its decision
//! and its request must not send it once another leads; a request that is already signed ages,
//! and AWS refuses it after some minutes (IAM user guide, Signature Version 4). Deliberately
//! absent: who leads. The daemon says until when.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use drd_state_machine::time::Span;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Operations that a daemon without the lease may send, besides reads: telling people, and giving
/// messages back to the queue change nothing of the estate.
const HARMLESS: [&str; 4] = [
    "PutEvents",
    "ReceiveMessage",
    "ChangeMessageVisibility",
    "DeleteMessageBatch",
];
/// How the names of reads begin, in every AWS API that drd calls.
const READS: [&str; 4] = ["Describe", "Get", "Head", "List"];

/// Until when this daemon may act.
#[derive(Debug)]
pub struct Fence {
    until_ms: AtomicI64,
    boot: fn() -> Span,
}

impl Fence {
    /// Closed until somebody opens it. `boot` is the clock: time since boot.
    pub fn closed(boot: fn() -> Span) -> Fence {
        Fence {
            until_ms: AtomicI64::new(i64::MIN),
            boot,
        }
    }

    /// Open for ever: for a daemon that is alone by configuration.
    pub fn open() -> Fence {
        Fence {
            until_ms: AtomicI64::new(i64::MAX),
            boot: || Span::ZERO,
        }
    }

    /// Opens it until that moment since boot.
    pub fn open_until(&self, until: Span) {
        self.until_ms.store(until.0, Ordering::SeqCst);
    }

    /// Closes it.
    pub fn close(&self) {
        self.open_until(Span(i64::MIN));
    }

    /// Whether a mutating request may leave now.
    pub fn is_open(&self) -> bool {
        (self.boot)().0 < self.until_ms.load(Ordering::SeqCst)
    }
}

/// The lease was over when the request was ready to leave.
#[derive(Debug, thiserror::Error)]
#[error("not sent: this daemon's lease is over, another one may lead")]
pub struct LeaseOver;

/// Whether an operation changes the estate. Unknown ones do.
fn mutates(operation: &str) -> bool {
    !HARMLESS.contains(&operation) && !READS.iter().any(|read| operation.starts_with(read))
}

/// Looks at the fence after signing.
#[derive(Clone, Debug)]
pub struct Checked(pub Arc<Fence>);

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Checked {
    fn name(&self) -> &'static str {
        "Checked"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let harmless = bag
            .load::<Metadata>()
            .is_some_and(|operation| !mutates(operation.name()));
        if harmless || self.0.is_open() {
            return Ok(());
        }
        Err(LeaseOver.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_known_to_be_harmless_is_fenced() {
        for operation in [
            "FailoverGlobalCluster",
            "SwitchoverGlobalCluster",
            "UpdateAutoScalingGroup",
            "PutObject",
            "DeleteObject",
            "SomethingNew",
        ] {
            assert!(mutates(operation), "{operation}");
        }
        for operation in ["DescribeGlobalClusters", "GetObject", "PutEvents"] {
            assert!(!mutates(operation), "{operation}");
        }
    }

    /// Answers nobody, and counts who came.
    fn listener() -> (String, Arc<AtomicI64>) {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", socket.local_addr().expect("its address"));
        let came = Arc::new(AtomicI64::new(0));
        let count = came.clone();
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        (url, came)
    }

    fn rds(url: &str, fence: Arc<Fence>) -> aws_sdk_rds::Client {
        use aws_sdk_rds::config::{BehaviorVersion, Config, Credentials, Region};
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-2"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .endpoint_url(url)
            .interceptor(Checked(fence))
            .build();
        aws_sdk_rds::Client::from_conf(config)
    }

    #[tokio::test]
    async fn a_stale_leader_s_promotion_is_signed_and_never_sent() {
        let (url, came) = listener();
        let fence = Arc::new(Fence::closed(|| Span::ZERO));
        let rds = rds(&url, fence.clone());
        let promote = || rds.failover_global_cluster().allow_data_loss(true).send();
        let refused = promote().await.expect_err("the lease is over");
        let said = drd_bootstrap::aws::error::chain(&refused);
        assert!(said.contains("lease is over"), "{said}");
        assert_eq!(came.load(Ordering::SeqCst), 0, "nothing left this host");
        // Reads go on: a follower may look.
        let _ = rds.describe_global_clusters().send().await;
        assert_eq!(came.load(Ordering::SeqCst), 1);
        fence.open_until(Span::secs(1));
        let _ = promote().await;
        assert_eq!(came.load(Ordering::SeqCst), 2, "with the lease it is sent");
    }

    #[test]
    fn it_opens_until_a_moment_and_not_longer() {
        let fence = Fence::closed(|| Span::secs(10));
        assert!(!fence.is_open());
        fence.open_until(Span::secs(10));
        assert!(!fence.is_open(), "the moment itself is too late");
        fence.open_until(Span::millis(10_001));
        assert!(fence.is_open());
        fence.close();
        assert!(!fence.is_open());
        assert!(Fence::open().is_open());
    }
}
