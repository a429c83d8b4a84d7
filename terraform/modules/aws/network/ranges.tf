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
    for first, a in local.subnets : [
      for second, b in local.subnets : "${first} and ${second}"
      if first < second
      && cidrsubnet("${split("/", a)[0]}/${min(split("/", a)[1], split("/", b)[1])}", 0, 0)
      == cidrsubnet("${split("/", b)[0]}/${min(split("/", a)[1], split("/", b)[1])}", 0, 0)
    ]
  ])
}
