locals {
  port = 5432
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "Database ${var.name}: the pods of the service may connect, nothing goes out"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-database" })

  lifecycle {
    create_before_destroy = true
  }
}

# The only way in. Without an egress rule nothing goes out; answers to clients need none.
resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.client_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  description                  = "PostgreSQL from the pods of the service"
  tags                         = var.tags
}

# The other half, in the clients' own group: they may connect to this server and, by this rule, to nothing else.
resource "aws_vpc_security_group_egress_rule" "clients" {
  security_group_id            = var.client_security_group_id
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  description                  = "PostgreSQL of ${var.name}"
  tags                         = var.tags
}
