import { expect, it } from 'vitest'
import { withSeed } from '../../server/lab/read-lab.js'
import { lintedLab } from '../../server/lab/reading.js'
import { fromPackage } from '../../server/package-root.js'

const folder = fromPackage('test/trial/drawn')

it('a lab all of whose parts have parameters is right for every seed', async () => {
  const { lab, problems } = await lintedLab(folder, { images: [], bundled: fromPackage('labs') })
  expect(problems).toEqual([])
  const mine = withSeed(lab!, 'mine')
  const { lan, laptop_address, door } = mine.drawn!.values
  expect(mine.plan.lans[0]).toMatchObject({ subnet: `${lan}`.split('/')[0], prefix: 24 })
  expect(mine.plan.hosts[1]!.interfaces[0]).toMatchObject({ address: laptop_address })
  expect(mine.setup).toContain(`TCP-LISTEN:${door},`)
  expect(Buffer.from(mine.files[0]!.content, 'base64').toString()).toBe(
    `laptop is ${laptop_address}; {{name}} is for others.\n`,
  )
})
