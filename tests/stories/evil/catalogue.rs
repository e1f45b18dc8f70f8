//! That nothing of the catalogue is forgotten: each row of its section on a home that lies, each row on the network, and each
//! of the 31 attacks of the paper has a test that carries its number in its name, here or where it is shown better.
//!
//! A name is that of a test, or of a case that a test goes through by name. Whoever takes a test away, or renames it, hears
//! of it here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Rows of the section on a home that lies, and of that on the network.
const ROWS: std::ops::RangeInclusive<u32> = 1..=49;
/// Attacks of the paper (ePrint 2026/058), by the products that suffered them: `op` stands for 1Password, since no name
/// begins with a digit.
const PAPER: [(&str, u32); 4] = [("bw", 12), ("lp", 7), ("dl", 6), ("op", 6)];

/// What a test of another room shows, because the mechanism is there: the attacks, and path and name of the test.
const ELSEWHERE: &[(&str, &str)] = &[
    ("row_01", "crates/ledger/tests/ledger/members.rs::keys_of_a_member_are_nobody_elses_to_change"),
    (
        "row_02 bw08",
        "crates/app/src/join.rs::row_02_bw08_keys_that_were_put_in_the_place_of_those_made_here_are_refused",
    ),
    ("row_06 bw08", "crates/ledger/tests/ledger/members.rs::invited_member_is_nobody_until_it_joins"),
    ("row_08 op06", "crates/vault/src/epoch.rs::evil_vaultkey_substitution_a_key_that_was_not_committed_to_is_refused"),
    ("row_12", "crates/app/src/join.rs::row_12_another_firm_an_older_or_another_history_and_another_home_are_refused"),
    (
        "row_13",
        "crates/app/src/tests/past.rs::a_checkpoint_that_its_history_does_not_lead_to_is_told_and_decides_nothing",
    ),
    ("row_16", "crates/app/src/tests/three.rs::three_devices_find_two_histories_after_one_exchange"),
    ("row_20 bw05 lp02", "crates/vault/src/object.rs::aad_matrix_an_object_relabelled_for_another_place_is_refused"),
    (
        "row_24 bw07 lp04 dl04 op04",
        "crates/vault/src/kdf.rs::local_kdf_edit_below_the_floor_is_refused_before_deriving",
    ),
    ("row_24 bw07 lp04 dl04 op04", "crates/vault/src/account.rs::a_header_below_the_floor_is_refused_when_it_is_read"),
    ("row_25", "crates/vault/src/kdf.rs::kdf_ceiling_keeps_a_hostile_header_from_exhausting_the_machine"),
    ("row_26 dl06", "crates/vault/src/account.rs::a_lockbox_opens_with_both_secrets_and_with_nothing_less"),
    (
        "row_26 dl06",
        "crates/vault/src/account.rs::an_enrolment_blob_needs_passphrase_and_account_secret_and_is_no_lockbox",
    ),
    ("row_27", "crates/vault/src/object.rs::evil_suite_downgrade_is_refused_by_its_number"),
    ("row_29", "crates/vault/src/aead.rs::commitment_two_keys_one_ciphertext_cannot_be_committed_to_both"),
    ("row_30 lp05", "crates/vault/tests/properties.rs::mutated_objects_are_refused_without_exception"),
    ("row_31", "crates/ledger/tests/ledger/organization.rs::each_role_writes_what_the_table_allows"),
    ("row_35", "tests/stories/people.rs::an_invitation_that_was_used_withdrawn_edited_or_is_over_brings_nobody_in"),
    ("row_37", "crates/server/tests/server/hostile.rs::a_request_that_is_not_signed_as_asked_is_refused"),
    ("row_37", "crates/server/tests/server/learns.rs::every_stored_column_is_one_that_the_design_names"),
    ("row_42", "crates/ledger/tests/ledger/organization.rs::log_entries_cannot_be_edited_dropped_or_reordered"),
    ("row_43", "crates/vault/src/object.rs::a_bomb_of_64_mib_is_refused_at_once"),
    ("row_44", "crates/vault/tests/primitives.rs::x25519_passes_wycheproof_and_marks_every_zero_secret"),
    ("row_44", "crates/vault/src/epoch.rs::a_public_key_of_small_order_is_refused"),
    ("row_44", "crates/ledger/tests/ledger/members.rs::weak_keys_of_teams_and_backends_are_refused"),
    ("row_45", "crates/vault/tests/primitives.rs::ed25519_passes_wycheproof_strictly"),
    ("row_47", "crates/server/tests/server/hostile.rs::a_signature_stands_for_one_request_alone"),
    ("row_48", "crates/entra/src/discovery.rs::an_issuer_or_endpoint_on_another_host_is_not_believed"),
    ("row_48", "crates/entra/src/oauth/token.rs::only_a_token_made_for_this_sign_in_by_the_right_tenant_counts"),
    ("row_48", "crates/entra/tests/hostile_answers.rs::a_next_page_or_redirect_on_another_host_is_not_followed"),
    ("row_49", "tests/stories/canary.rs::no_canary_is_found_outside_the_open_vault"),
];

