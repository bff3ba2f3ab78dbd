import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Learner } from './learner.js'
import { ServerProcess } from './server-process.js'
import { type Distribution, distribution } from './statistics.js'

export interface OpenBenchmark {
  /** From the request to the first prompt's bytes, with hosts that wait in the pool, and with none. */
  warmMs: Distribution
  coldMs: Distribution
  /** From the click on a card to the prompt on the screen of a Chromium; absent where there is none. */
  browserWarmMs?: Distribution
  browserColdMs?: Distribution
}

const lab = 'user-bridge'
const browserPath = '/usr/bin/chromium'
/** The pool makes a host anew meanwhile. */
const refillMs = 4_000
const waitMs = 60_000
const promptMark = '\u001b]633;B'

/** Click to first prompt, through the real server: a lab with one docker host. */
export async function benchOpen(runs: number, say: (line: string) => void): Promise<OpenBenchmark> {
  const warm = await withPool('2', '1', 'warm', runs, say)
  const cold = await withPool('0', '0', 'cold', runs, say)
  return {
    warmMs: warm.socket,
    coldMs: cold.socket,
    ...(warm.browser && cold.browser ? { browserWarmMs: warm.browser, browserColdMs: cold.browser } : {}),
  }
}

async function withPool(
  docker: string,
  plain: string,
  name: string,
  runs: number,
  say: (line: string) => void,
): Promise<{ socket: Distribution; browser?: Distribution }> {
  const server = await ServerProcess.start(['--pool-docker', docker, '--pool-plain', plain])
  try {
    const socket: number[] = []
    for (let run = 1; run <= runs; run++) {
      say(`${name}, ${run} of ${runs}`)
      await sleep(refillMs)
      socket.push(await timeOverSocket(server.address))
    }
    const browser = existsSync(browserPath) ? await timeInBrowser(server.address, name, runs, say) : undefined
    return { socket: distribution(socket), ...(browser ? { browser: distribution(browser) } : {}) }
  } finally {
    await server.stop()
  }
}

async function timeOverSocket(address: URL): Promise<number> {
  const learner = await Learner.arrive(address)
  const started = performance.now()
  const { id: session, terminals } = await learner.open(lab)
  try {
    let text = ''
    const prompted = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no prompt came')), waitMs)
      learner.socket.on('terminal.data', (_, __, bytes) => {
        text += Buffer.from(bytes).toString('latin1')
        if (!text.includes(promptMark)) return
        clearTimeout(timer)
        resolve()
      })
    })
    await learner.ask('terminal.attach', { session, terminal: terminals[0]!.id })
    await prompted
    return performance.now() - started
  } finally {
    await learner.ask('session.leave', { session })
    learner.leave()
  }
}

async function timeInBrowser(address: URL, name: string, runs: number, say: (line: string) => void): Promise<number[]> {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({
    executablePath: browserPath,
    // Without WebGL the terminal's text is in the page, where it can be waited for.
    args: ['--no-sandbox', '--disable-3d-apis', '--disable-background-networking', '--disable-sync', '--no-first-run'],
  })
  try {
    const samples: number[] = []
    for (let run = 1; run <= runs; run++) {
      say(`${name} in a browser, ${run} of ${runs}`)
      await sleep(refillMs)
      const page = await (await browser.newContext()).newPage()
      await page.goto(address.href)
      const card = page.locator(`a[href="/labs/${lab}"]`).first()
      await card.waitFor()
      const started = performance.now()
      await card.click()
      await page.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: waitMs })
      samples.push(performance.now() - started)
      await page.context().close()
      const learner = await Learner.arrive(address)
      const view = await learner.ask('session.join', { lab, open: false })
      if (view) await learner.ask('session.leave', { session: view.id })
      learner.leave()
    }
    return samples
  } finally {
    await browser.close()
  }
}
