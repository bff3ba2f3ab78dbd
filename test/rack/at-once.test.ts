import { expect, it } from 'vitest'
import { AtOnce } from '../../server/rack/at-once.js'

it('refuses what is more at once, for each key apart, and lets go on when one has ended, also in failure', async () => {
  const atOnce = new AtOnce(2, 'observations')
  const ends: ((error?: Error) => void)[] = []
  const lasting = () =>
    new Promise<void>((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())))
  const first = atOnce.run('r1', lasting)
  const second = atOnce.run('r1', lasting)
  await expect(atOnce.run('r1', lasting)).rejects.toMatchObject({ code: 'rack.busy', place: 'r1' })
  const other = atOnce.run('r2', lasting)
  ends[0]!(new Error('broken'))
  await expect(first).rejects.toThrow('broken')
  const third = atOnce.run('r1', lasting)
  for (const end of ends) end()
  await Promise.all([second, other, third])
  await expect(atOnce.run('r1', async () => 7)).resolves.toBe(7)
})
