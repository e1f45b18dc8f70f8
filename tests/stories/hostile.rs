//! Names that strangers chose, wherever they come from: an import, a person at the keyboard, a customer's tenant. They
//! stay text: they come back as they were given, and on a terminal nothing of them acts.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{Sim, TenantChange};
use vitrine_kit::opener::Opener;

use crate::browser;
use crate::cloud::{self, FABRIKAM};
use crate::desk::{Desk, Ended, PASSPHRASE, exit, text};

/// Names that a stranger, a careless export or a bad keyboard may give.
pub(crate) const NAMES: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{7*7}} ${jndi:ldap://x/y}",
    "'; DROP TABLE entries; --",
    "=HYPERLINK(\"http://x\",\"y\")",
    "../../../etc/passwd",
    "Contoso\u{202e}dtL",
    "\u{2066}Contoso\u{2069} \u{200b}",
    "Zażółć gęślą jaźń Αθήνα 東京 🏢",
    "e\u{301}\u{301}\u{301}\u{301}",
    "%s%n%x",
    "-—”’",
];

/// What only a tenant can send: an organization's own name may not hold these.
const FROM_A_TENANT: [&str; 4] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}Contoso",
    "Contoso\r\nvitrine: signed in as admin",
    "\u{9b}31mContoso\u{8}\u{8}\u{8}",
    "\u{feff}\u{2028}Con\u{ad}toso\u{2029}\u{61c}",
];

/// Whether a character acts on a terminal or on its neighbours. Lines end.
pub(crate) fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

fn harmless(ended: &Ended) -> Result<String> {
    let lines = ended.told.iter().map(|line| line.as_str().map_or_else(|| line.to_string(), str::to_owned));
    let all = lines.chain([ended.out.clone()]).collect::<Vec<_>>().join("\n");
    ensure!(!all.chars().any(acts), "something acts on the terminal: {all:?}");
    Ok(all)
}

/// Every name that people of the tenant gave becomes this one: its own, those of its users, applications and policies.
fn rename(sim: &Sim, name: &str) -> Result<()> {
    let names = Some(name.to_owned());
    let change = TenantChange { tenant: FABRIKAM.to_owned(), names, ..TenantChange::default() };
    sim.control().change_tenant(&change).map_err(anyhow::Error::msg)
}

/// Connects by browser, in words for a person or as documents for a script. This tenant blocks device codes, and the
/// policy that does has a name of its own.
async fn connects(sim: &Sim, desk: &Desk, opener: &mut Opener, in_words: bool) -> Result<Ended> {
    let arguments = ["connect", "Fabrikam", "--browser", "--tenant", FABRIKAM, "--yes"];
    let order = if in_words { desk.in_words(arguments) } else { desk.vitrine(arguments) };
    let running = order.passphrase(PASSPHRASE).start().await?;
    browser::sign_in(sim, &opener.next().await?, &cloud::admin(sim, FABRIKAM)?).await?;
    let ended = running.end().await?;
    ensure!(ended.status.code() == Some(exit::DONE), "{}: {} {:?}", ended.status, ended.out, ended.told);
    Ok(ended)
}

#[tokio::test]
async fn names_from_a_tenant_stay_text_on_the_terminal_and_in_documents() -> Result<()> {
    let sim = cloud::start().await?;
    let mut desk = Desk::at(&sim)?;
    let mut opener = Opener::make()?;
    desk.set("BROWSER", opener.program());
    desk.init().await?;
    desk.does(["org", "add", "Fabrikam"]).await?;
    for name in NAMES.into_iter().chain(FROM_A_TENANT) {
        rename(&sim, name)?;
        let words = harmless(&connects(&sim, &desk, &mut opener, true).await?).with_context(|| format!("{name:?}"))?;
        // What does not act is there to be read, the policy's name included.
        let seen: String = name.chars().filter(|c| !acts(*c) && *c != '\n').take(3).collect();
        ensure!(words.contains(&seen) && words.contains('“'), "{name:?} is not shown: {words:?}");
        for arguments in [["org", "show", "Fabrikam"].as_slice(), &["org", "list"], &["audit"], &["status"]] {
            let ended = desk.in_words(arguments).passphrase(PASSPHRASE).end().await?;
            harmless(&ended).with_context(|| format!("{arguments:?} with {name:?}"))?;
        }
        let organization = desk.vitrine(["org", "show", "Fabrikam"]).passphrase(PASSPHRASE).end().await?;
        harmless(&organization)?;
        let organization = organization.ended(exit::DONE)?;
        ensure!(text(&organization, "tenant.name")? == name, "{name:?} became another: {organization}");
    }
    Ok(())
}

#[tokio::test]
async fn the_plan_and_its_notices_lose_nothing_of_a_name_in_documents() -> Result<()> {
    let sim = cloud::start().await?;
    let mut desk = Desk::at(&sim)?;
    let mut opener = Opener::make()?;
    desk.set("BROWSER", opener.program());
    desk.init().await?;
    desk.does(["org", "add", "Fabrikam"]).await?;
    let name = FROM_A_TENANT[0];
    rename(&sim, name)?;
    let ended = connects(&sim, &desk, &mut opener, false).await?;
    let of = |kind: &str| -> Result<&Value> { ended.told.iter().find(|news| news["kind"] == kind).context("not told") };
    ensure!(of("confirmTenant")?["tenant"]["name"] == name, "{:?}", ended.told);
    let notices = of("plan")?["notices"].as_array().context("no notices")?;
    ensure!(notices.iter().any(|notice| notice.as_str().is_some_and(|words| words.contains(name))), "{notices:?}");
    Ok(())
}
