//! The tenant itself: record, domains, subscriptions.

use serde_json::{Value, json};

use crate::catalog;
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::odata;
use crate::tenant::{Domain, Tenant, Trait};

fn sign_in_kind(domain: &Domain) -> &'static str {
    if domain.federated { "Federated" } else { "Managed" }
}

fn record(tenant: &Tenant) -> Value {
    let domains: Vec<Value> = tenant
        .domains
        .iter()
        .map(|d| {
            json!({
                "name": d.name,
                "type": sign_in_kind(d),
                "isInitial": d.initial,
                "isDefault": d.default,
                "capabilities": "Email, OfficeCommunicationsOnline",
            })
        })
        .collect();
    json!({
        "id": tenant.id,
        "displayName": tenant.name,
        "tenantType": "AAD",
        "countryLetterCode": "US",
        "onPremisesSyncEnabled": null,
        "verifiedDomains": domains,
        "createdDateTime": "2024-01-01T00:00:00Z",
        "deletedDateTime": null,
        "preferredLanguage": "en",
        "technicalNotificationMails": [],
        "businessPhones": [],
        "assignedPlans": [],
        "provisionedPlans": [],
    })
}

pub(crate) fn organizations(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let all = vec![record(call.tenant())];
    odata::list(call, "organization", all, None)
}

pub(crate) fn organization(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    if call.ids[0] != call.tenant().id {
        return Err(GraphError::not_found(&call.ids[0]));
    }
    odata::entity(call, "organization", record(call.tenant()), None)
}

fn domain_record(d: &Domain) -> Value {
    json!({
        "id": d.name,
        "authenticationType": sign_in_kind(d),
        "availabilityStatus": null,
        "isAdminManaged": true,
        "isDefault": d.default,
        "isInitial": d.initial,
        "isRoot": true,
        "isVerified": true,
        "manufacturer": null,
        "model": null,
        "passwordNotificationWindowInDays": null,
        // "Never": the default of tenants made since 2021
        "passwordValidityPeriodInDays": i32::MAX,
        "state": null,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    })
}

pub(crate) fn domains(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let all = call.tenant().domains.iter().map(domain_record).collect();
    odata::list(call, "domains", all, None)
}

pub(crate) fn domain(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let name = call.ids[0].clone();
    let record = call.tenant().domain(&name).map(domain_record).ok_or_else(|| GraphError::not_found(&name))?;
    odata::entity(call, "domains", record, None)
}

pub(crate) fn skus(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let tenant = call.tenant();
    let plan = |name: &str| {
        json!({
            "servicePlanId": catalog::id_of_name(name),
            "servicePlanName": name,
            "provisioningStatus": "Success",
            "appliesTo": "User",
        })
    };
    let mut plans = vec![plan("EXCHANGE_S_STANDARD")];
    if !tenant.has(Trait::NoP1) {
        plans.push(plan("AAD_PREMIUM"));
    }
    let sku = if tenant.has(Trait::NoP1) { "O365_BUSINESS_ESSENTIALS" } else { "SPB" };
    let all = vec![json!({
        "id": format!("{}_{}", tenant.id, catalog::id_of_name(sku)),
        "accountId": tenant.id,
        "accountName": tenant.name,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": 3,
        "prepaidUnits": { "enabled": 25, "suspended": 0, "warning": 0, "lockedOut": 0 },
        "skuId": catalog::id_of_name(sku),
        "skuPartNumber": sku,
        "servicePlans": plans,
        "subscriptionIds": [],
    })];
    odata::list(call, "subscribedSkus", all, None)
}
