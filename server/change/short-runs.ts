import { hostId } from '../map/ids.js'
import type { Change } from '../map/map.js'
import { count, listed, same, text } from '../wording/phrase.js'
import { cleanText, code } from '../wording/wording.js'

/** A container's run from its start to its end, as its Engine's events tell it. */
export interface ShortRun {
  host: string
  name: string
  image: string
  networks: string[]
  exitCode?: number
  /** A state showed the container as well. */
  seen: boolean
}

/** What is known of runs of which nothing is left; those of one container are one sentence. */
export function runChanges(runs: readonly ShortRun[]): Change[] {
  const byContainer = new Map<string, ShortRun[]>()
  for (const run of runs) {
    const key = `${run.host}\n${run.name}\n${run.image}`
    byContainer.set(key, [...(byContainer.get(key) ?? []), run])
  }
  return [...byContainer.values()].map((own) => ({
    kind: 'changed',
    text: cleanText(wordsOf(own)),
    about: [hostId(own[0]!.host)],
  }))
}

function wordsOf(runs: readonly ShortRun[]) {
  const { host, name, image, exitCode } = runs.at(-1)!
  const networks = listed([...new Set(runs.flatMap((run) => run.networks))].map((one) => same(code(one))))
  const [who, what, where] = [code(name), code(image), code(host)]
  const on = text(networks.en && `, on ${networks.en}`, networks.zh && `（网络 ${networks.zh}）`)
  const once = runs.length === 1
  const end =
    exitCode === undefined
      ? text(once ? 'ended' : 'ended each time', '已结束')
      : text(
          `${once ? 'ended' : 'ended the last time'} with exit code ${exitCode}`,
          `${once ? '' : '最后一次'}退出码 ${exitCode}`,
        )
  const often = once ? text('', '过') : text(` ${count(runs.length, 'time', 'times')}`, `了 ${runs.length} 次`)
  const unseen = runs.some(({ seen }) => seen)
    ? text('', '')
    : text(', before anybody could look: only its Engine tells of it', '；还没来得及查看就结束了，只有引擎提到它')
  return text(
    `Container ${who} (${what}) ran${often.en} on ${where}${on.en}, and ${end.en}${unseen.en}`,
    `容器 ${who}（${what}）在 ${where} 上运行${often.zh}${on.zh}，${end.zh}${unseen.zh}`,
  )
}
