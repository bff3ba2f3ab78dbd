import type { Trouble } from '../../error/trouble.js'
import type { Lab } from '../../lab/lab.js'

/** What is known of a session that holds a rack. */
export interface Holder {
  lab: Lab
  mine: boolean
  /** When it would be closed if nobody came; milliseconds since 1970. */
  endsAt?: number
}

/** What has no room. */
const places = {
  machine: { en: 'This machine has', zh: '这台机器' },
  class: { en: 'Your class has', zh: '你的课堂' },
}

/** No rack can be had: how many run, which of them are the learner's, and when one may become free. Pure. */
export function limitTrouble(holders: readonly Holder[], place: keyof typeof places = 'machine'): Trouble {
  const mine = holders.filter((holder) => holder.mine).map(({ lab }) => lab.title)
  const ends = holders.flatMap(({ endsAt }) => (endsAt === undefined ? [] : [endsAt]))
  const count = holders.length
  const open =
    count === 0
      ? // Racks that belong to no session, such as those of a command.
        { en: '', zh: '' }
      : {
          en: `: ${count} ${count === 1 ? 'is' : 'are'} open now`,
          zh: `：现在已打开 ${count} 个`,
        }
  const [en, zh] =
    mine.length === 0
      ? ['', '']
      : [
          ` Yours: ${mine.map((title) => `"${title.en}"`).join(', ')}.`,
          `其中你的有：${mine.map((title) => `“${title.zh}”`).join('、')}。`,
        ]
  return {
    code: 'rack.limit',
    what: {
      en: `${places[place].en} no room for another lab${open.en}.${en}`,
      zh: `${places[place].zh}不能再打开更多实验${open.zh}。${zh}`,
    },
    cure:
      mine.length === 0
        ? { en: 'Wait until someone has finished, then try again.', zh: '请等其他人用完后再试。' }
        : {
            en: 'Leave one of your labs, whose progress is kept, or wait until another one ends.',
            zh: '请先离开你的一个实验（进度会保留），或等其他实验结束。',
          },
    ...(ends.length === 0 ? {} : { freeAt: new Date(Math.min(...ends)).toISOString() }),
  }
}
