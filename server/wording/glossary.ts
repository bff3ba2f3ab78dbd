/** A word of the project, and what is not said in its place. */
export interface Term {
  en: string
  zh: string
  /** A sentence, in English, for those who write. */
  means: string
  /** Regular expressions (flags `iu`), by language: forms that learners must not meet. Code is not looked at. */
  not?: { en?: readonly string[]; zh?: readonly string[] }
}

/**
 * The words that learners meet, one for each thing. docs/glossary.md is printed from it; `vethlab lint` holds the labs that come
 * with vethlab to it, and a test all sentences of the page and the server.
 */
export const glossary: readonly Term[] = [
  // What a learner works with
  {
    en: 'lab',
    zh: '实验',
    means: 'A page with steps, and the hosts that it is done on.',
    not: { zh: ['实训', '试验'] },
  },
  {
    en: 'hosts of a lab',
    zh: '实验的主机',
    means: 'What an open lab consists of. Authors and operators call it a rack; learners do not meet that word.',
    not: { en: ['\\bracks?\\b'], zh: ['机架', '机柜'] },
  },
  {
    en: 'step',
    zh: '步骤，第 N 步',
    means: 'One section of a lab with something to do.',
  },
  {
    en: 'your turn',
    zh: '轮到你了',
    means: 'Begins what a learner is to do. In Chinese, 任务 is a task of a swarm and nothing else.',
    not: { en: ['\\byour tasks?\\b'], zh: ['(?<![\\p{Script=Han}])任务：', '你的任务'] },
  },
  {
    en: 'check',
    zh: '检查',
    means: 'One thing that is looked at to see whether a step is done.',
    not: { zh: ['校验项', '检测项'] },
  },
  { en: 'hint', zh: '提示', means: 'Help of a check, shown when it fails.' },
  {
    en: 'network map',
    zh: '网络图',
    means: 'The picture of the network as it is now.',
    not: { zh: ['网络地图', '拓扑地图'] },
  },
  { en: 'trace', zh: '追踪', means: 'To follow one packet and say where it stops.', not: { zh: ['(?<!连接)跟踪'] } },
  { en: 'diagnosis', zh: '诊断', means: 'What `netdiag` and the page find out about one container or host.' },
  // Machines and programs
  {
    en: 'host',
    zh: '主机',
    means: 'A machine with a kernel and a network of its own, as seen by what runs on it.',
    not: { zh: ['宿主机', '母机', '宿主'] },
  },
  {
    en: 'Engine',
    zh: '引擎',
    means: 'Docker Engine, the daemon that makes containers and networks.',
    not: { en: ['\\bdocker daemon\\b'], zh: ['\\bEngines?\\b', '守护程序'] },
  },
  { en: 'container', zh: '容器', means: 'A process with namespaces of its own.' },
  { en: 'image', zh: '镜像', means: 'The files that a container starts from.', not: { zh: ['映像'] } },
  {
    en: 'laptop',
    zh: 'laptop',
    means: 'The name of a host without Docker in the labs. Names of hosts and containers are not translated.',
    not: { zh: ['笔记本'] },
  },
  // The kernel
  {
    en: 'network namespace',
    zh: '网络命名空间',
    means: 'A network stack of its own: interfaces, addresses, routes, rules and sockets.',
    not: { zh: ['名字空间', '名称空间'] },
  },
  {
    en: 'interface, link',
    zh: '接口',
    means: 'What `ip link` lists. A network card (网卡) is hardware.',
    not: { en: ['\\bNICs?\\b'], zh: ['链接设备'] },
  },
  {
    en: 'loopback',
    zh: '回环',
    means: 'The interface `lo` and the addresses 127.0.0.0/8 and ::1 of each network namespace.',
    not: { zh: ['环回', '回送'] },
  },
  {
    en: 'veth pair',
    zh: 'veth 对',
    means: 'Two interfaces that the kernel makes together: what goes in at one comes out at the other.',
  },
  {
    en: 'bridge',
    zh: '网桥',
    means: 'A switch made of software, in the kernel; also the network that Docker makes with one.',
    not: { zh: ['桥接器'] },
  },
  {
    en: 'default bridge',
    zh: '默认网桥',
    means: 'The network `bridge` of an Engine, with the interface `docker0`.',
    not: { zh: ['缺省'] },
  },
  {
    en: 'subnet',
    zh: '子网',
    means: 'A range of addresses that are reached without a gateway.',
    not: { zh: ['网段'] },
  },
  { en: 'gateway', zh: '网关', means: 'Where a packet goes that is for no subnet of the sender.' },
  { en: 'default route', zh: '默认路由', means: 'The route to the gateway.' },
  { en: 'to resolve', zh: '解析', means: 'To find the address of a name.' },
  {
    en: 'DNS server',
    zh: 'DNS 服务器',
    means: 'Who answers questions for names.',
    not: { zh: ['域名服务器', '名称服务器'] },
  },
  {
    en: 'socket',
    zh: '套接字',
    means: 'An end of a connection in the kernel.',
    not: { zh: ['插口', '(?<!一)套接口'] },
  },
  { en: 'to listen', zh: '监听', means: 'To have a socket that takes connections or packets.', not: { zh: ['侦听'] } },
  {
    en: 'packet',
    zh: '包，数据包',
    means: 'What is sent at the level of IP.',
    not: { zh: ['报文', '封包'] },
  },
  { en: 'frame', zh: '帧', means: 'What is sent at the level of Ethernet.' },
  { en: 'to drop', zh: '丢弃', means: 'To take a packet away without an answer.' },
  { en: 'to refuse', zh: '拒绝', means: 'To answer that there is no way in: a TCP reset, or ICMP "port unreachable".' },
  { en: 'answer', zh: '应答', means: 'What comes back to a question, or to a packet.' },
  { en: 'firewall rule', zh: '防火墙规则', means: 'A rule of iptables or nftables.' },
  // Docker's networks
  {
    en: 'to publish a port',
    zh: '发布端口',
    means: 'What `-p` does: the host stands in for the container.',
    not: { zh: ['映射端口', '端口映射', '暴露端口'] },
  },
  { en: 'alias', zh: '别名', means: 'A further name of a container on one network.' },
  {
    en: 'host network',
    zh: '主机网络',
    means: 'The network `host`: a container without a network namespace of its own.',
  },
  {
    en: 'on no network',
    zh: '没有接入任何网络',
    means: 'A container that is connected to nothing, not even to `none`.',
  },
  {
    en: 'overlay',
    zh: 'overlay 网络',
    means: 'One network over several hosts.',
    not: { zh: ['覆盖网络', '叠加网络'] },
  },
  {
    en: 'VNI',
    zh: 'VNI',
    means: 'The number of a VXLAN network, which keeps the packets of different overlays apart.',
    not: { en: ['\\bVXLAN (network )?(id|identifier)s?\\b'], zh: ['网络标识', 'VXLAN (ID|编号|标识)'] },
  },
  {
    en: 'swarm',
    zh: '集群',
    means:
      'Engines that are joined. In Chinese, swarm 集群 where it is first met, and swarm 模式 for the mode of the Engine.',
    not: { zh: ['\\bswarm\\b(?! ?(模式|集群))', '群集'] },
  },
  { en: 'node', zh: '节点', means: 'A host as a member of a swarm.', not: { zh: ['结点'] } },
  {
    en: 'manager',
    zh: '管理节点',
    means:
      'A node that decides. In Chinese with the English word in brackets where it is first met in a lab: 管理节点（manager）.',
    not: { zh: ['(?<!（)\\bmanagers?\\b', '管理器节点'] },
  },
  {
    en: 'worker',
    zh: '工作节点',
    means:
      'A node that only runs tasks. In Chinese with the English word in brackets where it is first met: 工作节点（worker）.',
    not: { zh: ['(?<!（)\\bworkers?\\b', '工作者节点'] },
  },
  { en: 'service', zh: '服务', means: 'What a swarm keeps running, as a number of tasks.' },
  { en: 'task', zh: '任务', means: 'One container of a service.' },
  { en: 'parent and child', zh: '父接口，子接口', means: 'The interface that macvlan divides, and the parts.' },
]
