# The second question: does it reach who is on the same network, by address and by name?

most_reasons=4
reasoned=0

look_at_same_network() {
  stage 2 'Same network' '同一网络'
  shared=0 only_internal=yes
  local leg network id address gateway address6 gateway6 about driver ids peers
  for leg in "${legs[@]}"; do
    IFS=$'\t' read -r network id address gateway address6 gateway6 <<< "$leg"
    about=$(timeout 8 docker network inspect -- "$id" 2> /dev/null | jq '.[0] // empty')
    driver=$(jq -r '.Driver // empty' <<< "$about")
    case $driver in host | null | '') continue ;; esac
    shared=1
    [ "$(jq -r .Internal <<< "$about")" = true ] || only_internal=no
    mapfile -t ids < <(jq -r --arg me "$own_id" '.Containers // {} | keys[] | select(. != $me and test("^[0-9a-f]{64}$"))' <<< "$about")
    # Name, process, MAC address, address and address of IPv6 of those that run: one line each.
    peers=$(inspect_all "${ids[@]:0:12}" | jq -r --arg id "$id" --argjson me "$pid" '.[] | select(.State.Pid > 0 and .State.Pid != $me)
      | .State.Pid as $pid | (.Name | ltrimstr("/")) as $name | .NetworkSettings.Networks[] | select(.NetworkID == $id)
      | [$name, $pid, .MacAddress, .IPAddress, .GlobalIPv6Address] | map(. // "" | if . == "" then "-" else . end) | @tsv')
    look_at_network
  done
  [ "$shared" = 1 ] || note 'skipped: it is on no network of Docker' '跳过：它不在任何 Docker 网络上'
}

# One of them, with what look_at_same_network knows of it.
look_at_network() {
  local device twice asking one peer other at at6 mac other_pid gateways=() addresses=() few
  few=$(head -n 3 <<< "$peers")
  for one in "$gateway" "$gateway6"; do case $one in - | '') ;; *) gateways+=("$one") ;; esac; done
  addresses=("${gateways[@]}")
  while IFS=$'\t' read -r _ _ _ at at6; do
    for one in "$at" "$at6"; do [ "${one:--}" = - ] || ! speaks "$one" || addresses+=("$one"); done
  done <<< "$few"
  device=$(link_with "$links" "$address")
  # Who else says that the address is theirs (RFC 5227)? It waits a second, so beside the pings.
  twice=no
  if [ -n "$device" ]; then inside arping -q -D -c 1 -w 1 -I "$device" "$address" > /dev/null 2>&1 & asking=$!; fi
  ping_all inside "${addresses[@]}"
  if [ -n "$device" ]; then wait "$asking"; [ $? != 1 ] || twice=yes; fi
  local -A reached=(); for one in "${!answers[@]}"; do reached[$one]=${answers[$one]}; done

  for one in "${gateways[@]}"; do case ${reached[$one]:-} in
    yes) ok "$network: the gateway $one answers" "$network：网关 $one 有应答" ;;
    no) silent_gateway "$one" ;;
  esac; done
  if [ "$twice" = yes ]; then
    bad -c duplicate-address "$network: somebody else has the address $address too" "$network：还有别人在用地址 $address"
    try "docker network inspect $network, and ip neigh, tell who" "用 docker network inspect $network 和 ip neigh 看是谁"
  fi
  same_macs
  [ -n "$peers" ] || note "$network: nobody else is on it" "$network：上面没有别的容器"
  while IFS=$'\t' read -r other other_pid mac at at6; do
    [ -n "$other" ] || continue
    for one in "$at" "$at6"; do case ${reached[$one]:-} in
      yes) ok "$network: $other ($one) answers" "$network：$other（$one）有应答" ;;
      no) silent_peer "$one" ;;
    esac; done
    find_by_name
  done <<< "$few"
  if [ "$network" = bridge ] && [ -n "$peers" ]; then
    note -c name-on-default-bridge 'bridge: names do not resolve on the default network; make your own with docker network create' \
      'bridge：默认网络不解析容器名；请用 docker network create 自建网络'
  fi
  serve_peers
}

# Whether it has an address of the same family.
speaks() { if is6 "$1"; then has6; else has4; fi; }
# Its own address of the same family on this network.
own_of() { if is6 "$1"; then echo "$address6"; else echo "$address"; fi; }
may_reason() { [ $((reasoned += 1)) -le $most_reasons ] && in_time; }

silent_gateway() {
  local on mac own_one; own_one=$(own_of "$1")
  forget_reason
  on=$(link_with "$host_links" "$1")
  mac=$(jq -r --arg it "$on" '.[] | select(.ifname == $it) | .address' <<< "$host_links")
  if [ "$driver" = bridge ] && [ -z "$on" ]; then
    reason astray "no link of this host has the address $1" "本机没有任何接口拥有地址 $1" "$(ip -br addr | grep -E '^(br-|docker0)')" \
      "ip addr add $1/$(jq -r --arg it "$1" '.IPAM.Config[]? | select(.Gateway == $it) | .Subnet | split("/")[1]' <<< "$about") dev $(bridge_name)"
  elif cut_link "$pid" "$name" "$own_one"; then :
  elif wrong_neighbour "$1" "$mac"; then :
  elif [ "$driver" = bridge ] && route_of_host "$own_one" "$on" "$1"; then :
  elif may_reason; then dropping_rule "$(family "$1")" '' '' inside ping -n -q -c 1 -W 1 "$1"; fi
  bad_because "$network: the gateway $1 does not answer" "$network：网关 $1 没有应答"
  [ -n "$cause" ] || { inside ip neigh show "$1" | show; try 'compare with: ip addr; iptables -S INPUT; nft list ruleset' '对照：ip addr；iptables -S INPUT；nft list ruleset'; }
}

