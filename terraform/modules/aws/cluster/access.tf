# Who may use the Kubernetes API, and from where within the network.

resource "aws_eks_access_entry" "entries" {
  for_each = var.access_entries

  cluster_name      = aws_eks_cluster.cluster.name
  principal_arn     = each.value.principal_arn
  kubernetes_groups = each.value.groups

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_eks_access_policy_association" "entries" {
  for_each = { for name, entry in var.access_entries : name => entry if entry.policy != null }

  cluster_name  = aws_eks_cluster.cluster.name
  principal_arn = aws_eks_access_entry.entries[each.key].principal_arn
  # https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
  policy_arn = "arn:${data.aws_partition.current.partition}:eks::aws:cluster-access-policy/${ {
    cluster-admin = "AmazonEKSClusterAdminPolicy"
    admin         = "AmazonEKSAdminPolicy"
    edit          = "AmazonEKSEditPolicy"
    view          = "AmazonEKSViewPolicy"
  }[each.value.policy]}"

  access_scope {
    type       = length(each.value.namespaces) == 0 ? "cluster" : "namespace"
    namespaces = length(each.value.namespaces) == 0 ? null : each.value.namespaces
  }
}

resource "aws_vpc_security_group_ingress_rule" "api_clients" {
  for_each = var.api_client_security_group_ids

  security_group_id            = local.cluster_security_group_id
  description                  = "Kubernetes API from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443

  tags = merge(var.tags, { Name = "${var.name}-api-from-${each.key}" })
}
