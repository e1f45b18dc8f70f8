//! Configuration: `config.toml` in the data folder, then environment `VITRINE_*`, then flags, in rising order.
//! No secret is ever among it. What a person changes in the settings is written back to the file, its comments kept.

use crate::api::Settings;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};
use url::Url;
use vitrine_entra::Cloud;
use vitrine_vault::KdfParams;

/// Name of the configuration file in the data folder.
pub(crate) const FILE: &str = "config.toml";
/// Two years: what Entra's own pages offer at most.
const CERTIFICATE_DAYS: u32 = 730;
/// Organizations worked on at once. Two thousand tenants take about a minute then, and a small line is not filled.
const PLACES: u32 = 32;
const MOST_PLACES: u32 = 256;

/// How this installation is configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of vault, database and configuration.
    pub folder: PathBuf,
    /// The Microsoft cloud.
    pub cloud: Cloud,
    /// Whether the cloud is a simulation that says so.
    pub simulated: bool,
    /// Client id of the first sign-in.
    pub client_id: Option<String>,
    /// PEM file with more certificate authorities to trust, for networks that inspect TLS.
    pub extra_ca: Option<PathBuf>,
    /// Days that the certificate of a connection lasts. A tenant's app management policy may ask for fewer.
    pub certificate_days: u32,
    /// Organizations whose accounts are rotated at once.
    pub places: u32,
    /// Cost of opening the vault, for vaults created from now on.
    pub kdf: KdfParams,
    /// Settings a person may change.
    pub settings: Settings,
    /// Settings fixed from outside the file.
    pub fixed: Vec<String>,
    /// What was given from outside, by name: it stands above the file each time the file is read again.
    outside: BTreeMap<String, String>,
}

