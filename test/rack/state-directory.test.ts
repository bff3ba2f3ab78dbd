import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StateDirectory } from '../../server/rack/state-directory.js'

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vethlab-state-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

const access = (path: string) => {
  const { mode, uid, gid } = statSync(path)
  return { mode: (mode & 0o7777).toString(8), uid, gid }
}

describe.runIf(process.getuid?.() === 0)('the state directory', () => {
  it("is root's alone but for what the web has", () => {
    const umask = process.umask(0o077)
    const state = StateDirectory.at(join(newDirectory(), 'made'))
    process.umask(umask)
    expect(access(state.root)).toEqual({ mode: '711', uid: 0, gid: 0 })
    for (const path of [state.run, state.racks, state.hosts, state.netns, state.cache]) {
      expect(access(path), path).toEqual({ mode: '700', uid: 0, gid: 0 })
    }
    expect(access(state.web)).toEqual({ mode: '710', uid: 0, gid: state.webUser })
    expect(access(state.records)).toEqual({ mode: '700', uid: state.webUser, gid: state.webUser })
  })

  it('of an earlier version is opened for the web, and its parts are closed', () => {
    const root = newDirectory()
    mkdirSync(join(root, 'cache'), { mode: 0o755 })
    expect(access(root).mode).toBe('700')
    const state = StateDirectory.at(root)
    expect([access(root).mode, access(state.cache).mode]).toEqual(['711', '700'])
  })

  it('that is open to others already keeps its mode, for it may be more than ours', () => {
    const root = newDirectory()
    chmodSync(root, 0o1777)
    StateDirectory.at(root)
    expect(access(root).mode).toBe('1777')
  })

  it('has a user of its own for the web, always the same', () => {
    const root = newDirectory()
    const { webUser } = StateDirectory.at(root)
    expect(StateDirectory.at(root).webUser).toBe(webUser)
    expect(webUser).toBeGreaterThanOrEqual(0x6fff0000)
    expect(webUser).toBeLessThan(0x70000000)
  })
})
