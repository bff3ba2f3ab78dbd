# What the Engine and the kernel say of the container: once, before any question.

fact() { jq -r "$1 // empty" <<< "$facts"; }

# Ends here where there is no such container.
read_container() {
  facts=$(timeout 8 docker container inspect -- "$1" 2> /dev/null | jq '.[0] // empty')
  if [ -z "$facts" ]; then
    known=$(timeout 8 docker ps -a --format '{{.Names}}' 2> /dev/null) ||
      give_up 'the Docker Engine does not answer; try `systemctl status docker`' 'Docker 引擎没有应答；试试 `systemctl status docker`'
    known=$(head -n 8 <<< "$known" | tr '\n' ' ')
    give_up "there is no container \"$1\" here; there are: ${known:-none}" "这台主机上没有容器“$1”；有：${known:-无}"
  fi
  local known
  mapfile -t known < <(fact '(.Name | ltrimstr("/")), .Id, .State.Status, .State.Pid, .HostConfig.NetworkMode, .ResolvConfPath // "",
    .HostsPath // "", .RestartCount // 0, (now - (.State.StartedAt | sub("[.][0-9]+"; "") | fromdateiso8601? // 0) | floor)')
  name=${known[0]} own_id=${known[1]} state=${known[2]} pid=${known[3]} mode=${known[4]} resolver=${known[5]:-} names_file=${known[6]:-}
  # How often the Engine has started it again by itself, and the seconds since the last start.
  restarts=${known[7]:-0} age=${known[8]:-0}
  # Name, id, address, gateway, and the same of IPv6: one line a network.
  mapfile -t legs < <(fact '.NetworkSettings.Networks | to_entries[] | [.key, .value.NetworkID, .value.IPAddress, .value.Gateway,
    .value.GlobalIPv6Address, .value.IPv6Gateway] | map(. // "" | if . == "" then "-" else . end) | @tsv')
}

# What the kernel has, of a container that runs.
read_kernel() {
  is_host=no
  [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$pid/ns/net")" ] || is_host=yes
  links=$(inside ip -d -j addr | jq -c 'map(select(.ifname != "lo"))')
  host_links=$(ip -d -j addr)
  # The Engine's own DNS server is nobody's service.
  sockets=$(inside ss -Hltun | awk '{ print $1, $5, $3, $4 }' | grep -v ' 127\.0\.0\.11:')
  open=$(grep -vE ' (127\.|\[::1\]|\[::ffff:127\.)' <<< "$sockets")
  mapfile -t servers < <(awk '$1 == "nameserver" { print $2 }' "$resolver" 2> /dev/null)
  # Of the LAN: its gateways, and this host's own addresses.
  lan=$(ip -4 route show default | word_after via)
  lan6=$(ip -6 route show default | word_after via)
  own=$(ip -4 route get "${lan:-192.0.2.1}" 2> /dev/null | word_after src)
  mine=" $(hostname -I) "
}

# Global addresses of a list of links as ip has it: addresses_of LINKS [4|6].
addresses_of() { jq -r --arg f "inet${2:-}" '.[].addr_info[] | select(.scope == "global" and (.family | startswith($f))) | .local' <<< "$1"; }
has4() { [ -n "$(jq -r '.[].addr_info[] | select(.scope == "global" and .family == "inet") | .local' <<< "$links")" ]; }
has6() { [ -n "$(jq -r '.[].addr_info[] | select(.scope == "global" and .family == "inet6") | .local' <<< "$links")" ]; }
# The link with an address: link_with LINKS ADDRESS.
link_with() { jq -r --arg it "$2" 'first(.[] | select(any(.addr_info[]; .local == $it)) | .ifname) // empty' <<< "$1"; }
# The host's end of a container's link with an address, as `ip -d -j addr` has it: host_end PID ADDRESS.
host_end() {
  local index
  index=$(inside_of "$1" ip -j -d addr 2> /dev/null | jq -r --arg it "$2" 'first(.[] | select(any(.addr_info[]; .local == $it)) | .link_index) // empty')
  [ -z "$index" ] || jq -c --argjson it "$index" 'first(.[] | select(.ifindex == $it)) // empty' <<< "$host_links"
}
# Containers by their ids, as one list.
inspect_all() { [ $# = 0 ] && echo '[]' || timeout 8 docker container inspect -- "$@" 2> /dev/null || echo '[]'; }

# What restarts a container, and then its guests (`--network container:` of it): with a restart it gets another network namespace, and
# they would stay in the old one. restart_of ID NAME.
restart_of() {
  local level=$1 commands="docker restart $2" guests all depth ids=()
  mapfile -t ids < <(timeout 8 docker ps -q --no-trunc 2> /dev/null)
  all=$(inspect_all "${ids[@]}")
  for depth in 1 2 3 4; do
    guests=$(jq -r --arg of "$level" '($of / "\n" | map("container:" + .)) as $modes
      | .[] | select(.HostConfig.NetworkMode | IN($modes[])) | [.Id, (.Name | ltrimstr("/"))] | @tsv' <<< "$all")
    [ -n "$guests" ] || break
    commands+="; docker restart $(cut -f 2 <<< "$guests" | paste -s -d ' ')"
    level=$(cut -f 1 <<< "$guests")
  done
  echo "$commands"
}
again() { restart_of "$own_id" "$name"; }
# What lets the Engine set up its network anew: of a guest that is the network of the container whose guest it is.
anew() {
  local id=$own_id of=$name next=$mode depth
  for depth in 1 2 3 4; do
    case $next in container:*) id=${next#container:} ;; *) break ;; esac
    IFS=$'\t' read -r of next < <(inspect_all "$id" | jq -r '.[] | [(.Name | ltrimstr("/")), .HostConfig.NetworkMode] | @tsv')
  done
  restart_of "$id" "${of:-$id}"
}
