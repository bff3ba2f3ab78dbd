import { hostId } from '../map/ids.js'
import type { Change } from '../map/map.js'
import { text } from '../wording/phrase.js'
import { code } from '../wording/wording.js'

/** Of an Engine that did not answer for a while: that alone is known, whether it was restarted or could not answer. */
export function engineWasAway(host: string): Change {
  const where = code(host)
  return {
    kind: 'changed',
    text: text(
      `The Docker Engine of ${where} did not answer for a while, and answers again`,
      `${where} 的 Docker 引擎有一段时间没有应答，现在恢复了`,
    ),
    about: [hostId(host)],
  }
}
