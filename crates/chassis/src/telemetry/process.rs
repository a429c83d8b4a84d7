//! Metrics of this process from the kernel and the runtime, named as in Prometheus' own client libraries.

use std::fs;

use super::metrics::Metrics;
use super::metrics::callback::Sample;

/// Ticks per second in `/proc/self/stat`, a constant of Linux (proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

/// Adds the metrics. Without `/proc`, as on systems other than Linux, they have no samples.
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
    value.map(Sample::value).into_iter().collect()
}

/// Sum of the 14th and 15th field of `stat`; the 2nd may contain spaces and ends with the last parenthesis.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / TICKS_PER_SECOND)
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// Number of open descriptors, without the one that reads the folder.
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
    fn kernel_reports_this_process() {
        let buffer = vec![1_u8; 32 << 20];
        assert!(resident_bytes().unwrap() > buffer.len() as f64);
        let before = open_descriptors().unwrap();
        let files: Vec<_> = (0..100).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        // Other tests of this process open and close files meanwhile.
        assert!(open_descriptors().unwrap() > before + 50.0);
        drop(files);
        while cpu_seconds().unwrap() < 0.01 {
            std::hint::black_box(buffer.iter().map(|byte| u64::from(*byte)).sum::<u64>());
        }
    }

    #[tokio::test]
    async fn task_counts_until_it_ends() {
        let before = alive_tasks().unwrap();
        let task = tokio::spawn(std::future::pending::<()>());
        assert_eq!(alive_tasks(), Some(before + 1.0));
        task.abort();
        let _ = task.await;
        assert_eq!(alive_tasks(), Some(before));
    }
}
