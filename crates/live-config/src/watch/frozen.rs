//! Mounts that never change: with `subPath` the kubelet mounts one generation of a volume, for the life of the pod.

use std::fs;
use std::path::{Path, PathBuf};

/// A mount at or below `directory` whose source lies inside one generation (a folder whose name begins with `..`).
pub(super) fn mount_of_one_generation(directory: &Path) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let directory = fs::canonicalize(directory).ok()?;
    find(&mounts, &directory)
}

/// Lines of proc_pid_mountinfo(5): the fourth field is the mounted folder in its file system, the fifth the mount point.
fn find(mounts: &str, directory: &Path) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, point) = (fields.next()?, PathBuf::from(unescaped(fields.next()?)));
        let inside_generation = Path::new(root).iter().any(|name| name.to_string_lossy().starts_with(".."));
        (inside_generation && point.starts_with(directory)).then_some(point)
    })
}

/// The kernel writes a blank as `\040`; other escaped characters do not occur in paths of a pod.
fn unescaped(path: &str) -> String {
    path.replace("\\040", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
2097 2080 8:1 /var/lib/kubelet/pods/6f/volumes/kubernetes.io~projected/config /etc/myapp ro - ext4 /dev/sda1 rw
2098 2080 8:1 /var/lib/kubelet/pods/6f/volumes/kubernetes.io~configmap/c/..2026_11_24_08_00_00.1/LOG_LEVEL /etc/sub/LOG_LEVEL ro - ext4 /dev/sda1 rw
2099 2080 0:50 /..2026_11_24_08_00_00.2/config /etc/my\\040sub/config ro - tmpfs tmpfs rw
";

    #[test]
    fn only_sub_path_mounts_are_frozen() {
        assert_eq!(find(MOUNTS, Path::new("/etc/myapp")), None);
        assert_eq!(find(MOUNTS, Path::new("/etc/sub")), Some("/etc/sub/LOG_LEVEL".into()));
        assert_eq!(find(MOUNTS, Path::new("/etc/my sub")), Some("/etc/my sub/config".into()));
    }
}
