terraform {
  # 1.11 has write-only arguments; 1.11.0 could crash on an ephemeral value in one.
  required_version = ">= 1.11.1"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.1"
    }
    kubernetes = {
      source = "hashicorp/kubernetes"
      # Earlier ones report an identity error for Secrets with write-only data.
      version = ">= 3.2.1, < 4.0.0"
    }
  }
}
