provider "aws" {
  region = var.region
}

# CloudFront takes its certificate, its firewall and its logs from there, wherever the service is.
provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
}
