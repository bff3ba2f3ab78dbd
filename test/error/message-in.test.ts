import { expect, it } from 'vitest'
import { messageIn, messageText } from '../../server/error/message-in.js'
import { VethlabError } from '../../server/error/vethlab-error.js'

it('tells a failure in the language that was chosen', () => {
  const own = new VethlabError('submission.invalid', 'is empty', {
    place: 'mine/node1.sh',
    cure: 'Write the commands into it.',
    zh: { what: '是空的', cure: '请把命令写进去。' },
  })
  expect(messageIn(own, 'en')).toBe('mine/node1.sh: is empty. Write the commands into it.')
  expect(messageIn(own, 'zh')).toBe('mine/node1.sh：是空的。请把命令写进去。')
})

it('tells one without own words in Chinese by those of its code', () => {
  const place = { place: 'r7', cure: 'Open one.' }
  expect(messageIn(new VethlabError('rack.not-found', 'there is no such rack', place), 'zh')).toMatch(/^r7：[^a-z]+。$/)
  const invalid = new VethlabError('lab.invalid', 'title: is empty', { place: 'lab.yaml:1:1', cure: 'Fill it in.' })
  expect(messageIn(invalid, 'zh')).toBe(
    'lab.yaml:1:1：这个实验的文件有错误。作者可以用 `vethlab lint` 查看错误。（title: is empty. Fill it in.）',
  )
  const operator = new VethlabError('setup.busy', 'is being set up', { place: 'state', cure: 'Wait.' })
  expect(messageIn(operator, 'zh')).toBe('state: is being set up. Wait.')
})

it('tells any failure in both, one that nobody foresaw as it says itself', () => {
  const place = { place: 'r7', cure: 'Open one.' }
  const text = messageText(new VethlabError('rack.not-found', 'there is no such rack', place))
  expect([text.en, text.zh]).toEqual(['r7: there is no such rack. Open one.', expect.stringMatching(/^r7：/)])
  expect(messageText(new Error('no\nroom'))).toEqual({ en: 'no room', zh: 'no room' })
})
