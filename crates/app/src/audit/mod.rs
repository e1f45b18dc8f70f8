//! What happened, newest first: lines of the sealed local index. What others did is read from the ledgers as it arrives,
//! what this device did is there at once.

pub(crate) mod facts;
pub(crate) mod record;

use crate::App;
use crate::api::*;
use crate::error::{Error, Result};
use crate::journal::Arrived;
use crate::keyring::Keyring;
use crate::records::{Activity, Bytes16, Bytes32, Organization, decode, key, organization_text, parse_organization};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::{organizations, people, vault};
use std::collections::HashMap;
use std::ops::ControlFlow;
use vitrine_ledger::{Entry, Head, MemberId, MspState, OrganizationState as Fold};

const MOST_LINES: u32 = 1_000;

pub(crate) async fn list(app: &App, request: AuditRequest) -> Result<AuditView> {
    let session = app.session().await?;
    let limit = if request.limit == 0 { 100 } else { request.limit.min(MOST_LINES) } as usize;
    let wanted = Wanted::read(&request.filter)?;
    let names = Names::of(app, &session).await?;
    let mut listed = wanted.lines(app, request.offset, limit).await?;
    // Every line has a number, and none is ever taken out.
    if request.filter == AuditFilter::default() {
        listed.total = u32::try_from(vault::firm(app).await?.activity).unwrap_or(u32::MAX);
    }
    let mut lines = Vec::with_capacity(listed.lines.len());
    for line in listed.lines {
        lines.push(names.shown(app, line).await?);
    }
    Ok(AuditView {
        lines,
        total: listed.total,
        people: names.people(),
        gaps: gaps(app, &session, &names).await?,
        vault: session.vault().to_string(),
        verified: verified(app, &session, wanted.organization.as_ref()).await?,
    })
}

/// The newest lines of one organization.
pub(crate) async fn of_organization(app: &App, id: &Bytes32, limit: usize) -> Result<Vec<ActivityLine>> {
    let wanted = Wanted { organization: Some(*id), ..Wanted::default() };
    let names = Names::of(app, &*app.session().await?).await?;
    let mut lines = Vec::new();
    for line in wanted.lines(app, 0, limit).await?.lines {
        lines.push(names.shown(app, line).await?);
    }
    Ok(lines)
}

/// A filter that was read.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) organization: Option<Bytes32>,
    person: Option<Bytes16>,
    kind: Option<AuditKind>,
    from: Option<u64>,
    until: Option<u64>,
}

/// A page of lines.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) lines: Vec<Activity>,
    /// How many the filter lets through.
    pub(crate) total: u32,
}

impl Wanted {
    pub(crate) fn read(filter: &AuditFilter) -> Result<Self> {
        let person = filter.person.as_deref().map(people::parse).transpose()?;
        Ok(Self {
            organization: filter.organization.as_deref().map(parse_organization).transpose()?,
            person: person.map(|member| *member.as_bytes()),
            kind: filter.kind,
            from: filter.from.map(|at| at.0),
            until: filter.until.map(|at| at.0),
        })
    }

    /// Whether a line is asked for, its organization and time apart.
    fn takes(&self, line: &Activity) -> bool {
        let person = |person: &Bytes16| line.member == *person || line.subject.as_ref() == Some(person);
        self.person.as_ref().is_none_or(person) && self.kind.is_none_or(|kind| kind == kind_of(line.action))
    }

    /// Whether a line is asked for.
    pub(crate) fn takes_all(&self, line: &Activity) -> bool {
        self.takes(line)
            && (self.organization.is_none() || line.organization == self.organization)
            && self.from.is_none_or(|from| line.at >= from)
            && self.until.is_none_or(|until| line.at < until)
    }

