# Why somebody does not answer, as far as this host shows it. Each function sets `cause`, `why_en` and `why_zh`, `shown` (evidence) and
# `cure`, and fails where it knows nothing.

forget_reason() { cause='' why_en='' why_zh='' shown='' cure=''; }
reason() { cause=$1 why_en=$2 why_zh=$3 shown=$4 cure=${5:-}; }
# The finding with its reason: bad_because ENGLISH CHINESE.
bad_because() {
  bad -c "$cause" "$1${why_en:+: $why_en}" "$2${why_zh:+：$why_zh}"
  show <<< "$shown"
  [ -z "$cure" ] || try "$cure" "$cure"
}

# The links between a container and its bridge: cut_link PID NAME ADDRESS.
cut_link() {
  local link host_end bridge device at
  link=$(inside_of "$1" ip -d -j addr 2> /dev/null | jq -c --arg it "$3" 'first(.[] | select(any(.addr_info[]; .local == $it))) // empty')
  device=$(jq -r .ifname <<< "${link:-{\}}")
  # An address goes with an IPv6 link that is down; the one that is down tells.
  if [ -z "$link" ]; then
    link=$(inside_of "$1" ip -d -j addr 2> /dev/null | jq -c 'first(.[] | select(.ifname != "lo" and (.flags | index("UP") | not))) // empty')
    [ -n "$link" ] || return 1
    device=$(jq -r .ifname <<< "$link")
  fi
  if ! jq -e '.flags | index("UP")' <<< "$link" > /dev/null; then
    reason link-cut "the link $device of $2 is down" "$2 的接口 $device 没有启用" "$(brief "$link")" "nsenter -t $1 -n ip link set $device up"
    return
  fi
  if [ "$(jq -r '.qdisc // ""' <<< "$link")" = blackhole ]; then
    reason discipline "the queueing discipline of $device in $2 drops all" "$2 的 $device 上的队列规则（tc qdisc）丢弃一切" \
      "$(inside_of "$1" tc qdisc show dev "$device")" "nsenter -t $1 -n tc qdisc del dev $device root"
    return
  fi
  host_end=$(host_end "$1" "$3")
  [ -n "$host_end" ] || return 1
  device=$(jq -r .ifname <<< "$host_end")
  if ! jq -e '.flags | index("UP")' <<< "$host_end" > /dev/null; then
    reason link-cut "the host's end of its link, $device, is down" "它的接口在主机上的一端 $device 没有启用" "$(brief "$host_end")" "ip link set $device up"
    return
  fi
  if [ "$(jq -r '.qdisc // ""' <<< "$host_end")" = blackhole ]; then
    reason discipline "the queueing discipline of $device, which leads to $2, drops all" "通往 $2 的 $device 上的队列规则（tc qdisc）丢弃一切" \
      "$(tc qdisc show dev "$device")" "tc qdisc del dev $device root"
    return
  fi
  # All ports of a bridge that is down are disabled.
  bridge=$(jq -c --arg it "$(jq -r '.master // ""' <<< "$host_end")" 'first(.[] | select(.ifname == $it)) // empty' <<< "$host_links")
  [ -n "$bridge" ] || return 1
  if ! jq -e '.flags | index("UP")' <<< "$bridge" > /dev/null; then
    device=$(jq -r .ifname <<< "$bridge")
    reason link-cut "the bridge $device is down" "网桥 $device 没有启用" "$(brief "$bridge")" "ip link set $device up"
    return
  fi
  at=$(jq -r '.linkinfo.info_slave_data.state // "forwarding"' <<< "$host_end")
  [ "$at" != forwarding ] || return 1
  reason bridge-port "the port $device of its bridge, which leads to $2, is $at" "网桥上通往 $2 的端口 $device 处于 $at 状态" \
    "$(bridge link show dev "$device")" "bridge link set dev $device state 3"
}
brief() { jq -r '"\(.ifname): <\(.flags | join(","))> mtu \(.mtu)"' <<< "$1"; }

