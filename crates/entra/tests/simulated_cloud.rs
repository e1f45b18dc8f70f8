//! The client against a simulated Microsoft cloud over real HTTP: sign-in both ways, set-up, accounts, rotation, and
//! what happens when answers are lost, late or refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vitrine_entra::access;
use vitrine_entra::certificate::{MadeCertificate, make_certificate};
use vitrine_entra::graph::SendOutcome;
use vitrine_entra::laps::{self, AccountError, AccountName, Adopt};
use vitrine_entra::oauth::{self, Asks, Authority, ClientIdVerdict, DeviceProgress, check_client_id};
use vitrine_entra::pace::Unlimited;
use vitrine_entra::setup::{self, Evidence, PlanRequest, RunOptions, SetupError, StepState, Surprise, Warning};
use vitrine_entra::{
    AdminSession, Certificate, ClientId, Clock, Cloud, Connection, GraphErrorKind, Http, HttpSettings, Password,
    Priority, SignInError, SignInErrorKind, TenantId,
};
use vitrine_entra_sim::{
    Effect, Fault, Planted, PlantedWhat, RegisteredClient, Sim, SimOptions, TenantChange, TenantInfo, Trait, totp_code,
};

const NOBODY_WAITS: Duration = Duration::from_mins(10);

/// A clock that lets nobody wait: a pause passes in a moment, here and in the simulator. Only the patience of the
/// browser sign-in never ends, so that it does not overtake the person.
struct Quick {
    passed: Mutex<Duration>,
    sim: Arc<Sim>,
}

impl Clock for Quick {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.sim.control().now_ms()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.passed.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        if pause >= NOBODY_WAITS {
            return Box::pin(std::future::pending());
        }
        *self.passed.lock().unwrap() += pause;
        self.sim.control().advance_clock(i64::try_from(pause.as_millis()).unwrap());
        Box::pin(tokio::task::yield_now())
    }
}

struct World {
    sim: Arc<Sim>,
    http: Http,
    cloud: Cloud,
    client: ClientId,
}

impl World {
    async fn start() -> Self {
        let sim = Arc::new(Sim::start(SimOptions { seed: 7, must_fit: true, ..SimOptions::default() }).await.unwrap());
        let clock = Quick { passed: Mutex::new(Duration::from_secs(1)), sim: Arc::clone(&sim) };
        let http = Http::with_clock(&HttpSettings::default(), Arc::new(Unlimited), Arc::new(clock)).unwrap();
        let cloud = Cloud::custom(&sim.urls().login, &sim.urls().graph).unwrap();
        let client = sim.client_id().parse().unwrap();
        Self { sim, http, cloud, client }
    }

    /// A tenant without any of the traits that stand in the way.
    fn plain(&self) -> TenantInfo {
        let hard = [Trait::DeviceCodeBlocked, Trait::FederatedOnly, Trait::ConsentRefused];
        self.sim.tenants().into_iter().find(|t| !hard.iter().any(|h| t.traits.contains(h))).unwrap()
    }

    fn with(&self, wanted: Trait) -> TenantInfo {
        self.sim.tenants().into_iter().find(|t| t.traits.contains(&wanted)).unwrap()
    }

    async fn sign_in(&self, tenant: &TenantInfo) -> Result<AdminSession, SignInError> {
        self.sign_in_as(tenant, &Authority::Tenant(tenant.id.parse().unwrap())).await
    }

    async fn sign_in_as(&self, tenant: &TenantInfo, authority: &Authority) -> Result<AdminSession, SignInError> {
        let begun = oauth::start_browser(&self.http, &self.cloud, authority, self.client, None, Asks::Usual).await?;
        let url = begun.authorize_url().to_string();
        let person = tokio::spawn(Person::new(&self.sim, tenant).browse(url));
        // A person whom Microsoft's pages keep does not come back; they give up here.
        let gives_up = async {
            if person.await.unwrap() {
                std::future::pending::<()>().await;
            }
        };
        begun.finish(gives_up).await
    }

    fn fault(&self, operation: &str, times: u32, effect: Effect) {
        let operation = Some(operation.to_owned());
        self.sim.control().add_fault(Fault {
            tenant: None,
            operation,
            skip: 0,
            times: Some(times),
            probability: None,
            effect,
        });
    }

    async fn connect(&self, session: &AdminSession, made: &MadeCertificate) -> Connection {
        let certificate = Certificate::new(made.der.clone(), &made.pkcs8).unwrap();
        let plan = setup::plan(session, &request(&[])).await.unwrap();
        let record = setup::run(session, &plan, &certificate, RunOptions::default(), |_| {}).await.unwrap();
        Connection::new(&self.http, record, certificate)
    }

    fn certificate(&self) -> MadeCertificate {
        let now = u64::try_from(self.sim.control().now_ms()).unwrap();
        make_certificate("Vitrine emergency access", now - 300_000, now + 90 * 86_400_000).unwrap()
    }
}

