# Ways to AWS' own services that do not leave the network. Of the nodes alone: database and cache call nobody.

# Its id is the region's name in versions 5 and 6 of the provider; the attribute that says so has another name in each.
data "aws_region" "current" {}

resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateway_endpoints

  vpc_id            = aws_vpc.network.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${data.aws_region.current.id}.${each.key}"
  route_table_ids   = [for table in aws_route_table.nodes : table.id]

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.network.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${data.aws_region.current.id}.${each.key}"
  subnet_ids          = [for subnet in aws_subnet.nodes : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Interface endpoints of AWS services"
  vpc_id      = aws_vpc.network.id

  tags = merge(var.tags, { Name = "${var.name}-endpoints" })
}

# By address and not by security group, since nodes and pods come later and with groups of their own. No rule lets an endpoint call out.
resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = var.zones

  security_group_id = aws_security_group.endpoints.id
  description       = "HTTPS from nodes and pods in ${each.key}"
  cidr_ipv4         = each.value.nodes
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = merge(var.tags, { Name = "${var.name}-nodes-${each.key}" })
}
