//! What is known of an organization beside its credentials, and of the firm itself.

use super::{ItemError, counts, fits};
use crate::cbor::{self, CborError, Reader, Writer};
use crate::password::PasswordPolicy;
use crate::secret::SecretBytes;

const MAX_NAME: usize = 256;
const MAX_NOTES: usize = 8 * 1024;
const MAX_TAGS: usize = 32;
const MAX_TAG: usize = 64;
const MAX_ACCOUNTS: usize = 8;
const MAX_WINDOWS: usize = 16;
const MAX_ZONE: usize = 64;
const MAX_KEPT: usize = 16;
const MAX_REASON: usize = 1024;
const MAX_ENCODED: usize = 32 * 1024;

/// How an organization's emergency accounts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapsSettings {
    /// Seconds between rotations.
    pub interval_s: u64,
    /// Names of the accounts before the `@`, one for each account.
    pub account_names: Vec<String>,
    /// How their passwords are made.
    pub policy: PasswordPolicy,
    /// What a view of a password asks of the schedule.
    pub after_view: AfterView,
    /// When nothing is rotated by itself.
    pub windows: Vec<BlackoutWindow>,
    /// IANA name of the time zone of the windows; none for that of the machine that rotates.
    pub zone: Option<String>,
}

/// What a view of a password asks of the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterView {
    /// Nothing.
    #[default]
    Keep,
    /// A rotation an hour later.
    InOneHour,
    /// A rotation at once.
    Now,
}

/// Hours in which nothing is rotated by itself, as clocks on the wall show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlackoutWindow {
    /// Days it begins on: bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// Minute of the day at which it begins.
    pub from: u16,
    /// Minute at which it ends, up to 1440; of the next day if not after `from`.
    pub to: u16,
}

impl BlackoutWindow {
    fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let at = reader.position();
        let parts = reader.list(3, Reader::uint::<u16>)?;
        match parts.as_slice() {
            &[days @ 1..=0b111_1111, from @ 0..1440, to @ 0..=1440] if from != to => {
                // Seven bits fit.
                Ok(Self { days: u8::try_from(days).unwrap_or(0), from, to })
            }
            _ => Err(CborError::Value { at }),
        }
    }
}

/// A way into the tenant that Vitrine did not make and a person answers for, such as the customer's own owner of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptWay {
    /// What it is: a hash over kind, place and the tenant's id of it.
    pub id: [u8; 16],
    /// When it was kept, Unix milliseconds.
    pub at_ms: u64,
    /// The member who answers for it.
    pub member: [u8; 16],
    /// Why.
    pub reason: String,
}

impl KeptWay {
    fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        reader.map(|map| {
            Ok(Self {
                id: map.required(1, Reader::array)?,
                at_ms: map.required(2, Reader::uint)?,
                member: map.required(3, Reader::array)?,
                reason: map.required(4, |reader| reader.text(MAX_REASON))?.to_owned(),
            })
        })
    }
}

/// An organization: its name and what people wrote about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationItem {
    /// Name.
    pub name: String,
    /// Notes.
    pub notes: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Settings of LAPS; none while it is off.
    pub laps: Option<LapsSettings>,
    /// Ways in that a person answers for; 16 at most.
    pub kept: Vec<KeptWay>,
}

impl OrganizationItem {
    /// Encodes the item for [`crate::object::seal`].
    pub fn encode(&self) -> Result<SecretBytes, ItemError> {
        fits("name", self.name.len(), MAX_NAME)?;
        fits("notes", self.notes.len(), MAX_NOTES)?;
        counts("tags", self.tags.len(), MAX_TAGS)?;
        self.tags.iter().try_for_each(|tag| fits("tag", tag.len(), MAX_TAG))?;
        counts("kept", self.kept.len(), MAX_KEPT)?;
        self.kept.iter().try_for_each(|kept| fits("reason", kept.reason.len(), MAX_REASON))?;
        if let Some(laps) = &self.laps {
            counts("account_names", laps.account_names.len(), MAX_ACCOUNTS)?;
            laps.account_names.iter().try_for_each(|name| fits("account_name", name.len(), MAX_TAG))?;
            counts("windows", laps.windows.len(), MAX_WINDOWS)?;
            fits("zone", laps.zone.as_ref().map_or(0, String::len), MAX_ZONE)?;
        }
        Ok(Writer::secret_document(|map| {
            map.text(1, &self.name);
            map.text(2, &self.notes);
            map.field(3, |writer| writer.list(&self.tags, |writer, tag| writer.text(tag)));
            map.maybe(4, self.laps.as_ref(), |writer, laps| {
                writer.map(|map| {
                    map.uint(1, laps.interval_s);
                    map.field(2, |writer| writer.list(&laps.account_names, |writer, name| writer.text(name)));
                    map.uint(3, laps.policy.length());
                    map.bool(4, laps.policy.look_alikes());
                    let after_view: Option<u8> = match laps.after_view {
                        AfterView::Keep => None,
                        AfterView::InOneHour => Some(1),
                        AfterView::Now => Some(2),
                    };
                    map.maybe(5, after_view, Writer::uint);
                    map.maybe(6, Some(&laps.windows).filter(|windows| !windows.is_empty()), |writer, windows| {
                        writer.list(windows, |writer, window| {
                            let parts = [u16::from(window.days), window.from, window.to];
                            writer.list(&parts, |writer, part| writer.uint(*part));
                        });
                    });
                    map.maybe(7, laps.zone.as_deref(), Writer::text);
                });
            });
            map.maybe(5, Some(&self.kept).filter(|kept| !kept.is_empty()), |writer, kept| {
                writer.list(kept, |writer, kept| {
                    writer.map(|map| {
                        map.bytes(1, &kept.id);
                        map.uint(2, kept.at_ms);
                        map.bytes(3, &kept.member);
                        map.text(4, &kept.reason);
                    });
                });
            });
        }))
    }

