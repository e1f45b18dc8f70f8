//! What a command prints: one JSON document, or words; errors likewise.

use serde::Serialize;
use vitrine_app::{
    Error,
    api::{ErrorClass, ErrorView},
};
use zeroize::Zeroizing;

use crate::{exit::Exit, text};

/// Why a command could not do what was asked. Boxed, because every answer carries room for it.
#[derive(Debug)]
pub(crate) struct Failure(Box<ErrorView>);

impl Failure {
    /// The stable code of the error.
    pub(crate) fn code(&self) -> &str {
        &self.0.code
    }
}

impl From<ErrorView> for Failure {
    fn from(view: ErrorView) -> Self {
        Self(Box::new(view))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        error.into_view().into()
    }
}

impl From<Failure> for ErrorView {
    fn from(failure: Failure) -> Self {
        *failure.0
    }
}

impl std::ops::Deref for Failure {
    type Target = ErrorView;

    fn deref(&self) -> &ErrorView {
        &self.0
    }
}

/// What a command has to say. Zeroed when printed: it may hold the one secret that was asked for.
pub(crate) struct Outcome {
    document: Zeroizing<String>,
    words: Zeroizing<String>,
    exit: Exit,
}

impl Outcome {
    /// A view as a document and in words.
    pub(crate) fn of(view: &impl Serialize, words: String) -> Result<Self, Failure> {
        let document = serde_json::to_string(view).map_err(|error| machine("cli.unprintable", &error))?;
        Ok(Self { document: Zeroizing::new(document), words: Zeroizing::new(words), exit: Exit::Done })
    }

    /// The same, with an exit code that is not 0.
    pub(crate) fn ending(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// Prints it; the last act of the command.
    #[allow(clippy::print_stdout, reason = "the one place that speaks")]
    pub(crate) fn print(self, json: bool) -> Exit {
        if json {
            println!("{}", Zeroizing::new(text::escaped(&self.document)).as_str());
        } else if !self.words.is_empty() {
            println!("{}", self.words.as_str());
        }
        self.exit
    }
}

/// What is wrong with the vault although it opened, in words.
pub(crate) fn warning(error: &ErrorView) -> String {
    format!("Warning: {} {} ({})", text::shown(&error.what), text::shown(&error.next), error.code)
}

#[derive(Serialize)]
struct Document<'a> {
    error: Shown<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    code: &'a str,
    message: &'a str,
    holds: &'a str,
    next: &'a str,
    details: Option<&'a str>,
    retry_in_ms: Option<u32>,
}

/// Prints an error and says how to end.
#[allow(clippy::print_stdout, reason = "the one place that speaks")]
pub(crate) fn failed(error: &ErrorView, json: bool) -> Exit {
    let ErrorView { code, what, holds, next, details, retry_in_ms, class } = error;
    if json {
        let shown = Shown { code, message: what, holds, next, details: details.as_deref(), retry_in_ms: *retry_in_ms };
        println!("{}", text::escaped(&serde_json::to_string(&Document { error: shown }).unwrap_or_default()));
    } else {
        let lines = [what.as_str(), holds, next];
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            eprintln!("{}", text::shown(line));
        }
        let details = details.as_deref().map(|details| format!("; {}", text::shown(details)));
        eprintln!("({code}{})", details.unwrap_or_default());
    }
    (*class).into()
}

/// Prints what the argument parser has to say. Help and version are no errors.
pub(crate) fn misused(error: &clap::Error, json: bool) -> Exit {
    if error.use_stderr() && json {
        // What stands before the usage lines; a value that was typed may be in it, never a secret: no flag takes one.
        let rendered = error.to_string();
        let what = rendered.lines().next().unwrap_or_default().trim_start_matches("error: ");
        return failed(&usage("cli.usage", what, "See vitrine --help."), true);
    }
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// The command or a value is wrong.
pub(crate) fn usage(code: &str, what: impl Into<String>, next: impl Into<String>) -> Failure {
    Error::usage(code, what, next).into()
}

/// This machine stands in the way.
pub(crate) fn machine(code: &str, error: &(impl std::error::Error + ?Sized)) -> Failure {
    let what = "This machine stands in the way.";
    Error::new(ErrorClass::Machine, code, what, "Read the details, put it right, run it again.")
        .details(error.to_string())
        .into()
}
