#!/bin/bash
# The laptop answers on port 7000 with the address that it sees, and gives each address a number of its own.
if [ "$HOST" = laptop ]; then
  cat > /usr/local/bin/guest-book <<BOOK
#!/bin/bash
number=$GUEST
[ "\$SOCAT_PEERADDR" = 192.168.1.11 ] || number=$((GUEST + 1000))
echo "You are \$SOCAT_PEERADDR"
echo "Guest number: \$number"
BOOK
  chmod +x /usr/local/bin/guest-book
  # One way: else socat ends the book half a second after a visitor has ended its input, also where it has not written yet.
  setsid -f socat -U TCP-LISTEN:7000,fork,reuseaddr EXEC:/usr/local/bin/guest-book </dev/null >/dev/null 2>&1
  for _ in $(seq 50); do
    ss -Hltn 'sport = :7000' | grep -q . && exit 0
    sleep 0.1
  done
  exit 1
fi