fn request(known: &[[u8; 32]]) -> PlanRequest {
    PlanRequest { tag: "0123abcd".to_owned(), known_certificates: known.to_vec(), renews_certificate: false }
}

/// The person at the browser: fills in the forms of the sign-in pages.
struct Person {
    sim: Arc<Sim>,
    login: String,
    password: String,
    totp: Option<String>,
    http: reqwest::Client,
}

impl Person {
    fn new(sim: &Arc<Sim>, tenant: &TenantInfo) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let admin = tenant.admin.clone();
        Self { sim: Arc::clone(sim), login: admin.user_name, password: admin.password, totp: admin.totp_secret, http }
    }

    /// Opens `url` and fills in what is asked until no form is left. Answers whether the browser was sent back to the
    /// application.
    async fn browse(self, url: String) -> bool {
        let response = self.http.get(url).send().await.unwrap();
        self.fill(response).await
    }

    async fn type_code(self, page: String, code: String) {
        let form = [("user_code", code.as_str())];
        let response = self.http.post(page).form(&form).send().await.unwrap();
        self.fill(response).await;
    }

    async fn fill(&self, mut response: reqwest::Response) -> bool {
        let mut back = false;
        for _ in 0..12 {
            if let Some(to) = response.headers().get("location") {
                let to = to.to_str().unwrap().to_owned();
                back = !to.starts_with(&self.sim.urls().login);
                response = self.http.get(to).send().await.unwrap();
                continue;
            }
            let page = response.text().await.unwrap();
            let Some(flow) = page.split("name=\"flow\" value=\"").nth(1).and_then(|r| r.split('"').next()) else {
                return back;
            };
            let mut form = vec![("flow", flow.to_owned())];
            if page.contains("name=\"passwd\"") {
                if page.contains("id=\"error\"") {
                    return false;
                }
                form.extend([("login", self.login.clone()), ("passwd", self.password.clone())]);
            } else if page.contains("name=\"otc\"") {
                let secret = self.totp.clone().unwrap();
                form.push(("otc", totp_code(&secret, self.sim.control().now_ms()).unwrap()));
            } else if page.contains("value=\"accept\"") {
                form.push(("answer", "accept".to_owned()));
            } else {
                form.push(("answer", "cancel".to_owned()));
            }
            let url = format!("{}/signin", self.sim.urls().login);
            response = self.http.post(url).form(&form).send().await.unwrap();
        }
        panic!("the sign-in pages never end");
    }
}

fn kind<T>(outcome: Result<T, SignInError>) -> SignInErrorKind {
    outcome.err().expect("the sign-in should have been refused").kind()
}

#[tokio::test]
async fn both_ways_of_signing_in_end_in_the_same_session() {
    let world = World::start().await;
    let tenant = world.plain();
    let browser = world.sign_in_as(&tenant, &Authority::Organizations).await.unwrap();
    let authority = Authority::Domain(tenant.initial_domain.clone());
    let device =
        oauth::start_device_code(&world.http, &world.cloud, &authority, world.client, None, Asks::Usual).await.unwrap();
    let (page, code) = (device.verification_uri().to_owned(), device.user_code().to_owned());
    let person = Person::new(&world.sim, &tenant);
    let mut polls = 0;
    let (session, ()) = tokio::join!(
        device.finish(|p| polls += u32::from(matches!(p, DeviceProgress::Waiting { .. })), std::future::pending()),
        person.type_code(page, code)
    );
    let session = session.unwrap();
    assert!(polls > 0);
    assert_eq!(session.tenant_id().to_string(), tenant.id);
    assert_eq!((session.tenant_id(), session.user_id()), (browser.tenant_id(), browser.user_id()));
    assert_eq!(session.user_name(), browser.user_name());
    assert_eq!(session.graph().organization().await.unwrap().id, session.tenant_id());
}

#[tokio::test]
async fn a_device_code_that_nobody_uses_runs_out_and_cancelling_ends_the_wait() {
    let world = World::start().await;
    let authority = Authority::Tenant(world.plain().id.parse().unwrap());
    let device =
        oauth::start_device_code(&world.http, &world.cloud, &authority, world.client, None, Asks::Usual).await.unwrap();
    assert_eq!(kind(device.finish(|_| {}, std::future::pending()).await), SignInErrorKind::CodeExpired);
    let device =
        oauth::start_device_code(&world.http, &world.cloud, &authority, world.client, None, Asks::Usual).await.unwrap();
    assert_eq!(kind(device.finish(|_| {}, async {}).await), SignInErrorKind::Cancelled);
}

