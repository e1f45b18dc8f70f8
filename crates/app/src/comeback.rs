//! Coming back by the recovery kit and the vault's home alone: no backup file, and no other device.
//!
//! The home keeps each member's enrolment blob at an address that follows from the kit's secret, and puts one device after it into
//! the history if the member's identity signed for that. It is believed in neither: the blob opens by kit and passphrase or not at
//! all, and the history begins with the genesis that the kit names or is refused. That it is the newest, nothing here can tell; the
//! device is marked as a restored one until a tenant has confirmed it.

use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::founding::refused;
use crate::home::{self, Backend};
use crate::restore::BoxesRead;
use crate::session::{self, Session};
use crate::vault::meta;
use crate::{App, own};
use sha2::{Digest, Sha256};
use url::Url;
use vitrine_entra::http::Http;
use vitrine_ledger::wire::{Append, EnrolmentBlob, EntryBytes, Locator};
use vitrine_ledger::{Entry, Home, LedgerId, MemberId, MspChain, MspHistory};
use vitrine_vault::account::{Enrolment, open_account_secret};
use vitrine_vault::kit::Kit;

/// How often a device asks to be put after the newest entry, which others may be writing.
const TRIES: u32 = 4;

/// The home that the person named, and where it keeps what the kit asks for.
pub(crate) struct Place {
    http: Http,
    url: Url,
    backend: vitrine_ledger::wire::Backend,
    locator: Locator,
}

impl Place {
    /// As it is kept and compared.
    pub(crate) fn address(&self) -> String {
        home::written(&self.url)
    }
}

/// Asks the home at an address for what the kit opens.
pub(crate) async fn find(app: &App, address: &str, kit: &Kit) -> Result<(Place, BoxesRead)> {
    let url = home::checked(address)?;
    let http = session::reach(app.config().extra_ca.as_deref(), app.inner.limiter.clone())?;
    let backend = home::who(&http, &url).await?;
    let locator = Locator::from_bytes(kit.account_secret.locator(&kit.genesis, &kit.member));
    let found = home::enrolment(&http, &url, &locator).await?;
    if found.msp != LedgerId::from_bytes(kit.genesis) || found.member != MemberId::from_bytes(kit.member) {
        return Err(another_vault());
    }
    let enrolment = Some(found.blob.as_bytes().to_vec());
    let boxes = BoxesRead { genesis: kit.genesis, member: kit.member, enrolment, sheet: None };
    Ok((Place { http, url, backend, locator }, boxes))
}

/// The MSP's history as that home tells it, verified from the genesis that the kit names. It has to name this home.
pub(crate) async fn history(place: &Place, genesis: LedgerId) -> Result<(Vec<Entry>, MspChain)> {
    let (mut entries, mut chain) = (Vec::<Entry>::new(), None::<MspChain>);
    loop {
        let from = chain.as_ref().map_or(0, |chain| chain.state().head().seq.saturating_add(1));
        let answer = home::kit_entries(&place.http, &place.url, &place.locator, from).await?;
        let before = entries.len();
        for bytes in &answer.entries {
            let entry = Entry::decode(bytes.as_bytes()).map_err(|error| another_vault().because(error))?;
            match &mut chain {
                Some(chain) => chain.apply(&entry).map_err(|refusal| another_vault().because(refusal))?,
                None if entry.begins() == genesis => {
                    chain = Some(MspChain::genesis(&entry).map_err(|refusal| another_vault().because(refusal))?);
                }
                None => return Err(another_vault()),
            }
            entries.push(entry);
        }
        if !answer.more || entries.len() == before {
            break;
        }
    }
    let chain = chain.ok_or_else(another_vault)?;
    let named = Home::Backend { id: place.backend.id, key: place.backend.key };
    if chain.state().home() == named { Ok((entries, chain)) } else { Err(not_the_home()) }
}

/// Has the home put the new device into the history, after whatever others wrote since it was read: between the two lies what the
/// passphrase takes. `entry` makes the device's entry for a history. Answers with the whole of it. Cut off after that, another
/// device comes in with the next try, and this one stays in the list of devices with keys that nobody has any more.
pub(crate) async fn come_in(
    place: &Place,
    (mut entries, mut chain): (Vec<Entry>, MspChain),
    entry: impl Fn(&MspChain) -> Result<Entry>,
) -> Result<Vec<Entry>> {
    let mut tries = 1;
    loop {
        let own = entry(&chain)?;
        match send(place, &mut chain, &own).await {
            Ok(()) => {
                entries.push(own);
                return Ok(entries);
            }
            Err(error) if error.code() == "home.behind" && tries < TRIES => {
                tries += 1;
                (entries, chain) = history(place, chain.state().ledger()).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn send(place: &Place, chain: &mut MspChain, entry: &Entry) -> Result<()> {
    chain.apply(entry).map_err(refused)?;
    let bytes = EntryBytes::new(entry.bytes().to_vec()).map_err(session::unreadable_keys)?;
    point!("comeback.send");
    home::kit_append(&place.http, &place.url, &place.locator, &Append { entries: vec![bytes], objects: Vec::new() })
        .await?;
    point!("comeback.sent");
    Ok(())
}

/// Leaves at the home what this member's kit opens, where that is not there yet or not the present one.
pub(crate) async fn leave_enrolment(app: &App, session: &Session) -> Result<()> {
    let Home::Backend { id, .. } = session.msp().home() else { return Ok(()) };
    // After new keys there is none until the passphrase was typed again.
    let Some(blob) = app.inner.store.meta(meta::ENROLMENT).await? else { return Ok(()) };
    let left: [u8; 32] = Sha256::new().chain_update(id.as_bytes()).chain_update(&blob).finalize().into();
    if crate::vault::firm(app).await?.own.enrolled == Some(left) {
        return Ok(());
    }
    let Some(sealed) = app.inner.store.meta(meta::ACCOUNT_SECRET).await? else { return Ok(()) };
    let secret = open_account_secret(session.roots().now(), &sealed).map_err(crate::vault::damaged_lockbox)?;
    // A blob whose owner is told by its header alone: one that does not fit would be found by nobody.
    Enrolment::from_bytes(&blob).map_err(crate::vault::damaged_lockbox)?;
    let locator = secret.locator(session.vault().as_bytes(), session.author.member.as_bytes());
    let blob = EnrolmentBlob::new(blob).map_err(session::unreadable_keys)?;
    Backend::of(app, session).await?.enrol(&Locator::from_bytes(locator), blob).await?;
    own::note(app, session, |own| own.enrolled = Some(left)).await
}

fn another_vault() -> Error {
    Error::integrity(
        "restore.other-history",
        "The backend shows another vault than the kit names.",
        "Check the address. If it is right, do not trust that backend; restore from a backup file.",
    )
    .holds("Nothing was taken.")
}

fn not_the_home() -> Error {
    Error::usage(
        "restore.not-the-home",
        "The vault's home was moved away from this backend.",
        "Give the address of its present home, or restore from a backup file.",
    )
    .holds("Nothing was taken.")
}
