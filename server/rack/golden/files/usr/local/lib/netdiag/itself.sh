# The first question: does it run, has it a network of its own that works, and does a program listen there?

look_at_itself() {
  stage 1 'The container itself' '容器自身'
  case $state in
    running)
      if [ "$restarts" -ge 2 ] && [ "$age" -lt 15 ]; then
        bad -c not-running "it runs now, and ends soon after each start: it was started again $restarts times, the last one $age s ago" \
          "它此刻在运行，但每次启动后很快就退出：已被重新启动 $restarts 次，最近一次在 $age 秒前"
        timeout 3 docker logs --tail 3 "$name" 2>&1 | show
        try "docker logs $name" "docker logs $name"
        state=restarting
        return
      fi ;;
    paused)
      bad -c paused 'it is paused: its programs stand still' '它被暂停了：里面的程序都停住了'
      try "docker unpause $name" "docker unpause $name" ;;
    *)
      local code; code=$(fact '.State.ExitCode | tostring')
      bad -c not-running "it does not run: it is $state (exit code $code)" "它没有运行：状态 $state（退出码 $code）"
      { fact .State.Error; [ "$state" = created ] || timeout 3 docker logs --tail 3 "$name" 2>&1; } | show
      try "docker logs $name, then docker start $name" "先看 docker logs $name，再 docker start $name"
      return ;;
  esac
  if ! inside true; then give_up 'its network namespace can not be entered' '无法进入它的网络命名空间'; fi
  read_kernel
  ok "it runs, network mode $mode" "正在运行，网络模式 $mode"
  readlink "/proc/$pid/ns/net" | show
  look_at_health
  look_at_links
  [ "$is_host" = yes ] || look_at_loopback
  [ "$is_host" = yes ] || look_at_sockets
  look_at_resolver
}

# Docker notes what a health check says, and sends packets as before.
look_at_health() {
  local health; health=$(fact .State.Health.Status)
  case $state:$health in
    running:healthy) ok 'its health check passes' '健康检查通过'; return ;;
    running:unhealthy) note 'its health check fails; no packet is stopped for that' '健康检查失败；这不会拦住任何数据包' ;;
    running:starting) note 'its health check has not passed yet' '健康检查尚未通过' ;;
    *) return ;;
  esac
  fact '.State.Health.Log | last | "exit code \(.ExitCode): \(.Output)"' | show
  try "docker inspect -f '{{json .State.Health.Log}}' $name" "docker inspect -f '{{json .State.Health.Log}}' $name"
}

skip_the_rest() {
  local why=('skipped: without a process there is no network namespace' '跳过：没有进程就没有网络命名空间')
  stage 2 'Same network' '同一网络'; note "${why[@]}"
  stage 3 'To the outside' '访问外部'; note "${why[@]}"
  stage 4 'From the outside' '从外部访问'; note "${why[@]}"
}

