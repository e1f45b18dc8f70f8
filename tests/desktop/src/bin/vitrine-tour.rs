//! The tour: the whole main job through the real window against the simulated cloud, by a person who is played outside
//! the program. `vitrine-tour DIR` leaves a picture per step and `tour.json` in DIR and ends with 0 only if all passed.
//! `vitrine-tour DIR 2` takes it at 200 %, on a screen of the same size.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use vitrine_desktop_tests::cloud::finish_with_code;
use vitrine_desktop_tests::desk::backend;
use vitrine_desktop_tests::{Cloud, Desk, Record, Setting, Shown, Window, acts};
use vitrine_entra_sim::{ConnectedTenant, PrincipalChange, RoleChange, TenantChange};
use vitrine_kit::backend::Backend;

const CONTOSO: &str = "contoso.onmicrosoft.com";
const NORTHWIND: &str = "northwind.onmicrosoft.com";
/// Further tenants, for the day on which everything is rotated at once.
const FLEET: usize = 50;
const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";
/// A rotation that ended well, in the list of rotations.
const DONE: &str = "[data-testid=\"job\"][data-step=\"done\"]";

#[tokio::main]
async fn main() -> ExitCode {
    let (folder, scale) = (env::args_os().nth(1).map(PathBuf::from), env::args().nth(2));
    let scale = scale.map_or(Some(1), |scale| scale.parse().ok().filter(|scale| (1..=2).contains(scale)));
    let (Some(folder), Some(scale)) = (folder, scale) else {
        eprintln!("usage: vitrine-tour DIR [1|2]");
        return ExitCode::from(2);
    };
    match tour(&folder, scale).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the tour failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the person remembers from one step to the next.
#[derive(Default)]
struct Memory {
    passphrase: String,
    kit: PathBuf,
    user_name: String,
    password: String,
    factor_key: String,
}

async fn tour(folder: &Path, scale: u32) -> Result<()> {
    let mut record = Record::begin(folder)?;
    let cloud = Cloud::with_fleet(FLEET).await?;
    let mut desk = Desk::set_up(Setting { scale, environment: cloud.environment(), ..Setting::default() }).await?;
    let window = acts::start(&desk).await?;
    let mut memory = Memory::default();

    make_vault(&mut record, &mut desk, &window, &mut memory).await?;
    connect(&mut record, &mut desk, &window, &cloud).await?;
    use_credentials(&mut record, &mut desk, &window, &cloud, &mut memory).await?;
    rotate(&mut record, &mut desk, &window, &cloud, &mut memory).await?;
    let window = fall_behind(&mut record, &mut desk, window, &memory).await?;
    be_reminded(&mut record, &mut desk, &window, &memory).await?;
    settle(&mut record, &mut desk, &window, &cloud, &mut memory).await?;
    let window = rotate_in_bulk(&mut record, &mut desk, window, &cloud, &mut memory).await?;
    lock(&mut record, &mut desk, &window, &memory).await?;
    window.close().await?;
    restore(&mut record, &desk, &cloud, &memory).await?;
    // Their machines take room that the ones of the team need.
    drop((desk, cloud));
    share(&mut record, scale).await?;

    ensure!(record.passed(), "a step did not pass");
    Ok(())
}

async fn make_vault(record: &mut Record, desk: &mut Desk, window: &Window, memory: &mut Memory) -> Result<()> {
    record
        .step("First start", desk, async |_| {
            window.find("first-create").await?;
            Shown::by(window, "The window opens and offers a new vault or a restore.").await
        })
        .await?;
    record
        .step("New vault", desk, async |_| {
            memory.passphrase = acts::propose_vault(window, "Northgate IT", "Alex Moreno").await?;
            let strength = window.text("passphrase-strength").await?;
            Shown::by(window, format!("Six words proposed and taken; the meter says: {strength}")).await
        })
        .await?;
    record
        .step("Vault created", desk, async |_| {
            window.click("create-submit").await?;
            window.find("kit-save").await?;
            Shown::by(window, "The vault is there; the checklist begins with the recovery kit.").await
        })
        .await?;
    record
        .step("Recovery kit", desk, async |_| {
            memory.kit = acts::save_kit(window).await?;
            let shown = Shown::by(window, "The kit was saved; two groups are typed back from the paper.").await?;
            window.click("kit-confirm").await?;
            window.find("sheet-save").await?;
            Ok(shown)
        })
        .await?;
    record
        .step("Safe sheet", desk, async |_| {
            let file = window.wait_for_value("sheet-path").await?;
            window.click("sheet-save").await?;
            window.find("backup-save").await?;
            ensure!(Path::new(&file).exists(), "{file} was not written");
            Shown::by(window, "The sheet for the firm's safe was saved.").await
        })
        .await?;
    record
        .step("Backup folder", desk, async |_| {
            window.wait_for_value("backup-path").await?;
            window.click("backup-save").await?;
            window.find("start-organization-name").await?;
            Shown::by(window, "Every change is written to the backup folder from now on.").await
        })
        .await
}

async fn connect(record: &mut Record, desk: &mut Desk, window: &Window, cloud: &Cloud) -> Result<()> {
    record
        .step("Two organizations", desk, async |_| {
            window.fill("start-organization-name", "Contoso").await?;
            window.click("start-organization-add").await?;
            window.find("start-connect").await?;
            acts::add_organization(window, "Northwind Traders").await?;
            window.click("nav-organizations").await?;
            window.find_css("[data-name=\"Contoso\"]").await?;
            window.find_css("[data-name=\"Northwind Traders\"]").await?;
            Shown::by(window, "Both customers are in the list, not connected yet.").await
        })
        .await?;
    record
        .step("Sign in by browser", desk, async |desk| {
            acts::open_organization(window, "Contoso").await?;
            acts::sign_in_by_browser(window, desk, cloud, CONTOSO).await?;
            Shown::by(window, "The admin signed in with a browser; Vitrine asks whether this is Contoso.").await
        })
        .await?;
    record.step("Plan", desk, async |_| plan(window).await).await?;
    record
        .step("Contoso connected", desk, async |_| {
            acts::agree_to_plan(window).await?;
            Shown::by(window, "Registration, certificate, permissions and role stand and were tested.").await
        })
        .await?;
    record
        .step("LAPS enabled", desk, async |_| {
            acts::enable_laps(window, ["ea-contoso-1", "ea-contoso-2"]).await?;
            let shown = Shown::by(window, "Two Global Administrators were created and verified.").await?;
            window.click("laps-done").await?;
            Ok(shown)
        })
        .await?;
    record
        .step("Device code", desk, async |_| {
            acts::open_organization(window, "Northwind Traders").await?;
            let (address, code) = acts::ask_for_code(window).await?;
            let shown = Shown::by(window, "The code for another device, with its page.").await?;
            cloud.enter_device_code(&address, &code, &cloud.admin(NORTHWIND)?).await?;
            window.find("confirm-tenant").await?;
            Ok(shown)
        })
        .await?;
    record
        .step("Northwind connected", desk, async |_| {
            window.click("confirm-tenant").await?;
            acts::agree_to_plan(window).await?;
            acts::enable_laps(window, ["ea-northwind-1", "ea-northwind-2"]).await?;
            window.click("laps-done").await?;
            window.find("view-credentials").await?;
            Shown::by(window, "Connected by device code; LAPS is enabled here too.").await
        })
        .await
}

/// The plan names every permission with its reason before anything is written.
async fn plan(window: &Window) -> Result<Shown> {
    window.click("confirm-tenant").await?;
    window.find("apply-plan").await?;
    let page = window.page_text().await?;
    for permission in ["User-PasswordProfile.ReadWrite.All", "Privileged Authentication Administrator"] {
        ensure!(page.contains(permission), "the plan does not name {permission}");
    }
    Shown::by(
        window,
        "What will be created in the tenant, with each permission and its reason; nothing is written yet.",
    )
    .await
}

async fn use_credentials(
    record: &mut Record,
    desk: &mut Desk,
    window: &Window,
    cloud: &Cloud,
    memory: &mut Memory,
) -> Result<()> {
    record
        .step("Organization", desk, async |_| {
            acts::open_organization(window, "Contoso").await?;
            window.find("view-credentials").await?;
            Shown::by(window, "Contoso with its accounts, its health and View LAPS credentials.").await
        })
        .await?;
    record
        .step("View LAPS credentials", desk, async |_| {
            acts::view_credentials(window, 1).await?;
            memory.user_name = acts::shown_user_name(window).await?;
            memory.password = acts::reveal_password(window).await?;
            ensure!(memory.password.chars().count() >= 24, "the password is short");
            Shown::by(window, "The password of the first account, in a window of its own.").await
        })
        .await?;
    record
        .step("Second factor", desk, async |_| {
            let page = cloud.portal(&memory.user_name, &memory.password).await?;
            let key = page.text_of("#totp-secret").context("the portal asks for no second factor to be set up")?;
            window.fill("factor-key", &key).await?;
            window.click("factor-save").await?;
            let code = acts::show_code(window).await?;
            let words = finish_with_code(&page, &code).await?;
            memory.factor_key = key;
            Shown::by(window, format!("Password and the code of Vitrine opened the portal: {words}")).await
        })
        .await
}

async fn rotate(
    record: &mut Record,
    desk: &mut Desk,
    window: &Window,
    cloud: &Cloud,
    memory: &mut Memory,
) -> Result<()> {
    record
        .step("Rotation", desk, async |_| {
            acts::close_reveal(window).await?;
            window.click("rotate-now").await?;
            window.click("nav-rotation").await?;
            window.wait_for_css(&[DONE; 2].join(" ~ ")).await?;
            Shown::by(window, "Both accounts of Contoso were rotated and verified, one after the other.").await
        })
        .await?;
    record
        .step("New password", desk, async |_| {
            let page = cloud.portal(&memory.user_name, &memory.password).await?;
            let refusal = page.text_of("#error").context("the portal still takes the old password")?;
            acts::open_organization(window, "Contoso").await?;
            acts::view_credentials(window, 1).await?;
            let fresh = acts::reveal_password(window).await?;
            ensure!(fresh != memory.password, "the password did not change");
            let page = cloud.portal(&memory.user_name, &fresh).await?;
            let words = finish_with_code(&page, &acts::show_code(window).await?).await?;
            memory.password = fresh;
            Shown::by(window, format!("Old password: {refusal}; new password and code: {words}")).await
        })
        .await
}

/// A person who rotates by hand leaves everything for a day and two hours.
async fn fall_behind(record: &mut Record, desk: &mut Desk, window: Window, memory: &Memory) -> Result<Window> {
    record
        .step("Rotation by hand", desk, async |_| {
            acts::close_reveal(&window).await?;
            acts::rotate_by_hand(&window).await?;
            Shown::by(&window, "Rotations wait for the person from now on; a reminder tells of them.").await
        })
        .await?;
    window.close().await?;
    desk.let_a_day_pass(&memory.passphrase).await?;
    let window = acts::start(desk).await?;
    record
        .step("Overdue", desk, async |desk| {
            acts::unlock(&window, &memory.passphrase).await?;
            window.click("nav-organizations").await?;
            window.find_css("[data-name=\"Contoso\"]").await?;
            let icon = desk.tray.icon().await?;
            icon.wait_for_label("4 · 4 overdue").await?;
            Shown::by(&window, "A day later: both organizations are due, and the tray says: 4 · 4 overdue.").await
        })
        .await?;
    Ok(window)
}

/// The reminder is answered while the vault is locked; the tray rotates once it is open.
async fn be_reminded(record: &mut Record, desk: &mut Desk, window: &Window, memory: &Memory) -> Result<()> {
    record
        .step("Reminder", desk, async |desk| {
            let reminder = desk.notifications.wait_for(|shown| shown.summary.contains("due for rotation")).await?;
            let buttons: Vec<&str> = reminder.actions.iter().map(|(_, label)| label.as_str()).collect();
            window.click("lock-now").await?;
            window.find("unlock-passphrase").await?;
            desk.notifications.press(reminder.id, "rotate").await?;
            window.find("after-unlock").await?;
            let words =
                format!("Notified: {:?} with {buttons:?}; locked, it asks for the passphrase.", reminder.summary);
            Shown::by(window, words).await
        })
        .await?;
    record
        .step("Rotation after the reminder", desk, async |_| {
            acts::unlock(window, &memory.passphrase).await?;
            window.click("nav-rotation").await?;
            window.wait_for_css(&[DONE; 4].join(" ~ ")).await?;
            Shown::by(window, "Unlocked, all four accounts were rotated, as the reminder was asked to.").await
        })
        .await
}

/// Two things that go wrong in a tenant: an answer that is lost, and a password that somebody else changed.
async fn settle(
    record: &mut Record,
    desk: &mut Desk,
    window: &Window,
    cloud: &Cloud,
    memory: &mut Memory,
) -> Result<()> {
    let failed = "[data-testid=\"job\"][data-step=\"changedOutside\"]";
    record
        .step("Lost answer", desk, async |_| {
            let change = "PATCH /users/{user-id}";
            let before = cloud.sim().control().requests(CONTOSO, change);
            cloud.lose_the_answer_to(change, CONTOSO);
            acts::open_organization(window, "Contoso").await?;
            window.click("rotate-now").await?;
            window.click("nav-rotation").await?;
            let sent = async || (cloud.sim().control().requests(CONTOSO, change) == before + 2).then_some(());
            window.until("both changes at the tenant", sent).await?;
            window.wait_for_css(&[DONE; 4].join(" ~ ")).await?;
            Shown::by(window, "The answer to one change was lost; Vitrine read back that it had arrived.").await
        })
        .await?;
    record
        .step("Changed outside", desk, async |_| {
            ensure!(cloud.change_password_outside(CONTOSO, &memory.user_name), "the tenant has no such account");
            acts::open_organization(window, "Contoso").await?;
            window.click("rotate-now").await?;
            window.click("nav-rotation").await?;
            window.wait_for_css(failed).await?;
            Shown::by(window, "Somebody else changed a password: nothing was sent, and Vitrine says what to do.").await
        })
        .await?;
    record
        .step("Repaired", desk, async |_| {
            window.click_css(&format!("{failed} [data-testid=\"job-again\"]")).await?;
            window.wait_for_css(&[DONE; 4].join(" ~ ")).await?;
            acts::open_organization(window, "Contoso").await?;
            acts::view_credentials(window, 1).await?;
            memory.password = acts::reveal_password(window).await?;
            let page = cloud.portal(&memory.user_name, &memory.password).await?;
            let words = finish_with_code(&page, &acts::show_code(window).await?).await?;
            Shown::by(window, format!("Rotated from here again: {words}")).await
        })
        .await?;
    record
        .step("Older passwords", desk, async |_| {
            window.click("show-previous").await?;
            window.click("show-older").await?;
            // Current and previous come first in the order to try.
            window.click("reveal-password-older-3").await?;
            let older = window.wait_for_text("secret-text-older-3", |text| !text.trim().is_empty()).await?;
            let older: String = older.split_whitespace().collect();
            ensure!(older != memory.password, "the older password is the present one");
            let page = cloud.portal(&memory.user_name, &older).await?;
            ensure!(page.text_of("#error").is_some(), "the portal takes a password that was replaced");
            Shown::by(window, "What came before the previous password, in the order to try, each shown alone.").await
        })
        .await
}

/// The firm has grown: what is overdue is rotated from the tray, then everything from the list, on a day on which three
/// tenants refuse for three reasons.
async fn rotate_in_bulk(
    record: &mut Record,
    desk: &mut Desk,
    window: Window,
    cloud: &Cloud,
    memory: &mut Memory,
) -> Result<Window> {
    acts::close_reveal(&window).await?;
    window.close().await?;
    desk.let_a_day_pass(&memory.passphrase).await?;
    let fleet = desk.connect_fleet(cloud, &memory.passphrase).await?;
    let window = acts::start(desk).await?;
    record
        .step("Rotation from the tray", desk, async |desk| {
            acts::unlock(&window, &memory.passphrase).await?;
            let icon = desk.tray.icon().await?;
            icon.wait_for_label("4 · 4 overdue").await?;
            icon.click("Rotate 4 due").await?;
            window.click("nav-rotation").await?;
            window.wait_for_css(&[DONE; 4].join(" ~ ")).await?;
            icon.wait_for_label("").await?;
            Shown::by(&window, "Overdue again, and rotated from the menu of the tray; its number is gone.").await
        })
        .await?;
    record
        .step("Fifty more customers", desk, async |_| {
            window.click("nav-organizations").await?;
            window.click_css("[data-head] input").await?;
            let chosen = async || window.page_text().await.ok()?.contains("52 organizations selected").then_some(());
            window.until("52 organizations to be chosen", chosen).await?;
            Shown::by(&window, "The firm has 52 customers now; all of them are chosen.").await
        })
        .await?;
    record
        .step("Bulk rotation", desk, async |_| {
            let refused = refuse(cloud, &fleet)?;
            window.click("rotate-selected").await?;
            window.click("nav-rotation").await?;
            let well = FLEET + 4 - refused;
            // A refusal takes longer than a rotation: what was refused is looked at twice before it is given up.
            let ended = async || {
                let next = problems(&window).await.ok()?;
                (count(&window, DONE).await.ok()? == well && next.len() == refused).then_some(next)
            };
            let next =
                window.until("every rotation to end, three of them with a next step of their own", ended).await?;
            Shown::by(&window, format!("{well} passwords were rotated; {refused} tenants refused: {next:?}")).await
        })
        .await?;
    acts::open_organization(&window, "Contoso").await?;
    acts::view_credentials(&window, 1).await?;
    memory.password = acts::reveal_password(&window).await?;
    Ok(window)
}

/// Makes three tenants refuse: the connection lost its role, somebody changed the password, the connection was disabled.
/// Answers with how many.
fn refuse(cloud: &Cloud, fleet: &[ConnectedTenant]) -> Result<usize> {
    let [demoted, changed, disabled, ..] = fleet else { bail!("the fleet is too small") };
    let role = PRIVILEGED_AUTHENTICATION_ADMINISTRATOR.to_owned();
    cloud.change(&TenantChange {
        tenant: demoted.id.clone(),
        remove_role: Some(RoleChange { principal: demoted.app_id.clone(), role }),
        ..TenantChange::default()
    })?;
    let account = changed.accounts.first().context("the tenant has no account")?;
    ensure!(cloud.change_password_outside(&changed.id, &account.user_name), "the tenant has no such account");
    cloud.change(&TenantChange {
        tenant: disabled.id.clone(),
        principal: Some(PrincipalChange { app_id: disabled.app_id.clone(), enabled: false }),
        ..TenantChange::default()
    })?;
    Ok(3)
}

async fn count(window: &Window, selector: &str) -> Result<usize> {
    let found = window.script(&format!("return document.querySelectorAll('{selector}').length;")).await?;
    Ok(usize::try_from(found.as_u64().context("a count is a number")?)?)
}

/// What the page tells of everything that went wrong, the next step included: one sentence for each kind of it.
async fn problems(window: &Window) -> Result<BTreeSet<String>> {
    let script = "return [...document.querySelectorAll('[data-testid=\"job\"] [data-testid=\"error-notice\"]')].map(
        (notice) => [...notice.querySelectorAll('p')].at(-1).innerText);";
    let told = window.script(script).await?;
    let told = told.as_array().context("a list of texts")?.iter();
    Ok(told.filter_map(|next| next.as_str()).filter(|next| !next.is_empty()).map(str::to_owned).collect())
}

