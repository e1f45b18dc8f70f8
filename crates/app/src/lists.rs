//! How this device shows the list of organizations. A matter of this device, kept sealed beside what else only it
//! knows: what a person looks for is often a customer's name, and no name lies readable on a disk.

use crate::App;
use crate::api::{ListColumn, ListViews, ListViewsRequest, SavedView, SetListViewsRequest};
use crate::error::{Error, Result};
use crate::own;
use crate::vault;

const MOST_VIEWS: usize = 20;
const LONGEST_NAME: usize = 40;
const LONGEST_FILTER: usize = 200;

pub(crate) async fn show(app: &App, _request: ListViewsRequest) -> Result<ListViews> {
    app.session().await?;
    Ok(vault::firm(app).await?.own.lists)
}

pub(crate) async fn set(app: &App, request: SetListViewsRequest) -> Result<ListViews> {
    let session = app.session().await?;
    let lists = checked(request.views)?;
    own::note(app, &session, |own| own.lists = lists).await?;
    show(app, ListViewsRequest {}).await
}

fn checked(mut views: ListViews) -> Result<ListViews> {
    if views.saved.len() > MOST_VIEWS {
        return Err(Error::usage(
            "lists.too-many",
            format!("More than {MOST_VIEWS} views cannot be saved."),
            "Remove one that is no longer used.",
        ));
    }
    once(&mut views.hidden);
    for at in 0..views.saved.len() {
        let (before, from) = views.saved.split_at_mut(at);
        let Some(view) = from.first_mut() else { break };
        once(&mut view.hidden);
        view.name = view.name.trim().to_owned();
        check(view, before)?;
    }
    Ok(views)
}

/// Each column once, however often it was named.
fn once(hidden: &mut Vec<ListColumn>) {
    let mut seen = Vec::new();
    hidden.retain(|column| {
        let new = !seen.contains(column);
        seen.push(*column);
        new
    });
}

fn check(view: &SavedView, before: &[SavedView]) -> Result<()> {
    let SavedView { name, filter, .. } = view;
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::usage(
            "lists.name",
            "The name of the view cannot be used.",
            format!("Use 1 to {LONGEST_NAME} characters without line breaks."),
        ));
    }
    if filter.chars().count() > LONGEST_FILTER {
        return Err(Error::usage(
            "lists.filter",
            "The text of the filter is too long to be saved.",
            format!("Use up to {LONGEST_FILTER} characters."),
        ));
    }
    if before.iter().any(|other| other.name.to_lowercase() == name.to_lowercase()) {
        return Err(Error::usage(
            "lists.name-taken",
            format!("There is already a view named {name}."),
            "Choose a name that tells the two apart.",
        ));
    }
    Ok(())
}
