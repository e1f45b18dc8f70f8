//! The limiter of the process: how fast requests may go to Microsoft. It stands beside the session, not in it, because
//! what the cloud said of its limits holds on when the vault is locked and opened again.

use crate::{Clock, lock};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vitrine_entra::TenantId;
use vitrine_entra::pace::{self, Heard, Pacing};
use vitrine_rotation::{Cost, Limits, Outcome, Pace, Reply, Service};

/// What is known of every tenant's limits, and of everybody's.
pub(crate) struct Limiter {
    /// Its steady time: a pause passes while the machine sleeps, too.
    clock: Arc<dyn Clock>,
    pace: Mutex<Pace<TenantId>>,
}

impl Limiter {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, pace: Mutex::new(Pace::new(Limits::PUBLISHED)) }
    }

    /// How long the tenant's next change would wait for that tenant's own sake.
    pub(crate) fn own_wait(&self, tenant: TenantId) -> Duration {
        lock(&self.pace).own_wait(self.now(), &tenant, counted(pace::Cost::WRITE))
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.clock.steady_ms())
    }
}

impl Pacing for Limiter {
    fn take(&self, tenant: TenantId, cost: pace::Cost, most: Duration) -> Duration {
        let (now, cost, mut pace) = (self.now(), counted(cost), lock(&self.pace));
        let wait = pace.wait(now, &tenant, cost);
        if wait <= most {
            pace.take(now, tenant, cost);
        }
        wait
    }

    fn is_silenced(&self, tenant: TenantId) -> bool {
        lock(&self.pace).is_silenced(self.now(), &tenant)
    }

    fn hear(&self, tenant: TenantId, cost: pace::Cost, heard: &Heard) {
        let outcome = match heard.outcome {
            pace::Outcome::Answered => Outcome::Answered,
            pace::Outcome::Throttled { retry_after, everyone } => Outcome::Throttled { retry_after, everyone },
            pace::Outcome::Sick { retry_after } => Outcome::Sick { retry_after },
            pace::Outcome::Silent => Outcome::Silent,
        };
        let reply = Reply { outcome, share: heard.share };
        // Random as the tenant's id is: what fails together does not come back together.
        let seed = u64::from_be_bytes(*tenant.as_bytes().last_chunk().unwrap_or(&[0; 8]));
        lock(&self.pace).hear(self.now(), tenant, counted(cost), &reply, seed);
    }
}

