//! The header fields of a signed request, bent at every place: read in one way or not at all, and never by a panic.

use vitrine_ledger::DeviceKey;
use vitrine_ledger::wire::RequestKey;

use crate::fuzzing::{signature, signer};

/// Two heads that were signed by hand from RFC 9421, by each key of a device.
const SAMPLES: [&[u8]; 2] = [
    include_bytes!("../../../../fuzz/seeds/server_signature/device"),
    include_bytes!("../../../../fuzz/seeds/server_signature/transport"),
];

#[test]
fn whatever_the_fields_say_what_was_signed_is_what_stands_there() {
    let key = RequestKey::Device(DeviceKey::from_bytes(signer().verifying_key().to_bytes()));
    for sample in SAMPLES {
        let good = signature(sample).unwrap();
        assert!(good.stands(key), "the sample is not signed");
        // What is not covered, or is spelled otherwise and means the same, may differ; what was signed may not.
        let bent = |bytes: &[u8]| {
            if let Some(read) = signature(bytes).filter(|read| read.stands(key)) {
                assert_eq!(read.base(), good.base());
            }
        };
        for at in 0..sample.len() {
            bent(&sample[..at]);
            bent(&[&sample[..at], &sample[at + 1..]].concat());
            bent(&[&sample[..at], &sample[at..], &sample[at..]].concat());
            for bit in 0..8 {
                let mut changed = sample.to_vec();
                changed[at] ^= 1 << bit;
                bent(&changed);
            }
            for byte in *b"\0 \t\";:,()=?" {
                bent(&[&sample[..at], &[byte], &sample[at..]].concat());
            }
        }
    }
}
