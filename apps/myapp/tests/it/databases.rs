//! The same claims on both databases.

use tempfile::TempDir;

use crate::postgres::{self, TestDatabase};

/// A database for one test.
pub(crate) enum Kind {
    Sqlite(TempDir),
    Postgres(TestDatabase<'static>),
}

impl Kind {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) fn postgres() -> Self {
        Self::Postgres(postgres::shared().database())
    }

    /// `DATABASE_URL` and `DB_PASSWORD`.
    pub(crate) fn settings(&self) -> [(&'static str, String); 2] {
        let (url, password) = match self {
            Self::Sqlite(directory) => {
                (format!("sqlite:{}", directory.path().join("own.db").display()), String::new())
            }
            Self::Postgres(database) => (database.url(), database.password.clone()),
        };
        [("DATABASE_URL", url), ("DB_PASSWORD", password)]
    }
}

/// Makes a test of each function for each database: `sqlite::name` and `postgres::name`.
macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&$crate::databases::Kind::sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::$name(&$crate::databases::Kind::postgres());
            })*
        }
    };
}
pub(crate) use on_both_databases;
