//! A firm to test with: people, machines and their entries, all from fixed seeds.

use vitrine_ledger::{
    Author, BackendId, BackendKey, Claim, Commitment, Commitments, DeviceCard, DeviceId, DeviceKey, Draft,
    EncryptionKey, Entry, Home, IdentityKey, Invite, ItemId, ItemKind, KeyName, KeyWrap, Level, MemberId, MemberWrap,
    MspBody, MspChain, MspHistory, MspState, ObjectHash, OrganizationBody, OrganizationState, Place, Proof, Refusal,
    Role, Salt, SealedKeys, SealedName, SealedNote, SealedRecords, SigningKey, TeamId, TeamKind, TeamWrap,
    Verification, Wrap,
};

/// Somebody at a machine.
#[derive(Clone)]
pub struct Desk {
    pub member: MemberId,
    pub device: DeviceId,
    pub key: SigningKey,
    pub identity: SigningKey,
    pub encryption: EncryptionKey,
}

pub fn signing(kind: u8, n: u8) -> SigningKey {
    let mut seed = [n; 32];
    seed[0] = kind;
    SigningKey::from_bytes(&seed)
}

fn encryption(n: u8) -> EncryptionKey {
    EncryptionKey::from_bytes(signing(0xee, n).verifying_key().to_bytes())
}

impl Desk {
    /// The first machine of person `n`.
    pub fn new(n: u8) -> Self {
        Self {
            member: MemberId::from_bytes([n; 16]),
            device: DeviceId::from_bytes([0x80 | n; 16]),
            key: signing(1, n),
            identity: signing(2, n),
            encryption: encryption(n),
        }
    }

    /// The same person at another machine.
    pub fn at(&self, n: u8) -> Self {
        Self { device: DeviceId::from_bytes([0x80 | n; 16]), key: signing(1, n), ..self.clone() }
    }

    /// The same person with new keys.
    pub fn rekeyed(&self, n: u8) -> Self {
        Self { identity: signing(2, n), encryption: encryption(n), ..self.clone() }
    }

    pub fn author(&self) -> Author {
        Author { member: self.member, device: self.device }
    }

    pub fn identity_key(&self) -> IdentityKey {
        IdentityKey::from_bytes(self.identity.verifying_key().to_bytes())
    }

    pub fn card(&self) -> DeviceCard {
        DeviceCard {
            device: self.device,
            key: DeviceKey::from_bytes(self.key.verifying_key().to_bytes()),
            transport: None,
            name: name(),
        }
    }

    /// The identity's word for this machine at a place.
    pub fn proof(&self, place: Place) -> Proof {
        let claim = Claim {
            place,
            member: self.member,
            device: self.device,
            device_key: self.card().key,
            identity: self.identity_key(),
            encryption: self.encryption,
        };
        claim.sign(&self.identity).unwrap()
    }

    pub fn genesis_body(&self) -> MspBody {
        MspBody::Genesis {
            salt: Salt::from_bytes([7; 32]),
            identity: self.identity_key(),
            encryption: self.encryption,
            device: self.card(),
            name: name(),
            proof: self.proof(Place::GENESIS),
        }
    }

    pub fn invited(&self, role: Role) -> MspBody {
        MspBody::MemberAdd {
            subject: self.member,
            role,
            identity: self.identity_key(),
            encryption: self.encryption,
            card: self.card(),
            name: name(),
            verification: Verification::Words,
            invite: Invite::from_bytes([3; 32]),
            team: None,
        }
    }
}

pub fn name() -> SealedName {
    SealedName::new(vec![0xaa; 40]).unwrap()
}

pub fn note() -> SealedNote {
    SealedNote::new(vec![0xab; 300]).unwrap()
}

pub fn wrap() -> Wrap {
    Wrap::new(vec![0xac; 80]).unwrap()
}

/// What stands on a kit, sealed.
pub fn account() -> SealedKeys {
    SealedKeys::new(vec![0xae; 92]).unwrap()
}

pub fn sealed_keys(epoch: u32) -> Option<SealedKeys> {
    (epoch > 1).then(|| SealedKeys::new(vec![0xad; 96]).unwrap())
}

pub fn backend() -> Home {
    Home::Backend {
        id: BackendId::from_bytes([9; 16]),
        key: BackendKey::from_bytes(signing(9, 9).verifying_key().to_bytes()),
    }
}

pub fn team_id(n: u8) -> TeamId {
    TeamId::from_bytes([n; 16])
}

pub const OWNERS: u8 = 1;
pub const WORK: u8 = 2;
pub const AUDIT: u8 = 3;

