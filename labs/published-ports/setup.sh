#!/bin/bash
# Something that isn't a container holds port 9090 of node1.
if [ "$HOST" = node1 ]; then
  setsid -f socat TCP-LISTEN:9090,fork,reuseaddr 'SYSTEM:echo I was here first' </dev/null >/dev/null 2>&1
  for _ in $(seq 50); do
    ss -Hltn 'sport = :9090' | grep -q . && exit 0
    sleep 0.1
  done
  exit 1
fi