#[tokio::test]
async fn refusals_of_the_sign_in_are_named() {
    let world = World::start().await;
    let blocked = world.with(Trait::DeviceCodeBlocked);
    let authority = Authority::Tenant(blocked.id.parse().unwrap());
    if let Ok(device) =
        oauth::start_device_code(&world.http, &world.cloud, &authority, world.client, None, Asks::Usual).await
    {
        let (page, code) = (device.verification_uri().to_owned(), device.user_code().to_owned());
        let person = tokio::spawn(Person::new(&world.sim, &blocked).type_code(page, code));
        let ended = kind(device.finish(|_| {}, std::future::pending()).await);
        person.await.unwrap();
        assert!(matches!(ended, SignInErrorKind::BlockedByPolicy | SignInErrorKind::CodeExpired), "{ended:?}");
    }
    assert_eq!(kind(world.sign_in(&world.with(Trait::ConsentRefused)).await), SignInErrorKind::ConsentMissing);
    // An account of another tenant than the one being connected: Microsoft's page keeps the person.
    let (one, other) = (world.plain(), blocked);
    let wrong = world.sign_in_as(&other, &Authority::Tenant(one.id.parse().unwrap())).await;
    assert!(matches!(kind(wrong), SignInErrorKind::Cancelled | SignInErrorKind::AbsentInTenant));
    let nowhere = Authority::Domain("nowhere.example".to_owned());
    let refused = oauth::start_browser(&world.http, &world.cloud, &nowhere, world.client, None, Asks::Usual).await;
    assert_eq!(kind(refused), SignInErrorKind::UnknownTenant);
}

/// Microsoft Learn's names, as the registration lists them.
const DELEGATED: [&str; 8] = [
    "User.Read",
    "Domain.Read.All",
    "LicenseAssignment.Read.All",
    "Policy.Read.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "User.ReadWrite.All",
];

#[tokio::test]
async fn each_delegated_permission_that_a_sign_in_was_given_without_is_named_before_anything_is_written() {
    let world = World::start().await;
    let tenant = world.plain();
    let authority = Authority::Tenant(tenant.id.parse().unwrap());
    let withhold = |scope: &str| {
        let change =
            TenantChange { tenant: tenant.id.clone(), withhold: Some(scope.to_owned()), ..TenantChange::default() };
        world.sim.control().change_tenant(&change).unwrap();
    };
    for missing in DELEGATED {
        withhold(missing);
        let refused = world.sign_in(&tenant).await.err().expect(missing);
        assert_eq!((refused.kind(), refused.lacks()), (SignInErrorKind::ConsentMissing, &[missing][..]));
        let device = oauth::start_device_code(&world.http, &world.cloud, &authority, world.client, None, Asks::Usual)
            .await
            .unwrap();
        let (page, code) = (device.verification_uri().to_owned(), device.user_code().to_owned());
        let person = Person::new(&world.sim, &tenant);
        let (refused, ()) = tokio::join!(device.finish(|_| {}, std::future::pending()), person.type_code(page, code));
        assert_eq!(refused.err().expect(missing).lacks(), [missing]);
    }
    let written = world.sim.control().all_requests().into_iter().filter(|count| !count.operation.starts_with("GET "));
    assert!(written.filter(|count| count.operation.starts_with("POST /applications")).count() == 0);
    withhold("");
    world.sign_in(&tenant).await.unwrap();
}

#[tokio::test]
async fn a_client_id_is_judged_by_its_sign_in() {
    let world = World::start().await;
    let tenant = world.plain();
    let authority = Authority::Tenant(tenant.id.parse().unwrap());
    let unknown = ClientId::from_u128(0x5eed);
    let refused = oauth::start_device_code(&world.http, &world.cloud, &authority, unknown, None, Asks::Usual).await;
    assert_eq!(check_client_id(&refused), ClientIdVerdict::NotFound);
    let good = oauth::start_device_code(&world.http, &world.cloud, &authority, world.client, None, Asks::Usual).await;
    assert_eq!(check_client_id(&good), ClientIdVerdict::Usable);
}

#[tokio::test]
async fn a_client_id_is_probed_without_anybodys_sign_in() {
    let world = World::start().await;
    let register = |number: u128, public_flows: bool, home_tenant: Option<String>| {
        let client = ClientId::from_u128(number);
        world.sim.control().register_client(RegisteredClient {
            client_id: client.to_string(),
            name: "Contoso Vitrine".to_owned(),
            native_redirects: vec!["http://localhost".to_owned()],
            spa_redirects: Vec::new(),
            public_flows,
            home_tenant,
        });
        client
    };
    let private = register(0xc11e_0002, false, None);
    let at_home = register(0xc11e_0003, true, Some(world.plain().id));
    let probe =
        async |cloud: &Cloud, client| check_client_id(&oauth::probe_client_id(&world.http, cloud, client).await);
    assert_eq!(probe(&world.cloud, world.client).await, ClientIdVerdict::Usable);
    assert_eq!(probe(&world.cloud, ClientId::from_u128(0x5eed)).await, ClientIdVerdict::NotFound);
    assert_eq!(probe(&world.cloud, private).await, ClientIdVerdict::PublicClientOff);
    assert_eq!(probe(&world.cloud, at_home).await, ClientIdVerdict::SingleTenant);
    world.fault("POST /oauth2/v2.0/devicecode", 1, Effect::SignInError { code: 90033 });
    assert_eq!(probe(&world.cloud, world.client).await, ClientIdVerdict::NotChecked);
    let nowhere = Cloud::custom("http://127.0.0.1:9", "http://127.0.0.1:9").unwrap();
    assert_eq!(probe(&nowhere, world.client).await, ClientIdVerdict::NotChecked);
}

