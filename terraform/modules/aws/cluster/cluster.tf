resource "aws_eks_cluster" "cluster" {
  name     = var.name
  version  = var.kubernetes_version
  role_arn = aws_iam_role.cluster.arn

  # All add-ons are resources here, so that none runs at a version or with settings that nobody chose.
  bootstrap_self_managed_addons = false
  enabled_cluster_log_types     = var.control_plane_logs

  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_access_cidrs) > 0
    public_access_cidrs     = length(var.public_access_cidrs) > 0 ? var.public_access_cidrs : null
  }

  access_config {
    authentication_mode = "API"
    # Whoever applies is not an administrator by accident; who may is in access_entries.
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.secrets.arn
    }
  }

  kubernetes_network_config {
    service_ipv4_cidr = var.service_cidr
  }

  upgrade_policy {
    # EKS then upgrades by itself at the end of standard support, in place of six times the price for the control plane.
    support_type = "STANDARD"
  }

  tags = merge(var.tags, { Name = var.name })

  # EKS needs the role until the cluster is gone, and would make a log group without key and retention if it found none.
  depends_on = [
    aws_cloudwatch_log_group.control_plane,
    aws_iam_role_policy_attachment.cluster,
  ]
}

resource "aws_iam_role" "cluster" {
  name = "${var.name}-cluster"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = merge(var.tags, { Name = "${var.name}-cluster" })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  # The second lets EKS attach the interfaces that pods with security groups of their own need.
  for_each = toset(var.pod_security_groups == "off"
    ? ["AmazonEKSClusterPolicy"]
    : ["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"]
  )

  role       = aws_iam_role.cluster.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.key}"
}

resource "aws_cloudwatch_log_group" "control_plane" {
  # The name is EKS' choice.
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn

  tags = merge(var.tags, { Name = "${var.name}-control-plane" })
}
