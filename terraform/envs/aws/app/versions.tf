terraform {
  # Bucket, region and key come from ../backend.hcl, which the bootstrap root writes.
  backend "s3" {
    key          = "app.tfstate"
    encrypt      = true
    use_lockfile = true
  }

  required_version = ">= 1.11.1"

  # Exact: what was tested is what runs. Raise it in a commit of its own.
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
    helm = {
      source  = "hashicorp/helm"
      version = "3.1.2"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "3.2.1"
    }
  }
}
