module "myapp_1" {
  source = "../../modules/myapp"

  name        = "myapp"
  secret_key  = var.myapp_secret_key
  db_password = var.myapp_db_password
  # Raise by one whenever one of the two changes.
  secret_revision = 1

  log_level      = "debug"
  expose_secrets = true
}
