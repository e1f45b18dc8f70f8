//! Statements gathered to be run in one go: SQLite lives on a thread of its own, and a trip there costs as much as a
//! small write does.

use sqlx::{
    Arguments, AssertSqlSafe, Encode, Sqlite, Type,
    sqlite::{SqliteArguments, SqliteConnection},
};

use super::StoreError;

/// From here on gathering more saves nothing.
const ENOUGH: usize = 32;

/// Statements with their values, in order. They run one after the other and stop at the first error.
#[derive(Default)]
pub(super) struct Script {
    text: String,
    values: SqliteArguments,
    statements: usize,
}

impl Script {
    /// Adds a statement with `?` for each of the values that are then [bound](Script::bind).
    pub(super) fn add(&mut self, statement: &str) -> &mut Self {
        self.text.push_str(statement);
        self.text.push(';');
        self.statements += 1;
        self
    }

    /// Binds the next value.
    pub(super) fn bind<'value, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'value, Sqlite> + Type<Sqlite> + 'value,
    {
        self.values.add(value).expect("numbers, text and bytes always encode");
        self
    }

    /// True when the statements should be run before more are added.
    pub(super) fn is_long(&self) -> bool {
        self.statements >= ENOUGH
    }

    /// Runs the statements. Answers with how many rows came back, for which at most the last of them may ask.
    pub(super) async fn run(self, connection: &mut SqliteConnection) -> Result<usize, StoreError> {
        if self.text.is_empty() {
            return Ok(0);
        }
        // Safe: made of constant statements, every value is bound. As few shapes come again and again, SQLite
        // prepares each once.
        let rows = sqlx::query_with(AssertSqlSafe(self.text), self.values).fetch_all(connection).await?;
        Ok(rows.len())
    }
}