pub fn item(n: u8) -> ItemId {
    ItemId::from_bytes([n; 16])
}

pub fn put(n: u8, item_kind: ItemKind, version: u64) -> OrganizationBody {
    let object = ObjectHash::from_bytes([n ^ u8::try_from(version % 251).unwrap(); 32]);
    OrganizationBody::Put { item: item(n), item_kind, version, object }
}

pub fn log() -> OrganizationBody {
    OrganizationBody::Log { records: SealedRecords::new(vec![0xae; 256]).unwrap() }
}

pub fn key_wraps(keys: &[KeyName]) -> Vec<KeyWrap> {
    keys.iter().map(|key| KeyWrap { key: *key, wrap: wrap() }).collect()
}

/// The MSP ledger with all its entries.
#[derive(Clone)]
pub struct Firm {
    pub chain: MspChain,
    pub entries: Vec<Entry>,
    pub time: u64,
}

impl Firm {
    /// One owner at one machine, which is the home.
    pub fn found(owner: &Desk) -> Self {
        let genesis = Draft::msp_genesis(owner.genesis_body(), owner.author(), 1_000).sign(&owner.key).unwrap();
        Self { chain: MspChain::genesis(&genesis).unwrap(), entries: vec![genesis], time: 1_000 }
    }

    /// As [`Firm::found`], with the owners' team and the MSP's key.
    pub fn found_with_keys(owner: &Desk) -> Self {
        let mut firm = Self::found(owner);
        firm.owners_epoch(owner);
        firm.msp_epoch(owner);
        firm
    }

    /// As [`Firm::found_with_keys`], at a backend, so that several people can write.
    pub fn shared(owner: &Desk) -> Self {
        let mut firm = Self::found_with_keys(owner);
        firm.add(owner, MspBody::Home { home: backend() }).unwrap();
        firm
    }

    pub fn state(&self) -> &MspState {
        self.chain.state()
    }

    pub fn sign(&self, desk: &Desk, body: MspBody) -> Entry {
        self.state().draft(body, desk.author(), self.time).sign(&desk.key).unwrap()
    }

    pub fn take(&mut self, entry: Entry) -> Result<Entry, Refusal> {
        self.chain.apply(&entry)?;
        self.time += 1_000;
        self.entries.push(entry.clone());
        Ok(entry)
    }

    pub fn add(&mut self, desk: &Desk, body: MspBody) -> Result<Entry, Refusal> {
        self.take(self.sign(desk, body))
    }

    /// Invites and joins.
    pub fn welcome(&mut self, by: &Desk, desk: &Desk, role: Role) {
        self.add(by, desk.invited(role)).unwrap();
        let proof = desk.proof(self.state().place());
        self.add(desk, MspBody::MemberJoin { proof }).unwrap();
    }

    /// Makes somebody an owner, with all that a second owner has to say.
    pub fn crown(&mut self, by: &Desk, desk: &Desk, second: Option<&Desk>) {
        let asked = self.add(by, MspBody::MemberRole { subject: desk.member, role: Role::Owner }).unwrap();
        if let Some(second) = second {
            self.add(second, MspBody::Approve { entry: asked.hash() }).unwrap();
        }
    }

    pub fn team_body(&self, team: u8, kind: TeamKind, members: &[MemberId]) -> MspBody {
        let epoch = self.state().team(&team_id(team)).map_or(0, |team| team.epoch().epoch) + 1;
        let mut members: Vec<_> = members.iter().map(|member| MemberWrap { member: *member, wrap: wrap() }).collect();
        members.sort_by_key(|wrap| wrap.member);
        MspBody::TeamEpoch {
            team: team_id(team),
            team_kind: kind,
            epoch,
            public: EncryptionKey::from_bytes(signing(team, u8::try_from(epoch).unwrap()).verifying_key().to_bytes()),
            members,
            previous: sealed_keys(epoch),
            name: name(),
        }
    }

    pub fn owners_epoch(&mut self, by: &Desk) {
        let owners: Vec<_> = self.state().owners().collect();
        let body = self.team_body(OWNERS, TeamKind::Owners, &owners);
        self.add(by, body).unwrap();
    }

    pub fn team(&mut self, by: &Desk, team: u8, kind: TeamKind, members: &[&Desk]) {
        let members: Vec<_> = members.iter().map(|desk| desk.member).collect();
        let body = self.team_body(team, kind, &members);
        self.add(by, body).unwrap();
    }

