resource "aws_vpc" "network" {
  cidr_block = var.cidr
  # Interface endpoints and the cluster's private endpoint are reached by their public names.
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    precondition {
      condition     = length(local.outside) == 0
      error_message = "zones: these lie outside ${var.cidr}: ${join(", ", local.outside)}."
    }
    precondition {
      condition     = length(local.overlaps) == 0
      error_message = "zones: these share addresses: ${join("; ", local.overlaps)}."
    }
  }
}

# What is made without naming a security group gets this one, and nothing passes through it.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.network.id

  tags = merge(var.tags, { Name = "${var.name}-default-closed" })
}

# No subnet carries the tags by which controllers in the cluster look for a place for a load balancer: Terraform owns the only one.
resource "aws_subnet" "public" {
  for_each = var.zones

  vpc_id            = aws_vpc.network.id
  availability_zone = each.key
  cidr_block        = each.value.public
  # NAT gateway and load balancer bring their own public addresses; whatever else lands here gets none.
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-public-${each.key}" })
}

resource "aws_subnet" "nodes" {
  for_each = var.zones

  vpc_id                  = aws_vpc.network.id
  availability_zone       = each.key
  cidr_block              = each.value.nodes
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-nodes-${each.key}" })
}

resource "aws_subnet" "database" {
  for_each = var.zones

  vpc_id                  = aws_vpc.network.id
  availability_zone       = each.key
  cidr_block              = each.value.database
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-database-${each.key}" })
}

resource "aws_subnet" "cache" {
  for_each = var.zones

  vpc_id                  = aws_vpc.network.id
  availability_zone       = each.key
  cidr_block              = each.value.cache
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-cache-${each.key}" })
}
