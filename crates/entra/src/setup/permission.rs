//! The application permissions of a connection: the least that rotates, proves and watches, each with its reason.

use crate::id::PermissionId;

/// The directory role of a connection, by the name that the portal shows.
pub const ROLE_NAME: &str = "Privileged Authentication Administrator";

/// One application permission of Microsoft Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Name as the portal lists it.
    pub name: &'static str,
    /// Its id in every cloud.
    pub id: PermissionId,
    /// Key of the sentence that says why.
    pub why: &'static str,
    /// The sentence itself, in English.
    pub reason: &'static str,
}

/// What a connection holds; nothing else is ever granted, and nothing before a use for it exists.
pub const PERMISSIONS: &[Permission] = &[
    Permission {
        name: "User-PasswordProfile.ReadWrite.All",
        id: PermissionId::from_u128(0xcc117bb9_00cf_4eb8_b580_ea2a878fe8f7),
        why: "permission.password-profile",
        reason: "Rotate the password of the emergency accounts.",
    },
    Permission {
        name: "User.Read.All",
        id: PermissionId::from_u128(0xdf021288_bdef_4463_88db_98f22de89214),
        why: "permission.user-read",
        reason: "Prove a rotation by the time of the last password change, and see changes made by others.",
    },
    Permission {
        name: "User.RevokeSessions.All",
        id: PermissionId::from_u128(0x77f3a031_c388_4f99_b373_dc68676a979e),
        why: "permission.revoke-sessions",
        reason: "End the sessions of an emergency account after its password was replaced.",
    },
    Permission {
        name: "RoleManagement.Read.Directory",
        id: PermissionId::from_u128(0x483bed4a_2ad3_4361_a73b_c83ccdbdc53c),
        why: "permission.role-read",
        reason: "See that the accounts are still permanent Global Administrators, and that this app holds one role only.",
    },
    Permission {
        name: "Application.Read.All",
        id: PermissionId::from_u128(0x9a5d68dd_52b0_4cc2_bd40_abcf44ac3a30),
        why: "permission.application-read",
        reason: "See who owns this app and which identities of elsewhere may sign in as it: they could take it over.",
    },
    Permission {
        name: "UserAuthenticationMethod.Read.All",
        id: PermissionId::from_u128(0x38d9df27_64da_44fd_b7c5_a6fbac20248f),
        why: "permission.methods-read",
        reason: "See phones, passkeys and other ways to sign in that somebody adds to the emergency accounts.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_never_asks_for_what_could_take_the_tenant_over() {
        for refused in [
            "User.ReadWrite.All",
            "RoleManagement.ReadWrite.Directory",
            "AppRoleAssignment.ReadWrite.All",
            "Directory.ReadWrite.All",
            "Application.ReadWrite.All",
        ] {
            assert!(PERMISSIONS.iter().all(|p| p.name != refused), "{refused}");
        }
        let takeover = [
            0x9e3f_62cf_ca93_4989_b6ce_bf83_c28f_9fe8_u128,
            0x06b7_08a9_e830_4db3_a914_8e69_da51_d44f,
            0x741f_803b_c850_494e_b5df_cde7_c675_a1ca,
        ];
        for id in takeover {
            assert!(PERMISSIONS.iter().all(|p| p.id != PermissionId::from_u128(id)));
        }
    }

    #[test]
    fn every_permission_has_a_reason_and_stands_once() {
        for (n, p) in PERMISSIONS.iter().enumerate() {
            assert!(!p.reason.is_empty() && p.why.starts_with("permission."));
            assert!(PERMISSIONS[..n].iter().all(|q| q.id != p.id && q.name != p.name && q.why != p.why));
        }
    }
}