#[tokio::test]
async fn the_whole_path_from_plan_to_a_rotated_password() {
    let world = World::start().await;
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    let plan = setup::plan(&session, &request(&[])).await.unwrap();
    assert!(plan.steps.iter().all(|s| !s.exists) && plan.surprises.is_empty(), "{plan:?}");
    assert_eq!(plan.tenant.initial_domain, tenant.initial_domain);
    let writes = |sim: &Sim| sim.control().all_requests().iter().filter(|r| !format!("{r:?}").contains("GET ")).count();
    let before = writes(&world.sim);
    setup::plan(&session, &request(&[])).await.unwrap();
    assert_eq!(writes(&world.sim), before, "planning only reads");

    let made = world.certificate();
    let certificate = || Certificate::new(made.der.clone(), &made.pkcs8).unwrap();
    let mut created = 0;
    let count = |p: setup::Progress| created += u32::from(p.state == StepState::Created);
    let record = setup::run(&session, &plan, &certificate(), RunOptions::default(), count).await.unwrap();
    assert_eq!(created, 10, "application, certificate, service principal, six permissions, role");

    // Again: nothing is created, nothing changes.
    let known = [certificate().thumbprint()];
    let again = setup::plan(&session, &request(&known)).await.unwrap();
    assert!(again.steps.iter().all(|s| s.exists) && again.surprises.is_empty(), "{again:?}");
    let mut created = 0;
    let count = |p: setup::Progress| created += u32::from(p.state == StepState::Created);
    let same = setup::run(&session, &again, &certificate(), RunOptions::default(), count).await.unwrap();
    assert_eq!((same, created), (record.clone(), 0));

    let connection = Connection::new(&world.http, record, certificate());
    let checks = setup::check(&connection).await.unwrap();
    assert_eq!(checks.len(), 7);
    assert!(checks.iter().all(|c| !matches!(c.evidence, Evidence::Refused(_))), "{checks:?}");

    let name = AccountName::new("ea-1", &plan.tenant.initial_domain).unwrap();
    let first = Password::new("Quartz-Meadow-47-lantern-Pivot!".to_owned());
    let made = laps::create_account(&session, &name, "Emergency access 1", &first, Adopt::No).await.unwrap();
    assert!(made.created);
    assert!(laps::assign_global_administrator(&session, made.user.id).await.unwrap());
    assert!(!laps::assign_global_administrator(&session, made.user.id).await.unwrap());
    let facts = laps::verify_account(&session, made.user.id).await.unwrap();
    assert!(facts.global_administrator && facts.proof.account_enabled);
    assert!(world.sim.control().password_accepted(&tenant.id, &name.to_string(), "Quartz-Meadow-47-lantern-Pivot!"));
    drop(session);

    let before = laps::read_proof(&connection, made.user.id, Priority::Normal).await.unwrap();
    world.sim.control().advance_clock(5_000);
    let second = Password::new("Copper-Violin-83-harbor-Stone!".to_owned());
    assert!(matches!(
        laps::set_password(&connection, made.user.id, &second, Priority::Normal).await,
        SendOutcome::Accepted
    ));
    let after = laps::read_proof(&connection, made.user.id, Priority::Normal).await.unwrap();
    assert!(after.last_password_change_ms > before.last_password_change_ms);
    assert_ne!(after.last_password_change, before.last_password_change);
    assert!(world.sim.control().password_accepted(&tenant.id, &name.to_string(), "Copper-Violin-83-harbor-Stone!"));
    assert!(!world.sim.control().password_accepted(&tenant.id, &name.to_string(), "Quartz-Meadow-47-lantern-Pivot!"));
    laps::revoke_sessions(&connection, made.user.id, Priority::Normal).await.unwrap();
}

