# How pods get a role, and the one role that pods of the cluster itself need.

resource "aws_iam_openid_connect_provider" "cluster" {
  count = var.identity == "irsa" ? 1 : 0

  url            = aws_eks_cluster.cluster.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]

  tags = merge(var.tags, { Name = var.name })
}

locals {
  oidc_issuer = trimprefix(aws_eks_cluster.cluster.identity[0].oidc[0].issuer, "https://")

  # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
  trust_of_pod_identity = {
    Effect    = "Allow"
    Principal = { Service = "pods.eks.amazonaws.com" }
    Action    = ["sts:AssumeRole", "sts:TagSession"]
    Condition = { StringEquals = {
      "aws:RequestTag/eks-cluster-arn"            = aws_eks_cluster.cluster.arn
      "aws:RequestTag/kubernetes-namespace"       = "kube-system"
      "aws:RequestTag/kubernetes-service-account" = "aws-node"
    } }
  }

  # https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
  trust_of_irsa = {
    Effect    = "Allow"
    Principal = { Federated = one(aws_iam_openid_connect_provider.cluster[*].arn) }
    Action    = "sts:AssumeRoleWithWebIdentity"
    Condition = { StringEquals = {
      "${local.oidc_issuer}:aud" = "sts.amazonaws.com"
      "${local.oidc_issuer}:sub" = "system:serviceaccount:kube-system:aws-node"
    } }
  }
}

# Of the network add-on, which gives pods their addresses.
resource "aws_iam_role" "vpc_cni" {
  name = "${var.name}-vpc-cni"

  assume_role_policy = var.identity == "irsa" ? jsonencode({
    Version   = "2012-10-17"
    Statement = [local.trust_of_irsa]
    }) : jsonencode({
    Version   = "2012-10-17"
    Statement = [local.trust_of_pod_identity]
  })

  tags = merge(var.tags, { Name = "${var.name}-vpc-cni" })
}

resource "aws_iam_role_policy_attachment" "vpc_cni" {
  role       = aws_iam_role.vpc_cni.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonEKS_CNI_Policy"
}