look_at_links() {
  # Whose network it was to share, and whether it still does: another start of that container made another namespace.
  local left='' mother theirs down bare leg network address address6 which device
  case $mode in container:*)
    mother=${mode#container:}
    theirs=$(timeout 8 docker container inspect -f '{{.State.Pid}}' -- "$mother" 2> /dev/null || echo gone)
    if [ "$theirs" = gone ]; then left=gone
    elif [ "$theirs" = 0 ]; then left=stopped
    elif [ "$(readlink "/proc/$theirs/ns/net")" != "$(readlink "/proc/$pid/ns/net")" ]; then left=restarted; fi ;;
  esac
  if [ -n "$left" ]; then
    bad -c left-behind 'it was to share the network of another container, and was left behind in an old namespace' '它本应共用另一个容器的网络，却被留在了旧的命名空间里'
    inside ip -br addr | show
    case $left in
      restarted) try "$(again)" "$(again)" ;;
      stopped) try "start the other one first: docker start ${mother:0:12}, then $(again)" "先启动另一个容器：docker start ${mother:0:12}，再 $(again)" ;;
      gone) try "that container (${mother:0:12}) is no longer there: make $name anew, with --network container:NAME of the one in its place" "那个容器（${mother:0:12}）已经不存在：用 --network container:NAME 指向替代它的容器，重新创建 $name" ;;
    esac
    return
  fi
  [ "$is_host" = no ] || return 0
  if [ "$links" = '[]' ]; then
    bad -c "$([ "$mode" != none ] || echo none-network)" 'it has no network: there is only its loopback' '没有网络：只有回环接口'
    inside ip -br addr | show
    [ "$mode" != none ] || try "docker network disconnect none $name" "docker network disconnect none $name"
    try "docker network connect NETWORK $name" "docker network connect 网络 $name"
    return
  fi
  down=$(jq -r '.[] | select((.flags | index("UP") | not) or (.flags | index("LOWER_UP") | not)) | .ifname' <<< "$links" | tr '\n' ' ')
  bare=$(jq -r '.[] | select((.flags | index("UP")) and [.addr_info[] | select(.scope == "global")] == []) | .ifname' <<< "$links" | tr '\n' ' ')
  if [ -n "$down" ]; then
    bad -c link-cut "links that are down or without a carrier: $down" "接口未启用或没有载波：$down"
    inside ip -br addr | show
    try "$(anew) sets them up anew" "$(anew) 会重新配置"
  fi
  if [ -n "$bare" ]; then
    bad "links without an address: $bare" "接口没有地址：$bare"
    inside ip -br addr | show
    try "$(anew) sets them up anew" "$(anew) 会重新配置"
  fi
  if [ -z "$down$bare" ]; then
    ok 'its links are up and have addresses' '网络接口都已启用并有地址'
    inside ip -br addr | show
  fi
  for leg in "${legs[@]}"; do
    IFS=$'\t' read -r network _ address _ address6 _ <<< "$leg"
    for which in "$address" "$address6"; do
      [ "$which" != - ] && [ -z "$(link_with "$links" "$which")" ] || continue
      # A link that is down keeps no address of IPv6.
      ! is6 "$which" || [ -z "$down" ] || continue
      device=$(link_with "$links" "$address")
      if is6 "$which" && [ -n "$device" ] && [ "$(inside sysctl -n "net.ipv6.conf.${device//./\/}.disable_ipv6" 2> /dev/null)" = 1 ]; then
        bad -c ipv6-off "the Engine gave it $which on $network, and IPv6 is switched off on $device, so that the kernel has no such address" \
          "引擎在 $network 上给它分配了 $which，但 $device 关闭了 IPv6，内核里没有这个地址"
        show <<< "net.ipv6.conf.$device.disable_ipv6 = 1"
        try "$(anew)" "$(anew)"
        continue
      fi
      bad "the Engine says $which on $network, and the kernel has no such address" "引擎说它在 $network 上的地址是 $which，内核里却没有"
      try "$(anew)" "$(anew)"
    done
  done
}

look_at_loopback() {
  local lo one; lo=$(inside ip -j addr show dev lo)
  ping_all inside 127.0.0.1 $(jq -r '.[].addr_info[] | select(.local == "::1") | .local' <<< "$lo")
  for one in 127.0.0.1 ::1; do
    case ${answers[$one]:-} in
      yes) ok "its loopback answers at $one" "回环接口 $one 有应答" ;;
      no)
        forget_reason
        if ! jq -e '.[0].flags | index("UP")' <<< "$lo" > /dev/null; then
          reason link-cut 'lo is down' 'lo 没有启用' "$(inside ip -br link show lo)" "nsenter -t $pid -n ip link set lo up"
        elif ! dropping_rule "$(family "$one")" '' '' inside ping -n -q -c 1 -W 1 "$one"; then
          # Such as net.ipv4.icmp_echo_ignore_all, which says nothing of programs.
          note "its loopback is up, and does not answer a ping to $one" "回环接口已启用，但不回应发给 $one 的 ping"
          continue
        fi
        bad_because "it does not reach even itself at $one" "连自己的 $one 都访问不到" ;;
    esac
  done
}

