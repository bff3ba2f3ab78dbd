# What netdiag asks of the network, and from where.

# A tool of the host, in a network namespace: the container's own, another one's, the host's.
inside() { timeout 6 nsenter --target "$pid" --net -- "$@"; }
inside_of() { local other=$1; shift; timeout 6 nsenter --target "$other" --net -- "$@"; }
on_host() { timeout 6 "$@"; }

# Nobody waits for much longer than ten seconds on an idle machine; a busy one is given three times that.
in_time() { [ "$SECONDS" -lt 30 ]; }

is6() { case $1 in *:*) return 0 ;; *) return 1 ;; esac; }
family() { if is6 "$1"; then echo -6; else echo -4; fi; }
# As it is written with a port behind it.
at_port() { if is6 "$1"; then echo "[$1]:$2"; else echo "$1:$2"; fi; }
# The word behind a word of standard input's first line: word_after via.
word_after() { awk -v word="$1" 'NR == 1 { for (i = 1; i < NF; i++) if ($i == word) { print $(i + 1); exit } }'; }

# Who of the addresses answers a ping? All at once; asked ones are in `answers`, as yes or no.
declare -A answers
ping_all() { # WHERE ADDRESS...
  local where=$1 address; shift
  local -A asking=()
  answers=()
  for address in "$@"; do
    in_time || { unknown=1; continue; }
    "$where" ping -n -q -c 1 -W 1 -- "$address" > /dev/null 2>&1 &
    asking[$address]=$!
  done
  for address in "${!asking[@]}"; do
    if wait "${asking[$address]}"; then answers[$address]=yes; else answers[$address]=no; fi
  done
}

# Whether a TCP connection comes about: connects WHERE... ADDRESS PORT.
connects() { "${@:1:$#-2}" nc -z -w 1 "${@:$#-1:1}" "${@:$#}" > /dev/null 2>&1; }

# A nameserver's answer, whatever it is: yes, refused or silent.
asks() { # WHERE SERVER
  local said; said=$("$1" dig "@$2" vethlab.invalid +time=1 +tries=1 +noall +comments 2>&1)
  case $said in *status:*) echo yes ;; *refused* | *unreachable*) echo refused ;; *) echo silent ;; esac
}

# The largest packet that is answered without being cut, of some usual sizes: most_bytes ADDRESS MTU. Nothing where they do not tell:
# a larger one that is answered after a smaller one was not is no limit.
most_bytes() {
  local address=$1 mtu=$2 size sizes=() headers=28 best='' gap=no
  is6 "$address" && headers=48
  for size in 9000 8950 1500 1492 1480 1450 1420 1400 1300 1280 1000 600; do [ "$size" -ge "$mtu" ] || sizes+=("$size"); done
  local -A asking=()
  for size in "${sizes[@]}"; do
    inside ping -n -q -c 1 -W 1 -M do -s $((size - headers)) -- "$address" > /dev/null 2>&1 &
    asking[$size]=$!
  done
  for size in "${sizes[@]}"; do
    if wait "${asking[$size]}"; then [ -n "$best" ] || best=$size; elif [ -n "$best" ]; then gap=yes; fi
  done
  [ "$gap" = yes ] || echo "$best"
}