#[tokio::test]
async fn an_account_of_a_person_is_taken_over_only_when_told() {
    let world = World::start().await;
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    let name = AccountName::new("ea-1", &tenant.initial_domain).unwrap();
    let password = || Password::new("Quartz-Meadow-47-lantern-Pivot!".to_owned());
    let made = laps::create_account(&session, &name, "Jane", &password(), Adopt::No).await.unwrap();
    let again = |display: &'static str, adopt| {
        let (session, name) = (&session, &name);
        async move { laps::create_account(session, name, display, &password(), adopt).await }
    };
    assert!(matches!(again("Emergency access 1", Adopt::No).await, Err(AccountError::Taken(_))));
    assert!(matches!(again("Emergency access 1", Adopt::Unfinished).await, Err(AccountError::Taken(_))));
    let adopted = again("Emergency access 1", Adopt::Yes).await.unwrap();
    assert!(!adopted.created && adopted.user.id == made.user.id);
    assert!(!again("Jane", Adopt::Unfinished).await.unwrap().created);
    laps::set_account_enabled(&session, made.user.id, false).await.unwrap();
    assert_eq!(session.graph().user(made.user.id).await.unwrap().account_enabled, Some(false));
    laps::delete_account(&session, made.user.id).await.unwrap();
    laps::delete_account(&session, made.user.id).await.unwrap();
    assert!(laps::find_account(&session, &name).await.unwrap().is_none());
}

#[tokio::test]
async fn a_lost_answer_creates_nothing_twice() {
    let world = World::start().await;
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    for operation in [
        "POST /applications",
        "POST /servicePrincipals",
        "POST /roleManagement/directory/roleAssignments",
        "POST /users",
    ] {
        world.fault(operation, 1, Effect::DropAfter);
    }
    let made = world.certificate();
    let connection = world.connect(&session, &made).await;
    let known = [Certificate::new(made.der.clone(), &made.pkcs8).unwrap().thumbprint()];
    let plan = setup::plan(&session, &request(&known)).await.unwrap();
    assert!(plan.steps.iter().all(|s| s.exists), "{plan:?}");
    assert!(!plan.warnings.iter().any(|w| matches!(w, Warning::Duplicates { .. })));
    let name = AccountName::new("ea-1", &tenant.initial_domain).unwrap();
    let password = Password::new("Quartz-Meadow-47-lantern-Pivot!".to_owned());
    let account = laps::create_account(&session, &name, "Emergency access 1", &password, Adopt::No).await.unwrap();
    assert!(account.created);
    assert!(laps::assign_global_administrator(&session, account.user.id).await.unwrap());

    // A lost answer to a password is unclear, is not repeated here, and the value may have arrived.
    let before = world.sim.control().requests(&tenant.id, "PATCH /users/{user-id}");
    world.fault("PATCH /users/{user-id}", 1, Effect::DropAfter);
    let second = Password::new("Copper-Violin-83-harbor-Stone!".to_owned());
    let outcome = laps::set_password(&connection, account.user.id, &second, Priority::Normal).await;
    assert!(matches!(outcome, SendOutcome::Unclear(_)), "{outcome:?}");
    assert_eq!(world.sim.control().requests(&tenant.id, "PATCH /users/{user-id}"), before + 1);
    assert!(world.sim.control().password_accepted(&tenant.id, &name.to_string(), "Copper-Violin-83-harbor-Stone!"));
    for (effect, refused) in [
        (Effect::Throttle { retry_after: Some(1) }, true),
        (Effect::Status { status: 503, code: None, retry_after: None }, false),
    ] {
        let before = world.sim.control().requests(&tenant.id, "PATCH /users/{user-id}");
        world.fault("PATCH /users/{user-id}", 1, effect);
        let outcome = laps::set_password(&connection, account.user.id, &second, Priority::Normal).await;
        assert_eq!(matches!(outcome, SendOutcome::Refused(_)), refused, "{outcome:?}");
        assert_eq!(world.sim.control().requests(&tenant.id, "PATCH /users/{user-id}"), before + 1);
    }
    let weak =
        laps::set_password(&connection, account.user.id, &Password::new("password".to_owned()), Priority::Normal).await;
    let SendOutcome::Refused(error) = weak else { panic!("{weak:?}") };
    assert_eq!(error.kind(), GraphErrorKind::PasswordRefused);
}

#[tokio::test]
async fn set_up_waits_out_replication_and_a_certificate_that_is_not_known_yet() {
    let world = World::start().await;
    world.sim.control().change_settings(|s| {
        s.replication_ms = 8_000;
        s.certificate_delay_ms = 5_000;
    });
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    let made = world.certificate();
    let connection = world.connect(&session, &made).await;
    let checks = setup::check(&connection).await.unwrap();
    assert!(checks.iter().all(|c| !matches!(c.evidence, Evidence::Refused(_))), "{checks:?}");
    let name = AccountName::new("ea-1", &tenant.initial_domain).unwrap();
    let password = Password::new("Quartz-Meadow-47-lantern-Pivot!".to_owned());
    let account = laps::create_account(&session, &name, "Emergency access 1", &password, Adopt::No).await.unwrap();
    assert!(laps::assign_global_administrator(&session, account.user.id).await.unwrap());
    assert!(laps::verify_account(&session, account.user.id).await.unwrap().global_administrator);
}

