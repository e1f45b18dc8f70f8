//! Inviting: a code goes to a person outside the backend, the person's device answers with its keys, two people may compare
//! words, and then the member is added. What this device invited is kept sealed beside the index, since a code carries a secret.
//!
//! A further device of this member comes in the same way, by a code that its person carries over. Once it stands in the history it
//! finds the member's root in a mailbox of its own: for its key alone, and under the secret of the code besides.

use super::teams::is_work;
use super::{keys, view as people, work_team};
use crate::api::*;
use crate::beside::Beside;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::founding::{not_allowed, seal_name};
use crate::home;
use crate::journal::Change;
use crate::session::{self, Session, make, rng};
use crate::vault::{self, meta};
use crate::{App, restore};
use std::time::Duration;
use vitrine_ledger as ledger;
use vitrine_ledger::wire::Locator;
use vitrine_ledger::{
    DeviceCard, DeviceId, DeviceKey, EncryptionKey, Home, IdentityKey, MemberId, MspBody, MspState, TeamId,
    TransportKey, Verification as Made,
};
use vitrine_vault::SecretBytes;
use vitrine_vault::account::open_account_secret;
use vitrine_vault::cbor::{self, CborError, Reader, Writer};
use vitrine_vault::handover::Handover;
use vitrine_vault::invite::{Answer, Invite, Offer};

/// Open invitations of one device.
const MOST: usize = 40;
const LONGEST_HOURS: u32 = 14 * 24;
const HOUR_MS: u64 = 3_600_000;
const MAX_NAME: usize = 512;
const MAX_PART: usize = 4096;
const MAX_STORED: usize = 60 << 10;
/// How long a code stays on the clipboard.
const ON_CLIPBOARD: Duration = Duration::from_mins(2);

/// An invitation that this device made.
struct Invited {
    id: [u8; 16],
    name: String,
    role: ledger::Role,
    team: Option<TeamId>,
    made_at: u64,
    invite: Invite,
    answer: Option<Answer>,
    /// A further device of this member.
    own_device: bool,
    /// What that device is given, sealed for it: the same bytes each time they are left in the mailbox.
    handover: Option<Vec<u8>>,
}

