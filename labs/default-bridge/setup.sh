#!/bin/bash
# The laptop answers on port 7000 with the address that it sees.
if [ "$HOST" = laptop ]; then
  setsid -f socat TCP-LISTEN:7000,fork,reuseaddr 'SYSTEM:echo You are $SOCAT_PEERADDR' </dev/null >/dev/null 2>&1
  for _ in $(seq 50); do
    ss -Hltn 'sport = :7000' | grep -q . && exit 0
    sleep 0.1
  done
  exit 1
fi
