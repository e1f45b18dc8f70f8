//! What is told: one message for each thing that happened. `docs/webhook.md` and the schema beside it describe it to those
//! who receive it.
//!
//! A message is made of ids and codes. Names stand apart in it, are kept only where the person switched them on, and are
//! sent only where they are still switched on then. Nothing here can hold a credential.

use crate::api::{MessageKind, StrangerKind, Time};
use crate::journal::Opened;
use crate::records::{Bytes16, Bytes32, Drift, Trouble};
use crate::session::Session;
use crate::vault::hex;
use serde::{Deserialize, Serialize};

/// Something that happened to one account, or to an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    at: u64,
    device: Bytes16,
    organization: Bytes32,
    tenant: Option<String>,
    account: Option<Bytes16>,
    what: What,
    names: Option<Names>,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum What {
    /// A password was rotated and verified.
    Rotated,
    /// It fell due then, and has not been rotated since.
    Overdue { due_at: u64 },
    /// A rotation did not end well.
    Failed { trouble: Trouble, sentence: Option<String> },
    /// Somebody else changed this about it.
    ChangedOutside(Changed),
    /// It was shown or copied, under this number of this device's view records.
    Viewed { at: u64, member: Bytes16, value: String, copied: bool, record: u64, reason: String },
    /// These ways in were found that Vitrine did not make, some of them into an account. What they are called in the tenant
    /// is the words of whoever made them, and often a person's number; it is never sent.
    StrangersFound(Vec<(StrangerKind, Option<Bytes16>)>),
}

/// What was changed outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Changed {
    Password,
    Deleted,
    Disabled,
    Role,
    Name,
}

impl From<Drift> for Changed {
    fn from(drift: Drift) -> Self {
        match drift {
            Drift::Gone => Self::Deleted,
            Drift::Disabled => Self::Disabled,
            Drift::RoleGone => Self::Role,
            Drift::Renamed => Self::Name,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Names {
    organization: String,
    account: String,
    person: String,
}

impl What {
    /// Which kind of message it makes.
    pub(crate) fn kind(&self) -> MessageKind {
        match self {
            Self::Rotated => MessageKind::Rotated,
            Self::Overdue { .. } => MessageKind::Overdue,
            Self::Failed { .. } => MessageKind::Failed,
            Self::ChangedOutside(_) => MessageKind::ChangedOutside,
            Self::Viewed { .. } => MessageKind::Viewed,
            Self::StrangersFound(_) => MessageKind::StrangersFound,
        }
    }
}

impl Message {
    pub(crate) fn new(
        session: &Session,
        now: u64,
        opened: &Opened,
        item: Option<&Bytes16>,
        what: What,
        person: Option<&str>,
    ) -> Self {
        let row = &opened.row;
        let account = item.and_then(|item| row.account(item));
        let user_name = account.map(|account| account.user_name.clone()).unwrap_or_default();
        let at = if let What::Viewed { at, .. } = &what { *at } else { now };
        let mut message = Self {
            at,
            device: *session.author.device.as_bytes(),
            organization: *opened.id.as_bytes(),
            tenant: row.tenant.as_ref().map(|tenant| tenant.id.clone()),
            account: item.copied(),
            what,
            names: person.map(|person| Names {
                organization: row.name.clone(),
                account: user_name,
                person: person.to_owned(),
            }),
        };
        // A person's own words may name anybody.
        if let (None, What::Viewed { reason, .. }) = (&message.names, &mut message.what) {
            reason.clear();
        }
        message
    }

    pub(crate) fn kind(&self) -> MessageKind {
        self.what.kind()
    }

    /// The body, as it is signed and sent.
    pub(crate) fn body(&self, names: bool) -> Vec<u8> {
        let named = self.names.as_ref().filter(|_| names);
        let id = |bytes: &[u8]| hex(bytes);
        let mut data = Data {
            device: id(&self.device),
            organization: Some(OrganizationData {
                id: id(&self.organization),
                tenant_id: self.tenant.as_deref(),
                name: named.map(|names| names.organization.as_str()),
            }),
            account: self
                .account
                .as_ref()
                .map(|account| AccountData { id: id(account), user_name: named.map(|names| names.account.as_str()) }),
            ..Data::default()
        };
        match &self.what {
            What::Rotated => {}
            What::Overdue { due_at } => data.due_at = Some(timestamp(*due_at)),
            What::Failed { trouble, sentence } => {
                data.problem = Some(ProblemData { code: &trouble.code, message: sentence.as_deref() });
                data.needs_person = Some(trouble.needs_person);
            }
            What::ChangedOutside(changed) => data.changed = Some(*changed),
            What::Viewed { at: _, member, value, copied, record, reason } => {
                data.member = Some(id(member));
                data.person = named.map(|names| names.person.as_str());
                data.value = Some(value);
                data.copied = Some(*copied);
                data.record = Some(*record);
                data.reason = named.map(|_| reason.as_str()).filter(|reason| !reason.is_empty());
            }
            What::StrangersFound(found) => {
                let stranger = |(kind, account): &(StrangerKind, Option<Bytes16>)| StrangerData {
                    kind: *kind,
                    account: account.as_ref().map(|account| id(account)),
                };
                data.strangers = Some(found.iter().map(stranger).collect());
            }
        }
        encoded(type_of(self.kind()), self.at, data)
    }
}

/// The body of a test.
pub(super) fn test(session: &Session, now: u64) -> Vec<u8> {
    let device = hex(session.author.device.as_bytes());
    encoded("webhook.test", now, Data { device, ..Data::default() })
}

fn type_of(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Rotated => "account.rotated",
        MessageKind::Overdue => "account.overdue",
        MessageKind::Failed => "account.failed",
        MessageKind::ChangedOutside => "account.changed_outside",
        MessageKind::Viewed => "account.viewed",
        MessageKind::StrangersFound => "organization.strangers_found",
    }
}

fn encoded(kind: &'static str, at: u64, data: Data<'_>) -> Vec<u8> {
    // Text and numbers always encode; an empty body would be refused by whoever receives it.
    serde_json::to_vec(&Body { kind, timestamp: timestamp(at), data }).unwrap_or_default()
}

/// To the millisecond, always: as many letters for each moment.
fn timestamp(at: u64) -> String {
    format!("{:.3}", Time(at).timestamp())
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    device: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<OrganizationData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_person: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Changed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copied: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strangers: Option<Vec<StrangerData>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrganizationData<'a> {
    id: String,
    tenant_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountData<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
}

#[derive(Serialize)]
struct StrangerData {
    kind: StrangerKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

#[derive(Serialize)]
struct ProblemData<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}