look_at_sockets() {
  if [ -z "$sockets" ]; then
    note 'nothing in it listens on a port: right for a client, wrong for a server' '里面没有程序监听端口：客户端可以这样，服务端就不对了'
    return
  fi
  if [ -z "$open" ]; then
    bad -c listening-on-loopback 'its programs listen on its loopback alone, where nobody else can connect' '程序只监听回环地址，别人连不上'
    show <<< "$sockets"
    try 'let the program listen on 0.0.0.0, and restart it' '让程序监听 0.0.0.0，然后重启'
    return
  fi
  ok 'programs in it listen' '有程序在监听'
  awk '{ print $1, $2 }' <<< "$sockets" | show
  local four six protocol port full line one
  has4 && four=yes || four=no
  has6 && six=yes || six=no
  # ss writes `*` for a socket of both families, and `[::]` for one of IPv6 alone.
  while read -r protocol port; do
    line=$(grep -E "^$protocol [^ ]*:$port " <<< "$open")
    if [ "$four" = yes ] && ! grep -qE "^$protocol (\*|[0-9.]+|\[::ffff:[0-9.]+\])(%[^:]+)?:" <<< "$line"; then
      if [ "$six" = no ]; then
        bad -c port-not-listening "$protocol $port listens by IPv6 alone, and it has addresses of IPv4 alone: nobody else can connect" \
          "$protocol $port 只通过 IPv6 监听，而它只有 IPv4 地址：别人都连不上"
        try 'let the program listen on 0.0.0.0, or on :: without IPV6_V6ONLY' '让程序监听 0.0.0.0，或者监听 :: 但不设置 IPV6_V6ONLY'
      else
        note -c port-not-listening "$protocol $port listens by IPv6 alone: nobody reaches it by IPv4" "$protocol $port 只通过 IPv6 监听：用 IPv4 连不上"
      fi
      show <<< "$line"
    elif [ "$six" = yes ] && ! grep -qE "^$protocol (\*|\[[0-9a-f:]*\])(%[^:]+)?:" <<< "$(grep -v '\[::ffff:' <<< "$line")"; then
      if [ "$four" = no ]; then
        bad -c port-not-listening "$protocol $port listens by IPv4 alone, and it has addresses of IPv6 alone: nobody else can connect" \
          "$protocol $port 只通过 IPv4 监听，而它只有 IPv6 地址：别人都连不上"
        try 'let the program listen on ::' '让程序监听 ::'
      else
        note -c port-not-listening "$protocol $port listens by IPv4 alone: nobody reaches it by IPv6" "$protocol $port 只通过 IPv4 监听：用 IPv6 连不上"
      fi
      show <<< "$line"
    fi
    # Of several networks one may be meant; of those that are not, its programs know nothing.
    one=$(awk '{ print $2 }' <<< "$line" | grep -E '^([0-9]+\.[0-9.]+):' | grep -v '^0\.0\.0\.0:' | sed 's/:[0-9]*$//')
    if [ "${#legs[@]}" -gt 1 ] && [ -n "$one" ] && [ "$(wc -l <<< "$one")" = 1 ] && ! grep -qE '[ *](0\.0\.0\.0|\*|\[::\]):' <<< " $line"; then
      note -c port-not-listening "$protocol $port listens on $one alone, and not on its addresses of other networks" "$protocol $port 只监听 $one，没有监听它在其他网络上的地址"
      show <<< "$line"
    fi
  done < <(awk '{ port = $2; sub(/.*:/, "", port); print $1, port }' <<< "$open" | sort -u | head -n 8)
  # For a listening socket ss has how many connections wait to be accepted, and how many may (listen(2)).
  full=$(awk '$1 == "tcp" && $4 > 0 && $3 > $4 { print $1, $2, $3, $4 }' <<< "$open" | head -n 1)
  if [ -n "$full" ]; then
    read -r _ line one port <<< "$full"
    bad -c full-queue "its program at $line does not accept: $one connections wait, and it asked for $port at most" "它在 $line 上的程序没有接受连接：有 $one 个在等，而它最多要 $port 个"
    inside ss -Hltn "sport = :${line##*:}" | show
    try "look at what the program does; $(again) begins anew" "看程序在做什么；$(again) 可以重新开始"
  fi
}

look_at_resolver() {
  [ ${#servers[@]} != 0 ] && [ "$links" != '[]' ] || return 0
  if [ "$is_host" = no ] && grep -qvE '^(bridge|none)	' <<< "$(printf '%s\n' "${legs[@]}")" && [[ " ${servers[*]} " != *' 127.0.0.11 '* ]] && [ ${#legs[@]} != 0 ]; then
    bad "it asks ${servers[*]} for names, and names of containers are known to the Engine's server 127.0.0.11 alone" \
      "它向 ${servers[*]} 查询名称，而容器的名字只有引擎的 127.0.0.11 知道"
    show < "$resolver"
    try "$(anew) writes its resolv.conf anew" "$(anew) 会重新生成 resolv.conf"
  else ok "it asks for names: ${servers[*]}" "向这里查询名称：${servers[*]}"; fi
}