/// Every attack that has to be shown.
fn wanted() -> BTreeSet<String> {
    let paper =
        PAPER.iter().flat_map(|(product, count)| (1..=*count).map(move |number| format!("{product}{number:02}")));
    ROWS.map(|row| format!("row_{row:02}")).chain(paper).collect()
}

/// The attacks that a name carries.
fn carried(name: &str) -> BTreeSet<String> {
    let words: Vec<_> = name.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    let numbered = |word: &str| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut carried = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        if *word == "row" && numbered(next) {
            carried.insert(format!("row_{next}"));
        } else if let Some((product, number)) = word.split_at_checked(2)
            && PAPER.iter().any(|(known, _)| *known == product)
            && numbered(number)
        {
            carried.insert((*word).to_owned());
        }
    }
    carried
}

/// The names in a source: tests, and what stands in quotation marks as the name of a case.
fn names(source: &str) -> Vec<&str> {
    let tests = source.split("#[tokio::test").skip(1);
    let tests = tests.filter_map(|test| Some(test.split_once("fn ")?.1.split_once('(')?.0));
    tests.chain(source.split('"').filter(|text| text.starts_with("row_"))).collect()
}

/// The sources of all stories but this one.
fn stories(folder: &Path) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(stories(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("evil/catalogue.rs") {
            all.push(std::fs::read_to_string(&path)?);
        }
    }
    Ok(all)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether a source has a test of this name, marked as one or listed in a macro that makes tests.
fn has_test(source: &str, name: &str) -> bool {
    let Some((before, _)) = source.split_once(&format!("fn {name}(")) else { return false };
    let attributes = before.rsplit(['}', ';']).next().unwrap_or_default();
    attributes.contains("#[test]")
        || attributes.contains("#[tokio::test")
        || source.contains(&format!("\n    {name},\n"))
}

#[test]
fn each_row_on_the_home_and_the_network_and_each_attack_of_the_paper_has_a_test_by_its_name() -> Result<()> {
    let sources = stories(&Path::new(env!("CARGO_MANIFEST_DIR")).join("stories"))?;
    let mut shown: BTreeSet<String> = sources.iter().flat_map(|source| names(source)).flat_map(carried).collect();
    // The search itself finds something, and not everything.
    ensure!(shown.contains("row_11") && shown.contains("bw02") && !shown.contains("row_00"), "{shown:?}");
    for (attacks, place) in ELSEWHERE {
        let (path, name) = place.split_once("::").context("no name")?;
        let source = std::fs::read_to_string(root().join(path)).with_context(|| (*place).to_owned())?;
        ensure!(has_test(&source, name), "{attacks}: there is no test {place}");
        ensure!(!has_test(&source, &format!("{name}_")), "the search for tests finds what is not there");
        shown.extend(attacks.split(' ').map(str::to_owned));
    }
    let wanted = wanted();
    ensure!(wanted.len() == 49 + 31, "{} attacks", wanted.len());
    let lacking: Vec<_> = wanted.difference(&shown).collect();
    ensure!(lacking.is_empty(), "no test by the name of {lacking:?}");
    Ok(())
}

#[test]
fn a_name_carries_its_rows_and_attacks_and_no_others() {
    let carried = carried("row_13_row_42_dl01_op02_dropped_row_7_xx01_bw1_lp123");
    assert_eq!(carried.into_iter().collect::<Vec<_>>(), ["dl01", "op02", "row_13", "row_42"]);
    assert!(!has_test("// fn gone() {}\nfn gone() {}\n", "gone"));
    assert!(has_test("#[test]\nfn there() {}\n", "there"));
}