    pub fn msp_epoch_body(&self) -> MspBody {
        let epoch = self.state().epoch().map_or(0, |epoch| epoch.epoch) + 1;
        let active = self.state().members().iter().filter(|(_, member)| member.is_active());
        MspBody::MspEpoch {
            epoch,
            commitment: Commitment::from_bytes([0xc0; 32]),
            members: active.map(|(member, _)| MemberWrap { member: *member, wrap: wrap() }).collect(),
            previous: sealed_keys(epoch),
        }
    }

    pub fn msp_epoch(&mut self, by: &Desk) {
        let body = self.msp_epoch_body();
        self.add(by, body).unwrap();
    }
}

/// An organization's ledger with all its entries.
#[derive(Clone)]
pub struct Customer {
    pub state: OrganizationState,
    pub entries: Vec<Entry>,
}

impl Customer {
    pub fn genesis_body(firm: &Firm, n: u8) -> OrganizationBody {
        OrganizationBody::Genesis { msp: firm.state().ledger(), salt: Salt::from_bytes([n; 32]) }
    }

    /// Genesis alone.
    pub fn begin(firm: &Firm, by: &Desk, n: u8) -> Self {
        let body = Self::genesis_body(firm, n);
        let draft = Draft::organization_genesis(body, by.author(), firm.time, firm.state().head());
        let genesis = draft.sign(&by.key).unwrap();
        Self { state: OrganizationState::genesis(&genesis, &firm.chain).unwrap(), entries: vec![genesis] }
    }

    /// Genesis, first epoch, and full access for the work team if there is one.
    pub fn connect(firm: &Firm, by: &Desk, n: u8) -> Self {
        let mut customer = Self::begin(firm, by, n);
        customer.epoch(firm, by);
        if firm.state().team(&team_id(WORK)).is_some() {
            customer.add(firm, by, Self::grant_body(firm, WORK, Level::Full)).unwrap();
        }
        customer
    }

    pub fn sign(&self, firm: &Firm, desk: &Desk, body: OrganizationBody) -> Entry {
        self.sign_at(firm, desk, body, firm.state().head().seq)
    }

    /// With the witness that the author pretends to know.
    pub fn sign_at(&self, firm: &Firm, desk: &Desk, body: OrganizationBody, witness: u64) -> Entry {
        let witness = vitrine_ledger::Head { seq: witness, hash: firm.chain.hash_at(witness).unwrap() };
        self.state.draft(body, desk.author(), firm.time, witness).sign(&desk.key).unwrap()
    }

    pub fn take(&mut self, firm: &Firm, entry: Entry) -> Result<Entry, Refusal> {
        self.state = self.state.apply(&entry, &firm.chain)?;
        self.entries.push(entry.clone());
        Ok(entry)
    }

    pub fn add(&mut self, firm: &Firm, desk: &Desk, body: OrganizationBody) -> Result<Entry, Refusal> {
        self.take(firm, self.sign(firm, desk, body))
    }

    pub fn team_wrap(firm: &Firm, team: TeamId, level: Level) -> TeamWrap {
        let epoch = firm.state().team(&team).map_or(1, |team| team.epoch().epoch);
        TeamWrap { team, epoch, keys: key_wraps(level.keys()) }
    }

    pub fn grant_body(firm: &Firm, team: u8, level: Level) -> OrganizationBody {
        let wrap = Self::team_wrap(firm, team_id(team), level);
        OrganizationBody::Access { team: team_id(team), level: Some(level), wrap: Some(wrap) }
    }

    pub fn epoch_body(&self, firm: &Firm) -> OrganizationBody {
        let epoch = self.state.epoch().map_or(0, |epoch| epoch.epoch) + 1;
        let commitment = |n| Commitment::from_bytes([n; 32]);
        let mut teams = vec![Self::team_wrap(firm, team_id(OWNERS), Level::Full)];
        teams.extend(self.state.levels().map(|(team, level)| Self::team_wrap(firm, team, level)));
        OrganizationBody::Epoch {
            epoch,
            commitments: Commitments {
                read: commitment(1),
                operate: commitment(2),
                log: Some(commitment(3)),
                name: Some(commitment(4)),
            },
            teams,
            previous: sealed_keys(epoch),
        }
    }

    pub fn epoch(&mut self, firm: &Firm, by: &Desk) {
        let body = self.epoch_body(firm);
        self.add(firm, by, body).unwrap();
    }

    pub fn checkpoint_body(&self) -> OrganizationBody {
        OrganizationBody::Checkpoint { snapshot: self.state.snapshot() }
    }

    /// Logs until a checkpoint is due.
    pub fn fill(&mut self, firm: &Firm, by: &Desk) {
        while !self.state.checkpoint_due() {
            self.add(firm, by, log()).unwrap();
        }
    }
}
