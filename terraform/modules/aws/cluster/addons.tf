# The first three make a node a node, and come before the nodes; the others run on nodes, and come after.

resource "aws_eks_addon" "vpc_cni" {
  cluster_name  = aws_eks_cluster.cluster.name
  addon_name    = "vpc-cni"
  addon_version = lookup(var.addon_versions, "vpc-cni", null)

  # https://github.com/aws/amazon-vpc-cni-k8s describes the variables.
  configuration_values = jsonencode({
    enableNetworkPolicy = "true"
    env = merge(
      # The NAT gateway translates addresses, not the node: what leaves the network then still passes the pod's own security group.
      { AWS_VPC_K8S_CNI_EXTERNALSNAT = "true" },
      var.pod_security_groups == "off" ? {} : {
        ENABLE_POD_ENI                    = "true"
        POD_SECURITY_GROUP_ENFORCING_MODE = var.pod_security_groups
      },
    )
    # Otherwise probes of the kubelet do not get through to pods with a security group of their own.
    init = { env = { DISABLE_TCP_EARLY_DEMUX = var.pod_security_groups == "off" ? "false" : "true" } }
  })

  service_account_role_arn = var.identity == "irsa" ? aws_iam_role.vpc_cni.arn : null

  dynamic "pod_identity_association" {
    for_each = var.identity == "pod_identity" ? [aws_iam_role.vpc_cni.arn] : []

    content {
      role_arn        = pod_identity_association.value
      service_account = "aws-node"
    }
  }

  tags = merge(var.tags, { Name = "${var.name}-vpc-cni" })

  depends_on = [aws_eks_addon.pod_identity_agent]
}

resource "aws_eks_addon" "kube_proxy" {
  cluster_name  = aws_eks_cluster.cluster.name
  addon_name    = "kube-proxy"
  addon_version = lookup(var.addon_versions, "kube-proxy", null)

  tags = merge(var.tags, { Name = "${var.name}-kube-proxy" })
}

resource "aws_eks_addon" "pod_identity_agent" {
  count = var.identity == "pod_identity" ? 1 : 0

  cluster_name  = aws_eks_cluster.cluster.name
  addon_name    = "eks-pod-identity-agent"
  addon_version = lookup(var.addon_versions, "eks-pod-identity-agent", null)

  tags = merge(var.tags, { Name = "${var.name}-eks-pod-identity-agent" })
}

resource "aws_eks_addon" "coredns" {
  cluster_name  = aws_eks_cluster.cluster.name
  addon_name    = "coredns"
  addon_version = lookup(var.addon_versions, "coredns", null)

  tags = merge(var.tags, { Name = "${var.name}-coredns" })

  depends_on = [aws_eks_node_group.nodes]
}

# What the chart's autoscaling measures by.
resource "aws_eks_addon" "metrics_server" {
  cluster_name  = aws_eks_cluster.cluster.name
  addon_name    = "metrics-server"
  addon_version = lookup(var.addon_versions, "metrics-server", null)

  tags = merge(var.tags, { Name = "${var.name}-metrics-server" })

  depends_on = [aws_eks_node_group.nodes]
}
