//! The programs of this repository that are released.

/// A program with a binary, an image and a list of contents of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The service.
    Myapp,
    /// The tool for services in any language.
    Confpath,
}

impl Program {
    pub const ALL: [Self; 2] = [Self::Myapp, Self::Confpath];

    /// The name of package, binary and image.
    pub fn name(self) -> &'static str {
        match self {
            Self::Myapp => "myapp",
            Self::Confpath => "confpath",
        }
    }

    /// The name of the cargo profile that its binary is built with.
    pub fn profile(self) -> &'static str {
        match self {
            Self::Myapp => "release",
            Self::Confpath => "small",
        }
    }

    /// The path of its Dockerfile in this repository.
    pub fn dockerfile(self) -> &'static str {
        match self {
            Self::Myapp => "apps/myapp/Dockerfile",
            Self::Confpath => "apps/confpath/Dockerfile",
        }
    }
}
