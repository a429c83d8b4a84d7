data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Its id is the region's name in versions 5 and 6 of the provider; the attribute that says so has another name in each.
data "aws_region" "current" {}

locals {
  is_alb = var.load_balancer == "alb"
}

resource "aws_lb" "edge" {
  name               = var.name
  load_balancer_type = local.is_alb ? "application" : "network"
  internal           = var.cdn
  subnets            = var.cdn ? var.private_subnet_ids : var.public_subnet_ids
  # A network load balancer can be given groups only when it is made.
  security_groups = [aws_security_group.load_balancer.id]

  enable_deletion_protection       = var.deletion_protection
  enable_cross_zone_load_balancing = true

  # Nothing reaches the pods that two readers could understand in two ways.
  drop_invalid_header_fields = local.is_alb ? true : null
  desync_mitigation_mode     = local.is_alb ? "strictest" : null

  access_logs {
    bucket  = aws_s3_bucket.logs.id
    prefix  = "load-balancer"
    enabled = true
  }

  tags = merge(var.tags, { Name = var.name })

  # It writes a test object as soon as it is told to log.
  depends_on = [aws_s3_bucket_policy.logs]
}

# Pods are registered by address, by a TargetGroupBinding in the cluster.
resource "aws_lb_target_group" "pods" {
  # Names what cannot be changed, so that another port gets a new group before the old one goes.
  name        = "${var.name}-${local.is_alb ? "a" : "n"}${var.pod_port}"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = local.is_alb ? "HTTP" : "TCP"
  port        = var.pod_port

  deregistration_delay = var.deregistration_delay_seconds
  # Pods admit the load balancer by its security group.
  preserve_client_ip = local.is_alb ? null : "false"

  health_check {
    protocol            = "HTTP"
    path                = var.health_check_path
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.edge.arn
  port              = 443
  protocol          = local.is_alb ? "HTTPS" : "TLS"
  certificate_arn   = aws_acm_certificate_validation.load_balancer.certificate_arn
  # TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3.
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.pods.arn
  }

  tags = merge(var.tags, { Name = "${var.name}-https" })
}

# For what people type. CloudFront does it by itself, and a network load balancer cannot.
resource "aws_lb_listener" "redirect" {
  count = local.is_alb && !var.cdn ? 1 : 0

  load_balancer_arn = aws_lb.edge.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }

  tags = merge(var.tags, { Name = "${var.name}-redirect" })
}
