#!/bin/bash
set -e
if [ "$HOST" = node1 ]; then ip link add "$LINK" type bridge; fi