#[tokio::test]
async fn a_strange_certificate_stops_set_up_until_it_was_shown_and_its_removal_asked_for() {
    let world = World::start().await;
    let session = world.sign_in(&world.plain()).await.unwrap();
    let (lost, new) = (world.certificate(), world.certificate());
    world.connect(&session, &lost).await;
    let certificate = Certificate::new(new.der.clone(), &new.pkcs8).unwrap();
    let plan = setup::plan(&session, &request(&[])).await.unwrap();
    assert!(matches!(plan.surprises[..], [Surprise::StrangeCertificate { .. }]), "{plan:?}");
    let refused = setup::run(&session, &plan, &certificate, RunOptions::default(), |_| {}).await;
    assert!(matches!(refused, Err(SetupError::Surprises(_))), "{refused:?}");
    let remove = RunOptions { remove_strangers: true };
    let record = setup::run(&session, &plan, &certificate, remove, |_| {}).await.unwrap();
    let now = setup::plan(&session, &request(&[certificate.thumbprint()])).await.unwrap();
    assert!(now.surprises.is_empty() && now.steps.iter().all(|s| s.exists), "{now:?}");
    let connection = Connection::new(&world.http, record.clone(), certificate);
    connection.sign_in().await.unwrap();
    let old = Connection::new(&world.http, record, Certificate::new(lost.der.clone(), &lost.pkcs8).unwrap());
    assert_eq!(kind(old.sign_in().await), SignInErrorKind::CredentialRefused);
}

#[tokio::test]
async fn a_tenant_without_a_managed_domain_is_refused_before_anything_is_written() {
    let world = World::start().await;
    let session = world.sign_in(&world.with(Trait::FederatedOnly)).await.unwrap();
    assert_eq!(setup::plan(&session, &request(&[])).await, Err(SetupError::FederatedOnly));
    for tag in ["", "a b", "x'y", &"a".repeat(65)] {
        let request = PlanRequest { tag: tag.to_owned(), ..request(&[]) };
        assert_eq!(setup::plan(&session, &request).await, Err(SetupError::Tag), "{tag}");
    }
}

#[tokio::test]
async fn throttling_and_passing_faults_are_waited_out_and_long_waits_are_said() {
    let world = World::start().await;
    let session = world.sign_in(&world.plain()).await.unwrap();
    let waited = async |effect, outcome: bool| {
        world.fault("GET /organization", 1, effect);
        let before = world.sim.control().now_ms();
        assert_eq!(session.graph().organization().await.is_ok(), outcome);
        world.sim.control().now_ms() - before
    };
    let throttled = waited(Effect::Throttle { retry_after: Some(20) }, true).await;
    assert!((20_000..25_000).contains(&throttled), "the tenant asked for 20 s and got {throttled} ms");
    for effect in [Effect::Status { status: 503, code: None, retry_after: None }, Effect::DropBefore] {
        let busy = waited(effect, true).await;
        assert!((1_000..10_000).contains(&busy), "asked again after {busy} ms");
    }
    assert!(waited(Effect::Throttle { retry_after: Some(900) }, false).await < 1_000, "a long wait is the caller's");
    world.fault("GET /organization", 1, Effect::Throttle { retry_after: Some(900) });
    let error = session.graph().organization().await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (GraphErrorKind::Throttled, Some(Duration::from_mins(15))));
}

#[tokio::test]
async fn a_claims_challenge_is_answered_by_the_connection_and_shown_to_the_admin() {
    let world = World::start().await;
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    let connection = world.connect(&session, &world.certificate()).await;
    connection.graph().organization().await.unwrap();
    let demand = TenantChange {
        tenant: tenant.id.clone(),
        claims_challenge: Some(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#.to_owned()),
        ..TenantChange::default()
    };
    world.sim.control().change_tenant(&demand).unwrap();
    connection.graph().organization().await.unwrap();
}

#[tokio::test]
async fn a_registration_without_public_client_flows_or_redirect_is_named() {
    let world = World::start().await;
    let tenant = world.plain();
    let authority = Authority::Tenant(tenant.id.parse().unwrap());
    let client = ClientId::from_u128(0xc11e_0001);
    world.sim.control().register_client(RegisteredClient {
        client_id: client.to_string(),
        name: "Contoso Vitrine".to_owned(),
        native_redirects: vec!["http://localhost".to_owned()],
        spa_redirects: Vec::new(),
        public_flows: false,
        home_tenant: None,
    });
    let verdict = match oauth::start_device_code(&world.http, &world.cloud, &authority, client, None, Asks::Usual).await
    {
        Err(error) => check_client_id(&Err::<(), _>(error)),
        Ok(device) => {
            let (page, code) = (device.verification_uri().to_owned(), device.user_code().to_owned());
            let person = tokio::spawn(Person::new(&world.sim, &tenant).type_code(page, code));
            let ended = device.finish(|_| {}, std::future::pending()).await;
            person.await.unwrap();
            check_client_id(&ended)
        }
    };
    assert_eq!(verdict, ClientIdVerdict::PublicClientOff);
}

#[tokio::test]
async fn a_clock_wrong_by_a_year_still_signs_in() {
    struct Wrong(vitrine_entra::SystemClock);
    impl Clock for Wrong {
        fn now_ms(&self) -> u64 {
            self.0.now_ms() + 365 * 86_400_000
        }
        fn monotonic(&self) -> Duration {
            self.0.monotonic()
        }
        fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
            self.0.sleep(pause)
        }
    }
    let mut world = World::start().await;
    let clock = Arc::new(Wrong(vitrine_entra::SystemClock::new()));
    world.http = Http::with_clock(&HttpSettings::default(), Arc::new(Unlimited), clock).unwrap();
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    assert_eq!(session.tenant_id(), tenant.id.parse::<TenantId>().unwrap());
}

