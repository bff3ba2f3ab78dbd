#!/bin/bash
# The LAN around the Docker host: a database that admits certain addresses only, and a printer with a page of its own.
set -euo pipefail

case "$HOST" in
  db)
    cat > /usr/local/bin/db-session <<'EOF'
#!/bin/bash
printf 'orders database: welcome, %s\n' "$SOCAT_PEERADDR"
EOF
    chmod +x /usr/local/bin/db-session
    setsid socat TCP-LISTEN:3306,fork,reuseaddr EXEC:/usr/local/bin/db-session </dev/null >/dev/null 2>&1 &
    iptables -A INPUT -p tcp --dport 3306 -s 192.168.1.192/27 -j ACCEPT
    iptables -A INPUT -p tcp --dport 3306 -j REJECT --reject-with tcp-reset
    ready() { ss -Hltn sport = :3306 | grep -q .; }
    ;;
  printer)
    cat > /usr/local/bin/printer-page <<'EOF'
#!/bin/bash
while read -r line && [ "$line" != $'\r' ]; do :; done
printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nprinter: ready\n'
EOF
    chmod +x /usr/local/bin/printer-page
    setsid socat TCP-LISTEN:80,fork,reuseaddr EXEC:/usr/local/bin/printer-page </dev/null >/dev/null 2>&1 &
    ready() { ss -Hltn sport = :80 | grep -q .; }
    ;;
  *)
    exit 0
    ;;
esac

for _ in $(seq 50); do
  if ready; then exit 0; fi
  sleep 0.1
done
exit 1
