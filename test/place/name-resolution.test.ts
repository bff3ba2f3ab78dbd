import { expect, it } from 'vitest'
import type { ProbeAnswer, ProbeRequest } from '../../server/network/question.js'
import { resolveName } from '../../server/place/name-resolution.js'
import type { LivePlace } from '../../server/place/place.js'
import { find } from '../../server/place/reference.js'
import { contextOf, ScriptedProbe } from '../check/cases.js'
import { standardRack } from '../check/state-builder.js'

/** Says nothing until it has been asked a number of times, as a nameserver of a machine under load. */
class Late extends ScriptedProbe {
  constructor(private silences: number) {
    super(standardRack(), { 'api dns web': ['172.20.0.2'] })
  }

  override async ask(host: string, question: ProbeRequest): Promise<ProbeAnswer> {
    const answer = await super.ask(host, question)
    if (this.silences-- <= 0) return answer
    return { outcome: 'no', detail: 'timed out', cause: 'silent', durationMs: 1 }
  }
}

function resolveLate(silences: number) {
  const probe = new Late(silences)
  const context = { ...contextOf(probe.rack), probe }
  const found = resolveName(find('api', context.state, context.home) as LivePlace, 'web', context)
  return { probe, found }
}

it('asks a silent nameserver once more, since under load an answer is late', async () => {
  const { probe, found } = resolveLate(1)
  expect(await found).toEqual(['172.20.0.2'])
  expect(probe.asked).toEqual(['api dns web', 'api dns web'])
})

it('asks nobody a third time', async () => {
  const { probe, found } = resolveLate(9)
  expect(await found).toEqual([])
  expect(probe.asked).toHaveLength(2)
})