# Two ports of a bridge that are both isolated do not reach each other: both_isolated ADDRESS PID PEER-ADDRESS.
both_isolated() {
  local mine theirs which='.linkinfo.info_slave_data.isolated // false'
  mine=$(host_end "$pid" "$1") theirs=$(host_end "$2" "$3")
  [ "$(jq -r "$which" <<< "${mine:-{\}}")" = true ] && [ "$(jq -r "$which" <<< "${theirs:-{\}}")" = true ] || return 1
  mine=$(jq -r .ifname <<< "$mine") theirs=$(jq -r .ifname <<< "$theirs")
  reason bridge-port "$mine and $theirs are isolated ports of their bridge, and such ports do not reach each other" \
    "$mine 和 $theirs 都是网桥上的隔离端口，而隔离端口之间互不相通" \
    "$(bridge -d link show dev "$mine" | tr '\n' ' ')" "bridge link set dev $theirs isolated off"
}

# An entry that somebody wrote: wrong_neighbour ADDRESS MAC.
wrong_neighbour() {
  local entry mac device
  entry=$(inside ip neigh show nud permanent to "$1")
  mac=$(word_after lladdr <<< "$entry")
  [ -n "$mac" ] && [ -n "$2" ] && [ "$mac" != "$2" ] || return 1
  device=$(word_after dev <<< "$entry")
  reason wrong-neighbour "its neighbour table has $1 at $mac, set by hand, and $1 is at $2" "它的邻居表把 $1 固定写成了 $mac，而 $1 其实是 $2" \
    "$entry" "nsenter -t $pid -n ip neigh del $1 dev $device"
}

# Somebody whose kernel is set to answer no ARP, and who is asked in vain: no_arp PID NAME ADDRESS.
no_arp() {
  local device set
  ! is6 "$3" && inside ip neigh show to "$3" | grep -qE 'FAILED|INCOMPLETE' || return 1
  device=$(link_with "$(inside_of "$1" ip -j addr 2> /dev/null)" "$3")
  [ -n "$device" ] || return 1
  set=$(inside_of "$1" sysctl net.ipv4.conf.all.arp_ignore "net.ipv4.conf.${device//./\/}.arp_ignore" 2> /dev/null | grep ' = 8$')
  [ -n "$set" ] || return 1
  reason neighbour-blocked "the kernel of $2 is set to answer no question for its MAC address (ARP)" \
    "$2 的内核被设置为不应答任何 MAC 地址查询（ARP）" "$set" \
    "nsenter -t $1 -n sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.${device//./\/}.arp_ignore=0"
}

# Rules that drop, and how often they have: drops WHERE... SAVE, with SAVE iptables-save or ip6tables-save.
drops() {
  "$@" -c 2> /dev/null | awk '
    function packets(counters) { sub(/^\[/, "", counters); sub(/:.*/, "", counters); return counters }
    /^\*/ { table = substr($1, 2) }
    /^:/ && $2 == "DROP" { print table "\t-P " substr($1, 2) " DROP\t" packets($3) }
    / -j (DROP|REJECT)/ { n = packets($1); sub(/^[^ ]* /, ""); print table "\t" $0 "\t" n }'
}
# Of two such lists the first rule that has counted since: grown BEFORE AFTER.
grown() {
  awk -F '\t' 'FNR == 1 { file++ } { key = $1 FS $2; seen[file, key]++; key = key FS seen[file, key] }
    file == 1 { before[key] = $3; next } $3 > before[key] { print $1 FS $2; exit }' <(printf '%s\n' "${1:-.}") <(printf '%s\n' "${2:-.}")
}
# A rule that counts while the question is asked again is the one that drops it: dropping_rule FAMILY PEER-PID PEER-NAME QUESTION...
# Rules of nftables without iptables do not count by themselves, so they are not seen here.
dropping_rule() {
  local save=iptables-save peer=$2 peer_name=$3 first where table rule asked chain; [ "$1" = -4 ] || save=ip6tables-save; shift 3
  local -A before=()
  before[host]=$(drops on_host $save)
  before[own]=$(drops inside $save)
  [ -z "$peer" ] || before[peer]=$(drops inside_of "$peer" $save)
  "$@" > /dev/null 2>&1
  for where in own host peer; do
    # In the host's namespace both are one.
    [ "$where:$is_host" != own:yes ] || continue
    case $where in
      own) first=$(grown "${before[own]}" "$(drops inside $save)") asked=$name ;;
      host) first=$(grown "${before[host]}" "$(drops on_host $save)") asked=$(hostname) ;;
      peer) [ -n "$peer" ] || continue; first=$(grown "${before[peer]}" "$(drops inside_of "$peer" $save)") asked=$peer_name ;;
    esac
    [ -n "$first" ] || continue
    table=${first%%$'\t'*} rule=${first#*$'\t'}
    chain=$(awk '{ print $2 }' <<< "$rule")
    # One that limits to none at all is no limit.
    if [[ $rule =~ --connlimit-above\ [1-9] ]]; then
      reason connection-limit "on $asked a rule of chain $chain drops or rejects connections beyond a limit, which is reached" \
        "$asked 上 $chain 链的一条规则限制了连接数，已达上限，多出来的被丢弃或拒绝" "$table: $rule"
      return
    fi
    case $where:$table:$rule in
      host:filter:'-P INPUT DROP') cause=input-policy ;;
      host:filter:'-A DOCKER-USER '*) cause=docker-user-drop ;;
      *) cause=rule-drop ;;
    esac
    reason $cause "on $asked a rule of chain $chain drops or rejects it" "$asked 上 $chain 链的一条规则丢弃或拒绝了它" "$table: $rule"
    return
  done
  return 1
}

