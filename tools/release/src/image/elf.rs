//! The two facts about an executable that decide whether an empty image can run it.

/// A 64-bit little-endian ELF file, the only kind the image is built for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elf {
    /// `e_machine`: 62 is x86-64, 183 is AArch64.
    pub(super) machine: u16,
    /// The kernel has to start it through an interpreter, the dynamic loader.
    pub(super) needs_loader: bool,
}

impl Elf {
    const MAGIC: &[u8] = b"\x7fELF\x02\x01";
    /// The type of a program header that names the interpreter (`PT_INTERP`).
    const INTERPRETER: u32 = 3;

    /// Nothing when it is another kind of file, or ends too early.
    pub(super) fn parse(file: &[u8]) -> Option<Self> {
        if !file.starts_with(Self::MAGIC) {
            return None;
        }
        let table = usize::try_from(u64::from_le_bytes(field(file, 32)?)).ok()?;
        let entry_size = usize::from(u16::from_le_bytes(field(file, 54)?));
        let entries = usize::from(u16::from_le_bytes(field(file, 56)?));
        let mut needs_loader = false;
        for entry in 0..entries {
            let offset = table.checked_add(entry * entry_size)?;
            needs_loader |= u32::from_le_bytes(field(file, offset)?) == Self::INTERPRETER;
        }
        Some(Self { machine: u16::from_le_bytes(field(file, 18)?), needs_loader })
    }
}

fn field<const N: usize>(file: &[u8], offset: usize) -> Option<[u8; N]> {
    file.get(offset..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header and one program header of the given type.
    fn file(machine: u16, program_header: u32) -> Vec<u8> {
        let mut file = vec![0; 64 + 56];
        file[..6].copy_from_slice(Elf::MAGIC);
        file[18..20].copy_from_slice(&machine.to_le_bytes());
        file[32..40].copy_from_slice(&64_u64.to_le_bytes());
        file[54..56].copy_from_slice(&56_u16.to_le_bytes());
        file[56..58].copy_from_slice(&1_u16.to_le_bytes());
        file[64..68].copy_from_slice(&program_header.to_le_bytes());
        file
    }

    #[test]
    fn only_files_with_an_interpreter_need_a_loader() {
        assert_eq!(Elf::parse(&file(62, 3)), Some(Elf { machine: 62, needs_loader: true }));
        assert_eq!(Elf::parse(&file(183, 1)), Some(Elf { machine: 183, needs_loader: false }));
    }

    #[test]
    fn a_file_cut_off_anywhere_is_no_answer() {
        let whole = file(62, 3);
        for length in 0..=64 {
            assert_eq!(Elf::parse(&whole[..length]), None, "{length}");
        }
    }

    #[test]
    fn table_beyond_the_end_is_no_answer() {
        let mut file = file(62, 3);
        file[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(Elf::parse(&file), None);
    }
}