async fn lock(record: &mut Record, desk: &mut Desk, window: &Window, memory: &Memory) -> Result<()> {
    record
        .step("Locked", desk, async |_| {
            acts::close_reveal(window).await?;
            window.click("lock-now").await?;
            window.find("unlock-passphrase").await?;
            let text = window.page_text().await?;
            ensure!(!text.contains("Contoso"), "the locked window names a customer");
            Shown::by(window, "Locked: no name and no number of what is inside.").await
        })
        .await?;
    record
        .step("Unlocked", desk, async |_| {
            acts::unlock(window, &memory.passphrase).await?;
            window.click("nav-organizations").await?;
            window.find_css("[data-name=\"Contoso\"]").await?;
            Shown::by(window, "Unlocked with the passphrase; everything is there again.").await
        })
        .await
}

/// Another machine: nothing of the first one but backup file, kit and what the person knows.
async fn restore(record: &mut Record, first: &Desk, cloud: &Cloud, memory: &Memory) -> Result<()> {
    let setting = Setting { scale: first.scale(), environment: cloud.environment(), ..Setting::default() };
    let mut desk = Desk::set_up(setting).await?;
    let backup = newest_file(&first.home().join("Vitrine backup"))?;
    let window = acts::start(&desk).await?;
    record
        .step("Restore", &mut desk, async |_| {
            acts::fill_restore(&window, &backup, &memory.kit, &memory.passphrase).await?;
            Shown::by(&window, "Another machine with an empty data folder: backup file, kit and passphrase.").await
        })
        .await?;
    record
        .step("Restored", &mut desk, async |_| {
            window.click("restore-submit").await?;
            window.find("nav-organizations").await?;
            acts::open_organization(&window, "Contoso").await?;
            acts::view_credentials(&window, 1).await?;
            let password = acts::reveal_password(&window).await?;
            ensure!(password == memory.password, "the restored vault shows another password");
            let code = acts::show_code(&window).await?;
            let words = finish_with_code(&cloud.portal(&memory.user_name, &password).await?, &code).await?;
            Shown::by(&window, format!("The restored vault shows what the portal accepts: {words}")).await
        })
        .await?;
    window.close().await
}

