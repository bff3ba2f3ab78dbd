# The third question: do its packets leave this host, and do answers come back?

look_outside() {
  stage 3 'To the outside' '访问外部'
  local default taken one
  default=$(inside ip -4 route show default | head -n 1)
  # The kernel's own look-up, with all tables, metrics and routing rules; where it says no, its words tell why.
  if taken=$(inside ip -4 route get "${lan:-192.0.2.1}" 2>&1); then way4=$(head -n 1 <<< "$taken"); else way4=''; fi
  way6=''
  if has6 && [ -n "$lan6" ]; then way6=$(inside ip -6 route get "$lan6" 2> /dev/null | head -n 1); fi
  if [ "$is_host" = no ] && [ "$shared" = 0 ]; then
    note 'skipped: it is on no network that could lead outside' '跳过：没有能通往外部的网络'
    return
  fi
  if [ "$is_host" = no ] && [ -z "$default$way4" ] && [ "$only_internal" = yes ]; then
    note -c internal-network 'skipped: its networks are internal, nothing leaves them by design' '跳过：它的网络都是内部网络，按设计出不去'
    return
  fi
  told=no misled='' forwards=yes translates6=yes
  if [ -n "$way4" ]; then ok 'it has a way to the outside' '有通往外部的路由'; { printf '%s\n' "$way4"; printf '%s\n' "$default"; } | show
  elif [ -n "$default" ]; then
    told=yes
    bad -c no-route "it has a default route, yet a route or a routing rule says no: $taken" "有默认路由，但另有路由或策略路由规则拒绝了它：$taken"
    { inside ip -4 rule; inside ip -4 route show table all | grep -E '^(blackhole|unreachable|prohibit|throw) '; inside ip route; } | show
    try 'look at: ip rule; ip route show table all' '查看：ip rule；ip route show table all'
  elif has4; then
    told=yes
    bad -c no-route 'it has no default route, so it knows no way out of its own subnets' '没有默认路由，除了自己的子网哪里也去不了'
    inside ip route | show
    try "$(anew)" "$(anew)"
  fi
  [ "$is_host" = yes ] || look_at_default6
  [ "$is_host" = yes ] || for one in -4 -6; do look_at_host "$one"; done
  ask_outside
  ask_nameservers
}

# A network with IPv6 gives a default route of IPv6, unless it is internal.
look_at_default6() {
  local leg gateway6
  for leg in "${legs[@]}"; do
    IFS=$'\t' read -r _ _ _ _ _ gateway6 <<< "$leg"
    case ${gateway6:--} in - | fe80:*) continue ;; esac
    has6 || return 0
    [ -z "$(inside ip -6 route show default)" ] || return 0
    bad -c no-route 'it has no default route of IPv6' '没有 IPv6 的默认路由'
    inside ip -6 route | show
    try "$(anew)" "$(anew)"
    return
  done
}