/// The file as it stands on disk.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    cloud: CloudTable,
    network: NetworkTable,
    connection: ConnectionTable,
    rotation: RotationTable,
    unlock: UnlockTable,
    /// Only what differs from the defaults has to stand here.
    settings: toml::Table,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct CloudTable {
    /// `global`, `us-gov-l4`, `us-gov-l5`, `china` or `custom`.
    name: Option<String>,
    login: Option<Url>,
    graph: Option<Url>,
    client_id: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct NetworkTable {
    extra_ca: Option<PathBuf>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct ConnectionTable {
    certificate_days: Option<u32>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct RotationTable {
    places: Option<u32>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct UnlockTable {
    memory_mib: Option<u32>,
    passes: Option<u32>,
    lanes: Option<u32>,
}

impl Config {
    /// Reads the configuration of the data folder that the environment names, or of the platform's usual place.
    ///
    /// # Errors
    /// Where a file or variable cannot be read or says something that cannot be meant.
    pub fn load() -> Result<Self> {
        Self::load_from(data_folder()?, |name| env::var(name).ok())
    }

    /// Reads the configuration of a data folder, with the environment given as a function.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_from(folder: PathBuf, environment: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let path = folder.join(FILE);
        let file: File = match fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).map_err(|error| malformed(&path, error.message(), error.span(), &text))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::default(),
            Err(error) => return Err(unreadable(&path).because(error)),
        };
        let (mut fixed, mut outside) = (Vec::new(), BTreeMap::new());
        let mut from = |name: &str, setting: &str| {
            let value = environment(name).filter(|value| !value.is_empty())?;
            if !setting.is_empty() {
                fixed.push(setting.to_owned());
            }
            outside.insert(name.to_owned(), value.clone());
            Some(value)
        };
        let login = url(from("VITRINE_CLOUD_LOGIN", "cloud"), "VITRINE_CLOUD_LOGIN")?.or(file.cloud.login);
        let graph = url(from("VITRINE_CLOUD_GRAPH", "cloud"), "VITRINE_CLOUD_GRAPH")?.or(file.cloud.graph);
        let name = from("VITRINE_CLOUD", "cloud").or(file.cloud.name);
        let simulated = from("VITRINE_SIMULATED", "").is_some_and(|value| value == "1");
        let cloud = cloud(name.as_deref(), login, graph)?;
        let client_id = from("VITRINE_CLIENT_ID", "clientId").or(file.cloud.client_id);
        let extra_ca = from("VITRINE_EXTRA_CA", "extraCa").map(PathBuf::from).or(file.network.extra_ca);
        let certificate_days = from("VITRINE_CERTIFICATE_DAYS", "certificateDays")
            .map(|value| number(&value, "VITRINE_CERTIFICATE_DAYS"))
            .transpose()?
            .or(file.connection.certificate_days)
            .unwrap_or(CERTIFICATE_DAYS);
        if !(1..=CERTIFICATE_DAYS).contains(&certificate_days) {
            return Err(Error::usage(
                "config.certificate-days",
                format!("A certificate of {certificate_days} days cannot be used."),
                format!("Use 1 to {CERTIFICATE_DAYS} days, as the tenants' policies allow."),
            ));
        }
        let places = from("VITRINE_ROTATION_PLACES", "")
            .map(|value| number(&value, "VITRINE_ROTATION_PLACES"))
            .transpose()?
            .or(file.rotation.places)
            .unwrap_or(PLACES);
        if !(1..=MOST_PLACES).contains(&places) {
            return Err(Error::usage(
                "config.rotation-places",
                format!("{places} organizations cannot be rotated at once."),
                format!("Use 1 to {MOST_PLACES} places, or remove the [rotation] table."),
            ));
        }
        let mut settings = merged(file.settings).map_err(|error| malformed(&path, error.message(), None, ""))?;
        if let Some(minutes) = from("VITRINE_LOCK_AFTER_MINUTES", "lockAfterMinutes") {
            settings.lock_after_minutes = number(&minutes, "VITRINE_LOCK_AFTER_MINUTES")?;
        }
        check(&settings)?;
        let part = |value: Option<u32>, default: u32| value.unwrap_or(default);
        let default = KdfParams::DEFAULT;
        let memory = from("VITRINE_UNLOCK_MEMORY_MIB", "")
            .map(|value| number(&value, "VITRINE_UNLOCK_MEMORY_MIB"))
            .transpose()?
            .or(file.unlock.memory_mib)
            .unwrap_or(default.memory_kib() / 1024);
        let kdf = KdfParams::new(
            memory.saturating_mul(1024),
            part(file.unlock.passes, default.passes()),
            part(file.unlock.lanes, default.lanes()),
        )
        .map_err(|error| {
            Error::usage(
                "config.unlock-cost",
                format!("The unlock cost in {} is out of bounds: {error}.", path.display()),
                "Use 64 to 1,024 MiB and 3 to 16 passes, or remove the [unlock] table.",
            )
        })?;
        Ok(Self {
            folder,
            cloud,
            simulated,
            client_id,
            extra_ca,
            certificate_days,
            places,
            kdf,
            settings,
            fixed,
            outside,
        })
    }

    /// Reads the file again, below what was given from outside when it was read first.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub(crate) fn reload(&self) -> Result<Self> {
        Self::load_from(self.folder.clone(), |name| self.outside.get(name).cloned())
    }

    /// Path of the file.
    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Writes settings to the file, keeping everything else in it.
    ///
    /// # Errors
    /// Where a value is out of bounds or the file cannot be written.
    pub(crate) fn save_settings(&self, settings: &Settings) -> Result<()> {
        check(settings)?;
        let table = toml_edit::ser::to_document(settings).map_err(|error| unreadable(&self.file()).because(error))?;
        self.edit(|document| {
            document["settings"] = toml_edit::Item::Table(table.as_table().clone());
        })
    }

    /// Writes to the file that the person was told of the tray, keeping everything else in it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn save_told_of_tray(&self) -> Result<()> {
        self.edit(|document| {
            document["settings"].or_insert(toml_edit::table())["toldOfTray"] = toml_edit::value(true);
        })
    }

    /// Writes the client id to the file, keeping everything else in it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn save_client_id(&self, client_id: &str) -> Result<()> {
        self.edit(|document| {
            document["cloud"].or_insert(toml_edit::table())["client-id"] = toml_edit::value(client_id);
        })
    }

    fn edit(&self, change: impl FnOnce(&mut toml_edit::DocumentMut)) -> Result<()> {
        let path = self.file();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unreadable(&path).because(error)),
        };
        let mut document: toml_edit::DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| malformed(&path, error.message(), error.span(), &text))?;
        change(&mut document);
        crate::files::replace(&path, document.to_string().as_bytes())
    }
}

/// The folder that holds everything: `VITRINE_HOME`, else the platform's place for data of a program.
///
/// # Errors
/// Where the platform names no home folder.
pub fn data_folder() -> Result<PathBuf> {
    if let Some(home) = env::var_os("VITRINE_HOME").filter(|home| !home.is_empty()) {
        return Ok(PathBuf::from(home));
    }
    directories::ProjectDirs::from("app", "", "vitrine").map(|dirs| dirs.data_dir().to_owned()).ok_or_else(|| {
        Error::machine(
            "config.no-home",
            "This user has no home folder.",
            "Set VITRINE_HOME to a folder for Vitrine's data.",
        )
    })
}

fn merged(table: toml::Table) -> Result<Settings, toml::de::Error> {
    let mut whole = toml::Table::try_from(Settings::default()).map_err(serde::de::Error::custom)?;
    whole.extend(table);
    whole.try_into()
}