/// Another firm, of two: its home is at a backend, somebody joins at a second machine and leaves again, and in the end the
/// backend is not what it was.
async fn share(record: &mut Record, scale: u32) -> Result<()> {
    let (cloud, mut backend) = (Cloud::start().await?, backend().await?);
    let setting = Setting { scale, environment: cloud.environment(), ..Setting::default() };
    let (mut here, mut there) = (Desk::set_up(setting.clone()).await?, Desk::set_up(setting).await?);
    let (owner, _) = acts::with_contoso(&mut here, &cloud).await?;
    record
        .step("Home at a backend", &mut here, async |_| {
            acts::fill_home(&owner, &backend).await?;
            owner.click("home-move").await?;
            owner.find("home-sync").await?;
            Shown::by(&owner, "A backend of the firm keeps everything sealed; each change counts once it is there.")
                .await
        })
        .await?;
    let grace = acts::start(&there).await?;
    join(record, (&mut here, &owner), (&mut there, &grace)).await?;
    work_together(record, (&mut here, &owner), (&mut there, &grace), &cloud).await?;
    grace.close().await?;
    put_back(record, (&mut here, &owner), &mut backend).await?;
    look_back(record, (&mut here, &owner)).await?;
    owner.close().await
}

/// A machine and the window of the person at it.
type Place<'a> = (&'a mut Desk, &'a Window);

