//! Who is there when the setting begins, and who of them is about to be removed.

use vitrine_ledger::{Author, DeviceId, ItemKind, MemberId, MspBody, Role, SigningKey, TeamKind};

use super::{Act, Budget, OWNER, SECOND};
use crate::kit::{Customer, Desk, Firm, OWNERS, WORK, put};

/// Who is removed, and hands everything to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaver {
    /// A technician.
    Technician,
    /// A second device of the technician who stays, in a thief's hands.
    Device,
    /// An admin.
    Admin,
    /// One of three owners.
    Owner,
}

impl Leaver {
    /// What removes it, and who does that.
    pub fn removal(self) -> &'static [(usize, Act)] {
        match self {
            Self::Technician | Self::Admin | Self::Device => &[(OWNER, Act::Remove)],
            Self::Owner => &[(OWNER, Act::Remove), (SECOND, Act::Approve)],
        }
    }

    /// What may happen in stories of which every order is visited: as much as leaves a few hundred thousand states.
    pub fn budgets(self) -> &'static [Budget] {
        const EACH: Budget = Budget { honest: 2, unanswered: 1, careless: 1, hostile: 1 };
        const HOSTILE: Budget = Budget { honest: 1, unanswered: 0, careless: 0, hostile: 2 };
        match self {
            // A device is settled without a new team, so twice as much fits into one story.
            Self::Device => &[HOSTILE, Budget { unanswered: 0, ..EACH }, Budget { careless: 0, ..EACH }],
            _ => &[HOSTILE, EACH],
        }
    }
}

pub struct Cast {
    pub leaver: Leaver,
    /// The honest clients.
    pub desks: [Desk; 3],
    /// At the device that writes for the leaver.
    pub hostile: Desk,
    /// The keys the technician takes after the theft.
    pub rekeyed: Desk,
    pub firm: Firm,
    pub customer: Customer,
    /// The team that the leaver is in, and all its members.
    pub team: (u8, TeamKind, Vec<MemberId>),
}

/// The items: the leaver's, the technician's.
pub const THEIRS: u8 = 1;
pub const OURS: u8 = 2;

impl Cast {
    pub fn new(leaver: Leaver) -> Self {
        let (owner, second, technician) = (Desk::new(1), Desk::new(2), Desk::new(3));
        let hostile = if leaver == Leaver::Device { technician.at(4) } else { Desk::new(4) };
        let mut firm = Firm::shared(&owner);
        firm.welcome(&owner, &second, Role::Admin);
        firm.welcome(&owner, &technician, Role::Technician);
        match leaver {
            Leaver::Technician => firm.welcome(&owner, &hostile, Role::Technician),
            Leaver::Admin | Leaver::Owner => firm.welcome(&owner, &hostile, Role::Admin),
            Leaver::Device => {
                firm.add(&technician, MspBody::DeviceAdd { card: hostile.card(), proof: None }).unwrap();
            }
        }
        if matches!(leaver, Leaver::Technician | Leaver::Owner) {
            firm.crown(&owner, &second, None);
        }
        if leaver == Leaver::Owner {
            firm.crown(&owner, &hostile, Some(&second));
        }
        firm.owners_epoch(&owner);
        let workers = match leaver {
            Leaver::Technician | Leaver::Admin => vec![&technician, &hostile],
            Leaver::Device | Leaver::Owner => vec![&technician],
        };
        firm.team(&owner, WORK, TeamKind::Work, &workers);
        let mut customer = Customer::connect(&firm, &owner, 1);
        customer.add(&firm, &hostile, put(THEIRS, ItemKind::Account, 1)).unwrap();
        let team = if leaver == Leaver::Owner {
            (OWNERS, TeamKind::Owners, firm.state().owners().collect())
        } else {
            (WORK, TeamKind::Work, workers.iter().map(|desk| desk.member).collect())
        };
        let rekeyed = technician.rekeyed(40);
        Self { leaver, desks: [owner, second, technician], hostile, rekeyed, firm, customer, team }
    }

    /// Whether a device is the removed one, or of the removed member.
    pub fn is_hostile(&self, author: &Author) -> bool {
        match self.leaver {
            Leaver::Device => author.device == self.hostile.device,
            _ => author.member == self.hostile.member,
        }
    }

    /// The key of a device of somebody who was there from the beginning.
    pub fn key(&self, device: &DeviceId) -> Option<&SigningKey> {
        self.desks.iter().chain([&self.hostile]).find(|desk| desk.device == *device).map(|desk| &desk.key)
    }
}
