//! The state of the machine before the cluster, recorded before anything is changed, so that it can be restored.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use kit::process::Cmd;
use serde_json::{Value, json};

use super::layout::{BUILT_IN_FOLDERS, Record};

/// Kernel settings that the kubelet, kube-proxy or a CNI plugin changes, as paths below /proc/sys.
const SETTINGS: [&str; 8] = [
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
];

pub(super) struct MachineState {
    settings: BTreeMap<String, String>,
    /// Folders that did not exist; each before those in it.
    absent_folders: Vec<String>,
    /// Packet filter rules, by program.
    rules: BTreeMap<String, String>,
}

/// The programs that know the rules of one address family each.
pub(super) const FAMILIES: [&str; 2] = ["iptables", "ip6tables"];

impl MachineState {
    pub(super) fn observe() -> Result<Self> {
        let settings = SETTINGS.iter().filter_map(|name| Some((name.to_string(), setting(name)?))).collect();
        let absent = |folder: &&str| !Path::new(folder).exists();
        let absent_folders =
            BUILT_IN_FOLDERS.iter().map(|(folder, _)| *folder).filter(absent).map(str::to_owned).collect();
        let rules = FAMILIES.iter().map(|family| Ok((family.to_string(), saved_rules(family)?)));
        Ok(Self { settings, absent_folders, rules: rules.collect::<Result<_>>()? })
    }

    pub(super) fn write(&self) -> Result<()> {
        let value = json!({
            "settings": self.settings,
            "absent_folders": self.absent_folders,
            "rules": self.rules,
        });
        fs::write(Record::before(), value.to_string()).context("cannot note what the machine was like before")
    }

    /// Nothing when no cluster has been started since the last was removed.
    pub(super) fn read() -> Option<Self> {
        let value: Value = serde_json::from_str(&fs::read_to_string(Record::before()).ok()?).ok()?;
        let texts = |value: &Value| -> BTreeMap<String, String> {
            let entries = value.as_object().into_iter().flatten();
            entries.filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect()
        };
        let folders = value["absent_folders"].as_array().into_iter().flatten();
        Some(Self {
            settings: texts(&value["settings"]),
            absent_folders: folders.filter_map(|folder| folder.as_str().map(str::to_owned)).collect(),
            rules: texts(&value["rules"]),
        })
    }

    pub(super) fn rules(&self, family: &str) -> &str {
        self.rules.get(family).map_or("", String::as_str)
    }

    /// Makes the folders that mounts need to have something to cover.
    pub(super) fn make_folders(&self) -> Result<()> {
        self.absent_folders.iter().try_for_each(|folder| {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {folder}"))
        })
    }

    /// Puts back settings and folders. A folder that somebody has used in the meantime stays.
    pub(super) fn restore(&self) -> Result<()> {
        for (name, value) in self.changed_settings() {
            fs::write(Path::new("/proc/sys").join(name), value)
                .with_context(|| format!("cannot restore {name}"))?;
        }
        for folder in self.absent_folders.iter().rev() {
            fs::remove_dir(folder).ok();
        }
        Ok(())
    }

    pub(super) fn left_over(&self) -> Vec<String> {
        let settings = self.changed_settings().map(|(name, value)| format!("setting {name} is not {value}"));
        let folders = self.absent_folders.iter().filter(|folder| Path::new(folder).exists());
        settings.chain(folders.map(|folder| format!("folder {folder}"))).collect()
    }

    fn changed_settings(&self) -> impl Iterator<Item = (&String, &String)> {
        self.settings.iter().filter(|(name, value)| setting(name).as_ref() != Some(value))
    }
}

pub(super) fn saved_rules(family: &str) -> Result<String> {
    Cmd::new(format!("{family}-save")).ask()
}

fn setting(name: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new("/proc/sys").join(name)).ok()?;
    Some(text.trim().to_owned())
}