# What this host has to do for it: pass packets on, and put its own address on them. For one family.
look_at_host() {
  local via bridge subnet leaves own end rule way=$way4 save=iptables far=${lan:-192.0.2.1} one off
  [ "$1" = -4 ] || way=$way6 save=ip6tables far=$lan6
  [ -n "$way" ] || return 0
  via=$(word_after via <<< "$way")
  bridge=$(link_with "$host_links" "$via")
  if [ -z "$bridge" ]; then
    [ -n "$via" ] && ! grep -qF -- "$via" <<< "${legs[*]}" || return 0
    told=yes
    bad -c wrong-gateway "its default route leads to $via, which is no gateway of its networks" "默认路由指向 $via，而那不是它所在网络的网关"
    inside ip "$1" route | show
    try "$(anew)" "$(anew)"
    return
  fi
  # Answers have to find back to the bridge, and over it to the container.
  own=$(word_after src <<< "$way")
  if [ -z "$(ip -o link show dev "$bridge" up)" ]; then
    # Its routes have gone with it, and it was told of where its gateway does not answer.
    told=yes misled=link-cut
  elif [ -n "$own" ] && [ "$(ip "$1" route get "$own" 2> /dev/null | word_after dev)" != "$bridge" ]; then
    told=yes misled=astray
    bad -c astray "this host does not look for $own on $bridge, the bridge of its network" "本机没有到它所在网络的网桥 $bridge 上去找 $own"
    ip "$1" route get "$own" 2>&1 | head -n 1 | show
    try "which route wins: ip route get $own" "看是哪条路由生效：ip route get $own"
  elif end=$(host_end "$pid" "$own") && [ -n "$end" ] && [ "$(jq -r '.master // ""' <<< "$end")" != "$bridge" ]; then
    told=yes misled=bridge-port end=$(jq -r .ifname <<< "$end")
    bad -c bridge-port "$end, the host's end of its link, is no port of $bridge" "它的接口在主机上的一端 $end 不是网桥 $bridge 的端口"
    ip link show dev "$end" | show
    try "ip link set dev $end master $bridge" "ip link set dev $end master $bridge"
  fi
  leaves=$(ip "$1" route get "$far" 2> /dev/null | word_after dev)
  off=''
  # Of IPv4 each link has a setting of its own, of IPv6 the one for all counts (ip-sysctl).
  for one in $([ "$1" = -6 ] && echo net.ipv6.conf.all.forwarding || echo net.ipv4.ip_forward "net.ipv4.conf.$bridge.forwarding" "net.ipv4.conf.$leaves.forwarding"); do
    [ "$(sysctl -n "$one" 2> /dev/null)" != 0 ] || off="${off:-$one}"
  done
  if [ -n "$off" ]; then
    told=yes forwards=no
    bad -c forwarding-off "IP forwarding is off on this host: $off" "本机的 IP 转发被关闭了：$off"
    show <<< "$off = 0"
    try "sysctl -w $off=1" "sysctl -w $off=1"
  elif [ "$1" = -4 ]; then ok 'this host forwards packets' '本机开启了 IP 转发'
  else ok 'this host forwards packets of IPv6' '本机开启了 IPv6 转发'; fi
  subnet=$(ip "$1" route show dev "$bridge" | awk '$1 ~ /\// && $1 !~ /^(fe80|ff00)/ { print $1; exit }')
  # Networks can be made to go without, or with their addresses as they are.
  [ "$(docker_option "$bridge" enable_ip_masquerade)" != false ] && [ -n "$subnet" ] || return 0
  # A rule for other links than the one that it leaves by is for other packets.
  rule=$(on_host $save -t nat -S POSTROUTING | grep -F -- "-s $subnet " | grep -E -- '-j (MASQUERADE|SNAT)' |
    awk -v leaves="$leaves" '{ for (i = 1; i < NF; i++) if ($i == "-o" && ($(i - 1) == "!") == ($(i + 1) == leaves)) next; print }')
  if [ -n "$rule" ]; then ok "a rule masquerades $subnet" "有规则为 $subnet 做地址伪装"; show <<< "$rule"
  elif [ "$1" = -6 ] && ! on_host ip6tables -t nat -S DOCKER > /dev/null 2>&1; then
    # An Engine that was not told to (ip6tables in daemon.json) leaves that to whoever runs the LAN.
    translates6=no
    note -c no-masquerade "this Engine translates no addresses of IPv6: outside, nobody answers $subnet who was not told the way to it" \
      "这个引擎不转换 IPv6 地址：外面没有配置过到 $subnet 的路由的机器，都无法应答"
  else
    told=yes
    bad -c no-masquerade "no rule masquerades $subnet: answers from outside find no way back" "没有规则为 $subnet 做地址伪装：外面的回包找不到回来的路"
    on_host $save -t nat -S POSTROUTING | show
    try "$save -t nat -A POSTROUTING -s $subnet ! -o $bridge -j MASQUERADE" "$save -t nat -A POSTROUTING -s $subnet ! -o $bridge -j MASQUERADE"
  fi
}

# An option of the network whose bridge it is: docker_option BRIDGE NAME.
docker_option() {
  local id
  for id in $(printf '%s\n' "${legs[@]}" | cut -f 2); do
    timeout 8 docker network inspect -- "$id" 2> /dev/null | jq -r --arg it "$1" --arg option "com.docker.network.bridge.$2" '.[0]
      | select((.Options["com.docker.network.bridge.name"] // ("br-" + .Id[:12])) == $it) | .Options[$option] // empty'
  done
}

# The LAN's gateways, and the other hosts of the rack as /etc/hosts has them.
ask_outside() {
  local outside=() silent=() reached=() one both6=no hosts
  # A host of IPv4 alone is not asked by IPv6, nor a container.
  has6 && [ -n "$way6" ] && both6=yes
  mapfile -t hosts < <(awk '$1 ~ /^[0-9a-f.:]+$/ && $1 !~ /^(127\.|::1$|f[ef]0)/ { print $1 }' /etc/hosts | sort -u |
    while read -r one; do case $mine in *" $one "*) ;; *) echo "$one" ;; esac; done | head -n 6)
  for one in $lan $lan6 "${hosts[@]}"; do
    is6 "$one" && [ "$both6" = no ] && continue
    is6 "$one" || has4 || continue
    outside+=("$one")
  done
  if [ ${#outside[@]} = 0 ]; then note 'there is nobody outside to ask' '外部没有可以访问的对象'; fi
  ping_all inside "${outside[@]}"
  for one in "${outside[@]}"; do
    case ${answers[$one]:-} in yes) reached+=("$one"); ok "$one answers" "$one 有应答" ;; no) silent+=("$one") ;; esac
  done
  ping_all on_host "${silent[@]}"
  local -A of_host=(); for one in "${!answers[@]}"; do of_host[$one]=${answers[$one]}; done
  for one in "${silent[@]}"; do
    if is6 "$one" && [ "$translates6" = no ]; then note "$one does not answer it" "$one 不应答它"; continue; fi
    silent_outsider "$one" "${of_host[$one]:-}"
  done
  large_packets "${reached[@]}"
}

