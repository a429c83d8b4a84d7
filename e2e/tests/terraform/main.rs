//! What Terraform accepts and says, with its providers mocked: values by the thousand are easier made here than in HCL, and its
//! words can be read here only.

mod doors;
mod secrets;
mod sentences;
mod support;