/// The cost as the pure room names it.
fn counted(cost: pace::Cost) -> Cost {
    let service = match cost.service {
        pace::Service::SignIn => Service::SignIn,
        pace::Service::Directory => Service::Directory,
        pace::Service::Policies => Service::Policies,
    };
    Cost { service, units: cost.units, write: cost.write }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU64, Ordering};
    use vitrine_entra::certificate::make_certificate;
    use vitrine_entra::connection::ConnectionRecord;
    use vitrine_entra::graph::SendOutcome;
    use vitrine_entra::pace::Unlimited;
    use vitrine_entra::{Certificate, Cloud, Connection, Http, HttpSettings, Password, Priority, UserId, laps};
    use vitrine_entra_sim::{ConnectedTenant, Effect, Fault, Quota, Sim, SimOptions};

    /// Time that passes where somebody waits, here and in the cloud, and else stands still.
    struct Waited(AtomicU64, Arc<Sim>);

    impl Waited {
        fn passes(&self, time: Duration) {
            let ms = time.as_micros().div_ceil(1000);
            self.0.fetch_add(u64::try_from(ms).unwrap(), Ordering::SeqCst);
            self.1.control().advance_clock(i64::try_from(ms).unwrap());
        }
    }

    impl Clock for Waited {
        fn now_ms(&self) -> u64 {
            u64::try_from(self.1.control().now_ms()).unwrap()
        }

        fn steady_ms(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    impl vitrine_entra::Clock for Waited {
        fn now_ms(&self) -> u64 {
            Clock::now_ms(self)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.steady_ms())
        }

        fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
            self.passes(pause);
            Box::pin(std::future::ready(()))
        }
    }

    /// Tenants whose connections share one limiter, or have none.
    struct Fleet {
        sim: Arc<Sim>,
        clock: Arc<Waited>,
        tenants: Vec<(ConnectedTenant, Connection)>,
        sent: usize,
    }

    impl Fleet {
        async fn start(tenants: usize, limited: bool) -> Self {
            let sim = Arc::new(Sim::start(SimOptions { fleet: tenants, ..SimOptions::default() }).await.unwrap());
            let clock = Arc::new(Waited(AtomicU64::new(1), sim.clone()));
            let pace: Arc<dyn Pacing> =
                if limited { Arc::new(Limiter::new(clock.clone())) } else { Arc::new(Unlimited) };
            let http = Http::with_clock(&HttpSettings::default(), pace, clock.clone()).unwrap();
            let now = Clock::now_ms(&*clock);
            let made = make_certificate("Vitrine", now - 1, now + 86_400_000).unwrap();
            let connected = |tenant: ConnectedTenant| {
                let record = ConnectionRecord {
                    cloud: Cloud::custom(&sim.urls().login, &sim.urls().graph).unwrap(),
                    tenant_id: tenant.id.parse().unwrap(),
                    tenant_name: tenant.name.clone(),
                    default_domain: tenant.initial_domain.clone(),
                    initial_domain: tenant.initial_domain.clone(),
                    client_id: tenant.app_id.parse().unwrap(),
                    application_id: tenant.application_id.parse().unwrap(),
                    service_principal_id: tenant.service_principal_id.parse().unwrap(),
                };
                let certificate = Certificate::new(made.der.clone(), &made.pkcs8).unwrap();
                (tenant, Connection::new(&http, record, certificate))
            };
            let tenants = sim.control().connect_fleet(&made.der, 1).into_iter().map(connected).collect();
            Self { sim, clock, tenants, sent: 0 }
        }

        /// Sets a password that was never set before.
        async fn set(&mut self, tenant: usize) -> SendOutcome {
            self.sent += 1;
            let (tenant, connection) = &self.tenants[tenant];
            let user: UserId = tenant.accounts[0].id.parse().unwrap();
            let password = Password::new(format!("Quartz-Meadow-{}-lantern-Pivot!", self.sent));
            laps::set_password(connection, user, &password, Priority::Normal).await
        }

        fn throttles(&self, tenant: usize, seconds: u32) {
            self.sim.control().add_fault(Fault {
                tenant: Some(self.tenants[tenant].0.id.clone()),
                operation: Some("PATCH /users/{user-id}".to_owned()),
                skip: 0,
                times: Some(1),
                probability: None,
                effect: Effect::Throttle { retry_after: Some(seconds) },
            });
        }

        fn cut(&self, units: u32, per_second: u32) {
            self.sim.control().change_settings(|settings| settings.write_quota = Some(Quota { units, per_second }));
        }

        fn waited(&self) -> u64 {
            self.clock.steady_ms() - 1
        }
    }

    /// 300 passwords of 20 tenants where the service takes 200 at once and then 10 a second: how many it took, and how
    /// often it refused.
    async fn under_a_cut_quota(limited: bool) -> (usize, u64) {
        let mut fleet = Fleet::start(20, limited).await;
        fleet.cut(200, 10);
        let mut taken = 0;
        for number in 0..300 {
            taken += usize::from(matches!(fleet.set(number % 20).await, SendOutcome::Accepted));
        }
        (taken, fleet.sim.control().throttled())
    }

    #[tokio::test]
    async fn a_quota_that_was_cut_is_felt_before_it_refuses() {
        let (taken, refused) = under_a_cut_quota(true).await;
        assert!(refused <= 3 && taken >= 297, "{taken} taken, {refused} refused");
        let (_, refused) = under_a_cut_quota(false).await;
        assert!(refused > 50, "without a limiter it was refused {refused} times: nothing is shown by this");
    }

    #[tokio::test]
    async fn a_tenant_that_asks_to_be_left_alone_is_and_no_other() {
        let mut fleet = Fleet::start(2, true).await;
        fleet.throttles(0, 7);
        assert!(matches!(fleet.set(0).await, SendOutcome::Refused(_)));
        assert!(matches!(fleet.set(1).await, SendOutcome::Accepted));
        assert_eq!(fleet.waited(), 0, "one tenant waits for another");
        assert!(matches!(fleet.set(0).await, SendOutcome::Accepted));
        assert!((7_000..8_000).contains(&fleet.waited()), "{} ms", fleet.waited());
        // Longer than a password may wait: it is not sent at all.
        fleet.throttles(0, 60);
        assert!(matches!(fleet.set(0).await, SendOutcome::Refused(_)));
        let before = fleet.waited();
        for _ in 0..100 {
            assert!(matches!(fleet.set(0).await, SendOutcome::NotSent(_)));
        }
        assert_eq!(fleet.waited(), before);
        // What was not sent has not pushed back what is.
        fleet.clock.passes(Duration::from_secs(59));
        assert!(matches!(fleet.set(0).await, SendOutcome::Accepted));
        assert!((59_000..62_000).contains(&(fleet.waited() - before)), "{} ms", fleet.waited() - before);
    }

    #[tokio::test]
    async fn what_is_refused_to_the_application_holds_for_every_tenant() {
        for limited in [true, false] {
            let mut fleet = Fleet::start(3, limited).await;
            fleet.cut(1, 1);
            assert!(matches!(fleet.set(0).await, SendOutcome::Accepted));
            assert!(matches!(fleet.set(1).await, SendOutcome::Refused(_)));
            assert_eq!(matches!(fleet.set(2).await, SendOutcome::Accepted), limited);
            assert_eq!(fleet.waited() >= 1_000, limited, "{} ms", fleet.waited());
        }
    }
}
