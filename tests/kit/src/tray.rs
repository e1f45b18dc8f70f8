//! The desktop's tray, played: it records which icons register, reads their menus and clicks in them.
//!
//! Sources: StatusNotifierItem (freedesktop.org), com.canonical.dbusmenu (libdbusmenu's interface file). On Linux a left
//! click on the icon reaches no program of our kind, so everything a person can do there is in the menu.
#![allow(
    clippy::unused_self,
    clippy::used_underscore_binding,
    clippy::needless_pass_by_value,
    reason = "the shape that the interface macro and the specifications want"
)]

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use tokio::sync::watch;
use tokio::time::timeout;
use zbus::message::Header;
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Variant, interface};

use crate::PrivateBus;
use crate::wait::{PATIENCE, until};

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

/// The stand-in for the panel that shows tray icons. It must be there before the program under test starts, because
/// without it the program's library falls back to another protocol for good.
#[derive(Debug)]
pub struct Tray {
    bus: Connection,
    items: watch::Receiver<Vec<Address>>,
}

/// Where an icon lives: the bus name of its program and its object there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    service: String,
    path: String,
}

impl Tray {
    /// Takes the watcher's name on this bus.
    pub async fn start(bus: &PrivateBus) -> Result<Self> {
        let (send, items) = watch::channel(Vec::new());
        let bus = bus.connect().await?;
        bus.object_server().at(PATH, Watcher { items: send, shown: true }).await?;
        bus.request_name(NAME).await?;
        Ok(Self { bus, items })
    }

    /// Says whether a panel shows the icons that are listed, as when a panel starts or ends.
    pub async fn set_shown(&self, shown: bool) -> Result<()> {
        let watcher = self.bus.object_server().interface::<_, Watcher>(PATH).await?;
        watcher.get_mut().await.shown = shown;
        Ok(())
    }

    /// Leaves the bus, as a desktop whose panel ended for good.
    pub async fn leave(&self) -> Result<()> {
        self.bus.release_name(NAME).await?;
        Ok(())
    }

    /// The icon that registered last; waits for the first.
    pub async fn icon(&self) -> Result<TrayIcon> {
        let mut items = self.items.clone();
        let seen = timeout(PATIENCE, items.wait_for(|all| !all.is_empty())).await;
        let address = seen.context("no tray icon registered")??.last().cloned().context("there is one")?;
        Ok(TrayIcon { bus: self.bus.clone(), address })
    }
}

struct Watcher {
    items: watch::Sender<Vec<Address>>,
    shown: bool,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    /// Programs pass either a bus name or, as the Ayatana library does, only a path; then the sender is the name.
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let address = if service.starts_with('/') {
            Address { service: sender, path: service.to_owned() }
        } else {
            Address { service: service.to_owned(), path: "/StatusNotifierItem".to_owned() }
        };
        self.items.send_modify(|items| items.push(address));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        self.shown
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.borrow().iter().map(|item| format!("{}{}", item.service, item.path)).collect()
    }
}

/// An icon in the tray.
#[derive(Clone, Debug)]
pub struct TrayIcon {
    bus: Connection,
    address: Address,
}

/// A line of an icon's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuEntry {
    id: i32,
    /// What it says, without the underscores that mark keys; empty for a separator.
    pub label: String,
    /// Whether it can be clicked.
    pub enabled: bool,
    /// Lines of its submenu.
    pub children: Vec<MenuEntry>,
}

type Layout = (i32, HashMap<String, OwnedVariant>, Vec<OwnedVariant>);

impl TrayIcon {
    /// What the icon is called.
    pub async fn title(&self) -> Result<String> {
        self.text("Title").await
    }

    /// The picture the icon shows now, where the program wrote it as a file. The file's name changes with the picture.
    pub async fn picture(&self) -> Result<PathBuf> {
        let name = PathBuf::from(self.text("IconName").await?);
        if name.is_absolute() {
            return Ok(name);
        }
        let folder = PathBuf::from(self.text("IconThemePath").await?);
        Ok(folder.join(format!("{}.png", name.display())))
    }

