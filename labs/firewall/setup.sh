#!/bin/bash
set -e
[ "$HOST" = node2 ] || exit 0

# A shop as on node1, and then somebody has emptied the firewall.
docker network create shop
docker run -d --name web --network shop -p 8080:80 traefik/whoami
docker run -d --init --name courier --network shop netshoot sleep infinity
iptables -F
iptables -X
iptables -t nat -F
iptables -t nat -X
