//! What the kernel and the runtime know of this process, under the names that Prometheus' own client libraries use.

use std::fs;

use super::metrics::{Metrics, Sample};

/// Ticks of a second in `/proc/self/stat`: fixed for programs on Linux, whatever the kernel was built with (proc(5)).
const TICKS_A_SECOND: f64 = 100.0;

/// Where `/proc` is not there, as on other systems than Linux, the samples are left out.
pub(super) fn register(metrics: &Metrics) {
    metrics.counter("process_cpu_seconds", "CPU time of this process, its own and the kernel's", || {
        sample(cpu_seconds())
    });
    metrics.gauge("process_resident_memory_bytes", "Memory of this process that is in RAM", || {
        sample(resident_bytes())
    });
    metrics.gauge("process_open_fds", "Open file descriptors", || sample(open_descriptors()));
    metrics.gauge("tokio_alive_tasks", "Tasks of the runtime that have not ended", || sample(alive_tasks()));
}

fn sample(value: Option<f64>) -> Vec<Sample> {
    value.map(Sample::of).into_iter().collect()
}

/// The 14th and 15th field of `stat`; the 2nd may hold spaces and ends with the last parenthesis.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / TICKS_A_SECOND)
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The one that reads the folder is not counted.
fn open_descriptors() -> Option<f64> {
    let n_entries = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(n_entries.saturating_sub(1) as f64)
}

fn alive_tasks() -> Option<f64> {
    let runtime = tokio::runtime::Handle::try_current().ok()?;
    Some(runtime.metrics().num_alive_tasks() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_this_process() {
        let kept = vec![1_u8; 32 << 20];
        assert!(resident_bytes().unwrap() > kept.len() as f64);
        let before = open_descriptors().unwrap();
        let files: Vec<_> = (0..100).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        // Other tests of this process open and close files of their own meanwhile.
        assert!(open_descriptors().unwrap() > before + 50.0);
        drop(files);
        while cpu_seconds().unwrap() < 0.01 {
            std::hint::black_box(kept.iter().map(|byte| u64::from(*byte)).sum::<u64>());
        }
    }

    #[tokio::test]
    async fn a_task_counts_until_it_ends() {
        let before = alive_tasks().unwrap();
        let task = tokio::spawn(std::future::pending::<()>());
        assert_eq!(alive_tasks(), Some(before + 1.0));
        task.abort();
        let _ = task.await;
        assert_eq!(alive_tasks(), Some(before));
    }
}