    pub(crate) async fn lines(&self, app: &App, offset: u32, limit: usize) -> Result<Listed> {
        let prefix = match &self.organization {
            Some(id) => key::activities_of(id),
            None => key::ACTIVITY.to_vec(),
        };
        let mut span = Span::prefix(&prefix);
        // The newest come first: what ends the time wanted begins the span.
        if let Some(until) = self.until {
            span = span.from(&key::activity_at(&prefix, until.saturating_sub(1)));
        }
        if let Some(from) = self.from.and_then(|from| from.checked_sub(1)) {
            span = span.before(&key::activity_at(&prefix, from));
        }
        let plain = self.person.is_none() && self.kind.is_none();
        let counted = plain && self.organization.is_none() && self.from.is_none() && self.until.is_none();
        let (mut listed, mut failed) = (Listed::default(), None);
        let each = |_: &[u8], value: &[u8]| {
            let on_page = listed.total >= offset && listed.lines.len() < limit;
            if plain && !on_page {
                listed.total = listed.total.saturating_add(1);
                // All of them are counted elsewhere.
                let done = counted && listed.lines.len() >= limit;
                return if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
            match decode::<Activity>(value) {
                Ok(line) if self.takes(&line) => {
                    if on_page {
                        listed.lines.push(line);
                    }
                    listed.total = listed.total.saturating_add(1);
                }
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        app.inner.store.index_scan(&span, Direction::Forward, each).await?;
        failed.map_or(Ok(listed), Err)
    }
}

/// Which kind of thing an action is.
pub(crate) fn kind_of(action: Action) -> AuditKind {
    match action {
        Action::Viewed | Action::Copied => AuditKind::Views,
        Action::Rotated
        | Action::RotationFailed
        | Action::ChangedOutside
        | Action::StrangersFound
        | Action::StrangersRemoved
        | Action::StrangerKept
        | Action::CertificateRenewed
        | Action::IncidentBegan
        | Action::IncidentEnded => AuditKind::Rotations,
        Action::MemberInvited
        | Action::DeviceInvited
        | Action::DeviceAdded
        | Action::DeviceRevoked
        | Action::MemberAdded
        | Action::Joined
        | Action::RoleChanged
        | Action::MemberRemoved
        | Action::MemberRekeyed
        | Action::TeamMade
        | Action::TeamChanged
        | Action::TeamRemoved
        | Action::ChangeApproved
        | Action::Restored => AuditKind::People,
        Action::OrganizationAdded
        | Action::OrganizationEdited
        | Action::OrganizationArchived
        | Action::AccessChanged
        | Action::TenantConnected
        | Action::LapsEnabled
        | Action::LapsDisabled
        | Action::ScheduleChanged
        | Action::AccountCreated
        | Action::AccountAdopted
        | Action::AccountForgotten
        | Action::AccountRepaired
        | Action::SecondFactorStored => AuditKind::Organizations,
        Action::VaultCreated
        | Action::KitSaved
        | Action::SheetSaved
        | Action::RestoreConfirmed
        | Action::HomeMoved
        | Action::HomeBroughtBack
        | Action::PolicyChanged
        | Action::WebhookSet
        | Action::WebhookRemoved
        | Action::RecordRefused => AuditKind::Vault,
    }
}

/// The names of all members, past ones too.
pub(crate) struct Names(HashMap<Bytes16, String>);

impl Names {
    pub(crate) async fn of(app: &App, session: &Session) -> Result<Self> {
        let (msp, ring) = (session.msp(), session.ring());
        let mut names = HashMap::new();
        for id in msp.members().keys() {
            names.insert(*id.as_bytes(), Self::one(app, session, &ring, &msp, id).await?);
        }
        Ok(Self(names))
    }

    async fn one(app: &App, session: &Session, ring: &Keyring, msp: &MspState, id: &MemberId) -> Result<String> {
        if let Some(name) = people::name_of(app, ring, msp, id).await {
            return Ok(name);
        }
        // One's own is known before one was given any key.
        if *id == session.author.member { Ok(vault::firm(app).await?.person_name) } else { Ok(String::new()) }
    }

    fn people(&self) -> Vec<AuditPerson> {
        let person = |(id, name): (&Bytes16, &String)| AuditPerson { member: vault::hex(id), name: name.clone() };
        let mut people: Vec<_> = self.0.iter().map(person).collect();
        people.sort_by(|a, b| (&a.name, &a.member).cmp(&(&b.name, &b.member)));
        people
    }

    pub(crate) fn name(&self, member: &Bytes16) -> String {
        self.0.get(member).cloned().unwrap_or_default()
    }

    async fn shown(&self, app: &App, line: Activity) -> Result<ActivityLine> {
        let mut organization_name = line.organization_name;
        if let Some(id) = line.organization.filter(|_| organization_name.is_none()) {
            let row = app.inner.store.index_value(&key::organization(&id)).await?;
            organization_name = row.map(|row| decode::<Organization>(&row)).transpose()?.map(|row| row.name);
        }
        Ok(ActivityLine {
            at: Time(line.at),
            who: self.name(&line.member),
            subject: line.subject.map(|subject| self.name(&subject)),
            action: line.action,
            organization: line.organization.as_ref().map(organization_text),
            organization_name,
            user_name: line.user_name,
            note: line.note,
            late: line.late,
        })
    }
}

/// Views of other devices that never arrived, although later ones of the same device did.
async fn gaps(app: &App, session: &Session, names: &Names) -> Result<Vec<AuditGap>> {
    let msp = session.msp();
    let mut gaps = Vec::new();
    for row in app.inner.store.index_range(&Span::prefix(key::VIEWS), Direction::Forward, usize::MAX).await? {
        let (missing, device) = (decode::<Arrived>(&row.value)?.missing(), row.key.last_chunk::<16>());
        let device = device.and_then(|id| msp.device(&vitrine_ledger::DeviceId::from_bytes(*id)).zip(Some(id)));
        if let Some((device, id)) = device.filter(|_| missing > 0) {
            gaps.push(AuditGap {
                who: names.name(device.member.as_bytes()),
                device: vault::hex(id),
                missing: u32::try_from(missing).unwrap_or(u32::MAX),
            });
        }
    }
    Ok(gaps)
}

/// The head that this device verified, which must be what lies in the database.
async fn verified(app: &App, session: &Session, id: Option<&Bytes32>) -> Result<VerifiedView> {
    let (ledger, Head { seq, hash }) = match id {
        Some(id) => {
            let row = organizations::load(app, id).await?;
            (*id, Fold::decode(&row.state).map_err(crate::journal::damaged_fold)?.head())
        }
        None => (*session.vault().as_bytes(), session.msp().head()),
    };
    let stored = app.inner.store.entry(&ledger, seq).await?;
    let entry = stored.and_then(|bytes| Entry::decode(&bytes).ok()).filter(|entry| entry.hash() == hash);
    let entry = entry.ok_or_else(|| {
        Error::integrity(
            "vault.entry-replaced",
            "An entry of the signed history is missing or was replaced.",
            "Restore from the backup, and keep this data folder for examination.",
        )
    })?;
    Ok(VerifiedView {
        entries: u32::try_from(seq.saturating_add(1)).unwrap_or(u32::MAX),
        at: Time(entry.time_ms()),
        head: vault::hex(hash.as_bytes()),
    })
}
