#!/bin/sh
# Runs a command in a network namespace of its own, with another one "outside" of it: firewall.sh COMMAND…
# Inside: 10.9.0.1 and fd09::1 on veth0 (the machine). Outside: a namespace named by $OUTSIDE (ip netns exec) with 10.9.0.2 to
# 10.9.0.9, 10.0.0.5 (an administrator), 10.0.0.10 (the balancer) and fd09:0:0:1::2, fd09:0:0:1::3, fd09:0:0:2::2, fd09:0:0:3::2. Works for root, and for others
# where user namespaces are allowed.
set -eu
if [ -z "${FIREWALL_INSIDE:-}" ]; then
    [ "$(id -u)" = 0 ] || map=-r
    FIREWALL_INSIDE=1 exec unshare ${map:-} -n -m "$0" "$@"
fi
mount -t tmpfs none /run
mkdir -p /run/netns
export OUTSIDE=outside
ip netns add $OUTSIDE
ip link set lo up
ip -n $OUTSIDE link set lo up
ip link add veth0 type veth peer name veth1 netns $OUTSIDE
ip addr add 10.9.0.1/24 dev veth0
ip addr add fd09::1/64 dev veth0 nodad
ip link set veth0 up
ip -n $OUTSIDE link set veth1 up
for a in 10.9.0.2/24 10.9.0.3/24 10.9.0.4/24 10.9.0.5/24 10.0.0.5/32 10.0.0.10/32; do ip -n $OUTSIDE addr add $a dev veth1; done
ip -n $OUTSIDE addr add fd09::2/64 dev veth1 nodad
for a in fd09:0:0:1::2 fd09:0:0:1::3 fd09:0:0:2::2 fd09:0:0:3::2; do ip -n $OUTSIDE addr add $a/128 dev veth1 nodad; done
ip route add 10.0.0.0/24 dev veth0
ip -6 route add fd09:0:0:1::/64 dev veth0
ip -6 route add fd09:0:0:2::/64 dev veth0
ip -6 route add fd09:0:0:3::/64 dev veth0
exec "$@"
