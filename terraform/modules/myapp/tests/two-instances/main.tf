terraform {
  required_providers {
    helm       = { source = "hashicorp/helm" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}

module "one" {
  source = "../.."

  name       = "shop"
  secret_key = "xyz"
}

module "two" {
  source = "../.."

  name       = "bakery"
  secret_key = "xyz"
}

output "instances" {
  value = [module.one, module.two]
}
