//! The programs that a cluster can come from.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    Own,
    Minikube { profile: String },
    Kind { name: String },
}
