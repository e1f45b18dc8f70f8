//! The client id of the first sign-in: how to register one, which one is in use, and what Microsoft says about it.

use crate::api::*;
use crate::error::{Error, Result};
use crate::{App, lock, session};
use std::str::FromStr;
use vitrine_entra::ClientId;
use vitrine_entra::oauth::{self, ClientIdVerdict, SignInError};

pub(crate) async fn show(app: &App, request: ClientIdRequest) -> Result<ClientIdView> {
    if request.check && app.config().client_id.is_some() {
        let client = configured(app)?;
        let found = ask(app, client).await?;
        let found = found.unwrap_or_else(|error| ClientIdCheck::Refused { error: error.into_view() });
        remember(app, client, found);
    }
    Ok(view(app))
}

/// Takes a client id that Microsoft does not refuse. Without a network it is taken, too: a first start may be offline,
/// and the sign-in asks again.
pub(crate) async fn set(app: &App, request: SetClientIdRequest) -> Result<ClientIdView> {
    let text = request.client_id.trim();
    let client = ClientId::from_str(text).map_err(|_| {
        Error::usage(
            "connect.client-id",
            "This is not a client id.",
            "Copy the \"Application (client) ID\" from the app registration; it looks like 00000000-0000-0000-0000-000000000000.",
        )
    })?;
    let found = ask(app, client).await?.map_err(|error| error.holds("The client id in use was not changed."))?;
    app.config().save_client_id(text)?;
    app.replace_config(app.config().reload()?);
    remember(app, client, found);
    app.tell(Event::StatusChanged);
    Ok(view(app))
}

/// The one to sign in with.
pub(crate) fn configured(app: &App) -> Result<ClientId> {
    let config = app.config();
    let text = config.client_id.as_ref().ok_or_else(|| {
        Error::usage(
            "connect.no-client-id",
            "No client id is set for the first sign-in.",
            "Register one as the settings show, and enter it there.",
        )
    })?;
    ClientId::from_str(text).map_err(|_| {
        Error::usage(
            "connect.client-id",
            "The configured client id is none.",
            "Enter it again in the settings, or correct VITRINE_CLIENT_ID where that is set.",
        )
    })
}

/// A sign-in ended: it confirms the client id, or shows what the registration lacks. What lies with the account, the
/// tenant or the network says nothing about it.
pub(crate) fn signed_in<T>(app: &App, client: ClientId, ended: &Result<T, SignInError>) {
    use ClientIdVerdict::{Borrowed, PublicClientOff, RedirectIsSpa, RedirectMissing};
    let verdict = oauth::check_client_id(ended);
    match ended {
        Ok(_) => remember(app, client, ClientIdCheck::SignedIn),
        Err(error) if matches!(verdict, Borrowed | PublicClientOff | RedirectIsSpa | RedirectMissing) => {
            remember(app, client, ClientIdCheck::Refused { error: refused(verdict, error).into_view() });
        }
        Err(_) => {}
    }
}

/// What Microsoft says without anybody's sign-in; the inner error is a refusal of the registration.
async fn ask(app: &App, client: ClientId) -> Result<Result<ClientIdCheck>> {
    // Asked before the vault is unlocked as well: nothing of it is needed.
    let http = match app.session().await {
        Ok(session) => session.http()?,
        Err(_) => session::reach(app.config().extra_ca.as_deref(), app.inner.limiter.clone())?,
    };
    let cloud = app.config().cloud.clone();
    let answered = oauth::probe_client_id(&http, &cloud, client).await;
    Ok(match (oauth::check_client_id(&answered), answered) {
        (ClientIdVerdict::NotChecked, Err(error)) => {
            Ok(ClientIdCheck::Unanswered { error: Error::from(error).into_view() })
        }
        (ClientIdVerdict::Usable, _) | (_, Ok(())) => Ok(ClientIdCheck::Known),
        (verdict, Err(error)) => Err(refused(verdict, &error)),
    })
}

fn refused(verdict: ClientIdVerdict, error: &SignInError) -> Error {
    let made = Error::new(ErrorClass::Refused, verdict.code(), verdict.sentence(), verdict.next_step());
    match Error::from(error.clone()).into_view().details {
        Some(details) => made.details(details),
        None => made,
    }
}

fn remember(app: &App, client: ClientId, found: ClientIdCheck) {
    let mut known = lock(&app.inner.client_check);
    // A sign-in said more than this does.
    if found != ClientIdCheck::Known || *known != Some((client, ClientIdCheck::SignedIn)) {
        *known = Some((client, found));
    }
}

fn view(app: &App) -> ClientIdView {
    let in_use = app.config().client_id.clone();
    let client = in_use.as_deref().and_then(|text| ClientId::from_str(text).ok());
    let known = lock(&app.inner.client_check).clone().filter(|(about, _)| Some(*about) == client);
    let permissions = oauth::delegated_scopes()
        .iter()
        .map(|scope| PermissionReason { name: scope.name.to_owned(), why: scope.reason.to_owned() });
    ClientIdView {
        client_id: in_use,
        check: known.map(|(_, found)| found).unwrap_or_default(),
        redirect_uri: "http://localhost".into(),
        permissions: permissions.collect(),
    }
}
