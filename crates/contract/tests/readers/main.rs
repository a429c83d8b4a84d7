//! The readers of other languages, each run on the same random contracts and texts: verdict, sentences and values are those of
//! this crate. `CONTRACTS=1000` tries more contracts.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set the scene fails")]

mod cases;
mod faults;
mod languages;
mod run;
mod swaps;

/// Runs all cases of all contracts by one reader, and compares; then reads a volume that is replaced all the time.
fn compare(reader: &run::Reader) {
    let suite = cases::suite();
    let mut driver = reader.build(suite);
    let answers = driver.answers(&suite.cases);
    for (case, answer) in suite.cases.iter().zip(answers) {
        let expected = case.expected.as_ref().map_err(|problems| shortened(problems));
        let answer = answer.map_err(|problems| shortened(&problems));
        let is_alike = match (&expected, &answer) {
            (Ok(expected), Ok(answer)) => {
                expected.iter().zip(answer).all(|(expected, answer)| expected.is(answer))
                    && expected.len() == answer.len()
            }
            (Err(expected), Err(answer)) => expected == answer,
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        };
        assert!(
            is_alike,
            "{}: contract {}\n{:#}\n{case:#?}\nanswer: {answer:#?}",
            reader.name,
            case.contract,
            suite.contracts[case.contract].schema()
        );
    }
    swaps::read_while_replaced(reader.name, &mut driver);
}

/// Each language has words of its own for the errors of the operating system.
fn shortened(problems: &[String]) -> Vec<String> {
    let end = "cannot be read:";
    let short = |problem: &String| match problem.find(end) {
        Some(at) => problem[..at + end.len()].to_owned(),
        None => problem.clone(),
    };
    problems.iter().map(short).collect()
}

#[test]
fn python_reader_decides_as_the_contract() {
    compare(&languages::python());
}

#[test]
fn go_reader_decides_as_the_contract() {
    compare(&languages::go());
}

#[test]
fn typescript_reader_decides_as_the_contract() {
    compare(&languages::typescript());
}

#[test]
fn java_reader_decides_as_the_contract() {
    compare(&languages::java());
}