silent_outsider() {
  local bridge link on taken
  forget_reason
  if [ "$is_host" = no ] && [ "$2" = yes ]; then
    bridge=$(printf '%s\n' "$way4" "$way6" | grep -F -- "$(is6 "$1" && echo "$lan6" || echo "${lan:-192.0.2.1}")" | word_after via)
    on=$(link_with "$host_links" "$bridge")
    link=$(is6 "$1" && word_after src <<< "$way6" || word_after src <<< "$way4")
    # A child of a macvlan or ipvlan link, and the host that it stands on.
    if [[ $mine == *" $1 "* ]]; then :
    elif ! taken=$(inside ip "$(family "$1")" route get "$1" 2>&1); then
      reason no-route 'it has no route there, or one that says no' '它没有去那里的路由，或者路由拒绝了' \
        "$taken"$'\n'"$(inside ip "$(family "$1")" route show table all | grep -E '^(blackhole|unreachable|prohibit|throw) ')"
    # Answers go elsewhere, whatever rules say to them there.
    elif [ -n "$misled" ]; then :
    # Where nothing is forwarded, the look-up says no to everything.
    elif [ $forwards = yes ] && [ -n "$on" ] && [ -n "$link" ] && route_of_host "$link" "$on" "$1"; then :
    elif may_reason && dropping_rule "$(family "$1")" '' '' inside ping -n -q -c 1 -W 1 "$1"; then :; fi
    # What is behind it may be one of the faults above.
    [ -n "$cause" ] || [ "$told" = no ] || why_en='' why_zh=''
    bad_because "$1 does not answer it, though it answers this host" "$1 不应答它，却应答本机"
    [ -n "$cause" ] || [ "$told" = yes ] || foreign_note
    return
  fi
  taken=$(ip "$(family "$1")" route get "$1" 2>&1 | head -n 1)
  link=$(word_after dev <<< "$taken")
  if [[ $taken == RTNETLINK* ]]; then
    reason no-route "a route or a routing rule of this host says no to it" "本机的路由或策略路由规则拒绝了它" \
      "$taken"$'\n'"$(ip "$(family "$1")" route show table all | grep -E '^(blackhole|unreachable|prohibit|throw) ' | grep -v 'dev lo')"
  elif [ "$(jq -r --arg it "$link" 'first(.[] | select(.ifname == $it and any(.addr_info[]?; .scope == "global"))).linkinfo.info_kind // ""' <<< "$host_links")" = bridge ]; then
    reason hidden-by-subnet "this host looks for it on the bridge $link, whose subnet has that address too" "本机到网桥 $link 上去找它，因为那个子网也包含这个地址" "$taken"
  elif may_reason; then dropping_rule "$(family "$1")" '' '' on_host ping -n -q -c 1 -W 1 "$1"; fi
  if [ -n "$cause" ]; then bad_because "$1 answers neither it nor this host" "$1 对它和本机都没有应答"
  elif [ "$1" = "$lan" ] || [ "$1" = "$lan6" ]; then
    bad "$1 answers neither it nor this host: the fault is not in the container" "$1 对它和本机都没有应答：问题不在容器里"
    ip -br link | show
  else note "$1 answers neither it nor this host: the fault is over there" "$1 对它和本机都没有应答：问题在对方"; fi
}

# Tables that are not of iptables, whose rules may drop: they do not count by themselves, so nothing is said of which.
foreign_note() {
  local rules; rules=$(foreign_drops)
  [ -n "$rules" ] || return 0
  note 'this host has further tables of nftables, with rules that drop' '本机还有其他 nftables 表，其中有丢弃数据包的规则'
  show <<< "$rules"
}
# TABLE: RULE, one line each.
foreign_drops() {
  timeout 3 nft -s list ruleset 2> /dev/null | awk '
    /^table / { table = $2 " " $3; skip = /^table (ip|ip6) (filter|nat|raw|mangle|security) / || /vethlab-trace/ }
    !skip && /(^|[ \t])(drop|reject)/ && !/policy/ { sub(/^[ \t]+/, ""); print table ": " $0 }
    !skip && /policy drop/ { sub(/^[ \t]+/, ""); print table ": " $0 }' | head -n 8
}
# A rule of theirs that names a port is a reason, where somebody can't connect to that port: foreign_rules PORT.
foreign_rules() {
  local rules; rules=$(foreign_drops | grep -E "dport (\{[^}]*)?\b$1\b")
  [ -n "$rules" ] || return 1
  reason rule-drop "this host has a rule of nftables that drops or rejects port $1" "本机有一条 nftables 规则丢弃或拒绝端口 $1" "$rules"
}

