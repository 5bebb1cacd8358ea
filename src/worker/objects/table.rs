//! The rows of an object. Each has a time `until`, in Unix seconds, at which it ends.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue, State};

/// How a table is made.
pub(super) struct Schema {
    /// Its name.
    pub(super) name: &'static str,
    /// Its columns, among them `until INTEGER NOT NULL`.
    pub(super) columns: &'static str,
    /// The columns that were added after the first deployment, by name and type: older objects do not have them.
    pub(super) added: &'static [(&'static str, &'static str)],
    /// Lists of columns by which rows are sought, each with an index of its own.
    pub(super) indexed: &'static [&'static str],
}

/// A table of an object.
pub(super) struct Table {
    sql: SqlStorage,
    name: &'static str,
}

impl Table {
    /// Opens the table, and makes it if the object has none.
    pub(super) fn open(state: &State, schema: &Schema) -> worker::Result<Self> {
        let Schema { name, columns, added, indexed } = schema;
        let table = Self { sql: state.storage().sql(), name };
        table.run(&format!("CREATE TABLE IF NOT EXISTS {name} ({columns}) WITHOUT ROWID"), Vec::new())?;
        for (column, kind) in *added {
            let count = format!("SELECT count(*) AS number FROM pragma_table_info('{name}') WHERE name = ?");
            if table.row::<Count>(&count, vec![(*column).into()])?.number == 0 {
                table.run(&format!("ALTER TABLE {name} ADD COLUMN {column} {kind}"), Vec::new())?;
            }
        }
        for columns in *indexed {
            let index = columns.replace(", ", "_");
            table.run(
                &format!("CREATE INDEX IF NOT EXISTS {name}_{index} ON {name} ({columns})"),
                Vec::new(),
            )?;
        }
        Ok(table)
    }

    /// Runs a statement.
    pub(super) fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> worker::Result<()> {
        self.sql.exec(statement, values).map(drop)
    }

    /// The one row that a query has.
    pub(super) fn row<R: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> worker::Result<R> {
        self.sql.exec(query, values)?.one()
    }

    /// The rows of a query.
    pub(super) fn rows<R: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> worker::Result<Vec<R>> {
        self.sql.exec(query, values)?.to_array()
    }

    /// The first row that a query has, if any.
    pub(super) fn first<R: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> worker::Result<Option<R>> {
        Ok(self.rows(query, values)?.into_iter().next())
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> worker::Result<u64> {
        let count: Count = self.row(&format!("SELECT count(*) AS number FROM {}", self.name), Vec::new())?;
        Ok(count.number)
    }

    /// Removes the rows that ended at this time or before.
    pub(super) fn remove_ended(&self, by_s: u64) -> worker::Result<()> {
        self.run(&format!("DELETE FROM {} WHERE until <= ?", self.name), vec![integer(by_s)])
    }

    /// When the next row ends; `None`: there is none.
    pub(super) fn next_end_s(&self) -> worker::Result<Option<u64>> {
        let next: Next = self.row(&format!("SELECT min(until) AS until FROM {}", self.name), Vec::new())?;
        Ok(next.until)
    }
}

#[derive(Deserialize)]
struct Count {
    number: u64,
}

#[derive(Deserialize)]
struct Next {
    until: Option<u64>,
}

/// SQLite's integers have 64 bits, JavaScript's 53: no time is meant beyond that.
pub(super) const END_OF_TIME: u64 = (1 << 53) - 1;

/// A number as a value of SQLite.
pub(super) fn integer(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(number.min(END_OF_TIME)).unwrap_or(i64::MAX))
}
