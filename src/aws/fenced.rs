//! The two constructors of SDK clients: [`fenced`] for every service that can change the estate,
//! [`unfenced`] for those that cannot, each with its reason.
//!
//! Which services may go without the lease gate is a list of types, so that a fenced service
//! without its gate does not compile. Deliberately absent: any other way to a client; the house
//! rules refuse one outside this file.

use super::lease_gate::CheckLease;
use aws_config::SdkConfig;
use drd_bootstrap::aws::clients::s3_builder;

/// A service's client, built in two steps so that an interceptor fits in between.
pub(super) trait SdkClient: Sized {
    /// The SDK's own builder of this client's configuration.
    type Builder;
    /// From the shared configuration.
    fn begin(config: &SdkConfig) -> Self::Builder;
    /// With the lease checked after each request is signed.
    fn gated(builder: Self::Builder, gate: CheckLease) -> Self::Builder;
    /// The client; makes no call.
    fn finish(builder: Self::Builder) -> Self;
}

/// A service whose clients go without the lease gate.
pub(super) trait Unfenced: SdkClient {
    /// Why a daemon without the lease may send every request of this service.
    const REASON: &'static str;
}

/// A client that sends nothing but reads once the lease is over.
pub(super) fn fenced<C: SdkClient>(config: &SdkConfig, gate: &CheckLease) -> C {
    C::finish(C::gated(C::begin(config), gate.clone()))
}

/// A client without the lease gate.
pub(super) fn unfenced<C: Unfenced>(config: &SdkConfig) -> C {
    tracing::trace!(reason = C::REASON, "a client without the lease gate");
    C::finish(C::begin(config))
}

macro_rules! sdk_clients {
    ($($service:ident begins with $begin:expr;)+) => { $(
        impl SdkClient for $service::Client {
            type Builder = $service::config::Builder;

            fn begin(config: &SdkConfig) -> Self::Builder {
                $begin(config)
            }

            fn gated(builder: Self::Builder, gate: CheckLease) -> Self::Builder {
                builder.interceptor(gate)
            }

            fn finish(builder: Self::Builder) -> Self {
                Self::from_conf(builder.build())
            }
        }
    )+ };
}

macro_rules! unfenced_clients {
    ($($service:ident because $reason:literal;)+) => { $(
        impl Unfenced for $service::Client {
            const REASON: &'static str = $reason;
        }
    )+ };
}

sdk_clients! {
    aws_sdk_autoscaling begins with Self::Builder::from;
    aws_sdk_cloudwatch begins with Self::Builder::from;
    aws_sdk_dynamodb begins with Self::Builder::from;
    aws_sdk_elasticloadbalancingv2 begins with Self::Builder::from;
    aws_sdk_eventbridge begins with Self::Builder::from;
    aws_sdk_kms begins with Self::Builder::from;
    aws_sdk_rds begins with Self::Builder::from;
    aws_sdk_route53 begins with Self::Builder::from;
    aws_sdk_s3 begins with s3_builder;
    aws_sdk_servicequotas begins with Self::Builder::from;
    aws_sdk_sqs begins with Self::Builder::from;
}

unfenced_clients! {
    aws_sdk_cloudwatch because "drd only reads metrics and alarms";
    aws_sdk_dynamodb because "each write is conditional on the lease's own item, in the table";
    aws_sdk_elasticloadbalancingv2 because "drd only reads target health";
    aws_sdk_eventbridge because "pages and heartbeats change nothing, and a follower pages too";
    aws_sdk_kms because "drd only reads a key's state";
    aws_sdk_route53 because "drd only reads records and health checks";
    aws_sdk_servicequotas because "drd only reads quotas";
    aws_sdk_sqs because "a message that is deleted is in the ledger, which has its own condition";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::lease_gate::LeaseGate;
    use aws_sdk_rds::config::{
        BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig,
    };
    use drd_state_machine::time::Span;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// Closes each connection unanswered, and counts them.
    fn listener() -> (String, Arc<AtomicI64>) {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", socket.local_addr().expect("its address"));
        let arrived = Arc::new(AtomicI64::new(0));
        let count = arrived.clone();
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        (url, arrived)
    }

    fn config(url: &str) -> SdkConfig {
        let credentials = Credentials::new("id", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-2"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(url)
            .build()
    }

    /// A stale leader's request is signed and never sent; with the lease it is sent; reads always.
    async fn only_with_the_lease<C: SdkClient>(
        change: impl AsyncFn(&C) -> Result<(), Box<dyn std::error::Error>>,
        read: impl AsyncFn(&C),
    ) {
        let (url, arrived) = listener();
        let gate = Arc::new(LeaseGate::closed(|| Span::ZERO));
        let client: C = fenced(&config(&url), &CheckLease(gate.clone()));
        let refused = change(&client).await.expect_err("the lease is over");
        let causes = drd_bootstrap::aws::error::chain(&*refused);
        assert!(causes.contains("lease is over"), "{causes}");
        assert_eq!(arrived.load(Ordering::SeqCst), 0, "nothing left this host");
        // Reads go on: a follower may look.
        read(&client).await;
        assert_eq!(arrived.load(Ordering::SeqCst), 1);
        gate.open_until(Span::secs(1));
        gate.role_changes_until(Span::secs(1));
        let _ = change(&client).await;
        assert_eq!(
            arrived.load(Ordering::SeqCst),
            2,
            "with the lease it is sent"
        );
    }

    #[tokio::test]
    async fn a_stale_leader_s_promotion_is_signed_and_never_sent() {
        only_with_the_lease(
            async |rds: &aws_sdk_rds::Client| {
                let request = rds.failover_global_cluster().allow_data_loss(true);
                request.send().await?;
                Ok(())
            },
            async |rds| drop(rds.describe_global_clusters().send().await),
        )
        .await;
    }

    #[tokio::test]
    async fn a_role_change_whose_decision_is_old_is_signed_and_never_sent_by_a_leader() {
        let (url, arrived) = listener();
        let gate = Arc::new(LeaseGate::closed(|| Span::secs(20)));
        gate.open_until(Span::secs(60));
        gate.role_changes_until(Span::secs(20));
        let rds: aws_sdk_rds::Client = fenced(&config(&url), &CheckLease(gate.clone()));
        let change = || rds.failover_global_cluster().allow_data_loss(true).send();
        let refused = change().await.expect_err("it was decided too long ago");
        let causes = drd_bootstrap::aws::error::chain(&refused);
        assert!(causes.contains("older than 15 s"), "{causes}");
        assert_eq!(arrived.load(Ordering::SeqCst), 0, "nothing left this host");
        gate.role_changes_until(Span::secs(21));
        let _ = change().await;
        assert_eq!(arrived.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_stale_leader_s_resize_is_signed_and_never_sent() {
        only_with_the_lease(
            async |scaling: &aws_sdk_autoscaling::Client| {
                let request = scaling.update_auto_scaling_group();
                request.auto_scaling_group_name("asg").send().await?;
                Ok(())
            },
            async |scaling| drop(scaling.describe_auto_scaling_groups().send().await),
        )
        .await;
    }

    #[tokio::test]
    async fn a_stale_leader_s_latch_is_signed_and_never_sent() {
        only_with_the_lease(
            async |s3: &aws_sdk_s3::Client| {
                let request = s3.put_object().bucket("latch").key("active-side");
                request.send().await?;
                Ok(())
            },
            async |s3| {
                let request = s3.get_object().bucket("latch").key("active-side");
                drop(request.send().await);
            },
        )
        .await;
    }
}