async fn join(record: &mut Record, (here, owner): Place<'_>, (there, grace): Place<'_>) -> Result<()> {
    let mut code = String::new();
    record
        .step("Invitation", here, async |desk| {
            acts::fill_invitation(owner).await?;
            code = acts::make_invitation(owner, desk).await?;
            let shown =
                Shown::by(owner, "A technician is invited. The code lies on the clipboard and nowhere else.").await?;
            owner.click("invited-done").await?;
            Ok(shown)
        })
        .await?;
    record
        .step("Join with an invitation", there, async |_| {
            acts::fill_join(grace, &code).await?;
            Shown::by(grace, "The second machine: the code was pasted; a name and a passphrase of one's own.").await
        })
        .await?;
    let mut theirs = Vec::new();
    record
        .step("Waiting to be added", there, async |_| {
            grace.click("join-submit").await?;
            theirs = acts::compared_words(grace).await?;
            Shown::by(grace, "It waits, sees nothing of the vault, and shows eight words.").await
        })
        .await?;
    record
        .step("Words compared", here, async |_| {
            owner.wait_for_css("[data-testid=\"invitation\"][data-answered]").await?;
            ensure!(acts::compared_words(owner).await? == theirs, "the words differ");
            Shown::by(owner, "The owner is shown the same eight words.").await
        })
        .await?;
    record
        .step("Joined", there, async |_| {
            owner.click("approve-compared").await?;
            grace.click("nav-organizations").await?;
            grace.wait_for_css("[data-name=\"Contoso\"]").await?;
            Shown::by(grace, "Added: the second window opened the vault by itself, and Contoso is in it.").await
        })
        .await?;
    record
        .step("Team of two", here, async |_| {
            let active = "[data-testid=\"member\"][data-name=\"Grace Hopper\"][data-standing=\"active\"]";
            owner.wait_for_css(active).await?;
            Shown::by(owner, "The technician is a member, by compared words.").await
        })
        .await
}