impl Invited {
    fn write(&self, writer: &mut Writer) {
        writer.map(|map| {
            map.bytes(1, &self.id);
            map.text(2, &self.name);
            map.uint(3, self.role.number());
            map.uint(4, self.made_at);
            // Exposed to be sealed with the rest.
            map.bytes(5, self.invite.to_bytes().expose());
            map.maybe(6, self.answer.as_ref().map(Answer::to_bytes), |writer, answer| writer.bytes(&answer));
            map.maybe(7, self.own_device.then_some(1_u8), Writer::uint);
            map.maybe(8, self.handover.as_deref(), Writer::bytes);
            map.maybe(9, self.team, |writer, team| writer.bytes(team.as_bytes()));
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let at = reader.position();
        let wrong = CborError::Value { at };
        reader.map(|map| {
            Ok(Self {
                id: map.required(1, Reader::array)?,
                name: map.required(2, |reader| reader.text(MAX_NAME))?.to_owned(),
                role: map
                    .required(3, Reader::uint)
                    .and_then(|number| ledger::Role::from_number(number).ok_or(wrong))?,
                made_at: map.required(4, Reader::uint)?,
                invite: map
                    .required(5, |reader| reader.bytes(MAX_PART))
                    .and_then(|bytes| Invite::from_bytes(bytes).map_err(|_| wrong))?,
                answer: map
                    .optional(6, |reader| reader.bytes(MAX_PART))?
                    .map(|bytes| Answer::from_bytes(bytes).map_err(|_| wrong))
                    .transpose()?,
                own_device: map.optional(7, Reader::uint::<u8>)?.is_some(),
                handover: map.optional(8, |reader| reader.bytes(MAX_PART))?.map(<[u8]>::to_vec),
                team: map.optional(9, Reader::array)?.map(TeamId::from_bytes),
            })
        })
    }

    /// Whether the history names who answered, by the keys of the answer.
    fn is_added(&self, msp: &MspState) -> bool {
        self.answer.as_ref().is_some_and(|answer| {
            if self.own_device {
                let device = msp.device(&DeviceId::from_bytes(answer.device));
                device.is_some_and(|device| *device.key.as_bytes() == answer.device_key && device.until.is_none())
            } else {
                msp.member(&MemberId::from_bytes(answer.member)).is_some()
            }
        })
    }

    fn view(&self) -> InvitationView {
        InvitationView {
            id: vault::hex(&self.id),
            name: self.name.clone(),
            role: self.role.into(),
            own_device: self.own_device,
            made_at: Time(self.made_at),
            ends_at: Time(self.invite.ends_at_ms),
            answer: self.answer.as_ref().map(|answer| AnswerView {
                name: answer.name.clone(),
                device: answer.device_name.clone(),
                words: self.invite.words(answer).into_iter().map(str::to_owned).collect(),
            }),
        }
    }
}

pub(super) async fn view(app: &App, session: &Session) -> Result<Vec<InvitationView>> {
    let msp = session.msp();
    // Added by a process that died before it could say so.
    Ok(read(app, session).await?.iter().filter(|invited| !invited.is_added(&msp)).map(Invited::view).collect())
}

/// What a code is to be for.
struct Code {
    name: String,
    role: ledger::Role,
    team: Option<TeamId>,
    own_device: bool,
    hours: u32,
    copy: bool,
}

pub(crate) async fn invite(app: &App, request: InviteRequest) -> Result<InvitedView> {
    let session = app.session().await?;
    let name = crate::organizations::checked_name(&request.name).map_err(|_| {
        Error::usage("people.name", "This name cannot be used.", "Use 1 to 100 characters without line breaks.")
    })?;
    if !matches!(request.role, Role::Admin | Role::Technician | Role::Auditor | Role::Rotator) {
        return Err(Error::usage(
            "people.role",
            "Nobody can be invited as that.",
            "Invite an admin, a technician, an auditor or a rotator. An owner is made of a member who has joined.",
        ));
    }
    if !session.may(ledger::Action::Members) {
        return Err(not_allowed().holds("Nobody was invited."));
    }
    let InviteRequest { role, hours, copy, team, .. } = request;
    let team = team.map(|team| work_team(&session.msp(), &team)).transpose()?;
    if team.is_some() && !matches!(role, Role::Technician | Role::Rotator) {
        return Err(super::teams::by_role());
    }
    make_code(app, &session, Code { name, role: role.into(), team, own_device: false, hours, copy }).await
}

pub(crate) async fn add_device(app: &App, request: AddDeviceRequest) -> Result<InvitedView> {
    let session = app.session().await?;
    let role = session.role().filter(|role| ledger::allowed(*role, ledger::Action::OwnDevices));
    let role = role.ok_or_else(|| not_allowed().holds("No code was made."))?;
    let AddDeviceRequest { hours, copy } = request;
    let name = vault::firm(app).await?.person_name;
    make_code(app, &session, Code { name, role, team: None, own_device: true, hours, copy }).await
}

async fn make_code(app: &App, session: &Session, code: Code) -> Result<InvitedView> {
    let Code { name, role, team, own_device, hours, copy } = code;
    if !(1..=LONGEST_HOURS).contains(&hours) {
        return Err(Error::usage(
            "people.hours",
            "An invitation is good for 1 hour to 14 days.",
            "Give a number of hours from 1 to 336.",
        ));
    }
    restore::refuse_unconfirmed(app, session).await?;
    let Home::Backend { id: backend, .. } = session.msp().home() else {
        return Err(Error::usage(
            "people.not-shared",
            "This vault is on this device alone.",
            "Move its home to a backend first: vitrine home move.",
        ));
    };
    let firm = vault::firm(app).await?;
    let address = firm.own.home.map(|address| address.url).unwrap_or_default();
    let (head, ends_at) = (session.msp().head(), app.now_ms().saturating_add(u64::from(hours) * HOUR_MS));
    let genesis = *session.vault().as_bytes();
    let invite = Invite::make(genesis, (head.seq, *head.hash.as_bytes()), ends_at, address, &mut rng());
    let device_of = own_device.then_some(*session.author.member.as_bytes());
    let backend = *backend.as_bytes();
    let offer = Offer { firm: firm.msp_name, by: firm.person_name, role: role.number(), backend, device_of };
    let letter = offer.seal(&invite, &mut rng());
    home::open_mailbox(app, session, Locator::from_bytes(invite.locator()), letter, hours * 3600).await?;
    let (id, code) = (make(), invite.code());
    let mut change = Change::begin(app, session).await?;
    let mut all = open(session, change.tx.meta(meta::INVITATIONS).await?)?;
    all.retain(|invited| match &invited.answer {
        // A device that was added is given its keys first.
        Some(_) => invited.own_device || !invited.is_added(change.msp()),
        None => invited.invite.ends_at_ms > app.now_ms(),
    });
    if all.len() >= MOST {
        return Err(Error::usage(
            "people.too-many-invitations",
            format!("{MOST} invitations are open."),
            "Add or withdraw some of them first.",
        ));
    }
    let made_at = app.now_ms();
    all.push(Invited { id, name: name.clone(), role, team, made_at, invite, answer: None, own_device, handover: None });
    change.tx.put_meta(meta::INVITATIONS, &seal(session, &all)?).await?;
    let note = if own_device { name } else { format!("{name}: {}", crate::of_variant(Role::from(role))) };
    let action = if own_device { Action::DeviceInvited } else { Action::MemberInvited };
    change.note(action, None, None, Some(note)).await?;
    change.commit().await?;
    session.home.expect();
    app.tell(Event::StatusChanged);
    let code = if copy {
        app.inner.clipboard.copy_secret(&code, ON_CLIPBOARD)?;
        None
    } else {
        Some(EdgeSecret(code))
    };
    Ok(InvitedView { invitation: vault::hex(&id), ends_at: Time(ends_at), code })
}

pub(crate) async fn withdraw(app: &App, request: WithdrawInvitationRequest) -> Result<PeopleView> {
    let session = app.session().await?;
    let invited = {
        let _turn = app.inner.changing.lock().await;
        let mut all = read(app, &session).await?;
        let invited = take(&mut all, &request.invitation)?;
        write(app, &session, &all).await?;
        invited
    };
    app.tell(Event::StatusChanged);
    if invited.answer.is_none() {
        // Without this device's consent the code leads nowhere in any case; so whoever comes with it is told, if that can be.
        if let Err(error) = home::close_mailbox(app, &session, Locator::from_bytes(invited.invite.locator())).await {
            tracing::info!(code = error.code(), "the mailbox of a withdrawn invitation was not closed");
        }
    }
    people(app, &session).await
}

pub(crate) async fn approve(app: &App, request: ApproveMemberRequest) -> Result<PeopleView> {
    let session = app.session().await?;
    restore::refuse_unconfirmed(app, &session).await?;
    let mut change = Change::begin(app, &session).await?;
    let mut all = open(&session, change.tx.meta(meta::INVITATIONS).await?)?;
    let invited = take(&mut all, &request.invitation)?;
    let answer = invited.answer.as_ref().ok_or_else(|| {
        Error::usage(
            "people.no-answer",
            "Nobody has answered this invitation yet.",
            "Wait until the person has entered the code.",
        )
    })?;
    if invited.own_device {
        if !request.compared {
            return Err(Error::usage(
                "people.compare",
                "A device is added only after the eight words were compared.",
                "Look at both screens, and say that the words match.",
            ));
        }
        let name = add_own_device(&mut change, answer).await?;
        // Known until the device was given its keys.
        all.push(invited);
        change.tx.put_meta(meta::INVITATIONS, &seal(&session, &all)?).await?;
        change.note(Action::DeviceAdded, None, None, Some(name)).await?;
        change.commit().await?;
        session.home.expect();
        app.tell(Event::StatusChanged);
        // What fails here is done after the next sync.
        if let Err(error) = hand_over(app, &session).await {
            tracing::warn!(code = error.code(), "an approved device was not given its keys yet");
        }
        return people(app, &session).await;
    }
    if invited.role == ledger::Role::Admin && !request.compared {
        return Err(Error::usage(
            "people.compare",
            "An admin is added only after the eight words were compared.",
            "Call the person, read the words to each other, and say that they match.",
        ));
    }
    // Removed since: Staff, then.
    let team = invited.team.filter(|team| is_work(change.msp(), team));
    let ring = session.ring();
    let msp_key = ring.msp_key()?;
    let name = crate::organizations::checked_name(&answer.name).unwrap_or_else(|_| invited.name.clone());
    let (subject, device) = (MemberId::from_bytes(answer.member), DeviceId::from_bytes(answer.device));
    let device_name: String = answer.device_name.chars().filter(|letter| !letter.is_control()).take(100).collect();
    change
        .append_msp(MspBody::MemberAdd {
            subject,
            role: invited.role,
            identity: IdentityKey::from_bytes(answer.identity),
            encryption: EncryptionKey::from_bytes(answer.encryption),
            card: DeviceCard {
                device,
                key: DeviceKey::from_bytes(answer.device_key),
                transport: Some(TransportKey::from_bytes(answer.transport)),
                name: seal_name(msp_key, device.as_bytes(), &device_name)?,
            },
            name: seal_name(msp_key, subject.as_bytes(), &name)?,
            verification: if request.compared { Made::Words } else { Made::Invite },
            invite: ledger::Invite::from_bytes(invited.invite.commitment()),
            team,
        })
        .await?;
    let epoch = keys::msp_epoch(&change)?;
    change.append_msp(epoch).await?;
    change.tx.put_meta(meta::INVITATIONS, &seal(&session, &all)?).await?;
    change.note_of_member(Action::MemberAdded, &subject, Some(crate::of_variant(invited.role))).await?;
    change.commit().await?;
    session.home.expect();
    app.tell(Event::StatusChanged);
    people(app, &session).await
}

/// A further device of this member, named in the history by the keys that it answered with.
async fn add_own_device(change: &mut Change<'_>, answer: &Answer) -> Result<String> {
    let ring = change.session.ring();
    let device = DeviceId::from_bytes(answer.device);
    let name: String = answer.device_name.chars().filter(|letter| !letter.is_control()).take(100).collect();
    let card = DeviceCard {
        device,
        key: DeviceKey::from_bytes(answer.device_key),
        transport: Some(TransportKey::from_bytes(answer.transport)),
        name: seal_name(ring.msp_key()?, device.as_bytes(), &name)?,
    };
    change.append_msp(MspBody::DeviceAdd { card, proof: None }).await?;
    Ok(name)
}

/// Gives every device that was approved here, and stands in the history with the key it answered with, its member's root. What was
/// not left in its mailbox yet is left there again.
async fn hand_over(app: &App, session: &Session) -> Result<()> {
    for id in read(app, session).await?.iter().filter(|invited| invited.own_device).map(|invited| invited.id) {
        let Some((locator, letter)) = handover(app, session, id).await? else { continue };
        home::open_mailbox(app, session, locator, letter, LONGEST_HOURS * 3600).await?;
        let _turn = app.inner.changing.lock().await;
        let mut all = read(app, session).await?;
        all.retain(|invited| invited.id != id);
        write(app, session, &all).await?;
    }
    Ok(())
}

/// What one such device is given, and where; none before it was approved.
async fn handover(app: &App, session: &Session, id: [u8; 16]) -> Result<Option<(Locator, Vec<u8>)>> {
    let _turn = app.inner.changing.lock().await;
    let mut all = read(app, session).await?;
    let Some(invited) = all.iter_mut().find(|invited| invited.id == id) else { return Ok(None) };
    let Some(answer) = invited.answer.as_ref().filter(|_| invited.is_added(&session.msp())) else { return Ok(None) };
    let locator = Locator::from_bytes(invited.invite.handover_locator());
    if let Some(letter) = &invited.handover {
        return Ok(Some((locator, letter.clone())));
    }
    let sealed = app.inner.store.meta(meta::ACCOUNT_SECRET).await?.ok_or_else(vault::no_vault)?;
    let root = session.roots().now().duplicate();
    let account_secret = open_account_secret(&root, &sealed).map_err(session::unreadable_keys)?;
    let given = Handover { root, account_secret };
    let letter = given.seal(&invited.invite, answer, &mut rng()).map_err(session::unreadable_keys)?;
    // Before it is left anywhere: a mailbox takes one letter, and the same one again.
    invited.handover = Some(letter.clone());
    write(app, session, &all).await?;
    Ok(Some((locator, letter)))
}

/// Looks for answers to the invitations of this device, and gives approved devices what they wait for.
pub(crate) async fn collect(app: &App, session: &Session) -> Result<()> {
    hand_over(app, session).await?;
    let mut answers = Vec::new();
    for invited in read(app, session).await?.iter().filter(|invited| invited.answer.is_none()) {
        let locator = Locator::from_bytes(invited.invite.locator());
        // What does not open was left by somebody without the code: nobody's answer.
        if let Some(letter) = home::answer_of(app, session, locator).await? {
            let of_this = Answer::open(&invited.invite, &letter).ok();
            let answer = protected!("an answer is that of its code", of_this, of_any(app, session, &letter).await?);
            answers.extend(answer.map(|answer| (invited.id, answer)));
        }
    }
    if answers.is_empty() {
        return Ok(());
    }
    let _turn = app.inner.changing.lock().await;
    // Read again: more may have been invited meanwhile.
    let mut all = read(app, session).await?;
    for (id, answer) in answers {
        if let Some(invited) = all.iter_mut().find(|invited| invited.id == id) {
            invited.answer = Some(answer);
        }
    }
    write(app, session, &all).await?;
    session.home.expect();
    app.tell(Event::StatusChanged);
    Ok(())
}

/// What is taken for an answer by a device that does not see to which of its codes it was given.
#[cfg(feature = "failpoints")]
async fn of_any(app: &App, session: &Session, letter: &[u8]) -> Result<Option<Answer>> {
    let all = read(app, session).await?;
    Ok(all.iter().find_map(|invited| Answer::open(&invited.invite, letter).ok()))
}

fn take(all: &mut Vec<Invited>, id: &str) -> Result<Invited> {
    let place = all.iter().position(|invited| vault::hex(&invited.id) == id).ok_or_else(|| {
        Error::usage("people.no-invitation", "There is no such invitation any more.", "Look at the list again.")
    })?;
    Ok(all.remove(place))
}

async fn read(app: &App, session: &Session) -> Result<Vec<Invited>> {
    open(session, app.inner.store.meta(meta::INVITATIONS).await?)
}

fn open(session: &Session, sealed: Option<Vec<u8>>) -> Result<Vec<Invited>> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let plain = Beside::Invitations.open(&session.device, &sealed).map_err(session::unreadable_keys)?;
    // Exposed to be taken apart.
    let all = cbor::decode(plain.expose(), MAX_STORED, |reader| {
        reader.map(|map| map.required(1, |reader| reader.list(MOST as u64, Invited::read)))
    });
    all.map_err(session::unreadable_keys)
}

fn seal(session: &Session, all: &[Invited]) -> Result<Vec<u8>> {
    let plain: SecretBytes =
        Writer::secret_document(|map| map.field(1, |writer| writer.list(all, |writer, invited| invited.write(writer))));
    // Exposed to be sealed.
    Beside::Invitations.seal(&session.device, plain.expose())
}

async fn write(app: &App, session: &Session, all: &[Invited]) -> Result<()> {
    let sealed = seal(session, all)?;
    let mut tx = app.inner.store.begin().await?;
    tx.put_meta(meta::INVITATIONS, &sealed).await?;
    Ok(tx.commit().await?)
}