fn loaded(made: &MadeCertificate) -> Certificate {
    Certificate::new(made.der.clone(), &made.pkcs8).unwrap()
}

#[tokio::test]
async fn a_connection_renews_its_certificate_by_proof_of_the_old_one_whichever_audience_the_tenant_wants() {
    for older in [false, true] {
        let world = World::start().await;
        let tenant = world.plain();
        let session = world.sign_in(&tenant).await.unwrap();
        let (old, new) = (world.certificate(), world.certificate());
        let connection = world.connect(&session, &old).await;
        let record = connection.record().clone();
        let listed = setup::listed_certificate(&session, &record, loaded(&old).thumbprint()).await.unwrap();
        let old_id = listed.expect("the tenant gives every certificate an id");
        drop(session);
        if older {
            let change = TenantChange {
                tenant: tenant.id.clone(),
                add_trait: Some(Trait::OlderProofAudience),
                ..TenantChange::default()
            };
            world.sim.control().change_tenant(&change).unwrap();
        }
        let added = connection.add_certificate(&loaded(&new)).await.unwrap();
        assert!(added.key_id.is_some_and(|id| id != old_id));
        let renewed = Connection::new(&world.http, record.clone(), loaded(&new));
        renewed.sign_in().await.unwrap();
        renewed.remove_certificate(old_id).await.unwrap();
        let before = Connection::new(&world.http, record, loaded(&old));
        assert_eq!(kind(before.sign_in().await), SignInErrorKind::CredentialRefused);
        assert!(renewed.remove_certificate(old_id).await.is_err(), "it is gone");
        assert_eq!(world.sim.control().applications(&tenant.id)[0].certificates.len(), 1);
    }
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_replaced_in_an_admins_session_and_proves_nothing_itself() {
    let world = World::start().await;
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    let (old, new) = (world.certificate(), world.certificate());
    let connection = world.connect(&session, &old).await;
    let end = TenantChange {
        tenant: tenant.id.clone(),
        end_certificates: Some(connection.record().client_id.to_string()),
        ..TenantChange::default()
    };
    connection.sign_in().await.unwrap();
    world.sim.control().change_tenant(&end).unwrap();
    assert!(connection.add_certificate(&loaded(&new)).await.is_err(), "no proof by a certificate that has ended");

    let request = PlanRequest { renews_certificate: true, ..request(&[loaded(&old).thumbprint()]) };
    let plan = setup::plan(&session, &request).await.unwrap();
    let new_ones: Vec<_> = plan.steps.iter().filter(|step| !step.exists).map(|step| step.kind).collect();
    assert_eq!(new_ones, [setup::StepKind::Certificate], "only the certificate is shown as new");
    let record = setup::run(&session, &plan, &loaded(&new), RunOptions::default(), |_| {}).await.unwrap();
    setup::listed_certificate(&session, &record, loaded(&new).thumbprint()).await.unwrap();
    Connection::new(&world.http, record.clone(), loaded(&new)).sign_in().await.unwrap();
    assert_eq!(world.sim.control().applications(&tenant.id)[0].certificates.len(), 2, "the old one stays until then");
    setup::remove_certificates(&session, &record, &[loaded(&old).thumbprint()]).await.unwrap();
    assert_eq!(world.sim.control().applications(&tenant.id)[0].certificates.len(), 1);
    Connection::new(&world.http, record, loaded(&new)).sign_in().await.unwrap();
}

#[tokio::test]
async fn a_challenge_that_only_a_person_can_answer_reaches_the_next_sign_in() {
    let world = World::start().await;
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    let demand = TenantChange {
        tenant: tenant.id.clone(),
        claims_challenge: Some("1604106651".to_owned()),
        add_trait: Some(Trait::ChallengeNeedsPerson),
        ..TenantChange::default()
    };
    world.sim.control().change_tenant(&demand).unwrap();
    let error = session.graph().organization().await.unwrap_err();
    assert_eq!(error.kind(), GraphErrorKind::ClaimsNeeded);
    let claims = error.claims().expect("what the next sign-in must carry").to_owned();

    let authority = Authority::Tenant(tenant.id.parse().unwrap());
    let begun = oauth::start_browser(&world.http, &world.cloud, &authority, world.client, Some(&claims), Asks::Usual)
        .await
        .unwrap();
    let person = tokio::spawn(Person::new(&world.sim, &tenant).browse(begun.authorize_url().to_string()));
    let session = begun.finish(std::future::pending()).await.unwrap();
    person.await.unwrap();
    session.graph().organization().await.unwrap();

    let device =
        oauth::start_device_code(&world.http, &world.cloud, &authority, world.client, Some(&claims), Asks::Usual)
            .await
            .unwrap();
    let (page, code) = (device.verification_uri().to_owned(), device.user_code().to_owned());
    let person = Person::new(&world.sim, &tenant);
    let (session, ()) = tokio::join!(device.finish(|_| {}, std::future::pending()), person.type_code(page, code));
    session.unwrap().graph().organization().await.unwrap();
}

#[tokio::test]
async fn a_connection_on_a_machine_whose_clock_is_wrong_by_a_year_says_so() {
    let world = World::start().await;
    let session = world.sign_in(&world.plain()).await.unwrap();
    let made = world.certificate();
    let record = world.connect(&session, &made).await.record().clone();
    let year: i64 = 365 * 86_400;
    for ahead in [year, -year] {
        struct Wrong(Arc<Sim>, i64);
        impl Clock for Wrong {
            fn now_ms(&self) -> u64 {
                u64::try_from(self.0.control().now_ms() + self.1 * 1000).unwrap()
            }
            fn monotonic(&self) -> Duration {
                Duration::from_secs(1)
            }
            fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
                Box::pin(tokio::task::yield_now())
            }
        }
        let http = Http::with_clock(
            &HttpSettings::default(),
            Arc::new(Unlimited),
            Arc::new(Wrong(Arc::clone(&world.sim), ahead)),
        )
        .unwrap();
        let error = Connection::new(&http, record.clone(), loaded(&made)).sign_in().await.unwrap_err();
        assert_eq!(error.kind(), SignInErrorKind::ClockWrong);
        let said = error.refusal().clock_ahead_s.expect("by how much");
        assert!((said - ahead).abs() < 100, "{said}");
    }
}