fn cloud(name: Option<&str>, login: Option<Url>, graph: Option<Url>) -> Result<Cloud> {
    match (name.unwrap_or(if login.is_some() || graph.is_some() { "custom" } else { "global" }), login, graph) {
        ("global", None, None) => Ok(Cloud::global()),
        ("us-gov-l4", None, None) => Ok(Cloud::us_gov_l4()),
        ("us-gov-l5", None, None) => Ok(Cloud::us_gov_l5()),
        ("china", None, None) => Ok(Cloud::china()),
        ("custom", Some(login), Some(graph)) => Cloud::custom(login.as_str(), graph.as_str()).map_err(|error| {
            Error::usage(
                "config.cloud-hosts",
                format!("The hosts of the custom cloud were refused: {error}."),
                "Use https addresses; plain http is for this machine alone.",
            )
        }),
        ("custom", _, _) => Err(Error::usage(
            "config.cloud-hosts",
            "A custom cloud needs both a login and a graph address.",
            "Set both `login` and `graph` in the [cloud] table.",
        )),
        (name @ ("global" | "us-gov-l4" | "us-gov-l5" | "china"), _, _) => Err(Error::usage(
            "config.cloud-hosts",
            format!("The cloud {name:?} has hosts of its own, but others are configured."),
            "Remove `login` and `graph`, or set the cloud's name to \"custom\".",
        )),
        (other, _, _) => Err(Error::usage(
            "config.cloud-name",
            format!("There is no cloud {other:?}."),
            "Use global, us-gov-l4, us-gov-l5, china or custom.",
        )),
    }
}

fn check(settings: &Settings) -> Result<()> {
    for (name, value, low, high) in [
        ("lock-after-minutes", settings.lock_after_minutes, 1, 720),
        ("clipboard-seconds", settings.clipboard_seconds, 5, 300),
        ("reveal-seconds", settings.reveal_seconds, 10, 300),
    ] {
        if !(low..=high).contains(&value) {
            return Err(Error::usage(
                "config.out-of-range",
                format!("The setting {name} is {value}."),
                format!("Use a number from {low} to {high}."),
            ));
        }
    }
    Ok(())
}

fn url(text: Option<String>, name: &str) -> Result<Option<Url>> {
    text.map(|text| {
        Url::parse(&text).map_err(|error| {
            Error::usage(
                "config.address",
                format!("{name} is not an address: {error}."),
                "Use an address such as https://login.example.",
            )
        })
    })
    .transpose()
}

fn number(text: &str, name: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| Error::usage("config.number", format!("{name} is not a whole number."), "Use digits alone."))
}

fn malformed(path: &Path, message: &str, span: Option<std::ops::Range<usize>>, text: &str) -> Error {
    let line = span.map_or(1, |span| text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1));
    Error::usage(
        "config.malformed",
        format!("Line {line} of {} cannot be read: {message}.", path.display()),
        "Correct the line or remove it; nothing of the vault is affected.",
    )
}

