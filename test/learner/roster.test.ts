import { describe, expect, it } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { readRoster } from '../../server/learner/roster.js'

describe('a roster', () => {
  it('is read as spreadsheets write it', () => {
    const ada = { name: 'Ada Lovelace', student: '007', email: 'ada@example.org', section: 'A' }
    expect(readRoster('\ufeffname,id,email,group\nAda Lovelace,007,ada@example.org,A\n')).toEqual([ada])
    expect(
      readRoster('Email;Student ID;Full Name;Section;Grade\r\nada@example.org;007;Ada Lovelace;A;\r\n\r\n'),
    ).toEqual([ada])
    expect(readRoster('姓名\t学号\n王小明\t2026001\n')).toEqual([{ name: '王小明', student: '2026001' }])
    expect(readRoster('name\n"O""Brien, Pat"\n')).toEqual([{ name: 'O"Brien, Pat' }])
  })

  it('keeps nothing that turns text around or hides in it', () => {
    expect(readRoster('name\nAda\u202eevil\u0007\n')).toEqual([{ name: 'Ada evil' }])
  })

  it.each([
    ['Ada,007\n', 1, 'has no column called name'],
    ['', 1, 'has no column called name'],
    ['name,id\n,007\n', 2, 'has no name'],
    ['name,id\nAda,7\nBob,8\nEve,7\n', 4, 'has the student of line 2 once more: 7'],
    ['name,email\nAda,A@x.org\nBob,a@X.org\n', 3, 'has the email of line 2 once more'],
    [`name\n${'x'.repeat(101)}\n`, 2, 'has a name of more than 100 characters'],
    ['name\n"Ada\n', 2, 'is no CSV'],
    [`name\n${'Ada\n'.repeat(2001)}`, 2002, 'no more are taken'],
  ])('says which line is wrong: %j', (text, line, what) => {
    let error: unknown
    try {
      readRoster(text)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(VethlabError)
    const { place, message, zh } = error as VethlabError
    expect([place, message]).toEqual([`roster:${line}`, expect.stringContaining(what)])
    expect(zh?.what).toBeTruthy()
  })

  it('lets two have one name', () => {
    expect(readRoster('name,id\nLi Wei,1\nLi Wei,2\n')).toHaveLength(2)
  })
})
