//! Finds what a person names: an organization by name, domain or id, an account by user name or id.

use vitrine_app::api::{
    AccountState, AccountView, FindOrganizationRequest, OrganizationRequest, OrganizationView, OrganizationsRequest,
};

use super::Result;
use crate::{door::Door, output::usage, text::shown};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// The id of an organization. A name must be the whole name: nobody wants the secret of one that merely begins alike.
pub(super) async fn id(door: &mut Door, named: &str) -> Result<String> {
    if named.len() == 64 && named.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(named.to_ascii_lowercase());
    }
    let found = door.call(FindOrganizationRequest { named: named.to_owned() }).await?.rows;
    match found.as_slice() {
        [row] => Ok(row.id.clone()),
        [] => Err(usage(
            "cli.no-such-organization",
            format!("There is no organization called {}.", shown(named)),
            match similar(door, named).await?.as_slice() {
                [] => "See vitrine org list.".to_owned(),
                names => format!("Give the whole name. Similar: {}.", names.join(", ")),
            },
        )),
        _ => Err(usage(
            "cli.organization-ambiguous",
            format!("Several organizations are called {}.", shown(named)),
            "Name one by its id: vitrine org list --json.",
        )),
    }
}

/// The same for several.
pub(super) async fn ids(door: &mut Door, named: &[String]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for named in named {
        ids.push(id(door, named).await?);
    }
    Ok(ids)
}

/// Every organization that there is.
pub(super) async fn all(door: &mut Door) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    loop {
        let offset = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let page = door.call(OrganizationsRequest { offset, limit: PAGE, ..OrganizationsRequest::default() }).await?;
        if page.rows.is_empty() {
            return Ok(ids);
        }
        ids.extend(page.rows.into_iter().map(|row| row.id));
    }
}

/// Names that hold what was typed, for whoever mistyped one: only then is everything searched.
async fn similar(door: &mut Door, named: &str) -> Result<Vec<String>> {
    let request = OrganizationsRequest { filter: named.to_owned(), limit: 3, ..OrganizationsRequest::default() };
    Ok(door.call(request).await?.rows.iter().map(|row| shown(&row.name)).collect())
}

/// An organization.
pub(super) async fn organization(door: &mut Door, named: &str) -> Result<OrganizationView> {
    let organization = id(door, named).await?;
    door.call(OrganizationRequest { organization }).await
}

/// An account by user name, the part before its @, or id; without a name, the one in the best state.
pub(super) fn account<'a>(organization: &'a OrganizationView, named: Option<&str>) -> Result<&'a AccountView> {
    let accounts = &organization.accounts;
    let found = match named {
        None => accounts.iter().min_by_key(|account| trouble(account.state)),
        Some(named) => {
            let wanted = named.to_lowercase();
            accounts.iter().find(|account| {
                let user_name = account.user_name.to_lowercase();
                account.id == wanted || user_name == wanted || user_name.split('@').next() == Some(&wanted)
            })
        }
    };
    found.ok_or_else(|| match accounts.as_slice() {
        [] => usage(
            "cli.no-account",
            format!("{} has no emergency account.", shown(&organization.name)),
            "Enable LAPS: vitrine laps enable.",
        ),
        accounts => {
            let names: Vec<String> = accounts.iter().map(|account| shown(&account.user_name)).collect();
            usage("cli.no-such-account", "There is no such account.", format!("Name one of: {}.", names.join(", ")))
        }
    })
}

/// The lower, the likelier the stored password opens the account.
fn trouble(state: AccountState) -> u8 {
    match state {
        AccountState::Fresh => 0,
        AccountState::Due => 1,
        AccountState::Rotating => 2,
        AccountState::NeedsPerson => 3,
        AccountState::Unclear => 4,
        AccountState::RoleGone | AccountState::Renamed => 5,
        AccountState::Creating => 6,
        AccountState::ChangedOutside => 7,
        AccountState::Disabled => 8,
        AccountState::Gone => 9,
    }
}
