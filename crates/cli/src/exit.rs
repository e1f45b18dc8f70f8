//! The exit codes, in one place.

use std::process::ExitCode;

use vitrine_app::api::ErrorClass;

/// The table as `vitrine --help` shows it.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  done
  1  this machine stands in the way: disk, permissions, keychain
  2  usage: the command or a value is wrong
  3  locked, or the passphrase, kit or sheet does not open the vault
  4  refused by Microsoft
  5  the network, Microsoft or the vault's home cannot be reached
  6  integrity violation: data is not what was signed or sealed
  7  partly done: the document says what was and what was not

With --json every command prints one JSON document on standard output; an error is
{\"error\":{\"code\",\"message\",\"holds\",\"next\",\"details\",\"retryInMs\"}}. Progress goes to standard error,
one JSON object a line.";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Machine = 1,
    Usage = 2,
    Locked = 3,
    Refused = 4,
    Unreachable = 5,
    Integrity = 6,
    Partly = 7,
}

impl From<ErrorClass> for Exit {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Machine => Self::Machine,
            ErrorClass::Usage => Self::Usage,
            ErrorClass::Locked => Self::Locked,
            ErrorClass::Refused => Self::Refused,
            ErrorClass::Unreachable => Self::Unreachable,
            ErrorClass::Integrity => Self::Integrity,
            ErrorClass::Partly => Self::Partly,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_code_once() {
        for code in 0..=7 {
            let lines = TABLE.lines().filter(|line| line.starts_with(&format!("  {code}  ")));
            assert_eq!(lines.count(), 1, "{code}");
        }
    }

    #[test]
    fn each_class_of_failure_has_the_code_that_the_table_promises() {
        for (class, code) in [
            (ErrorClass::Machine, 1),
            (ErrorClass::Usage, 2),
            (ErrorClass::Locked, 3),
            (ErrorClass::Refused, 4),
            (ErrorClass::Unreachable, 5),
            (ErrorClass::Integrity, 6),
            (ErrorClass::Partly, 7),
        ] {
            assert_eq!(Exit::from(class) as u8, code);
        }
    }
}
