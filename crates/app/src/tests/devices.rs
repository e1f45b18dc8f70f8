//! Codes that give a device: what is refused before anything is made or asked of anybody.

use super::*;
use crate::session::rng;
use vitrine_vault::invite::Invite;

#[tokio::test]
async fn a_code_that_has_ended_is_refused_before_anybody_is_asked_and_nothing_is_left() {
    let machine = Machine::new();
    let app = machine.start().await;
    let ended = machine.clock.now_ms() - 1;
    // Nothing answers there: whoever asked would be told something else.
    let invite = Invite::make([7; 32], (1, [8; 32]), ended, "https://127.0.0.1:1".into(), &mut rng());
    let request = JoinRequest {
        code: EdgeSecret(invite.code()),
        person_name: String::new(),
        passphrase: secret(PASSPHRASE),
        accept_file_fallback: true,
    };
    assert_eq!(app.call(request).await.err().unwrap().code, "join.expired");
    assert_eq!(app.call(StatusRequest {}).await.unwrap().phase, Phase::NoVault);
}

#[tokio::test]
async fn a_vault_on_one_device_alone_gives_no_codes() {
    let machine = Machine::new();
    let app = machine.create().await;
    let refused = app.call(AddDeviceRequest { hours: 24, copy: false }).await.err().unwrap();
    assert_eq!(refused.code, "people.not-shared");
    let refused = app.call(AddDeviceRequest { hours: 0, copy: false }).await.err().unwrap();
    assert_eq!(refused.code, "people.hours");
}
