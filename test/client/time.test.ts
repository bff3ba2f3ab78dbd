import { describe, expect, it } from 'vitest'
import { countdown, minutesOf, relative, secondsOf } from '../../client/shell/time.js'

const minute = 60_000

describe('times', () => {
  it('says durations in minutes and hours', () => {
    expect(minutesOf(0, 'en')).toBe('0 min')
    expect(minutesOf(12 * minute + 59_999, 'en')).toBe('12 min')
    expect(minutesOf(65 * minute, 'en')).toBe('1 h 05 min')
    expect(minutesOf(65 * minute, 'zh')).toBe('1 小时 5 分钟')
  })

  it('counts down to zero, and not below', () => {
    expect(countdown(95_000)).toBe('1:35')
    expect(countdown(4_001)).toBe('0:05')
    expect(countdown(-5_000)).toBe('0:00')
  })

  it('says how long a stage took', () => {
    expect(secondsOf(96, 'en')).toBe('0.1 s')
    expect(secondsOf(12_400, 'zh')).toBe('12 秒')
  })

  it('says how far away a time is, in the largest unit that fits', () => {
    expect(relative(12 * minute + 20_000, 'en')).toBe('in 12 minutes')
    expect(relative(-3 * 60 * minute, 'en')).toBe('3 hours ago')
    expect(relative(30_000, 'zh')).toBe('30 秒钟后')
  })
})
