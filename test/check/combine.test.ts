import { cases, unverified } from './cases.js'

const there = { container: { name: 'web' } }
const gone = { container: { name: 'nobody' } }
const noHost = { container: { name: 'node9/web' } }

cases('all', [
  { gives: 'pass', spec: [there, { network: { name: 'my_net' } }] },
  { gives: 'pass', spec: [{ all: [there] }] },
  { gives: 'all.failed', spec: [there, gone], says: '`nobody`' },
  { gives: 'error reference.no-host', spec: [gone, noHost] },
])

cases('any', [
  { gives: 'pass', spec: [gone, there] },
  { gives: 'pass', spec: [noHost, there] },
  { gives: 'any.failed', spec: [gone, { network: { name: 'no_net' } }], says: '; or ' },
  { gives: 'error reference.no-host', spec: [gone, noHost] },
])

cases('not', [
  { gives: 'pass', spec: gone },
  { gives: 'not.passed', spec: there },
  { gives: 'not.passed', spec: { link: { of: 'old', name: 'eth0' } }, says: 'not running' },
  { gives: 'error reference.no-host', spec: noHost },
  { gives: 'error engine.unverified', spec: there, given: unverified },
])
