# What runs in the cluster for the service. metrics-server, DNS and the network plugin are add-ons of the cluster's own module.

# Registers pods with the load balancer that the infra root made. It makes none, so that none is left behind by a destroy, and its
# role could not.
resource "helm_release" "load_balancer_controller" {
  name       = "aws-load-balancer-controller"
  namespace  = "kube-system"
  repository = "https://aws.github.io/eks-charts"
  chart      = "aws-load-balancer-controller"
  version    = "1.14.0"

  values = [yamlencode({
    clusterName                 = local.infra.cluster_name
    region                      = local.infra.region
    vpcId                       = local.infra.vpc_id
    replicaCount                = 2
    createIngressClassResource  = false
    enableBackendSecurityGroup  = false
    enableServiceMutatorWebhook = false
    enableShield                = false
    enableWaf                   = false
    enableWafv2                 = false
    serviceAccount = {
      name        = "aws-load-balancer-controller"
      annotations = local.infra.service_account_annotations.load_balancer_controller
    }
  })]

  atomic          = true
  wait            = true
  cleanup_on_fail = true
  max_history     = 5
  timeout         = 300
}

# Writes the database's password from Secrets Manager into a Secret. Where no password exists it is not there either. The other
# way, the Secrets Store CSI driver, makes Secrets only while a pod mounts them, and the chart takes its Secrets by name.
resource "helm_release" "external_secrets" {
  count = local.infra.database.password_secret_arn == null ? 0 : 1

  name             = "external-secrets"
  namespace        = "external-secrets"
  create_namespace = true
  repository       = "https://charts.external-secrets.io"
  chart            = "external-secrets"
  version          = "2.2.0"

  values = [yamlencode({
    installCRDs  = true
    replicaCount = 2
    leaderElect  = true
    # One SecretStore in the service's namespace, and nothing that reaches beyond it.
    processClusterExternalSecret = false
    processClusterStore          = false
    processPushSecret            = false
    serviceAccount = {
      name        = "external-secrets"
      annotations = local.infra.service_account_annotations.external_secrets
    }
  })]

  atomic          = true
  wait            = true
  cleanup_on_fail = true
  max_history     = 5
  timeout         = 300
}
