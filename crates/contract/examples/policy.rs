//! Prints the admission policy of a contract file: `policy CONTRACT SERVICE`.

use std::error::Error;
use std::io::Write as _;

use contract::Contract;
use contract::generate::policy::policy;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(service)) = (arguments.next(), arguments.next()) else {
        return Err("usage: policy CONTRACT SERVICE".into());
    };
    let contract = Contract::from_schema(serde_json::from_str(&std::fs::read_to_string(&path)?)?)?;
    std::io::stdout().write_all(policy(&contract, &service, &path).as_bytes())?;
    Ok(())
}
