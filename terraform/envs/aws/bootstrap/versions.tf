terraform {
  required_version = ">= 1.11.1"

  # Exact: what was tested is what runs. Raise it in a commit of its own.
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
