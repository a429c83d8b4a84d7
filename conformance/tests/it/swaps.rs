//! A volume that the kubelet replaces while readers read it.

use std::iter::repeat_n;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use test_support::kubelet_volume::KubeletVolume;

use super::run::Driver;
use super::suite::{self, Case};

const READS: usize = 400;

/// Far more often than the kubelet, and so seldom that a reader gets through.
const PAUSE: Duration = Duration::from_millis(10);

/// Ends the writer also where the driver fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Both settings of each generation have its number: a reader that mixes two, or takes the default for what is just removed, is
/// found out.
pub(super) fn read_while_replaced(name: &str, driver: &mut Driver) {
    let volume = KubeletVolume::new(suite::suite().folder.join(format!("swapped-{name}")));
    let write = |number: usize| {
        let text = number.to_string();
        volume.write(&[("config/NAME", &text), ("config/WORD", &text)]).unwrap();
    };
    write(0);
    let case = Case {
        name: "swapped".into(),
        contract: suite::suite().contract("directories"),
        environment: [].into(),
        directory: Some(volume.path().to_owned()),
        expected: Ok(Vec::new()),
    };
    let is_over = AtomicBool::new(false);
    let answers = thread::scope(|scope| {
        scope.spawn(|| {
            for number in (1..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                write(number);
                thread::sleep(PAUSE);
            }
        });
        let _stop = StopOnDrop(&is_over);
        driver.answers(repeat_n(&case, READS))
    });
    for answer in answers {
        let values = answer.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        // In the order of the keys: LIST, LONG, NAME, REFUSED, TOKEN, WORD.
        assert_eq!(values[2], values[5], "{name}: two generations are mixed");
    }
}
