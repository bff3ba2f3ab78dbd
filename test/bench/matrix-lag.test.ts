import { expect, it } from 'vitest'
import { MatrixLag } from '../../server/bench/matrix-lag.js'

it('is how much later a teacher is told, and none where the teacher is told first', () => {
  const lag = new MatrixLag()
  lag.learnerSaw('Ada names', 'failing', 100)
  expect(lag.teacherSaw('1', 'Ada names', 'failing', 140)).toBe(40)
  expect(lag.teacherSaw('1', 'Ada names', 'failing', 900)).toBeUndefined()
  expect(lag.teacherSaw('2', 'Ada names', 'failing', 150)).toBe(50)
  expect(lag.teacherSaw('1', 'Ada names', 'passed', 1000)).toBeUndefined()
  lag.learnerSaw('Ada names', 'passed', 1010)
  expect(lag.teacherSaw('1', 'Ada names', 'passed', 5000)).toBe(0)
})

it('takes a state that comes again for a new one', () => {
  const lag = new MatrixLag()
  for (const [state, at] of [
    ['failing', 0],
    ['working', 5000],
    ['failing', 9000],
  ] as const) {
    lag.learnerSaw('Ada names', state, at)
    lag.learnerSaw('Ada names', state, at + 5)
    expect(lag.teacherSaw('1', 'Ada names', state, at + 30)).toBe(30)
  }
})

it('does not count what was over before a teacher was told', () => {
  const lag = new MatrixLag()
  lag.learnerSaw('Ada names', 'failing', 0)
  lag.learnerSaw('Ada names', 'passed', 10)
  expect(lag.teacherSaw('1', 'Ada names', 'failing', 20)).toBeUndefined()
  expect(lag.teacherSaw('1', 'Ada names', 'passed', 30)).toBe(20)
})
