#!/bin/bash
set -e

# A web server of one line: it tells who asked, at which address, and for what.
serve() {
  cat > /usr/local/bin/greet <<'GREET'
#!/bin/bash
read -r _ path _
while read -r line && [ -n "${line%$'\r'}" ]; do :; done
text="$SOCAT_PEERADDR asked $SOCAT_SOCKADDR for $path"
printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\n' $((${#text} + 1)) "$text"
GREET
  chmod +x /usr/local/bin/greet
  for port in "$@"; do
    setsid -f socat -t 5 "TCP4-LISTEN:$port,fork,reuseaddr" EXEC:/usr/local/bin/greet </dev/null >/dev/null 2>&1
  done
  for port in "$@"; do
    for try in $(seq 50); do
      ss -Hltn "sport = :$port" | grep -q . && break
      [ "$try" -lt 50 ] || exit 1
      sleep 0.1
    done
  done
}

case $HOST in
  node1)
    # As many distributions have it: a packet is taken in only by the link that its sender would be answered by.
    sysctl -qw net.ipv4.conf.eth1.rp_filter=1
    ;;
  laptop)
    ip route add 192.168.2.0/24 via 192.168.1.11
    serve 80
    ;;
  archive)
    ip route replace default via 192.168.2.11
    # It has moved here from the LAN, has kept its address from there, and what it says to node1 comes from that one.
    ip addr add 192.168.1.77/32 dev eth0
    ip route add 192.168.2.11 dev eth0 src 192.168.1.77
    # Else node1 would not even be found: the filter looks at who asks by ARP as well.
    sysctl -qw net.ipv4.conf.all.arp_announce=2
    serve 80 9100
    ;;
esac