async fn work_together(
    record: &mut Record,
    (here, owner): Place<'_>,
    (there, grace): Place<'_>,
    cloud: &Cloud,
) -> Result<()> {
    let (mut user_name, mut known, mut since) = (String::new(), String::new(), String::new());
    record
        .step("Credential at the second machine", there, async |_| {
            acts::open_organization(grace, "Contoso").await?;
            acts::view_credentials(grace, 1).await?;
            user_name = acts::shown_user_name(grace).await?;
            since = acts::wait_for_newer(grace, "").await?;
            known = acts::reveal_password(grace).await?;
            ensure!(refusal(cloud, &user_name, &known).await?.is_none(), "the portal does not take it");
            Shown::by(grace, "The technician views the password; the portal takes it.").await
        })
        .await?;
    record
        .step("Fresh at the second machine", there, async |_| {
            acts::rotate(owner, "Contoso").await?;
            acts::wait_for_newer(grace, &since).await?;
            let fresh = acts::reveal_password(grace).await?;
            ensure!(fresh != known, "the second window has the password of before");
            ensure!(refusal(cloud, &user_name, &fresh).await?.is_none(), "the portal does not take it");
            known = fresh;
            Shown::by(grace, "The owner rotated; the new password came here without a press, and the portal takes it.")
                .await
        })
        .await?;
    acts::close_reveal(grace).await?;
    record
        .step("Before a removal", here, async |_| {
            acts::fill_removal(owner, "Grace Hopper").await?;
            Shown::by(owner, "The technician leaves: what that means stands there before it is ordered.").await
        })
        .await?;
    record
        .step("Exposed credentials replaced", here, async |_| {
            owner.click("remove-submit").await?;
            owner.click("removed-incident").await?;
            acts::wait_until_nothing_is_left(owner).await?;
            let refusal = refusal(cloud, &user_name, &known).await?;
            let refusal = refusal.context("the portal still takes what the removed member knows")?;
            Shown::by(owner, format!("Nothing is left; with what the technician knew the portal says: {refusal}")).await
        })
        .await?;
    record
        .step("No longer a member", there, async |_| {
            acts::wait_for_notice(grace, "does not know this device").await?;
            Shown::by(grace, "The second window says that it is not known any more.").await
        })
        .await?;
    record
        .step("Old password", there, async |_| {
            acts::view_credentials(grace, 1).await?;
            grace.find("reveal-home-wrong").await?;
            let old = acts::reveal_password(grace).await?;
            ensure!(refusal(cloud, &user_name, &old).await?.is_some(), "the portal takes what was replaced");
            let notice =
                "document.querySelector('[data-testid=\"reveal-home-wrong\"]').scrollIntoView({ block: 'nearest' });";
            grace.script(notice).await?;
            Shown::by(grace, "What was stored there can be viewed, and is said not to be the newest.").await
        })
        .await?;
    acts::close_reveal(grace).await
}

