#!/bin/bash
set -e

# A web server of few lines: who asked, at which address, for what; and for what begins with /large some 3.5 kB before that.
serve() {
  cat > /usr/local/bin/greet <<'GREET'
#!/bin/bash
read -r _ path _
while read -r line && [ -n "${line%$'\r'}" ]; do :; done
text="$SOCAT_PEERADDR asked $SOCAT_SOCKADDR for $path"
[[ $path != /large* ]] || text="$(seq -f 'line %g of the archive' 1 150)"$'\n'"$text"
# In one piece, so that the first packet is as large as may be.
printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\n' $((${#text} + 1)) "$text" |
  dd bs=64k iflag=fullblock status=none
GREET
  chmod +x /usr/local/bin/greet
  setsid -f socat -t 5 "TCP4-LISTEN:80,fork,reuseaddr" EXEC:/usr/local/bin/greet </dev/null >/dev/null 2>&1
  for try in $(seq 50); do
    ss -Hltn 'sport = :80' | grep -q . && return
    sleep 0.1
  done
  exit 1
}

case $HOST in
  node1 | laptop)
    ip route add 192.168.3.0/24 via 192.168.1.2
    ;;
  gate)
    sysctl -qw net.ipv4.ip_forward=1
    ip link set eth1 mtu "$LINE"
    ip route add 192.168.3.0/24 via 192.168.9.3
    ;;
  far)
    sysctl -qw net.ipv4.ip_forward=1
    ip link set eth0 mtu "$LINE"
    ip route replace default via 192.168.9.2
    ;;
  archive)
    ip route replace default via 192.168.3.2
    # As a card without offload sends them: one packet, one segment, so that a capture shows what the wire carries.
    ethtool -K eth0 tso off gso off
    serve
    ;;
esac