    /// Decodes an opened item.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, ItemError> {
        // Read to take the fields out.
        Ok(cbor::decode(bytes.expose(), MAX_ENCODED, |reader| {
            reader.map(|map| {
                Ok(Self {
                    name: map.required(1, |reader| reader.text(MAX_NAME))?.to_owned(),
                    notes: map.required(2, |reader| reader.text(MAX_NOTES))?.to_owned(),
                    tags: map.required(3, |reader| texts(reader, MAX_TAGS))?,
                    laps: map.optional(4, read_laps)?,
                    kept: map.optional(5, read_kept)?.unwrap_or_default(),
                })
            })
        })?)
    }
}

fn read_laps(reader: &mut Reader<'_>) -> Result<LapsSettings, CborError> {
    reader.map(|map| {
        Ok(LapsSettings {
            interval_s: map.required(1, Reader::uint)?,
            account_names: map.required(2, |reader| texts(reader, MAX_ACCOUNTS))?,
            policy: {
                let (length, at) = map.required(3, |reader| {
                    let at = reader.position();
                    Ok((reader.uint()?, at))
                })?;
                PasswordPolicy::new(length, map.required(4, Reader::bool)?).map_err(|_| CborError::Value { at })?
            },
            after_view: map.optional(5, read_after_view)?.unwrap_or_default(),
            windows: map.optional(6, read_windows)?.unwrap_or_default(),
            zone: map.optional(7, |reader| reader.text(MAX_ZONE).map(str::to_owned))?,
        })
    })
}

/// What is left out when there is nothing to say is never said: one value, one encoding.
fn read_after_view(reader: &mut Reader<'_>) -> Result<AfterView, CborError> {
    let at = reader.position();
    match reader.uint::<u8>()? {
        1 => Ok(AfterView::InOneHour),
        2 => Ok(AfterView::Now),
        _ => Err(CborError::Value { at }),
    }
}

fn read_windows(reader: &mut Reader<'_>) -> Result<Vec<BlackoutWindow>, CborError> {
    let at = reader.position();
    let windows = reader.list(MAX_WINDOWS as u64, BlackoutWindow::read)?;
    if windows.is_empty() { Err(CborError::Value { at }) } else { Ok(windows) }
}

fn read_kept(reader: &mut Reader<'_>) -> Result<Vec<KeptWay>, CborError> {
    let at = reader.position();
    let kept = reader.list(MAX_KEPT as u64, KeptWay::read)?;
    if kept.is_empty() { Err(CborError::Value { at }) } else { Ok(kept) }
}

fn texts(reader: &mut Reader<'_>, most: usize) -> Result<Vec<String>, CborError> {
    reader.list(most as u64, |reader| reader.text(MAX_TAG).map(str::to_owned))
}

/// The firm itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MspItem {
    /// Name of the firm.
    pub name: String,
    /// Whether a reason must be given before a credential is shown.
    pub reason_required: bool,
}

impl MspItem {
    /// Encodes the item for [`crate::object::seal`].
    pub fn encode(&self) -> Result<SecretBytes, ItemError> {
        fits("name", self.name.len(), MAX_NAME)?;
        Ok(Writer::secret_document(|map| {
            map.text(1, &self.name);
            map.bool(2, self.reason_required);
        }))
    }

