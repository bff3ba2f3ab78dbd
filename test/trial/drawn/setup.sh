#!/bin/bash
set -e
if [ "$HOST" = node1 ]; then
  ln -s "$(command -v socat)" /usr/local/bin/door
  setsid -f door TCP-LISTEN:{{door}},fork,reuseaddr SYSTEM:'echo come in' </dev/null >/dev/null 2>&1
  setsid -f socat TCP-LISTEN:{{other}},fork,reuseaddr SYSTEM:'echo not here' </dev/null >/dev/null 2>&1
  {{fault.break}}
fi
