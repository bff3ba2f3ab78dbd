import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { lacking, seriesOf } from '../docs/figures.js'
import { testState } from '../hosts/state.js'
import { fixture } from '../store/fixture.js'
import { freePort } from './free-port.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

/** A teacher and three learners, from the founding of a class to its end. */

const slow = { timeout: 60_000 }

let site: Site
let lab: Lab
let teacher: Page
let ada: Page
let code = ''
let ming: Page
let grace: Page
let phrase = ''
let metricsPort: number
/** Names and labels of what is served for Prometheus before anybody has come. */
let series: string[]
beforeAll(async () => {
  // Of before there were classes.
  metricsPort = await freePort()
  site = await Site.open(['--metrics-port', `${metricsPort}`], { records: fixture })
  series = seriesOf(await figures())
  lab = await loadLab(fromPackage('labs', 'default-bridge'))
  teacher = await site.visit('/')
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

async function join(name: string, { student = '', locale = 'en-GB', as = code } = {}): Promise<Page> {
  const page = await site.visit('/join', { stranger: true, locale })
  await page.locator('#code').fill(as)
  await page.locator('#name').fill(name)
  await page.locator('#student').fill(student)
  await page.locator('form').first().locator('button').click()
  return page
}

async function enterLab(page: Page): Promise<void> {
  await page.goto(new URL('/labs/default-bridge', site.server.address).href)
  await page.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: 90_000 })
}

