//! The recovery kit: the printed page of a member. With the passphrase, and the enrolment blob from a backup or the home,
//! it opens the account on a new device; it also pins which firm that is.

use crate::account::AccountSecret;
use crate::code::{self, Code, CodeError, CodeKind};
use crate::secret::SecretText;

/// What the page says.
pub struct Kit {
    /// The 160-bit account secret.
    pub account_secret: AccountSecret,
    /// The member.
    pub member: [u8; 16],
    /// Ledger id of the MSP, the hash of its genesis: keys are trusted only from that ledger.
    pub genesis: [u8; 32],
    /// Address of the home, in words or as an address; plain text on the page.
    pub home: String,
}

/// Which code of the page was mistyped, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KitError {
    /// The account secret.
    #[error("secret code: {0}")]
    Secret(#[source] CodeError),
    /// Member and firm.
    #[error("vault code: {0}")]
    Vault(#[source] CodeError),
}

impl KitError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Secret(_) => "vault.kit-secret-code",
            Self::Vault(_) => "vault.kit-vault-code",
        }
    }

    /// What is wrong with that code.
    pub fn reason(&self) -> CodeError {
        match self {
            Self::Secret(reason) | Self::Vault(reason) => *reason,
        }
    }
}

impl Kit {
    /// The account secret as a code of 12 groups.
    pub fn secret_code(&self) -> Code {
        // Read to be printed on the page.
        Code::of(CodeKind::Secret, self.account_secret.secret().expose())
    }

    /// Member and firm as a code of 27 groups. Not secret.
    pub fn vault_code(&self) -> Code {
        Code::of(CodeKind::Vault, &[&self.member[..], &self.genesis].concat())
    }

    /// Reads the codes of a page as a person typed them.
    pub fn parse(secret_code: &SecretText, vault_code: &SecretText, home: &str) -> Result<Self, KitError> {
        let secret = code::parse_array(CodeKind::Secret, secret_code).map_err(KitError::Secret)?;
        let vault = code::parse_array::<48>(CodeKind::Vault, vault_code).map_err(KitError::Vault)?;
        // Read to take the two ids apart, which are no secrets.
        let (member, genesis) = vault.expose().split_at(16);
        Ok(Self {
            account_secret: AccountSecret::from_secret(secret),
            member: member.try_into().expect("16 of 48 bytes"),
            genesis: genesis.try_into().expect("32 of 48 bytes"),
            home: home.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn kit() -> Kit {
        let rng = &mut StdRng::seed_from_u64(70);
        let account_secret = AccountSecret::make(rng);
        Kit { account_secret, member: [7; 16], genesis: [8; 32], home: "this computer".into() }
    }

    #[test]
    fn a_typed_page_gives_the_kit_back() {
        let kit = kit();
        let back = Kit::parse(kit.secret_code().text(), kit.vault_code().text(), " this computer\n").unwrap();
        assert!(back.account_secret == kit.account_secret);
        assert_eq!((back.member, back.genesis, back.home), (kit.member, kit.genesis, kit.home));
    }

    #[test]
    fn the_two_codes_cannot_be_exchanged() {
        let kit = kit();
        let (secret, vault) = (kit.secret_code(), kit.vault_code());
        assert!(matches!(Kit::parse(vault.text(), secret.text(), ""), Err(KitError::Secret(_))));
    }

    #[test]
    fn a_mistyped_vault_code_names_code_and_group() {
        let kit = kit();
        let vault = kit.vault_code();
        let first = vault.group(1).unwrap();
        let wrong = vault.text().expose().replacen(first, if first.starts_with('Z') { "0000" } else { "ZZZZ" }, 1);
        let error = Kit::parse(kit.secret_code().text(), &SecretText::new(wrong), "").err().unwrap();
        assert_eq!(error, KitError::Vault(CodeError::Group { group: 1 }));
        assert_eq!(error.reason(), CodeError::Group { group: 1 });
    }
}
