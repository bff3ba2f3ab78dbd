# The fourth question: do others reach what it serves?

look_from_outside() {
  stage 4 'From the outside' '从外部访问'
  local ports port unmade
  mapfile -t ports < <(fact '.NetworkSettings.Ports // {} | to_entries[] | .key as $to | .value[]? | [$to, .HostIp, .HostPort] | @tsv')
  # What was asked for with -p, and is not there.
  mapfile -t unmade < <(fact '(.NetworkSettings.Ports // {}) as $made | .HostConfig.PortBindings // {} | to_entries[]
    | select(($made[.key] // []) == []) | .key as $to | .value[]? | [$to, .HostPort] | @tsv')
  if [ "$is_host" = yes ]; then
    look_at_host_ports
    return
  fi
  for port in "${unmade[@]:0:4}"; do unmade_port "$port"; done
  if [ ${#ports[@]} = 0 ] && [ ${#unmade[@]} = 0 ]; then
    if [ -n "$(jq -r '.[].linkinfo.info_kind // empty | select(. == "macvlan" or . == "ipvlan")' <<< "$links" | head -n 1)" ]; then
      note -c macvlan-host-to-child 'it stands on the LAN itself; this host alone can not reach it, since the kernel keeps a parent and its children apart' \
        '它直接接在局域网上；只有本机访问不到它，因为内核不让父接口与子接口互通'
    else
      note 'skipped: it publishes no port, so nobody outside of its networks can connect' '跳过：没有发布端口，网络之外没有人能连接它'
      try 'ports are published when a container is made: docker run -p 8080:80 …' '端口在创建容器时发布：docker run -p 8080:80 …'
    fi
  fi
  # Both families have an entry each.
  local -A seen=()
  for port in "${ports[@]:0:8}"; do look_at_port "$port"; done
  [ ${#ports[@]} = 0 ] || visitors
}

# Its sockets are the host's; what others ask of them meets the chain INPUT.
look_at_host_ports() {
  note 'its ports are those of this host, so there is nothing to publish' '它的端口就是本机的端口，不需要发布'
  on_host iptables -S INPUT | grep -qx -- '-P INPUT DROP' || return 0
  note -c input-policy 'what others ask of this host is dropped, unless a rule of INPUT lets it in' '其他机器发给本机的包会被丢弃，除非 INPUT 链里有规则放行'
  on_host iptables -S INPUT | show
}

unmade_port() {
  local to=${1%%$'\t'*} number=${1#*$'\t'} leg internal=yes
  for leg in "${legs[@]}"; do
    [ "$(timeout 8 docker network inspect -f '{{.Internal}}' -- "$(cut -f 2 <<< "$leg")" 2> /dev/null)" = true ] || internal=no
  done
  if [ "$internal" = yes ]; then
    bad -c unmade-port "$number->$to was asked for and never made: all of its networks are internal, and for those Docker publishes nothing" \
      "要求发布 $number->$to，但没有做成：它的网络都是内部网络，Docker 不为内部网络发布端口"
    try "docker network connect NETWORK $name, with one that is not internal" "docker network connect 网络 $name，接入一个非内部网络"
  else
    bad -c unmade-port "$number->$to was asked for, and the Engine has not made it" "要求发布 $number->$to，但引擎没有做成"
    try "$(anew)" "$(anew)"
  fi
  docker port "$name" 2> /dev/null | show
}

look_at_port() {
  local to at number target protocol published rule first leads save=iptables inside_at connect taken
  IFS=$'\t' read -r to at number <<< "$1"
  target=${to%/*} protocol=${to#*/} published="$(at_port "$at" "$number")->$to"
  # Without an address of IPv6 on it, docker-proxy brings visitors of IPv6 in by IPv4.
  if is6 "$at"; then inside_at=$(printf '%s\n' "${legs[@]}" | cut -f 5 | grep : | head -n 1); else inside_at=$(printf '%s\n' "${legs[@]}" | cut -f 3 | grep -F . | head -n 1); fi
  is6 "$at" && save=ip6tables
  if [ -z "${seen[$to]:-}" ] && ! grep -qE "^$protocol .*:$target " <<< "$open"; then
    seen[$to]=closed
    bad -c port-not-listening "$published leads to port $target, where no program listens for others" "$published 指向端口 $target，但那里没有程序对外监听"
    awk '{ print $1, $2 }' <<< "$sockets" | show
    try "make it anew with the port that its program listens on: -p $number:PORT" "用程序实际监听的端口重建：-p $number:端口"
  fi
  [ "${seen[$to]:-}" != closed ] || return 0
  seen[$to]=open
  if [ -n "$inside_at" ]; then
    # The first rule that takes the port counts; one of its own behind it is never read.
    rule=$(on_host $save -t nat -S DOCKER | grep -E -- "--dport $number .*-j DNAT .*:$target\$" | head -n 1)
    first=$(on_host $save -t nat -S PREROUTING | grep -E -- "--dport $number .*-j DNAT" | head -n 1)
    leads=$(sed -n 's/.*--to-destination \([^ ]*\).*/\1/p' <<< "$first")
    if [ -n "$leads" ] && [ "$leads" != "$(at_port "$inside_at" "$target")" ]; then
      bad -c rule-drop "$published: another rule leads what comes for port $number to $leads" "$published：另一条规则把到端口 $number 的包转到了 $leads"
      { printf '%s\n' "$first"; } | show
      try "$save -t nat ${first/-A/-D}" "$save -t nat ${first/-A/-D}"
    elif [ -n "$rule" ]; then ok "$published: a rule leads into it" "$published：有规则转进容器"
    else
      bad "$published: no rule of the nat table leads into it" "$published：nat 表里没有规则转进容器"
      try "$(anew) lets the Engine write it anew" "$(anew) 会让引擎重新写入"
    fi
    { printf '%s\n' "$rule"; on_host ss -Hltun "sport = :$number"; } | show
    taken=$(ip "$(family "$inside_at")" route get "$inside_at" 2>&1 | head -n 1)
    if [[ $taken == RTNETLINK* || $taken == *' via '* ]]; then
      bad -c astray "this host does not look for $inside_at on the bridge of its network" "本机没有到它所在网络的网桥上去找 $inside_at"
      { printf '%s\n' "$taken"; ip -br addr | grep -E '^(br-|docker0)'; } | show
    fi
  fi
  case $at in
    0.0.0.0 | '') connect=${own:-127.0.0.1} ;;
    ::) connect=$(tr ' ' '\n' <<< "$mine" | grep : | head -n 1); [ -n "$connect" ] || return 0 ;;
    127.* | ::1)
      connect=$at
      bad -c published-elsewhere "$published is published on $at, where only this host itself can connect" "$published 发布在 $at 上，只有本机自己能连"
      try "make it anew with -p $number:$target, without an address" "用 -p $number:$target（不写地址）重建" ;;
    *)
      connect=$at
      if [[ $mine != *" $at "* ]]; then
        bad -c published-elsewhere "$published: this host has no address $at" "$published：本机没有地址 $at"
      fi ;;
  esac
  [ "$protocol" = tcp ] && in_time || return 0
  if connects on_host "$connect" "$number"; then
    ok "this host connects to $(at_port "$connect" "$number")" "本机能连上 $(at_port "$connect" "$number")"
    case $at in 127.* | ::1) ;; *) try "from another host: nc -vz $connect $number" "再从另一台主机试：nc -vz $connect $number" ;; esac
  else refused_here "$connect"; fi
  # From its own loopback no rule of NAT leads into a container: docker-proxy takes that, or the kernel where it may (route_localnet).
  [ "$at" = 0.0.0.0 ] || return 0
  if connects on_host 127.0.0.1 "$number"; then return; fi
  if [ -z "$(on_host ss -Hltn "sport = :$number")" ]; then
    bad -c port-not-listening "this host can not connect to 127.0.0.1:$number: no program, such as docker-proxy, listens there" \
      "本机连不上 127.0.0.1:$number：那里没有程序（例如 docker-proxy）在监听"
    try "$(anew)" "$(anew)"
  fi
}

# From this host itself a packet takes the way OUTPUT, and then that to the container.
refused_here() {
  local one; one=$(link_with "$links" "$inside_at")
  forget_reason
  if [ "$state" = paused ]; then reason paused 'it is paused' '它被暂停了' ''
  elif [ -n "$one" ] && cut_link "$pid" "$name" "$inside_at"; then :
  elif [ -n "$one" ] && may_reason && dropping_rule "$(family "$inside_at")" '' '' on_host nc -z -w 1 "$1" "$number"; then :; fi
  bad_because "this host can not connect to $(at_port "$1" "$number")" "本机连不上 $(at_port "$1" "$number")"
  [ -n "$cause" ] || try 'look at: ss -ltn; iptables -t nat -S DOCKER; iptables -S' '查看：ss -ltn；iptables -t nat -S DOCKER；iptables -S'
}

# This host does not come by its own LAN link, so what only visitors meet is not asked; the rules that some of them meet are shown.
visitors() {
  local rules tables
  rules=$(on_host iptables -S DOCKER-USER 2> /dev/null | grep -E -- '-j (DROP|REJECT)')
  if [ -n "$rules" ]; then
    note -c docker-user-drop 'rules in DOCKER-USER stop some visitors; this host itself does not meet them' 'DOCKER-USER 里的规则会拦住一些访客；本机自己不会碰到'
    show <<< "$rules"
  fi
  rules=$({ for one in raw mangle; do on_host iptables -t $one -S PREROUTING | sed "s/^/$one: /"; done; } | grep -E -- '-j (DROP|TTL)')
  if [ -n "$rules" ]; then
    note -c rule-drop 'rules before any translation stop some visitors; this host itself does not meet them' '地址转换之前的规则会拦住一些访客；本机自己不会碰到'
    show <<< "$rules"
  fi
  tables=$(foreign_drops)
  if [ -n "$tables" ]; then
    note -c rule-drop 'rules of nftables that are not of Docker stop some visitors' '不属于 Docker 的 nftables 规则会拦住一些访客'
    show <<< "$tables"
  fi
}