    /// Decodes an opened item.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, ItemError> {
        // Read to take the fields out.
        Ok(cbor::decode(bytes.expose(), MAX_ENCODED, |reader| {
            reader.map(|map| {
                Ok(Self {
                    name: map.required(1, |reader| reader.text(MAX_NAME))?.to_owned(),
                    reason_required: map.required(2, Reader::bool)?,
                })
            })
        })?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn item() -> OrganizationItem {
        OrganizationItem {
            name: "Contoso \u{202e}gnirts".into(),
            notes: "<b>call Ada first</b>".into(),
            tags: vec!["gold".into(), "east".into()],
            laps: Some(LapsSettings {
                interval_s: 86_400,
                account_names: vec!["vitrine-1".into(), "vitrine-2".into()],
                policy: PasswordPolicy::new(20, true).unwrap(),
                after_view: AfterView::InOneHour,
                windows: vec![
                    BlackoutWindow { days: 0b001_1111, from: 480, to: 1080 },
                    BlackoutWindow { days: 0b110_0000, from: 1320, to: 360 },
                ],
                zone: Some("Europe/Zurich".into()),
            }),
            kept: vec![KeptWay { id: [7; 16], at_ms: 1_700_000_000_000, member: [9; 16], reason: "Ours".into() }],
        }
    }

    /// The same with everything left as it is by default.
    fn plain() -> LapsSettings {
        let laps = item().laps.unwrap();
        LapsSettings { after_view: AfterView::Keep, windows: vec![], zone: None, ..laps }
    }

    #[test]
    fn an_organization_survives_storing_with_and_without_laps() {
        let kept = |after_view| Some(LapsSettings { after_view, ..plain() });
        for laps in [item().laps, kept(AfterView::Keep), kept(AfterView::Now), None] {
            let item = OrganizationItem { laps, tags: vec![], ..item() };
            assert_eq!(OrganizationItem::decode(&item.encode().unwrap()).unwrap(), item);
            let item = OrganizationItem { kept: vec![], ..item };
            assert_eq!(OrganizationItem::decode(&item.encode().unwrap()).unwrap(), item);
        }
        let many = OrganizationItem { kept: vec![item().kept.remove(0); MAX_KEPT + 1], ..item() };
        assert!(many.encode().is_err());
    }

    #[test]
    fn a_schedule_has_one_encoding_and_no_strange_value() {
        let with = |write: &dyn Fn(&mut crate::cbor::MapWriter<'_>)| {
            let document = Writer::secret_document(|map| {
                map.text(1, "Contoso");
                map.text(2, "");
                map.field(3, |writer| writer.list(&[] as &[String], |writer, tag| writer.text(tag)));
                map.field(4, |writer| {
                    writer.map(|map| {
                        map.uint(1, 86_400_u64);
                        map.field(2, |writer| writer.list(&[] as &[String], |writer, name| writer.text(name)));
                        map.uint(3, 32_u8);
                        map.bool(4, false);
                        write(map);
                    });
                });
            });
            OrganizationItem::decode(&document).is_ok()
        };
        let windows = |windows: &[&[u16]]| {
            with(&|map| {
                map.field(6, |writer| {
                    writer.list(windows, |writer, parts| writer.list(parts, |writer, part| writer.uint(*part)));
                });
            })
        };
        assert!(with(&|_| {}) && with(&|map| map.uint(5, 2_u8)) && windows(&[&[1, 0, 1440]]));
        assert!(!with(&|map| map.uint(5, 0_u8)) && !with(&|map| map.uint(5, 3_u8)));
        for strange in [&[0, 1, 2][..], &[128, 1, 2], &[1, 2, 2], &[1, 1440, 2], &[1, 1, 1441], &[1, 1], &[1, 1, 2, 3]]
        {
            assert!(!windows(&[strange]), "{strange:?}");
        }
        assert!(!windows(&[]) && !windows(&[&[1, 1, 2][..]; MAX_WINDOWS + 1]));
    }

    #[test]
    fn absurd_lengths_are_refused_by_name() {
        let long = OrganizationItem { name: "n".repeat(MAX_NAME + 1), ..item() };
        assert!(matches!(long.encode(), Err(ItemError::TooLong { field: "name", .. })));
        let many = OrganizationItem { tags: vec![String::new(); MAX_TAGS + 1], ..item() };
        assert!(matches!(many.encode(), Err(ItemError::TooMany { field: "tags", .. })));
        let zone = LapsSettings { zone: Some("z".repeat(MAX_ZONE + 1)), ..plain() };
        let far = OrganizationItem { laps: Some(zone), ..item() };
        assert!(matches!(far.encode(), Err(ItemError::TooLong { field: "zone", .. })));
    }

    #[test]
    fn the_firm_survives_storing() {
        let item = MspItem { name: "Fabrikam MSP".into(), reason_required: true };
        assert_eq!(MspItem::decode(&item.encode().unwrap()).unwrap(), item);
    }
}
