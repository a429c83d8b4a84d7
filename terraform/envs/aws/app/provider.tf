provider "aws" {
  region = var.region
}

# The cluster that the infra root made, by name: no kubeconfig and no current context, which may be another cluster's.
data "aws_eks_cluster" "this" {
  name = local.infra.cluster_name

  lifecycle {
    postcondition {
      condition     = self.status == "ACTIVE"
      error_message = "The cluster ${self.name} is ${self.status}, not ACTIVE. Nothing was changed; wait for it (aws eks wait cluster-active --name ${self.name}), or look at the infra root."
    }
  }
}

# A token of one's own role, made anew for each call: one that was read would be in the state, and end after 15 minutes.
provider "kubernetes" {
  host                   = data.aws_eks_cluster.this.endpoint
  cluster_ca_certificate = base64decode(data.aws_eks_cluster.this.certificate_authority[0].data)

  exec {
    api_version = "client.authentication.k8s.io/v1"
    command     = "aws"
    args        = ["eks", "get-token", "--cluster-name", local.infra.cluster_name, "--region", var.region]
  }
}

provider "helm" {
  kubernetes = {
    host                   = data.aws_eks_cluster.this.endpoint
    cluster_ca_certificate = base64decode(data.aws_eks_cluster.this.certificate_authority[0].data)

    exec = {
      api_version = "client.authentication.k8s.io/v1"
      command     = "aws"
      args        = ["eks", "get-token", "--cluster-name", local.infra.cluster_name, "--region", var.region]
    }
  }
}
