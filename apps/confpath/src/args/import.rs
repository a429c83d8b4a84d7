//! Flags of `confpath import`.

use std::path::PathBuf;

use clap::ValueEnum;

/// Source, names and answers of an import.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// Form of the source
    #[arg(long, value_enum)]
    pub(crate) from: Form,
    /// The source; - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    /// Contract to write; standard output without it
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite the contract
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) names: NameArgs,
    /// Settings that are secrets; names that sound like one are taken for one
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    pub(crate) secret: Vec<String>,
    /// Settings that are no secrets in spite of their names
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    pub(crate) not_secret: Vec<String>,
    /// Settings whose change a running service takes at once; others take a restart
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    pub(crate) hot: Vec<String>,
    /// Settings whose change a running service takes after it has prepared something, such as a pool
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    pub(crate) prepare: Vec<String>,
    /// Settings without which the service refuses its configuration, where the source does not say so
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    pub(crate) required: Vec<String>,
    /// Keyword to leave out, everywhere by its name or once by its JSON pointer; the service alone checks it then
    #[arg(long, value_name = "KEYWORD|POINTER")]
    pub(crate) drop: Vec<String>,
}

/// Names of settings. Those of Spring are what its relaxed binding reads.
#[derive(Debug, clap::Args)]
pub(crate) struct NameArgs {
    /// Text before each name, such as env_prefix of pydantic
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// Names of the source, such as aliases of pydantic, that get no prefix
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', requires = "prefix")]
    pub(crate) unprefixed: Vec<String>,
    /// Text between the names of nested objects, such as env_nested_delimiter of pydantic
    #[arg(long, value_name = "TEXT", default_value = "_")]
    pub(crate) nested_delimiter: String,
    /// Keep names as they are, in place of upper case
    #[arg(long)]
    pub(crate) keep_names: bool,
}

/// A form in which an ecosystem prints its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// pydantic v2: json.dumps(Settings.model_json_schema())
    Pydantic,
    /// zod 4: JSON.stringify(z.toJSONSchema(schema)); zod 3: zod-to-json-schema
    Zod,
    /// JSON Schema, draft-07 or 2020-12
    JsonSchema,
    /// META-INF/spring-configuration-metadata.json of Spring Boot
    Spring,
}
