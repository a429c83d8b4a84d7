terraform {
  required_version = ">= 1.11.1"

  # Exact: what was tested is what runs. Raise them in a commit of its own.
  required_providers {
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
