#!/bin/bash
set -e
case $HOST in
  laptop)
    setsid -f socat TCP4-LISTEN:9100,fork,reuseaddr OPEN:/dev/null </dev/null >/dev/null 2>&1
    for _ in $(seq 50); do
      ss -Hltn sport = :9100 | grep -q . && exit 0
      sleep 0.1
    done
    exit 1
    ;;
esac

# Nobody has said what these do: it is seen on the wire.
docker network create -o com.docker.network.bridge.name=br-shop shop
run() { docker run -d --init --network shop --name "$@"; }
again() { printf 'while :; do %s; done' "$1"; }
run till -p 8080:80 traefik/whoami
run gate netshoot socat TCP4-LISTEN:7000,bind=127.0.0.1,fork,reuseaddr OPEN:/dev/null
run barn netshoot socat TCP4-LISTEN:7000,fork,reuseaddr OPEN:/dev/null
run pump netshoot ping -q -i 0.05 -s 1400 barn
run mill netshoot socat TCP4-LISTEN:7000,fork,reuseaddr OPEN:/dev/null
run crane netshoot sh -c "$(again 'nc -z -w 1 192.168.1.50 9100; sleep 1')"
run courier netshoot sh -c "$(again "curl -s -m 1 -o /dev/null -d order=$ORDER http://till; sleep 1")"
run rounds netshoot sh -c "$(again 'for at in gate barn mill; do nc -z -w 1 $at 7000; done; sleep 1')"
nsenter -t "$(docker inspect -f '{{.State.Pid}}' mill)" -n iptables -A INPUT -p tcp --dport 7000 -j DROP
