import type { FeatureName, FeatureReport } from '../machine/features.js'
import type { Text } from '../wording/text.js'

/** What doesn't work in labs without a feature of the kernel, for learners. */
const fails: Record<FeatureName, Text> = {
  bridge: { en: 'networks of hosts can’t be built', zh: '无法建立主机之间的网络' },
  veth: { en: 'hosts and containers can’t be joined to networks', zh: '无法把主机和容器接入网络' },
  vxlan: { en: 'overlay networks can’t join hosts', zh: 'overlay 网络无法连接多台主机' },
  macvlan: { en: 'containers can’t have addresses on the LAN', zh: '容器无法在局域网中拥有自己的地址' },
  nf_tables: { en: 'the Docker Engine can’t make its rules', zh: 'Docker 引擎无法建立规则' },
  xt_matches: { en: 'the Docker Engine’s iptables rules are refused', zh: 'Docker 引擎的 iptables 规则会被拒绝' },
  br_netfilter: {
    en: 'overlay networks can’t be made, and containers of one network can’t be kept apart',
    zh: '无法建立 overlay 网络，也无法隔离同一网络中的容器',
  },
  btrfs: { en: 'hosts have nowhere to be', zh: '没有地方存放主机' },
  loop: { en: 'the store of the hosts can’t be mounted', zh: '无法挂载主机的存储' },
  overlayfs: { en: 'images can’t be stacked', zh: '无法叠加镜像层' },
  user_namespaces: { en: 'no host can start', zh: '无法启动主机' },
  idmapped_mounts: { en: 'hosts can’t use their file systems', zh: '主机无法使用自己的文件系统' },
  ipvlan: { en: 'ipvlan networks can’t be made', zh: '无法建立 ipvlan 网络' },
  '8021q': { en: 'networks on VLANs of a trunk can’t be made', zh: '无法在 trunk 的 VLAN 上建立网络' },
  ip_vs: {
    en: 'virtual IPs of Swarm services and the routing mesh don’t answer',
    zh: '集群服务的虚拟 IP 和路由网格不会应答',
  },
  esp: { en: 'encrypted overlay networks pass no packets', zh: '加密的 overlay 网络无法传输数据' },
}

export type Lacks = Record<string, { what: Text; cure: Text }>

/** What this machine does not have, in words for learners. */
export function lacksOf(reports: readonly FeatureReport[]): Lacks {
  return Object.fromEntries(
    reports
      .filter(({ state }) => state !== 'present')
      .map(({ name }) => {
        const why = fails[name]
        return [
          name,
          {
            what: {
              en: `This machine’s kernel lacks ${name}: ${why.en}.`,
              zh: `本机内核缺少 ${name}：${why.zh}。`,
            },
            cure: {
              en: 'Run `vethlab doctor` on it: it says how to get it.',
              zh: '请在本机运行 `vethlab doctor`，它会说明如何解决。',
            },
          },
        ]
      }),
  )
}
