# Which subnets lie outside the network or share addresses, for the preconditions of the VPC. Not in the variable's own
# validation, which may not use locals made from the variable.

locals {
  subnets = merge([
    for zone, tiers in var.zones : { for tier, cidr in tiers : "${tier} of ${zone} (${cidr})" => cidr }
  ]...)

  outside = [
    for name, cidr in local.subnets : name
    if cidrsubnet("${split("/", cidr)[0]}/${split("/", var.cidr)[1]}", 0, 0) != var.cidr
  ]

  # Two networks overlap when they are the same network once both have the shorter of their prefixes.
  overlaps = flatten([
    for index, first in keys(local.subnets) : [
      for second in slice(keys(local.subnets), index + 1, length(local.subnets)) : "${first} and ${second}"
      if cidrsubnet("${split("/", local.subnets[first])[0]}/${min(split("/", local.subnets[first])[1], split("/", local.subnets[second])[1])}", 0, 0)
      == cidrsubnet("${split("/", local.subnets[second])[0]}/${min(split("/", local.subnets[first])[1], split("/", local.subnets[second])[1])}", 0, 0)
    ]
  ])
}
