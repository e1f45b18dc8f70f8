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
const MAX_ENCODED: usize = 16 * 1024;

/// How an organization's emergency accounts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapsSettings {
    /// Seconds between rotations.
    pub interval_s: u64,
    /// Names of the accounts before the `@`, one for each account.
    pub account_names: Vec<String>,
    /// How their passwords are made.
    pub policy: PasswordPolicy,
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
}

impl OrganizationItem {
    /// Encodes the item for [`crate::object::seal`].
    pub fn encode(&self) -> Result<SecretBytes, ItemError> {
        fits("name", self.name.len(), MAX_NAME)?;
        fits("notes", self.notes.len(), MAX_NOTES)?;
        counts("tags", self.tags.len(), MAX_TAGS)?;
        self.tags.iter().try_for_each(|tag| fits("tag", tag.len(), MAX_TAG))?;
        if let Some(laps) = &self.laps {
            counts("account_names", laps.account_names.len(), MAX_ACCOUNTS)?;
            laps.account_names.iter().try_for_each(|name| fits("account_name", name.len(), MAX_TAG))?;
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
        })
    })
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
                policy: PasswordPolicy::default(),
            }),
        }
    }

    #[test]
    fn an_organization_survives_storing_with_and_without_laps() {
        for item in [item(), OrganizationItem { laps: None, tags: vec![], ..item() }] {
            assert_eq!(OrganizationItem::decode(&item.encode().unwrap()).unwrap(), item);
        }
    }

    #[test]
    fn absurd_lengths_are_refused_by_name() {
        let long = OrganizationItem { name: "n".repeat(MAX_NAME + 1), ..item() };
        assert!(matches!(long.encode(), Err(ItemError::TooLong { field: "name", .. })));
        let many = OrganizationItem { tags: vec![String::new(); MAX_TAGS + 1], ..item() };
        assert!(matches!(many.encode(), Err(ItemError::TooMany { field: "tags", .. })));
    }

    #[test]
    fn the_firm_survives_storing() {
        let item = MspItem { name: "Fabrikam MSP".into(), reason_required: true };
        assert_eq!(MspItem::decode(&item.encode().unwrap()).unwrap(), item);
    }
}