    /// The words beside the icon; empty where there are none.
    pub async fn label(&self) -> Result<String> {
        self.text("XAyatanaLabel").await
    }

    /// Waits until the words beside the icon are as `wanted`.
    pub async fn wait_for_label(&self, wanted: &str) -> Result<()> {
        until(&format!("{wanted:?} beside the tray icon"), PATIENCE, async || {
            self.label().await.ok().filter(|label| label == wanted)
        })
        .await
        .map(drop)
    }

    /// Waits until no line of the menu says `label`.
    pub async fn wait_until_gone(&self, label: &str) -> Result<()> {
        until(&format!("no tray menu entry {label:?}"), PATIENCE, async || {
            let menu = self.menu().await.ok()?;
            flat(&menu).iter().all(|entry| entry.label != label).then_some(())
        })
        .await
    }

    /// Every line of the menu as it is now.
    pub async fn menu(&self) -> Result<Vec<MenuEntry>> {
        let body = (0_i32, -1_i32, Vec::<&str>::new());
        let reply = self.call(&self.menu_path().await?, MENU, "GetLayout", &body).await?;
        let (_revision, root): (u32, Layout) = reply.body().deserialize()?;
        Ok(MenuEntry::read(root)?.children)
    }

    /// Waits until the menu holds a line that can be clicked and says `label`.
    pub async fn wait_for_entry(&self, label: &str) -> Result<MenuEntry> {
        until(&format!("tray menu entry {label:?}"), PATIENCE, async || {
            let menu = self.menu().await.ok()?;
            flat(&menu).into_iter().find(|entry| entry.label == label && entry.enabled).cloned()
        })
        .await
    }

    /// Clicks the line that says `label`, once it is there.
    pub async fn click(&self, label: &str) -> Result<()> {
        let entry = self.wait_for_entry(label).await?;
        let body = (entry.id, "clicked", Variant::from(0_i32), 0_u32);
        self.call(&self.menu_path().await?, MENU, "Event", &body).await?;
        Ok(())
    }

    async fn menu_path(&self) -> Result<String> {
        Ok(OwnedObjectPath::try_from(self.property("Menu").await?)?.to_string())
    }

    async fn text(&self, property: &str) -> Result<String> {
        Ok(String::try_from(self.property(property).await?)?)
    }

    async fn property(&self, name: &str) -> Result<OwnedVariant> {
        let reply = self.call(&self.address.path, "org.freedesktop.DBus.Properties", "Get", &(ITEM, name)).await?;
        Ok(reply.body().deserialize()?)
    }

    async fn call<B>(&self, path: &str, interface: &str, method: &str, body: &B) -> Result<zbus::Message>
    where
        B: zbus::wire::DynamicType + zbus::export::serde::Serialize,
    {
        let service = self.address.service.as_str();
        Ok(self.bus.call_method(Some(service), path, Some(interface), method, body).await?)
    }
}

impl MenuEntry {
    fn read((id, mut properties, children): Layout) -> Result<Self> {
        let label = properties.remove("label").map(String::try_from).transpose()?.unwrap_or_default();
        let enabled = properties.remove("enabled").map(bool::try_from).transpose()?.unwrap_or(true);
        let children = children.into_iter().map(|child| {
            let layout = Layout::try_from(child).map_err(|error| anyhow!("a menu of another shape: {error}"))?;
            Self::read(layout)
        });
        Ok(Self { id, label: label.replace('_', ""), enabled, children: children.collect::<Result<_>>()? })
    }
}

fn flat(entries: &[MenuEntry]) -> Vec<&MenuEntry> {
    entries.iter().flat_map(|entry| std::iter::once(entry).chain(flat(&entry.children))).collect()
}
