//! The Kubernetes that tasks use: the project's own, or the developer's minikube or kind; and the service on it.

mod args;
mod node;
mod node_image;
mod report;
mod up;

pub use args::Args;
pub use own_cluster::Extra;
