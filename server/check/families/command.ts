import { z } from 'zod'
import { Unanswerable } from '../../place/unanswerable.js'
import { bare, code } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { hostName } from '../fields.js'
import { fail, pass } from '../finding.js'
import { scriptText } from '../script-process.js'
import { scriptFile } from './script.js'

const schema = z.strictObject({
  on: hostName.describe('the host that runs it, as root'),
  run: scriptFile.describe('file below `checks/`, for bash; it may take 10 s'),
  passes: z
    .enum(['exit', 'done'])
    .default('exit')
    .describe('`exit`: it ends with 0; `done`: the last that it prints is `done`, as in Katacoda'),
})
type Spec = z.output<typeof schema>

/** The last line that a program printed, where it said something. */
function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1)?.trim() || undefined
}

/** What a script says that runs in the rack, where the learner is root: for practice, and for labs that come from elsewhere. */
export const command: Family<Spec> = {
  key: 'command',
  schema,
  reasons: ['command.failed'],
  nothing: [],
  hosts: ({ on }) => [on],
  files: ({ run }) => [`checks/${run}`],
  async check({ on, run, passes }, { probe, labDirectory, signal }) {
    const text = await scriptText(labDirectory, run)
    const { exitCode, timedOut, stdout, stderr } = await probe.runCommand(on, text, signal)
    if (timedOut) {
      throw new Unanswerable('script.timeout', {
        en: `the script ${code(run)} did not end in time on ${code(on)}`,
        zh: `脚本 ${code(run)} 在 ${code(on)} 上没有按时结束`,
      })
    }
    const isRight = passes === 'done' ? lastLine(stdout) === 'done' : exitCode === 0
    const who = { en: `the script ${code(run)} on ${code(on)}`, zh: `${code(on)} 上的脚本 ${code(run)}` }
    if (isRight) return pass(`${who.en} says that it is done`, `${who.zh}认为已经完成`)
    const said = lastLine(stderr) ?? lastLine(stdout)
    const expected =
      passes === 'done'
        ? { en: `${who.en} prints ${code('done')}`, zh: `${who.zh}输出 ${code('done')}` }
        : { en: `${who.en} ends with 0`, zh: `${who.zh}以 0 结束` }
    const how = exitCode === null ? { en: 'by a signal', zh: '信号' } : { en: `with ${exitCode}`, zh: `${exitCode}` }
    return fail('command.failed', {
      expected,
      observed:
        passes === 'done' && exitCode === 0
          ? { en: 'it did not print that', zh: '它没有输出这个词' }
          : { en: `it ended ${how.en}`, zh: `它以 ${how.zh} 结束` },
      why:
        said === undefined
          ? { en: 'it said nothing about the reason', zh: '它没有说明原因' }
          : { en: `it said: ${bare(said, 300)}`, zh: `它的输出是：${bare(said, 300)}` },
    })
  },
}
