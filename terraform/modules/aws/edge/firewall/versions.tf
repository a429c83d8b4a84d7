terraform {
  # Validations that look at other variables came with 1.9; the tree as a whole needs 1.11.1.
  required_version = ">= 1.11.1"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Tested with 5.100. Version 6 renames nothing that is used here, but no test has seen it.
      version = ">= 5.100, < 7.0"
    }
  }
}
