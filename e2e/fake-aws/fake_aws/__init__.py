"""An AWS that Terraform can apply against: moto, and what moto lacks for this project's modules. See README.md."""