/// What the portal says against a password, if it does not take it.
async fn refusal(cloud: &Cloud, user_name: &str, password: &str) -> Result<Option<String>> {
    Ok(cloud.portal(user_name, password).await?.text_of("#error"))
}

/// Somebody puts the backend back to before the last rotation.
async fn put_back(record: &mut Record, (here, owner): Place<'_>, backend: &mut Backend) -> Result<()> {
    record
        .step("Backend put back", here, async |desk| {
            owner.click("incident-end").await?;
            owner.click("incident-end-yes").await?;
            let older = desk.home().join("older");
            backend.kill().await?;
            backend.copy_to(&older)?;
            backend.run().await?;
            // By the command line, which ends when the rotation has.
            let rotated = desk.run("vitrine", &["rotate", "Contoso"]).await?;
            ensure!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
            backend.kill().await?;
            backend.put_back(&older)?;
            backend.run().await?;
            owner.click("nav-settings").await?;
            owner.click("home-sync").await?;
            acts::wait_for_notice(owner, "put back to an older state").await?;
            owner.click_css("aside [href$=\"section=home\"]").await?;
            Shown::by(
                owner,
                "The backend knows less than this machine has seen: it is caught, and nothing is lost here.",
            )
            .await
        })
        .await
}

/// Who did what, from signed records. What the technician viewed comes later than what she did, or not any more: views travel at
/// times of their own, so that nobody at the backend learns when somebody looks something up.
async fn look_back(record: &mut Record, (here, owner): Place<'_>) -> Result<()> {
    record
        .step("Audit", here, async |_| {
            owner.click("nav-audit").await?;
            acts::wait_for_notice(owner, &format!("removed {}", acts::GRACE)).await?;
            Shown::by(
                owner,
                "Everything that was done and by whom, from signed records; what the backend forgot stands here, too.",
            )
            .await
        })
        .await
}

fn newest_file(folder: &Path) -> Result<PathBuf> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("no backup folder {}", folder.display()))?;
    let files = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| path.is_file());
    let newest = files.max_by_key(|path| path.metadata().and_then(|data| data.modified()).ok());
    newest.with_context(|| format!("no backup in {}", folder.display()))
}
