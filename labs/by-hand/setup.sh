#!/bin/bash
set -e
[ "$HOST" = node1 ] && exit 0

# A web server of one line: it tells who asked, at which address, and for what.
cat > /usr/local/bin/greet <<'GREET'
#!/bin/bash
# greet [PORT]: goes to the background and answers HTTP on that port, 80 by default:
#   /ask/ADDRESS   asks http://ADDRESS itself, and hands on what it is told
#   anything else  who asked, at which address, for what
if [ "$1" = answer ]; then
  read -r _ path _
  while read -r line && [ -n "${line%$'\r'}" ]; do :; done
  case $path in
    /ask/*) text=$(curl -sS -m 1 -- "http://${path#/ask/}" 2>&1) ;;
    *) text="$SOCAT_PEERADDR asked $SOCAT_SOCKADDR for $path" ;;
  esac
  printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\n' $((${#text} + 1)) "$text"
  exit
fi
port=${1:-80}
setsid -f socat -t 5 "TCP4-LISTEN:$port,fork,reuseaddr" "EXEC:$0 answer" </dev/null >/dev/null 2>&1
for _ in $(seq 50); do
  ss -Hltn "sport = :$port" | grep -q . && exit 0
  sleep 0.1
done
echo "greet: nothing listens on port $port" >&2
exit 1
GREET
chmod +x /usr/local/bin/greet

if [ "$HOST" = laptop ]; then
  for port in 80 8080 8081; do greet "$port"; done
fi
