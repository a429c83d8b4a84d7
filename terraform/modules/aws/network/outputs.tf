output "vpc_id" {
  description = "Id of the network."
  value       = aws_vpc.network.id
}

output "vpc_cidr" {
  description = "Addresses of the network."
  value       = aws_vpc.network.cidr_block
}

output "public_subnet_ids" {
  description = "Subnets of load balancer and NAT gateway, one a zone, in the order of the zones' names."
  value       = [for zone in sort(keys(var.zones)) : aws_subnet.public[zone].id]
}

output "node_subnet_ids" {
  description = "Subnets of nodes and pods, one a zone, in the order of the zones' names."
  value       = [for zone in sort(keys(var.zones)) : aws_subnet.nodes[zone].id]
}

output "database_subnet_ids" {
  description = "Subnets of the database, one a zone, in the order of the zones' names."
  value       = [for zone in sort(keys(var.zones)) : aws_subnet.database[zone].id]
}

output "cache_subnet_ids" {
  description = "Subnets of the cache, one a zone, in the order of the zones' names."
  value       = [for zone in sort(keys(var.zones)) : aws_subnet.cache[zone].id]
}

output "nat_public_ips" {
  description = "Addresses that others see of what leaves by NAT, for their allow-lists."
  value       = [for zone in sort(keys(aws_eip.nat)) : aws_eip.nat[zone].public_ip]
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints. It admits the subnets of the nodes."
  value       = aws_security_group.endpoints.id
}

output "s3_prefix_list_id" {
  description = "Addresses of S3 behind the gateway endpoint, for security group rules; null without s3 in gateway_endpoints."
  value       = try(aws_vpc_endpoint.gateway["s3"].prefix_list_id, null)
}
