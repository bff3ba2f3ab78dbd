import { expect, it } from 'vitest'
import { tidy } from '../../server/wording/phrase.js'

it.each([
  ['能访问 局域网网关 `192.168.1.1` 和 `laptop`', '能访问局域网网关 `192.168.1.1` 和 `laptop`'],
  ['它的 IPv6 路由', '它的 IPv6 路由'],
  ['在 node1 上  运行', '在 node1 上运行'],
  ['它在`web`里（`node1`） ：已停止。 然后', '它在 `web` 里（`node1`）：已停止。然后'],
  ['`docker network connect 网络 容器`', '`docker network connect 网络 容器`'],
])('%s is tidied', (text, tidied) => {
  expect(tidy(text)).toBe(tidied)
  expect(tidy(tidied)).toBe(tidied)
})
