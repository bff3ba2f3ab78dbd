#!/bin/bash
set -e
case $HOST in
  node1)
    # Something that isn't a container holds port {{taken_port}} of node1, under a name of its own.
    ln -s "$(command -v socat)" "/usr/local/bin/$SQUATTER"
    setsid -f "/usr/local/bin/$SQUATTER" TCP-LISTEN:{{taken_port}},fork,reuseaddr 'SYSTEM:echo I was here first' </dev/null >/dev/null 2>&1
    for _ in $(seq 50); do
      ss -Hltn 'sport = :{{taken_port}}' | grep -q . && exit 0
      sleep 0.1
    done
    exit 1
    ;;
  laptop)
    # What the laptop sends has an address that only those who get it know.
    ip addr add "$LAPTOP_SENDS_AS/32" dev eth0
    ip route replace 192.168.1.0/24 dev eth0 proto kernel scope link src "$LAPTOP_SENDS_AS"
    ;;
esac
