//! The scope of a component, in the words of CycloneDX.

/// The part that a component has in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Image,
    /// Ran while the image was made, such as a macro: what it does may be in the image, it is not.
    Build,
}

impl Scope {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Image => "required",
            Self::Build => "excluded",
        }
    }
}