bridge_name() { jq -r '.Options["com.docker.network.bridge.name"] // ("br-" + .Id[:12])' <<< "$about"; }

silent_peer() {
  local own_one family wait=1 tries=1; own_one=$(own_of "$1") family=$(family "$1")
  # Neighbour discovery asks once a second, three times; a packet after that has it asked anew.
  [ "$family" = -4 ] || wait=2 tries=2
  forget_reason
  if cut_link "$pid" "$name" "$own_one" || cut_link "$other_pid" "$other" "$1"; then :
  elif both_isolated "$own_one" "$other_pid" "$1"; then :
  elif wrong_neighbour "$1" "$mac"; then :
  elif no_arp "$other_pid" "$other" "$1"; then :
  elif no_way_back "$other_pid" "$other" "$own_one"; then :
  elif may_reason && dropping_rule "$family" "$other_pid" "$other" inside ping -n -q -c "$tries" -W "$wait" "$1"; then
    case $shown in *neighbour-solicitation* | *neighbour-advertisement* | *'--icmpv6-type 135'* | *'--icmpv6-type 136'*) cause=neighbour-blocked ;; esac
    icc_off "$about"
  else icc_off "$about"; fi
  bad_because "$network: $other ($1) does not answer" "$network：$other（$1）没有应答"
  [ -n "$cause" ] || try 'look at: bridge link; iptables -S; nft list ruleset' '查看：bridge link；iptables -S；nft list ruleset'
}

# A bridge learns one port for a MAC address: of two containers with the same one, it has now this one and now the other.
same_macs() {
  local mine twins
  mine=$(fact ".NetworkSettings.Networks[\"$network\"].MacAddress")
  twins=$({ printf '%s\t%s\t%s\n' "$name" "$pid" "$mine"; printf '%s\n' "$peers"; } |
    awk -F '\t' '$3 ~ /:/ { n[$3]++; who[$3] = who[$3] " " $1 } END { for (mac in n) if (n[mac] > 1) print mac who[mac] }' | head -n 1)
  [ -n "$twins" ] || return 0
  bad -c same-mac "$network: several containers have one MAC address: $twins" "$network：多个容器使用同一个 MAC 地址：$twins"
  try 'make one of them anew without --mac-address' '不带 --mac-address 重建其中一个'
}

# By the Engine's DNS server, and by its own hosts file, which is asked first.
find_by_name() {
  local found entry
  # Only letters that names have are asked for; the default network has no such server.
  case $network:$other in bridge:* | *[!A-Za-z0-9_.:-]*) return ;; esac
  entry=$(awk -v name="$other" '$1 !~ /^#/ { for (i = 2; i <= NF; i++) if ($i == name) print $1 }' "$names_file" 2> /dev/null | head -n 1)
  if [ -n "$entry" ] && [ "$entry" != "$at" ] && [ "$entry" != "$at6" ]; then
    bad -c hosts-entry "$network: its hosts file says that $other is $entry, and it is $at" "$network：它的 hosts 文件说 $other 是 $entry，而实际是 $at"
    show <<< "$(grep -F -- "$other" "$names_file")"
    return
  fi
  [[ " ${servers[*]} " == *' 127.0.0.11 '* ]] || return 0
  found=$(inside dig @127.0.0.11 "$other" "$([ "$at" = - ] && echo AAAA || echo A)" +short +time=1 +tries=1 2> /dev/null | tr '\n' ' ')
  case " $found" in
    *" $at "* | *" $at6 "*) ok "$network: the name $other leads to $at" "$network：名字 $other 解析为 $at" ;;
    *)
      bad -c unknown-name "$network: the name $other does not lead to $at" "$network：名字 $other 没有解析为 $at"
      show <<< "dig @127.0.0.11 $other: ${found:-nothing}" ;;
  esac
}

# Whether a neighbour connects to what it serves, by both families: who answers a ping may refuse that.
serve_peers() {
  local to port listens
  IFS=$'\t' read -r other other_pid mac at at6 <<< "$few"
  [ -n "$other" ] && [ "$state" = running ] || return 0
  for to in "$address" "$address6"; do
    [ "${to:--}" != - ] && in_time || continue
    if is6 "$to"; then one=$at6 listens='(\*|\[::\])'; else one=$at listens='(\*|0\.0\.0\.0)'; fi
    # Who is not reached by a ping is told already.
    [ "${reached[$one]:-}" = yes ] || continue
    while read -r port; do
      [ -n "$port" ] && [ -z "$(full_queue "$port")" ] || continue
      if connects inside_of "$other_pid" "$to" "$port"; then
        ok "$network: $other connects to its port $port at $to" "$network：$other 能连上它的 $to 端口 $port"
      else
        forget_reason
        may_reason && dropping_rule "$(family "$to")" "$other_pid" "$other" inside_of "$other_pid" nc -z -w 1 "$to" "$port"
        [ -n "$cause" ] || foreign_rules "$port"
        bad_because "$network: $other can not connect to its port $port at $to" "$network：$other 连不上它的 $to 端口 $port"
      fi
    done < <(grep -E "^tcp $listens:" <<< "$open" | awk '{ sub(/.*:/, "", $2); print $2 }' | sort -nu | head -n 3)
  done
}
full_queue() { awk -v end=":$1" '$1 == "tcp" && substr($2, length($2) - length(end) + 1) == end && $4 > 0 && $3 > $4' <<< "$open"; }