#[tokio::test]
async fn whatever_was_put_in_beside_ours_is_read_by_the_connection_and_removed_one_by_one() {
    let world = World::start().await;
    let tenant = world.plain();
    let session = world.sign_in(&tenant).await.unwrap();
    let plan = setup::plan(&session, &request(&[])).await.unwrap();
    let made = world.certificate();
    let certificate = || Certificate::new(made.der.clone(), &made.pkcs8).unwrap();
    let record = setup::run(&session, &plan, &certificate(), RunOptions::default(), |_| {}).await.unwrap();
    let connection = Connection::new(&world.http, record.clone(), certificate());
    let (first, normal) = (access::read_keys(&connection, Priority::Normal).await.unwrap(), Priority::Normal);
    let ours: Vec<_> = first.iter().map(|way| way.thumbprint).collect();
    assert_eq!(ours, [Some(certificate().thumbprint())]);
    assert!(access::read_owners(&connection, normal).await.unwrap().is_empty());

    let plant = |what, on_principal| {
        let name = if what == PlantedWhat::Owner { tenant.admin.user_name.clone() } else { "Strange".to_owned() };
        let planted = Planted { app_id: record.client_id.to_string(), on_principal, what, name };
        let change = TenantChange { tenant: tenant.id.clone(), plant: Some(planted), ..TenantChange::default() };
        world.sim.control().change_tenant(&change).unwrap();
    };
    for on_principal in [false, true] {
        for what in [PlantedWhat::Key, PlantedWhat::Secret, PlantedWhat::Owner] {
            plant(what, on_principal);
        }
    }
    plant(PlantedWhat::Federated, false);
    let strange = || async {
        let mut ways = access::read_keys(&connection, normal).await.unwrap();
        ways.retain(|way| way.thumbprint != Some(certificate().thumbprint()));
        ways.extend(access::read_owners(&connection, normal).await.unwrap());
        ways
    };
    let found = strange().await;
    assert_eq!(found.len(), 7, "{found:?}");
    let own = found.iter().find(|way| way.is_own_key()).unwrap();
    access::remove_as_connection(&connection, own).await.unwrap();
    let mut left = strange().await;
    assert_eq!(left.len(), 6);
    while let Some(way) = left.pop() {
        access::remove(&session, &record, &way).await.unwrap();
        access::remove(&session, &record, &way).await.unwrap();
        assert_eq!(strange().await, left);
    }
    assert_eq!(access::read_keys(&connection, normal).await.unwrap(), first);
}
