//! A person in front of the real window: the built program with its UI embedded, on a screen, buses and folders of its
//! own, driven through WebDriver and through what the desktop offers (tray, notifications, browser, session lock).
//!
//! Nothing in the program knows that it is being tested.

pub mod accessibility;
pub mod acts;
pub mod cloud;
pub mod desk;
pub mod eyes;
pub mod other;
pub mod paper;
pub mod record;
pub mod scenario;
pub mod window;

mod driver;
mod screen;

pub use cloud::Cloud;
pub use desk::{Desk, Setting};
pub use eyes::Eyes;
pub use other::Other;
pub use paper::Paper;
pub use record::{Record, Shown};
pub use scenario::scenario;
pub use window::Window;
