resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Private subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
  tags        = var.tags
}

resource "aws_db_parameter_group" "this" {
  # A new major version is a new family, so the old group must stay until the instance has left it.
  name_prefix = "${var.name}-${var.engine_major_version}-"
  description = "Parameters of ${var.name}"
  family      = "postgres${var.engine_major_version}"
  tags        = var.tags

  # Default since 15, and written down because everything rests on it: a client without TLS is refused.
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1.2"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = tostring(var.slow_statement_milliseconds)
  }
  # Statements are logged without what was bound to them, which may be a secret.
  parameter {
    name  = "log_parameter_max_length"
    value = "0"
  }
  parameter {
    name  = "log_parameter_max_length_on_error"
    value = "0"
  }
  parameter {
    name  = "log_connections"
    value = "1"
  }
  parameter {
    name  = "log_disconnections"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = tostring(var.engine_major_version)
  instance_class = var.instance_class
  db_name        = var.database_name
  tags           = var.tags

  # RDS makes the administrator's password, keeps it in Secrets Manager and changes it every week. Terraform never has it:
  # no password is an argument here, and the state holds the secret's ARN alone.
  username                            = var.master_username
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.this.arn
  iam_database_authentication_enabled = var.authentication == "iam"

  storage_type          = "gp3"
  allocated_storage     = var.storage_gib
  max_allocated_storage = var.storage_max_gib
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this.arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  port                   = local.port
  ca_cert_identifier     = var.ca_certificate
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period   = var.backup_retention_days
  backup_window             = var.backup_window
  copy_tags_to_snapshot     = true
  delete_automated_backups  = !var.production
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.production
  final_snapshot_identifier = var.production ? "${var.name}-final" : null

  maintenance_window          = var.maintenance_window
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = var.allow_major_version_upgrade
  apply_immediately           = var.apply_immediately

  enabled_cloudwatch_logs_exports       = keys(aws_cloudwatch_log_group.this)
  performance_insights_enabled          = var.performance_insights_days != null
  performance_insights_retention_period = var.performance_insights_days
  performance_insights_kms_key_id       = var.performance_insights_days == null ? null : aws_kms_key.this.arn
  monitoring_interval                   = var.monitoring_seconds
  monitoring_role_arn                   = var.monitoring_seconds == 0 ? null : aws_iam_role.monitoring[0].arn
}
