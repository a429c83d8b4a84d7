//! Contracts of settings: a flat object of typed keys, read from JSON Schema (draft 2020-12), and the verdict on values
//! that arrive as text.
//!
//! Values in, values out: this crate reads no file and no variable. A schema with a keyword that would not be enforced
//! is refused, with all its problems at once.
//!
//! | type | JSON Schema | as text |
//! |---|---|---|
//! | text | `string` with `minLength`, `maxLength`, `pattern`, `enum`, `format` (`uri`, `hostname`, `ip`, `path`) | as it is |
//! | number | `integer`, `number` with bounds | plain decimal |
//! | switch | `boolean` | `true` or `false` |
//! | duration | `string` with `format: duration-text`, bounds as `x-minimum` and `x-maximum` | `250ms`, `30s`, `5m`, `2h` |
//! | list | `array` of the above | JSON array, or items with commas between |
//! | optional | not in `required`, or with the type `null` | absent |

#![deny(missing_docs)]

mod contract;
mod decimal_pattern;
mod duration;
mod error;
mod format;
#[cfg(feature = "generate")]
pub mod generate;
mod key;
mod kind;
mod nearest;
mod number_pattern;
mod on_change;
mod pattern;
mod portable;
mod rule;
mod rules;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod violations;

pub use contract::Contract;
pub use duration::{format_duration, parse_duration};
pub use error::{ContractError, KeyError};
pub use key::{Explain, Key};
pub use kind::Kind;
pub use on_change::OnChange;
pub use pattern::Pattern;
pub use rule::{Rule, TextRule, UNFIT_CHARACTERS};
pub use rules::{Refused, RequiredWhen};
pub use value::{LIST_ITEM_PATTERN, LIST_PATTERN, Value};
pub use violations::Violation;
