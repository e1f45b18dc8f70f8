//! Customers whose tenants are connected already: what as many sign-ins would leave in a vault, written at once.

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use vitrine_app::api::UnlockRequest;
use vitrine_app::synthetic::{self, Tenant};
use vitrine_app::{App, Headless, Options};
use vitrine_entra_sim::ConnectedTenant;
use vitrine_vault::SecretBytes;
use vitrine_vault::items::{ConnectionItem, StoredCertificate};

/// What standard input says.
#[derive(Deserialize)]
struct Customers {
    /// Opens the vault.
    passphrase: String,
    /// DER of the certificate that every tenant knows, and its key in PKCS#8.
    certificate: Vec<u8>,
    key: Vec<u8>,
    tenants: Vec<ConnectedTenant>,
}

/// Connects them to the vault of the data folder that the environment names. No other program may have it open.
pub(crate) async fn connect() -> Result<()> {
    let Customers { passphrase, certificate, key, tenants } =
        serde_json::from_reader(std::io::stdin()).context("standard input names no customers")?;
    let app = App::open(Options::from_environment()?, Headless).await?;
    let unlock: UnlockRequest = serde_json::from_value(json!({ "passphrase": passphrase }))?;
    app.call(unlock).await.map_err(|error| anyhow!("{}: {}", error.code, error.what))?;
    let tenants: Vec<_> = tenants.iter().map(|tenant| connected(tenant, &certificate, &key)).collect::<Result<_>>()?;
    synthetic::connect(&app, tenants.into_iter()).await?;
    app.close().await;
    Ok(())
}

/// A tenant of the simulated cloud as an organization's vault knows it.
pub(crate) fn connected(tenant: &ConnectedTenant, certificate: &[u8], key: &[u8]) -> Result<Tenant> {
    let id = |text: &str| Ok::<_, anyhow::Error>(Uuid::parse_str(text)?.into_bytes());
    let accounts = tenant.accounts.iter();
    Ok(Tenant {
        name: tenant.name.clone(),
        connection: ConnectionItem {
            tenant_id: id(&tenant.id)?,
            tenant_name: tenant.name.clone(),
            default_domain: tenant.initial_domain.clone(),
            initial_domain: tenant.initial_domain.clone(),
            app_id: id(&tenant.app_id)?,
            app_object_id: id(&tenant.application_id)?,
            service_principal_id: id(&tenant.service_principal_id)?,
            certificate: StoredCertificate {
                der: certificate.to_vec(),
                private_key_pkcs8: SecretBytes::new(key.to_vec()),
                not_after_ms: u64::MAX >> 1,
                key_id: None,
            },
            pending: None,
            previous: None,
            cloud: "custom".to_owned(),
        },
        accounts: accounts
            .map(|account| Ok((account.user_name.clone(), id(&account.id)?, account.changed.clone())))
            .collect::<Result<_>>()?,
    })
}
