# The security group of the application's pods. A SecurityGroupPolicy in the cluster says which pods these are; load balancer, database
# and cache open their own ports from and to it in the modules that make them.

locals {
  cluster_security_group_id = aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id
  # Of no pod where pods have no groups of their own.
  pods_have_groups = var.pod_security_groups != "off"
}

resource "aws_security_group" "pods" {
  count = local.pods_have_groups ? 1 : 0

  name        = "${var.name}-pods"
  description = "Pods of the application"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-pods" })
}

resource "aws_vpc_security_group_ingress_rule" "pods_from_nodes" {
  for_each = toset(local.pods_have_groups ? [for port in var.pod_ports : tostring(port)] : [])

  security_group_id            = aws_security_group.pods[0].id
  description                  = "Probes of the kubelet, and pods without a group of their own"
  referenced_security_group_id = local.cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.key
  to_port                      = each.key

  tags = merge(var.tags, { Name = "${var.name}-pods-from-nodes-${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "pods_from_pods" {
  for_each = toset(local.pods_have_groups ? [for port in var.pod_peer_ports : tostring(port)] : [])

  security_group_id            = aws_security_group.pods[0].id
  description                  = "Replicas asking each other"
  referenced_security_group_id = aws_security_group.pods[0].id
  ip_protocol                  = "tcp"
  from_port                    = each.key
  to_port                      = each.key

  tags = merge(var.tags, { Name = "${var.name}-pods-from-pods-${each.key}" })
}

resource "aws_vpc_security_group_egress_rule" "pods_to_pods" {
  for_each = toset(local.pods_have_groups ? [for port in var.pod_peer_ports : tostring(port)] : [])

  security_group_id            = aws_security_group.pods[0].id
  description                  = "Replicas asking each other"
  referenced_security_group_id = aws_security_group.pods[0].id
  ip_protocol                  = "tcp"
  from_port                    = each.key
  to_port                      = each.key

  tags = merge(var.tags, { Name = "${var.name}-pods-to-pods-${each.key}" })
}

# CoreDNS runs on the nodes, with their group.
resource "aws_vpc_security_group_egress_rule" "dns" {
  for_each = toset(local.pods_have_groups ? ["tcp", "udp"] : [])

  security_group_id            = aws_security_group.pods[0].id
  description                  = "DNS"
  referenced_security_group_id = local.cluster_security_group_id
  ip_protocol                  = each.key
  from_port                    = 53
  to_port                      = 53

  tags = merge(var.tags, { Name = "${var.name}-pods-to-dns-${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "dns" {
  for_each = toset(local.pods_have_groups ? ["tcp", "udp"] : [])

  security_group_id            = local.cluster_security_group_id
  description                  = "DNS from pods with a group of their own"
  referenced_security_group_id = aws_security_group.pods[0].id
  ip_protocol                  = each.key
  from_port                    = 53
  to_port                      = 53

  tags = merge(var.tags, { Name = "${var.name}-dns-from-pods-${each.key}" })
}

resource "aws_vpc_security_group_egress_rule" "pods" {
  for_each = { for name, rule in var.pod_egress : name => rule if local.pods_have_groups }

  security_group_id = aws_security_group.pods[0].id
  description       = "To ${each.key}"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port

  tags = merge(var.tags, { Name = "${var.name}-pods-to-${each.key}" })
}