large_packets() {
  local one device mtu lacking=() bytes good=0
  local -A asking=()
  device=$(printf '%s\n' "$way4" | word_after dev)
  mtu=$(inside ip -j link show dev "${device:-eth0}" | jq -r '.[0].mtu // 1500')
  # IP and ICMP headers are 28 bytes, of IPv6 48; nothing on a LAN is larger than 9000.
  [ "$mtu" -le 9000 ] || mtu=9000
  for one in "$@"; do
    in_time || { unknown=1; return; }
    inside ping -n -q -c 1 -W 1 -M do -s $((mtu - $(is6 "$one" && echo 48 || echo 28))) -- "$one" > /dev/null 2>&1 &
    asking[$one]=$!
  done
  for one in "$@"; do if wait "${asking[$one]}"; then good=1; else lacking+=("$one"); fi; done
  [ $good = 0 ] || ok "packets of full size ($mtu bytes) get through" "$mtu 字节的满尺寸包能通过"
  for one in "${lacking[@]:0:2}"; do
    bytes=$(most_bytes "$one" "$mtu")
    if [ -n "$bytes" ]; then
      bad -c mtu-too-large "packets of up to $bytes bytes get to $one, but those of $mtu bytes do not" "到 $one，$bytes 字节以内的包能通过，$mtu 字节的包过不去"
      { inside ip -br link show dev "${device:-eth0}"; ip -br link | grep -vE '^(lo|veth)'; } | show
      try "make the network with a smaller MTU: --opt com.docker.network.driver.mtu=$bytes" "用更小的 MTU 建网络：--opt com.docker.network.driver.mtu=$bytes"
    else
      note "small packets get to $one, and one of $mtu bytes was not answered in time" "小包能到 $one，而一个 $mtu 字节的包没有及时得到应答"
    fi
  done
}

# Whoever is asked for names of the outside: its own servers, or behind the embedded one those that the Engine noted (ExtServers).
ask_nameservers() {
  local where=inside server asked=("${servers[@]}") noted given=no said of_host
  of_host=$(awk '$1 == "nameserver" { print $2 }' /etc/resolv.conf)
  if [[ " ${servers[*]} " == *' 127.0.0.11 '* ]]; then
    noted=$(sed -n 's/^# ExtServers: \[\(.*\)\].*/\1/p' "$resolver" 2> /dev/null)
    mapfile -t asked < <(tr ' ' '\n' <<< "$noted" | grep .)
    [ ${#asked[@]} != 0 ] || { where=on_host; mapfile -t asked <<< "$of_host"; }
  fi
  # The Engine found none that a container could use (its note).
  ! grep -q 'Used default nameservers' "$resolver" 2> /dev/null || given=yes
  for server in "${asked[@]:0:2}"; do
    in_time || { unknown=1; break; }
    # On the host's own loopback the Engine asks from there.
    case $server in host\(*) server=${server#host(} server=${server%)} where=on_host ;; esac
    said=$(asks "$where" "$server")
    case $said in
      yes) ok "the nameserver $server answers" "DNS 服务器 $server 有应答" ;;
      refused | silent)
        # A LAN without internet says so for everybody.
        if [ "$server" = "$lan" ] || [ "$server" = "$lan6" ] || { [ "$said" = refused ] && grep -qxF -- "$server" <<< "$of_host"; }; then
          note "the nameserver $server gives no answer: names of the outside do not resolve here" "DNS 服务器 $server 没有给出应答：这里解析不了外部域名"
        elif [ "$given" = yes ]; then
          bad -c default-nameservers "the nameserver $server does not answer, and nobody chose it: the Engine found none in this host's /etc/resolv.conf that a container could use" \
            "DNS 服务器 $server 没有应答，而它不是谁选的：引擎在本机的 /etc/resolv.conf 里没有找到容器能用的服务器"
          { grep nameserver "$resolver"; grep nameserver /etc/resolv.conf | sed 's/^/host: /'; } | show
          try 'give one with --dns, or use a network of your own' '用 --dns 指定一个，或者使用自建网络'
        else
          bad -c unknown-name "the nameserver $server gives no answer: names that are not of containers do not resolve" "DNS 服务器 $server 没有应答：容器名之外的域名解析不了"
          grep -E 'nameserver|ExtServers' "$resolver" | show
          try 'give another one with --dns, or in /etc/docker/daemon.json' '用 --dns 或在 /etc/docker/daemon.json 里换一个'
        fi ;;
    esac
  done
}