# No packet gets from one of its ports to another, by an option of the network: icc_off NETWORK-FACTS RULE.
icc_off() {
  [ "$(jq -r '.Options["com.docker.network.bridge.enable_icc"] // ""' <<< "$1")" = false ] || return 1
  reason icc-off 'its network was made without communication between containers' '这个网络创建时关闭了容器间通信' \
    "com.docker.network.bridge.enable_icc=false${shown:+$'\n'}$shown"
}

# Whether another container has a direct way back: no_way_back PID NAME ADDRESS.
no_way_back() {
  local way
  way=$(inside_of "$1" ip "$(family "$3")" route get "$3" 2>&1 | head -n 1)
  case $way in *' via '* | RTNETLINK* | *unreachable* | *prohibit* | *blackhole*) ;; *) return 1 ;; esac
  reason no-route-back "$2 has no direct way back to $3: its routes or its mask are not those of the network" \
    "$2 没有直接回到 $3 的路：它的路由或子网掩码与这个网络不符" "$way"$'\n'"$(inside_of "$1" ip -br addr | grep -v '^lo')"
}

# What this host's routes do with a packet of its: route_of_host SOURCE LINK ADDRESS.
route_of_host() {
  local way device back
  # A link that is strict takes in only what it would answer by (ip-sysctl, rp_filter; the larger of both settings counts).
  if ! is6 "$1" && [ "$(sysctl -n net.ipv4.conf.all.rp_filter "net.ipv4.conf.$2.rp_filter" 2> /dev/null | sort -n | tail -n 1)" = 1 ]; then
    back=$(ip -4 route get "$1" 2>&1 | head -n 1)
    if [ "$(word_after dev <<< "$back")" != "$2" ]; then
      reason reverse-path "this host takes nothing from $1 by $2, since it would answer by another link (rp_filter)" \
        "本机不接受从 $2 进来的 $1 的包，因为回包会走另一个接口（rp_filter）" "$back" "sysctl net.ipv4.conf.$2.rp_filter"
      return
    fi
  fi
  way=$(ip "$(family "$3")" route get "$3" from "$1" iif "$2" 2>&1 | head -n 1)
  case $way in
    RTNETLINK*)
      reason no-route "a route or a routing rule of this host says no to $3" "本机的路由或策略路由规则拒绝了去往 $3 的包" \
        "$way"$'\n'"$({ ip "$(family "$3")" rule; ip "$(family "$3")" route show table all type blackhole; ip "$(family "$3")" route show table all type unreachable
          ip "$(family "$3")" route show table all type prohibit; } | grep -vE 'lookup (local|main|default)|dev lo')" ;;
    *)
      device=$(word_after dev <<< "$way")
      [ "$(jq -r --arg it "$device" 'first(.[] | select(.ifname == $it)).linkinfo.info_kind // ""' <<< "$host_links")" = bridge ] || return 1
      reason hidden-by-subnet "this host looks for $3 on the bridge $device, whose subnet has that address too" \
        "本机到网桥 $device 上去找 $3，因为那个子网也包含这个地址" "$(head -n 1 <<< "$way")" ;;
  esac
}
