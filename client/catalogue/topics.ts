import type { Text } from '../../server/wording/text.js'

/** What the topics of `lab.yaml` are called. One that is not listed is shown as it is. */
const topics: Record<string, Text> = {
  bridge: { en: 'Bridges', zh: '网桥' },
  ports: { en: 'Ports', zh: '端口' },
  host: { en: 'Host network', zh: '主机网络' },
  none: { en: 'No network', zh: '没有网络' },
  sharing: { en: 'Shared namespaces', zh: '共享命名空间' },
  overlay: { en: 'Overlay networks', zh: 'Overlay 网络' },
  macvlan: { en: 'Macvlan', zh: 'Macvlan' },
  dns: { en: 'Names', zh: '名字解析' },
  ipam: { en: 'Addresses', zh: '地址管理' },
  ipv6: { en: 'IPv6', zh: 'IPv6' },
  forwarding: { en: 'Forwarding and NAT', zh: '转发与 NAT' },
  firewall: { en: 'Firewall', zh: '防火墙' },
  swarm: { en: 'Swarm', zh: '集群' },
  troubleshooting: { en: 'Troubleshooting', zh: '故障排查' },
  other: { en: 'From elsewhere', zh: '外来实验' },
  design: { en: 'Design', zh: '网络设计' },
}

export function topicText(topic: string): Text {
  return topics[topic] ?? { en: topic, zh: topic }
}