fn unreadable(path: &Path) -> Error {
    Error::machine(
        "config.unreadable",
        format!("{} cannot be read or written.", path.display()),
        "Check that the file belongs to this user.",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        if !file.is_empty() {
            fs::write(folder.path().join(FILE), file).unwrap();
        }
        let found = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::load_from(folder.path().to_owned(), found)
    }

    fn code(loaded: Result<Config>) -> String {
        loaded.err().map(|error| error.code().to_owned()).unwrap_or_default()
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let config = load("", &[]).unwrap();
        assert_eq!(config.settings, Settings::default());
        assert_eq!(config.cloud.name(), vitrine_entra::cloud::CloudName::Global);
        assert!(config.client_id.is_none() && config.fixed.is_empty());
    }

    #[test]
    fn the_environment_wins_over_the_file_and_says_so() {
        let file = "[cloud]\nclient-id = \"from file\"\n[settings]\nlockAfterMinutes = 20\n";
        let config =
            load(file, &[("VITRINE_CLIENT_ID", "from environment"), ("VITRINE_LOCK_AFTER_MINUTES", "5")]).unwrap();
        assert_eq!((config.client_id.as_deref(), config.settings.lock_after_minutes), (Some("from environment"), 5));
        assert_eq!(config.fixed, ["clientId", "lockAfterMinutes"]);
    }

    #[test]
    fn what_was_given_from_outside_stays_above_the_file_when_a_setting_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let given = |name: &str| (name == "VITRINE_CLIENT_ID").then(|| "from outside".to_owned());
        let config = Config::load_from(folder.path().to_owned(), given).unwrap();
        config.save_client_id("in the file").unwrap();
        config.save_settings(&Settings { lock_after_minutes: 33, ..Settings::default() }).unwrap();
        let again = config.reload().and_then(|config| config.reload()).unwrap();
        assert_eq!((again.client_id.as_deref(), again.settings.lock_after_minutes), (Some("from outside"), 33));
        assert_eq!(again.fixed, ["clientId"]);
    }

    #[test]
    fn a_malformed_file_is_named_by_line_and_nothing_is_guessed() {
        let error = load("[settings]\nlockAfterMinutes = 5\nnonsense here\n", &[]).unwrap_err();
        assert_eq!(error.code(), "config.malformed");
        assert!(error.view().what.contains("Line 3"), "{}", error.view().what);
        assert_eq!(code(load("[settings]\nlokAfterMinutes = 5\n", &[])), "config.malformed");
        assert_eq!(code(load("[unknown]\nx = 1\n", &[])), "config.malformed");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert_eq!(code(load("[settings]\nlockAfterMinutes = 0\n", &[])), "config.out-of-range");
        assert_eq!(code(load("[settings]\nclipboardSeconds = 100000\n", &[])), "config.out-of-range");
        assert_eq!(code(load("", &[("VITRINE_LOCK_AFTER_MINUTES", "soon")])), "config.number");
    }

    #[test]
    fn the_cost_of_a_guess_never_goes_below_its_floor() {
        assert_eq!(code(load("[unlock]\nmemory-mib = 8\n", &[])), "config.unlock-cost");
        assert_eq!(code(load("", &[("VITRINE_UNLOCK_MEMORY_MIB", "1")])), "config.unlock-cost");
        assert_eq!(code(load("[unlock]\nmemory-mib = 4294967295\n", &[])), "config.unlock-cost");
        assert!(load("[unlock]\nmemory-mib = 64\n", &[]).is_ok());
    }

    #[test]
    fn a_certificate_lasts_as_long_as_the_policies_of_tenants_allow_and_never_more_than_two_years() {
        assert_eq!(load("", &[]).unwrap().certificate_days, 730);
        assert_eq!(load("[connection]\ncertificate-days = 90\n", &[]).unwrap().certificate_days, 90);
        assert_eq!(load("", &[("VITRINE_CERTIFICATE_DAYS", "30")]).unwrap().certificate_days, 30);
        for absurd in ["0", "731", "4294967295"] {
            assert_eq!(code(load("", &[("VITRINE_CERTIFICATE_DAYS", absurd)])), "config.certificate-days");
        }
    }

    #[test]
    fn rotation_has_places_within_bounds() {
        assert_eq!(load("", &[]).unwrap().places, 32);
        assert_eq!(load("[rotation]\nplaces = 64\n", &[]).unwrap().places, 64);
        assert_eq!(load("[rotation]\nplaces = 64\n", &[("VITRINE_ROTATION_PLACES", "8")]).unwrap().places, 8);
        for absurd in ["0", "257", "4294967295"] {
            assert_eq!(code(load("", &[("VITRINE_ROTATION_PLACES", absurd)])), "config.rotation-places");
        }
    }

    #[test]
    fn a_custom_cloud_is_https_unless_it_is_this_machine() {
        let hosts =
            |login: &str, graph: &str| load("", &[("VITRINE_CLOUD_LOGIN", login), ("VITRINE_CLOUD_GRAPH", graph)]);
        assert!(hosts("https://login.example", "https://graph.example").is_ok());
        assert!(hosts("http://127.0.0.1:1", "http://localhost:2").is_ok());
        assert_eq!(code(hosts("http://login.example", "https://graph.example")), "config.cloud-hosts");
        assert_eq!(code(hosts("https://login.example", "")), "config.cloud-hosts");
        assert_eq!(code(hosts("not an address", "https://graph.example")), "config.address");
        assert_eq!(code(load("[cloud]\nname = \"moon\"\n", &[])), "config.cloud-name");
        let both = load("[cloud]\nname = \"global\"\n", &[("VITRINE_CLOUD_LOGIN", "https://login.example")]);
        assert_eq!(code(both), "config.cloud-hosts");
    }

    #[test]
    fn saving_a_setting_keeps_what_else_a_person_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "# ours\n[cloud]\nclient-id = \"x\" # keep\n").unwrap();
        let config = Config::load_from(folder.path().to_owned(), |_| None).unwrap();
        let wanted = Settings { lock_after_minutes: 33, ..Settings::default() };
        config.save_settings(&wanted).unwrap();
        config.save_client_id("y").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("# ours") && text.contains("\"y\""), "{text}");
        assert_eq!(Config::load_from(folder.path().to_owned(), |_| None).unwrap().settings, wanted);
    }

    /// Errors send people to these keys, and the README shows them: they must be ones that are read.
    #[test]
    fn the_readme_shows_keys_that_exist() {
        let readme = include_str!("../../../README.md");
        let (_, rest) = readme.split_once("```toml\n").unwrap();
        let (shown, _) = rest.split_once("```").unwrap();
        let file: File = toml::from_str(shown).unwrap();
        assert!(file.cloud.name.is_some() && file.cloud.login.is_some() && file.cloud.graph.is_some());
        assert!(file.network.extra_ca.is_some());
    }
}