const shot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` })
}

/** What the server answers to a request that no page of ours sends. */
async function forged(page: Page, name: string, what: object): Promise<string> {
  const answered = await page.evaluate(
    async ([name, what]) => {
      const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
      try {
        return await new Promise<{ ok: boolean; trouble?: { code: string } }>((resolve, reject) => {
          socket.onerror = () => reject(new Error('no socket'))
          socket.onmessage = ({ data }) => {
            const text = String(data)
            if (text.startsWith('0')) socket.send('40')
            else if (text.startsWith('40')) socket.send(`420${JSON.stringify([name, what])}`)
            else if (text.startsWith('430')) resolve(JSON.parse(text.slice(3))[0])
          }
        })
      } finally {
        socket.close()
      }
    },
    [name, what] as const,
  )
  return answered.ok ? 'ok' : answered.trouble!.code
}

async function sessionOf(page: Page): Promise<string> {
  return page.evaluate(async () => (await (await fetch('/api/catalogue')).json()).running[0].session)
}

/** As a field for a time of day has it, in so many minutes. */
const fieldTime = (minutes: number) => {
  const date = new Date(Date.now() + minutes * 60_000)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

async function type(page: Page, text: string): Promise<void> {
  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.type(`${text}\n`)
}

const row = (name: string) => teacher.locator('.matrix tbody tr', { has: teacher.getByText(name, { exact: true }) })
const cell = (name: string, step: number) => row(name).locator('.cell').nth(step)

it('what the one learner of a server did before there were classes is still there', async () => {
  const entry = teacher.locator('.entry', { has: teacher.getByRole('heading', { name: 'The default bridge' }) })
  await entry.getByText(`2 of ${lab.steps.filter(({ optional }) => !optional).length} steps`).waitFor()
  await entry.getByText('1 with help').waitFor()
})

it('a teacher founds a class of two labs, and gets a code and a page for the projector', async () => {
  await teacher.getByRole('link', { name: 'Classes' }).click()
  await teacher.getByRole('button', { name: 'New class' }).click()
  await teacher.getByLabel('Title').fill('Networks, autumn')
  for (const { title } of await labsBut('default-bridge', 'user-bridge'))
    await teacher.getByRole('checkbox', { name: title, exact: true }).uncheck()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.getByRole('button', { name: 'Make the class' }).click()
  code = await teacher.locator('.join .code').innerText()
  expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/)
  // Who has come to a page by a button is at its beginning, for the keyboard and for a screen reader.
  expect(await teacher.evaluate(() => document.activeElement?.textContent)).toBe('Networks, autumn')
  await teacher.getByText('Nobody has joined yet.').waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.getByRole('button', { name: 'Show large' }).click()
  await teacher
    .getByRole('dialog')
    .getByRole('img', { name: /^QR: http.*\/join\/[0-9A-Z]{8}$/ })
    .waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await shot(teacher, 'teach-join')
  await teacher.keyboard.press('Escape')
})

it('hosts are ready before the class begins', async () => {
  await settings(async () => {
    await teacher.getByLabel('Begins').fill(fieldTime(1.5))
    await teacher.getByLabel('Learners who will be there').fill('3')
  })
  // A docker host and a laptop for each.
  await teacher.getByText('6 of 6 hosts are ready for the beginning.').waitFor({ timeout: 180_000 })
  expect(await accessibilityProblems(teacher)).toEqual([])
  await settings(async () => {
    await teacher.getByLabel('Begins').fill('')
    await teacher.getByLabel('Learners who will be there').fill('')
  })
  await teacher.getByText('hosts are ready for the beginning').waitFor({ state: 'detached', ...slow })
})

it('learners join by code or by link, and have the labs of the class; two tabs are one seat', async () => {
  ada = await join('Ada')
  await ada.getByRole('heading', { name: 'You are in' }).waitFor()
  expect(await accessibilityProblems(ada)).toEqual([])
  phrase = await ada.locator('.phrase').innerText()
  await ada.getByRole('link', { name: 'To the labs' }).click()
  await ada.getByText('Networks, autumn').waitFor()
  expect(await ada.locator('.entry h3').allInnerTexts()).toEqual(['The default bridge', 'A bridge of your own'])
  expect(await accessibilityProblems(ada)).toEqual([])
  await row('Ada').waitFor()

  const other = await ada.context().newPage()
  await other.goto(new URL('/', site.server.address).href)
  await other.getByText('Networks, autumn').waitFor()
  await other.close()
  // A link that was sent has the code in it; the page is Chinese where the browser is.
  ming = await site.visit(`/join/${code.replace('-', '').toLowerCase()}`, { stranger: true, locale: 'zh-CN' })
  await ming.locator('#name').fill('王小明')
  await ming.getByRole('button', { name: '加入', exact: true }).click()
  await ming.getByRole('heading', { name: '你已加入' }).waitFor()
  await row('王小明').waitFor()
  expect(await teacher.locator('.matrix tbody tr').count()).toBe(2)
})

it('who has come twice is made one: the browser of the other seat is logged out', async () => {
  const again = await join('王小明', { locale: 'zh-CN' })
  await again.getByRole('heading', { name: '你已加入' }).waitFor()
  await row('王小明').first().getByText('there twice').waitFor()
  await row('王小明').first().getByRole('button', { name: 'Actions for 王小明' }).click()
  await teacher.getByRole('menuitem', { name: 'Is the same person as…' }).click()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.getByRole('dialog').getByRole('button', { name: 'Make them one' }).click()
  await teacher.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(() => row('王小明').count()).toBe(1)
  const isIn = (page: Page) => page.evaluate(async () => (await fetch('/api/me')).status === 200)
  site.expectOutage = true
  await expect.poll(async () => [await isIn(ming), await isIn(again)].toSorted()).toEqual([false, true])
  const [stays, goes] = (await isIn(ming)) ? [ming, again] : [again, ming]
  ming = stays
  await goes.context().close()
  site.expectOutage = false
})

it('a seat is come back to from a new browser, by its five words', async () => {
  const back = await site.visit('/join', { stranger: true })
  await back.locator('#phrase').fill(phrase)
  await back.getByRole('button', { name: 'Go on where you were' }).click()
  await back.getByText('Networks, autumn').waitFor()
  expect(await teacher.locator('.matrix tbody tr').count()).toBe(2)
  await back.context().close()
})

it('a class for those on its list refuses others', async () => {
  await teacher.getByText('List of the class').click()
  await teacher.getByRole('textbox', { name: 'The list' }).fill('name,id\nGrace Hopper,G1\n')
  await teacher.getByRole('button', { name: 'Add to the list' }).click()
  await teacher.getByText('1 added, 0 were there already.').waitFor()
  await teacher.getByLabel('Only who is on the list may join').check()
  await row('Grace Hopper').getByText('not come yet').waitFor()
  site.expectOutage = true
  const mallory = await join('Mallory')
  await mallory.getByRole('alert').getByText('This class is for those on its list').waitFor()
  expect(await accessibilityProblems(mallory)).toEqual([])
  site.expectOutage = false
  grace = await join('Grace', { student: 'g1' })
  await grace.getByRole('heading', { name: 'You are in' }).waitFor()
  await row('Grace Hopper').getByText('away').waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
})

it('the matrix follows a learner who fails', async () => {
  await enterLab(ada)
  await row('Ada').getByText('here').waitFor(slow)
  await cell('Ada', 0).getByText('at it').waitFor(slow)
  await ada
    .locator('.check')
    .first()
    .getByRole('button', { name: /^Check/ })
    .click()
  await cell('Ada', 0).getByText('fails').waitFor(slow)
  await cell('Ada', 0).locator('.why').waitFor()
  await expectStuck()
})

it('a step that is not open tells nothing of what was found, and is not passed by what is done', async () => {
  const first = lab.steps[0]!
  const findings = ada.locator('.check').first().locator('.checks li')
  await findings.first().waitFor(slow)
  await teacher.getByText('What is open').click()
  await teacher.getByRole('checkbox', { name: headingOf(first.id), exact: true }).uncheck()
  await expect.poll(() => findings.count(), slow).toBe(0)
  await cell('Ada', 0).getByText('at it').waitFor(slow)
  const trace = { session: await sessionOf(ada), step: first.id, check: 0 }
  expect(await forged(ada, 'trace.check', trace)).toBe('step.locked')
  await type(ada, 'docker run -d --name web nginx && echo made-$((1+2))')
  await ada.locator('.xterm-rows').getByText('made-3').first().waitFor(slow)
  // It would have been looked at by then.
  await ada.waitForTimeout(3_000)
  expect([await findings.count(), await cell('Ada', 0).innerText()]).toEqual([0, expect.stringContaining('at it')])
  await teacher.getByRole('checkbox', { name: headingOf(first.id), exact: true }).check()
  await teacher.getByText('What is open').click()
})

it('the matrix follows a learner who passes', async () => {
  await cell('Ada', 0).getByText('passed').waitFor(slow)
  await cell('Ada', 1)
    .getByText(/at it|fails/)
    .waitFor(slow)
  expect(await accessibilityProblems(teacher)).toEqual([])
})

it('a prepared hint comes to the learner, and stands in the progress as help', async () => {
  const step = lab.steps[1]!
  const check = step.checks.findIndex(({ hints }) => hints.length > 0)
  await teacher.getByText('Give a hint').click()
  const panel = teacher.locator('details', { hasText: 'Give a hint' })
  await panel.getByLabel('Step').selectOption(`${step.id} ${check}`)
  await panel.getByLabel('To', { exact: true }).selectOption({ label: 'Ada' })
  expect(await accessibilityProblems(teacher)).toEqual([])
  await panel.getByRole('button', { name: 'Give it' }).click()
  await panel.getByText('It was given to 1 learner.').waitFor()
  await ada.getByText(`gave you a hint for “${headingOf(step.id)}”`).waitFor()
  await cell('Ada', 1).getByText('1 hint, 1 given').waitFor()
  await ada.locator('.bars').getByRole('button', { name: 'Dismiss' }).click()
  await teacher.getByText('Give a hint').click()
})

it('the progress is shown large without names, until somebody says so', async () => {
  await teacher.getByRole('button', { name: 'Show the progress large' }).click()
  const dialog = teacher.getByRole('dialog')
  await dialog.getByText('Learner 1', { exact: true }).waitFor()
  expect(await dialog.getByText('Ada').count()).toBe(0)
  expect(await accessibilityProblems(teacher)).toEqual([])
  await shot(teacher, 'teach-projector')
  await dialog.getByLabel('Show names').check()
  await dialog.getByText('Ada', { exact: true }).waitFor()
  await teacher.keyboard.press('Escape')
})

it('what a learner did is there to be read: verdicts, commands, and the network now and then', async () => {
  await askFor('What was done')
  const dialog = teacher.getByRole('dialog')
  await dialog.getByText('docker run -d --name web nginx').waitFor(slow)
  await dialog.getByText('Check 1: failed').or(dialog.getByText('check 1: failed')).first().waitFor()
  await dialog.locator('.watched-map .element[data-id="node1/container:web"]').waitFor(slow)
  expect(await accessibilityProblems(teacher)).toEqual([])
  await dialog.getByRole('button', { name: 'Map of then' }).last().click()
  await dialog.getByText(/^As it was at \d/).waitFor()
  await dialog.locator('.watched-map .element[data-id="node1/container:web"]').waitFor({ state: 'detached' })
  await teacher.keyboard.press('Escape')
})

it('a hand goes up with the step, and down when somebody has helped; words come to the learner', async () => {
  await teacher.getByRole('button', { name: 'Take no hands now' }).click()
  await ada.getByText('Hands are not taken now.').waitFor()
  expect(await forged(ada, 'hand.raise', { lab: lab.id })).toBe('hand.paused')
  await teacher.getByRole('button', { name: 'Take hands again' }).click()
  await ada.getByRole('button', { name: 'Raise your hand' }).click()
  await ada.getByText('Your hand is up. You are the next.').waitFor()
  const hands = teacher.locator('.hand-group')
  await hands.getByText('The default bridge · Two ends of a cable').waitFor()
  await hands.getByRole('button', { name: 'I help' }).click()
  await ada.getByText('is on the way to you.').waitFor()
  expect(await accessibilityProblems(ada)).toEqual([])
  if (process.env.SHOTS) {
    await teacher.setViewportSize({ width: 1280, height: 1500 })
    await teacher.evaluate(() => scrollTo(0, 0))
    await shot(teacher, 'teach-class')
    await teacher.setViewportSize({ width: 1440, height: 900 })
  }
  await shot(ada, 'teach-learner')
  // Who has said so before is not asked again, as long as the hand is up.
  await ada.getByRole('button', { name: 'Let who helps look into my terminals' }).click()
  await hands.getByText('lets you look into their terminals').waitFor()
  await askFor('Look into terminals')
  await ada.getByText('can see your terminals.').waitFor()
  await ada.getByRole('button', { name: 'End it now' }).click()
  await teacher.locator('.watched').waitFor({ state: 'detached' })
  await hands.getByRole('button', { name: 'Helped' }).click()
  await teacher.getByText('Nobody waits for help.').waitFor()
  await ada.getByRole('button', { name: 'Raise your hand' }).waitFor()
  await teacher.getByText('Tell the class').click()
  await teacher.getByLabel('What to tell').fill('Break until <b>eleven</b>')
  await teacher.getByRole('button', { name: 'Send' }).click()
  await ada.getByText('Break until <b>eleven</b>').waitFor()
  await ada.locator('.bars').getByRole('button', { name: 'Dismiss' }).click()
})

it('a teacher sees a learner’s terminal when that is given, types there when that is given, and no longer when it ends', async () => {
  await type(ada, 'echo seen-by-$((40+2))')
  await askFor('Look into terminals')
  await teacher.getByText('Ada was asked for a look into their terminals.').waitFor()
  expect(await teacher.locator('.watched').count()).toBe(0)
  await ada.getByText('asks to look into your terminals.').waitFor()
  await ada.getByRole('button', { name: /^Allow for/ }).click()
  await ada.getByText('can see your terminals.').waitFor()
  const watched = teacher.locator('.watched .xterm-rows')
  // What is out of sight is not drawn.
  await teacher.locator('.watched').scrollIntoViewIfNeeded()
  await watched.getByText('seen-by-42').first().waitFor(slow)
  await teacher.locator('.watched').click()
  await teacher.keyboard.type('echo not-$((1+1))\n')
  expect(await accessibilityProblems(teacher)).toEqual([])
  expect(await accessibilityProblems(ada)).toEqual([])

  await askFor('Look, and type')
  await ada.getByText('and to type in them.').waitFor()
  await ada.getByRole('button', { name: /^Allow for/ }).click()
  await teacher.locator('.watched').scrollIntoViewIfNeeded()
  await watched.getByText('seen-by-42').first().waitFor(slow)
  await teacher.locator('.watched').click()
  await teacher.keyboard.type('echo typed-$((1+1))\n')
  await ada.locator('.terminal-pane:not([hidden]) .xterm-rows').getByText('typed-2').first().waitFor(slow)
  expect(await ada.locator('.terminal-pane:not([hidden]) .xterm-rows').innerText()).not.toContain('not-2')

  await ada.getByRole('button', { name: 'End it now' }).click()
  await teacher.locator('.watched').waitFor({ state: 'detached' })
  await ada.getByText('can see your terminals').waitFor({ state: 'detached' })

  // Who looked, and when, stays for the learner to read.
  await ada.getByRole('button', { name: 'What your class sees of you' }).click()
  await ada.getByRole('dialog').getByText('looked, and could type:').waitFor()
  expect(await ada.getByRole('dialog').getByText('looked:').count()).toBe(2)
  expect(await accessibilityProblems(ada)).toEqual([])
  await ada.keyboard.press('Escape')
})

it('a class is shown its teacher’s terminal, and no longer when the teacher ends it', async () => {
  const own = await teacher.context().newPage()
  site.watch(own)
  await enterLab(own)
  await type(own, 'echo shown-$((2+3))')
  await teacher.getByText('Show the class my terminals').click()
  await teacher.getByRole('button', { name: 'Show my terminals of “The default bridge”' }).click()
  await teacher.getByText('The class can look at your terminals.').waitFor()
  await ada.getByRole('button', { name: 'Watch' }).click()
  await ada.getByRole('dialog').locator('.watched .xterm-rows').getByText('shown-5').first().waitFor(slow)
  await ada.getByRole('dialog').locator('.watched-map .element').first().waitFor(slow)
  expect(await accessibilityProblems(ada)).toEqual([])
  await teacher.getByRole('button', { name: 'Show them no longer' }).click()
  await ada.getByRole('dialog').waitFor({ state: 'detached' })
  await own.close()
})

it('what is not open is not sent, whatever a page asks for', async () => {
  const pageText = () => ada.evaluate(async () => await (await fetch('/api/labs/default-bridge?language=en')).text())
  const last = lab.steps.at(-1)!
  expect(await pageText()).toContain(headingOf(last.id))
  await teacher.getByText('What is open').click()
  await teacher.getByRole('checkbox', { name: headingOf(last.id), exact: true }).uncheck()
  await teacher.getByLabel('Solutions, and “do it for me”').uncheck()
  await expect.poll(pageText, slow).toContain('Your class has not come to this step yet.')
  // The button is the page's; the server says no.
  const session = await sessionOf(ada)
  await expect.poll(() => forged(ada, 'step.check', { session, step: last.id }), slow).toBe('step.locked')
  expect(await forged(ada, 'step.show', { session, step: lab.steps[1]!.id })).toBe('solution.locked')
  expect(await forged(ada, 'class.lock', { class: '0'.repeat(32), lab: lab.id, steps: [], solutions: false })).toBe(
    'request.forbidden',
  )
  await ada.reload()
  await ada.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: 90_000 })
  await ada.getByText('Your class has not come to this step yet.').waitFor()
  await teacher.getByRole('checkbox', { name: headingOf(last.id), exact: true }).check()
  await expect.poll(pageText, slow).not.toContain('Your class has not come to this step yet.')
})

it('survives the server: seats, progress and hands are there again', async () => {
  await ada.getByRole('button', { name: 'Raise your hand' }).click()
  await teacher.locator('.hand-group').waitFor()
  site.expectOutage = true
  const before = site.server.webPid
  process.kill(before, 'SIGKILL')
  await expect.poll(() => site.server.webPid !== before, slow).toBe(true)
  await expect
    .poll(
      () =>
        teacher.reload().then(
          () => true,
          () => false,
        ),
      slow,
    )
    .toBe(true)
  await row('Ada').waitFor(slow)
  await cell('Ada', 0).getByText('passed').waitFor(slow)
  await teacher.locator('.hand-group').getByText('Ada').waitFor(slow)
  await ada.getByText('Your hand is up.').waitFor(slow)
  // So it is when what runs the hosts is killed: they go on.
  const { pid } = JSON.parse(readFileSync(testState.rackdRecord, 'utf8')) as { pid: number }
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => JSON.parse(readFileSync(testState.rackdRecord, 'utf8')).pid !== pid, slow).toBe(true)
  await expect
    .poll(
      async () => {
        // It may be about to connect again, and has nobody to type to.
        await type(ada, 'echo alive-$((3+4))')
        return await ada.locator('.terminal-pane:not([hidden]) .xterm-rows').innerText()
      },
      { timeout: 90_000, interval: 3_000 },
    )
    .toContain('alive-7')
  await cell('Ada', 0).getByText('passed').waitFor(slow)
  site.expectOutage = false
})

it('a class that has as many labs open as it may lets others wait, and says where they are', async () => {
  await settings(() => teacher.getByLabel('Labs open at the same time').fill('1'))
  await grace.goto(new URL('/labs/default-bridge', site.server.address).href)
  await grace.getByText('All places are taken now').waitFor(slow)
  await grace.getByText('You are the next: your hosts start by themselves.').waitFor()
  await row('Grace Hopper').getByText('waits for hosts').waitFor(slow)
  expect(await accessibilityProblems(grace)).toEqual([])
  await settings(() => teacher.getByLabel('Labs open at the same time').fill(''))
  await grace.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: 90_000 })
  await row('Grace Hopper').getByRole('button', { name: 'Actions for Grace Hopper' }).click()
  await teacher.getByRole('menuitem', { name: 'Close their hosts' }).click()
  await teacher.getByRole('dialog').getByRole('button', { name: 'Close their hosts' }).click()
  await grace.getByText('They were closed. Your progress is kept.').waitFor(slow)
})

it('labs open and close by their dates, for who has done what comes before; one learner is given more time', async () => {
  const title = 'A bridge of your own'
  await teacher.getByText('Dates of the labs, and more time').click()
  const dates = teacher.getByRole('form', { name: title })
  await dates.getByLabel('Opens').fill(fieldTime(24 * 60))
  await dates.getByRole('button', { name: `Save the dates of “${title}”` }).click()
  await dates.getByText('Saved.').waitFor()
  await ming.goto(new URL('/', site.server.address).href)
  const entry = ming.locator('.entry', {
    has: ming.getByText((await loadLab(fromPackage('labs', 'user-bridge'))).title.zh),
  })
  await entry.getByText(/开放$/).waitFor()
  expect(await entry.getByRole('link').count()).toBe(0)
  site.expectOutage = true
  await ming.goto(new URL('/labs/user-bridge', site.server.address).href)
  await ming.getByRole('heading', { name: '课堂还没有开放这个实验。' }).waitFor()
  expect(await accessibilityProblems(ming)).toEqual([])
  site.expectOutage = false
  await dates.getByLabel('Opens').fill('')
  await dates.getByLabel('After').selectOption('default-bridge')
  await dates.getByRole('button', { name: `Save the dates of “${title}”` }).click()
  await expect
    .poll(async () => {
      await ming.goto(new URL('/', site.server.address).href)
      return await entry.innerText()
    }, slow)
    .toContain('后开放')

  const session = await sessionOf(ada)
  const open = teacher.getByRole('form', { name: 'The default bridge' })
  await open.getByLabel('Due').fill(fieldTime(0))
  await open.getByRole('button', { name: 'Save the dates of “The default bridge”' }).click()
  await ada.getByText('They were closed. Your progress is kept.').waitFor(slow)
  await expect.poll(() => forged(ada, 'session.reopen', { session, replay: false }), slow).toBe('lab.over')
  await ada.getByRole('heading', { name: headingOf(lab.steps[0]!.id) }).waitFor()
  await askFor('More time')
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.getByRole('dialog').getByRole('button', { name: 'Give more time' }).click()
  await teacher.getByRole('dialog').getByText('They have it now.').waitFor()
  await teacher.keyboard.press('Escape')
  await ada.getByText('You can work at this lab until').waitFor(slow)
  await expect
    .poll(
      async () => {
        const again = ada.getByRole('button', { name: 'Open again', exact: true })
        if ((await again.count()) > 0) await again.click()
        return await ada.locator('.xterm-rows', { hasText: /[#$]/ }).count()
      },
      { timeout: 90_000, interval: 2_000 },
    )
    .toBe(1)
})

it('has no finding of axe with every panel open, by day and by night, wide and narrow, in both languages', async () => {
  const learner = await ada.context().storageState()
  for (const locale of ['en-GB', 'zh-CN']) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const pages: [string, Page][] = [
        ['teacher', await site.visit(new URL(teacher.url()).pathname, { locale, colorScheme })],
        [
          'learner',
          await site.visit('/labs/default-bridge', { locale, colorScheme, storageState: learner, stranger: true }),
        ],
      ]
      await pages[0]![1].locator('.matrix').waitFor()
      await pages[0]![1].evaluate(() => {
        for (const panel of document.querySelectorAll('details')) panel.open = true
      })
      await pages[0]![1].locator('.hints').waitFor()
      await pages[1]![1].locator('.hand').waitFor()
      for (const [who, page] of pages) {
        for (const width of [1280, 360]) {
          await page.setViewportSize({ width, height: 900 })
          await expectNoSidewaysScroll(page)
          expect([who, locale, colorScheme, width, await accessibilityProblems(page)]).toEqual([
            ...[who, locale, colorScheme, width],
            [],
          ])
          if (process.env.SHOTS) {
            const path = `${process.env.SHOTS}/all-${who}-${locale}-${colorScheme}-${width}.png`
            await page.screenshot({ path, fullPage: true })
          }
        }
      }
      for (const [, page] of pages) await page.context().close()
    }
  }
})

it('all of the teacher’s page is reached and done by keys alone', async () => {
  const page = await site.visit(new URL(teacher.url()).pathname)
  await page.locator('.matrix').waitFor()
  await page.evaluate(() => {
    for (const panel of document.querySelectorAll('details')) panel.open = true
  })
  await page.locator('.hints').waitFor()
  const missed = () =>
    page.evaluate(() => {
      const all = 'a[href], button, input, select, textarea, summary, [tabindex="0"]'
      return [...document.querySelectorAll<HTMLElement>(all)]
        .filter((one) => one.checkVisibility() && !one.matches(':disabled, [tabindex="-1"], [data-reached]'))
        .map((one) => one.outerHTML.slice(0, 120))
    })
  await page.evaluate(() => {
    addEventListener('focusin', ({ target }) => (target as HTMLElement).setAttribute('data-reached', ''))
  })
  // Some fields take several: those for a time have one for each part of it.
  for (let n = 0; n < 600 && (await missed()).length > 0; n++) await page.keyboard.press('Tab')
  expect(await missed()).toEqual([])
  await page.getByLabel('Say who is stuck').focus()
  await page.keyboard.press('Space')
  expect(await page.getByLabel('Say who is stuck').isChecked()).toBe(false)
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Actions for Ada' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'What was done' }).waitFor()
  await page.keyboard.press('Enter')
  await page
    .getByRole('dialog')
    .getByRole('heading', { name: headingOf(lab.steps[0]!.id) })
    .waitFor(slow)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')), slow)
    .toBe('Actions for Ada')
  await page.context().close()
})

it('figures for Prometheus are those of the alerts and the dashboard, and nothing in them is of a learner', async () => {
  const served = await figures()
  expect(lacking(served)).toEqual([])
  // By then a class has worked in two labs, and the web was killed.
  expect(served).toMatch(/^vethlab_sessions\{phase="open"\} [1-9]/m)
  expect(served).toMatch(/^vethlab_request_duration_seconds_count\{request="class.follow"\} [1-9]/m)
  expect(seriesOf(served)).toEqual(series)
  for (const own of ['Ada', '小明', 'Grace', 'G1', 'default-bridge', 'node1', code, code.replace('-', '')])
    expect(served).not.toContain(own)
})

it('results open in a parser; the end of the class ends its labs', async () => {
  const download = teacher.waitForEvent('download')
  await teacher.getByRole('button', { name: 'CSV', exact: true }).first().click()
  const stream = await (await download).createReadStream()
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  const rows = parse(text, { columns: true }) as Record<string, string>[]
  expect(rows.find(({ name, step }) => name === 'Ada' && step === lab.steps[0]!.id)).toMatchObject({ state: 'passed' })
  expect(rows.some(({ name }) => name === '王小明')).toBe(true)

  await teacher.setViewportSize({ width: 360, height: 740 })
  await expectNoSidewaysScroll(teacher)
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.setViewportSize({ width: 1280, height: 900 })
  await teacher.getByRole('button', { name: 'End the class' }).click()
  await teacher.getByRole('dialog').getByRole('button', { name: 'End the class' }).click()
  await teacher.getByText(/^Ended · /).waitFor()
  site.expectOutage = true
  // What a learner may do holds within some seconds; the hosts of a class are closed meanwhile.
  const isTold = async () => {
    await ada.goto(new URL('/', site.server.address).href)
    await ada.locator('.account').waitFor(slow)
    return await ada.getByText('The class is closed now').isVisible()
  }
  await expect.poll(isTold, { timeout: 30_000, interval: 1_000 }).toBe(true)
  expect(await ada.locator('.entry').count()).toBe(0)
  site.expectOutage = false
  expect(site.complaints).toEqual([])
})

/** Changes what stands under Settings, which stay open from then on. */
async function settings(change: () => Promise<void>): Promise<void> {
  const panel = teacher.locator('details', { has: teacher.getByText('Settings', { exact: true }) })
  if ((await panel.getAttribute('open')) === null) await teacher.getByText('Settings', { exact: true }).click()
  await change()
  await panel.getByRole('button', { name: 'Save', exact: true }).click()
  await panel.getByText('Saved.').waitFor()
}

/** By a rule that takes less, so that a test need not take long; muted, nobody is. */
async function expectStuck(): Promise<void> {
  await teacher.getByText('Who is stuck', { exact: true }).click()
  const panel = teacher.locator('details', { hasText: 'Who is stuck' })
  const save = async () => {
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.getByText('Saved.').waitFor()
  }
  await panel.getByLabel('Failures for the same reason').fill('2')
  await save()
  const stuck = cell('Ada', 0).locator('.stuck')
  for (let n = 0; n < 5 && (await stuck.count()) === 0; n++) {
    await ada
      .locator('.check')
      .first()
      .getByRole('button', { name: /^Check/ })
      .click()
    await stuck.waitFor({ timeout: 8_000 }).catch(() => {})
  }
  await stuck.getByText(/^stuck: the same check has failed \d times for the same reason/).waitFor()
  await panel.getByLabel('Say who is stuck').uncheck()
  await save()
  await stuck.waitFor({ state: 'detached', ...slow })
  await panel.getByLabel('Say who is stuck').check()
  await panel.getByLabel('Failures for the same reason').fill('4')
  await save()
  await teacher.getByText('Who is stuck', { exact: true }).click()
}

async function askFor(what: string): Promise<void> {
  await row('Ada').getByRole('button', { name: 'Actions for Ada' }).click()
  await teacher.getByRole('menuitem', { name: what, exact: true }).click()
}

function headingOf(step: string): string {
  return lab.pages.en.sections.find(({ id }) => id === step)!.heading
}

async function labsBut(...ids: string[]): Promise<{ title: string }[]> {
  const { labs } = (await teacher.evaluate(async () => await (await fetch('/api/catalogue')).json())) as {
    labs: { id: string; title: { en: string } }[]
  }
  return labs.filter(({ id }) => !ids.includes(id)).map(({ title }) => ({ title: title.en }))
}

async function figures(): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
}
