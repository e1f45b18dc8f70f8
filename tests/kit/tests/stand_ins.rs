//! The stand-ins themselves, tried by a client that is none of ours: a fake that records nothing would let every test pass.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;
use std::process::Command;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vitrine_kit::PrivateBus;
use vitrine_kit::keyring::Keyring;
use vitrine_kit::logind::Logind;
use vitrine_kit::notifications::Notifications;
use vitrine_kit::opener::Opener;
use vitrine_kit::player::Person;
use vitrine_kit::tray::Tray;
use zbus::{OwnedFd, OwnedVariant};

async fn private_bus() -> (PrivateBus, TempDir) {
    let home = tempfile::tempdir().unwrap();
    (PrivateBus::start(home.path(), home.path()).await.unwrap(), home)
}

#[tokio::test]
async fn a_notification_is_recorded_with_its_buttons() {
    let (bus, _home) = private_bus().await;
    let notifications = Notifications::start(&bus).await.unwrap();
    let client = bus.connect().await.unwrap();
    let name = Some("org.freedesktop.Notifications");
    let body = (
        "app",
        0_u32,
        "",
        "Rotation due",
        "3 accounts",
        vec!["rotate", "Rotate"],
        HashMap::<String, OwnedVariant>::new(),
        -1_i32,
    );
    client.call_method(name, "/org/freedesktop/Notifications", name, "Notify", &body).await.unwrap();
    let shown = notifications.wait_for(|one| one.summary == "Rotation due").await.unwrap();
    assert_eq!(shown.actions, [("rotate".to_owned(), "Rotate".to_owned())]);
    assert_eq!(notifications.shown().len(), 1);
}

#[tokio::test]
async fn an_inhibitor_is_held_until_its_file_is_closed() {
    let (bus, _home) = private_bus().await;
    let logind = Logind::start(&bus).await.unwrap();
    let client = bus.connect().await.unwrap();
    let body = ("sleep", "app", "to lock", "delay");
    let reply = client
        .call_method(
            Some("org.freedesktop.login1"),
            "/org/freedesktop/login1",
            Some("org.freedesktop.login1.Manager"),
            "Inhibit",
            &body,
        )
        .await
        .unwrap();
    let file: OwnedFd = reply.body().deserialize().unwrap();
    assert_eq!(logind.inhibitors()[0].what, "sleep");
    drop((file, reply));
    logind.wait_for_inhibitors(<[_]>::is_empty).await.unwrap();
}

#[tokio::test]
async fn a_tray_icon_that_registers_by_path_is_found_at_its_sender() {
    let (bus, _home) = private_bus().await;
    let tray = Tray::start(&bus).await.unwrap();
    let client = bus.connect().await.unwrap();
    let name = Some("org.kde.StatusNotifierWatcher");
    client.call_method(name, "/StatusNotifierWatcher", name, "RegisterStatusNotifierItem", &"/icon").await.unwrap();
    let icon = format!("{:?}", tray.icon().await.unwrap());
    assert!(icon.contains(client.unique_name().unwrap().as_str()), "{icon}");
}

#[tokio::test]
async fn the_keyring_can_be_written_to() {
    let (bus, home) = private_bus().await;
    let _keyring = Keyring::start(&bus, home.path(), home.path()).await.unwrap();
    assert!(bus.has_owner("org.freedesktop.secrets").await.unwrap());
    assert!(home.path().join(".local/share/keyrings/login.keyring").exists());
}

#[tokio::test]
async fn the_standard_opener_reaches_the_person() {
    let mut opener = Opener::make().unwrap();
    let address = "http://127.0.0.1:9/authorize?state=a%20b&x='quoted'";
    let home = tempfile::tempdir().unwrap();
    let status =
        Command::new("xdg-open").arg(address).env("BROWSER", opener.program()).env("HOME", home.path()).status();
    assert!(status.unwrap().success());
    assert_eq!(opener.next().await.unwrap(), address);
    assert_eq!(opener.take(), None);
}

/// A server of a few canned answers: a form that sets a cookie, a redirect, and a page that shows what it was sent.
async fn serve(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut request = Vec::new();
            let mut part = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut part).await {
                request.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if body.len() < length.unwrap_or(0) {
                    continue;
                }
                let cookie = head.to_lowercase().contains("cookie: seen=1");
                let answer = match head.split(' ').nth(1).unwrap() {
                    "/" => page(
                        "Set-Cookie: seen=1\r\n",
                        "<form method=post action='/in'><input name=login><input type=hidden name=state value=s1><button name=go value=yes>Sign in</button></form>",
                    ),
                    "/in" => format!("HTTP/1.1 302 Found\r\nLocation: /done?{body}\r\nContent-Length: 0\r\n\r\n"),
                    path => page("", &format!("<p id=sent>{path} {cookie}</p>")),
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
                request.clear();
            }
        });
    }
}

fn page(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}Content-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_person_fills_a_form_and_follows_the_redirect_with_cookies() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(serve(listener));
    let first = Person::new().unwrap().open(&address).await.unwrap();
    assert!(first.asks_for("login") && !first.asks_for("password"));
    let last = first.fill(&[("login", "admin@contoso.example")]).unwrap().press("Sign in").await.unwrap();
    let sent = last.text_of("#sent").unwrap();
    assert_eq!(sent, "/done?go=yes&login=admin%40contoso.example&state=s1 true");
    assert_eq!(last.url.path(), "/done");
}
