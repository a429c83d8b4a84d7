# Public subnets lead to the internet, those of nodes to a NAT gateway, those of database and cache nowhere.

locals {
  nat_zones = var.nat == "one" ? slice(sort(keys(var.zones)), 0, 1) : keys(var.zones)
}

resource "aws_internet_gateway" "network" {
  vpc_id = aws_vpc.network.id

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)

  domain = "vpc"

  tags = merge(var.tags, { Name = "${var.name}-nat-${each.key}" })
}

resource "aws_nat_gateway" "network" {
  for_each = toset(local.nat_zones)

  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = aws_eip.nat[each.key].id

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })

  # It has no way out before.
  depends_on = [aws_internet_gateway.network]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.network.id

  tags = merge(var.tags, { Name = "${var.name}-public" })
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.network.id
}

resource "aws_route_table_association" "public" {
  for_each = var.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

# One a zone even with one NAT gateway, so that going from one to per_zone changes a route and replaces nothing.
resource "aws_route_table" "nodes" {
  for_each = var.zones

  vpc_id = aws_vpc.network.id

  tags = merge(var.tags, { Name = "${var.name}-nodes-${each.key}" })
}

resource "aws_route" "nat" {
  for_each = var.zones

  route_table_id         = aws_route_table.nodes[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.network[contains(local.nat_zones, each.key) ? each.key : local.nat_zones[0]].id
}

resource "aws_route_table_association" "nodes" {
  for_each = var.zones

  subnet_id      = aws_subnet.nodes[each.key].id
  route_table_id = aws_route_table.nodes[each.key].id
}

# No route is ever added: what is in these subnets reaches the network alone.
resource "aws_route_table" "data" {
  vpc_id = aws_vpc.network.id

  tags = merge(var.tags, { Name = "${var.name}-data" })
}

resource "aws_route_table_association" "database" {
  for_each = var.zones

  subnet_id      = aws_subnet.database[each.key].id
  route_table_id = aws_route_table.data.id
}

resource "aws_route_table_association" "cache" {
  for_each = var.zones

  subnet_id      = aws_subnet.cache[each.key].id
  route_table_id = aws_route_table.data.id
}
