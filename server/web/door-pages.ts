import { escapeHtml } from '../wording/escape-html.js'
import type { Language, Text } from '../wording/text.js'

/** The pages in front of the app, for people who are not let in yet. They need no scripts, and have the whole form in them. */

const words = {
  join: { en: 'Join a class', zh: '加入课堂' },
  code: { en: 'Code of the class', zh: '课堂代码' },
  name: { en: 'Your name', zh: '你的姓名' },
  student: { en: 'Your student id, if your class asks for it', zh: '学号（课堂要求时填写）' },
  joinNow: { en: 'Join', zh: '加入' },
  cameBefore: { en: 'You have joined before?', zh: '之前已经加入过？' },
  phrase: { en: 'Your five words', zh: '你的五个单词' },
  goOn: { en: 'Go on where you were', zh: '从上次的地方继续' },
  joined: { en: 'You are in', zh: '你已加入' },
  keepPhrase: {
    en: 'Write these five words down. With them you come back from another browser:',
    zh: '请记下这五个单词。换一个浏览器时，用它们就能回来：',
  },
  toLabs: { en: 'To the labs', zh: '进入实验' },
  staff: { en: 'Log in', zh: '登录' },
  login: { en: 'Login', zh: '登录名' },
  password: { en: 'Password', zh: '密码' },
  logIn: { en: 'Log in', zh: '登录' },
  welcome: { en: 'Set your password', zh: '设置密码' },
  newPassword: { en: 'Password, at least 12 characters', zh: '密码，至少 12 个字符' },
  setPassword: { en: 'Set it, and log in', zh: '设置并登录' },
  by: { en: 'Log in with', zh: '登录方式：' },
  codeOnly: { en: 'You are not in a class yet. Type its code:', zh: '你还没有加入课堂，请输入课堂代码：' },
  choose: { en: 'Which class?', zh: '进入哪个课堂？' },
  teaching: { en: 'For teachers: log in', zh: '教师登录' },
} satisfies Record<string, Text>

const noSuchCode: Text = {
  en: 'That is no code of a class that can be joined now. Look at it again: eight letters and digits.',
  zh: '现在没有使用这个代码的课堂。请再核对一次：共八位字母和数字。',
}

export const refusals = {
  code: noSuchCode,
  'no-class': noSuchCode,
  name: { en: 'Type your name, in at most 100 characters.', zh: '请填写姓名，最多 100 个字符。' },
  student: { en: 'A student id has at most 64 characters.', zh: '学号最多 64 个字符。' },
  'not-on-roster': {
    en: 'This class is for those on its list, and you are not found there: type your name and id as your teacher has them.',
    zh: '这个课堂只对名单上的人开放，名单里没有找到你：请按老师登记的姓名和学号填写。',
  },
  taken: {
    en: 'Somebody is in the class as that already. If it is you, type your five words below, or ask your teacher for new ones.',
    zh: '已经有人用这个身份加入了课堂。如果那是你，请在下面输入你的五个单词，或请老师重新发放。',
  },
  full: { en: 'The class is full. Tell your teacher.', zh: '课堂人数已满，请告诉老师。' },
  phrase: {
    en: 'Those are not the five words of anybody here. Ask your teacher for new ones if you have lost yours.',
    zh: '没有与这五个单词对应的人。如果忘记了，请老师重新发放。',
  },
  password: { en: 'The login or the password is wrong.', zh: '登录名或密码不正确。' },
  short: { en: 'A password has at least 12 characters.', zh: '密码至少要有 12 个字符。' },
  long: { en: 'A password has at most 256 characters.', zh: '密码最多 256 个字符。' },
  invitation: {
    en: 'This link was used already, or is too old. Ask for a new one.',
    zh: '这个链接已经使用过或已过期，请重新索取。',
  },
  late: {
    en: 'That took too long, or was begun in another browser. Log in once more.',
    zh: '登录超时，或是在另一个浏览器中开始的。请重新登录。',
  },
  refused: { en: 'The login service did not let you in. Try once more.', zh: '登录服务没有通过，请再试一次。' },
  provider: {
    en: "The login service can't be reached right now. Try again in a moment.",
    zh: '目前连不上登录服务，请稍后再试。',
  },
  often: { en: 'Too many attempts. Wait some minutes.', zh: '尝试次数过多，请等几分钟。' },
  behind: {
    en: "The database with all classes can't be reached right now. Try again in a moment.",
    zh: '目前连不上保存课堂信息的数据库，请稍后再试。',
  },
} satisfies Record<string, Text>
export type Refusal = keyof typeof refusals

export interface DoorPage {
  language: Language
  basePath: string
  /** The page's own path, for the other language. */
  path: string
  refused?: Refusal | undefined
}

export function joinPage(
  page: DoorPage,
  typed: { code?: string; name?: string; student?: string } = {},
  provider?: string,
): string {
  const t = say(page.language)
  return frame(
    page,
    t(words.join),
    `<form method="post" action="${page.basePath}/join">
${field('code', t(words.code), typed.code, 'required maxlength="40" autocapitalize="characters" autocomplete="off" spellcheck="false"')}
${field('name', t(words.name), typed.name, 'required maxlength="100" autocomplete="name"')}
${field('student', t(words.student), typed.student, 'maxlength="64" autocomplete="off"')}
<button>${t(words.joinNow)}</button>
</form>
${providerLink(page, provider)}<h2>${t(words.cameBefore)}</h2>
<form method="post" action="${page.basePath}/resume">
${field('phrase', t(words.phrase), undefined, 'required maxlength="200" autocomplete="off" autocapitalize="none" spellcheck="false"')}
<button>${t(words.goOn)}</button>
</form>
<p><a href="${page.basePath}/login">${t(words.teaching)}</a></p>`,
  )
}

export function joinedPage(page: DoorPage, { title, phrase }: { title: string; phrase: string }): string {
  const t = say(page.language)
  return frame(
    page,
    t(words.joined),
    `<p>${escapeHtml(title)}</p>
<p>${t(words.keepPhrase)}</p>
<p class="phrase" lang="en">${escapeHtml(phrase)}</p>
<p><a class="button" href="${page.basePath}/">${t(words.toLabs)}</a></p>`,
  )
}

export function loginPage(page: DoorPage, typed: { login?: string } = {}, provider?: string): string {
  const t = say(page.language)
  return frame(
    page,
    t(words.staff),
    `<form method="post" action="${page.basePath}/login">
${field('login', t(words.login), typed.login, 'required maxlength="254" autocomplete="username" autocapitalize="none" spellcheck="false"')}
${field('password', t(words.password), undefined, 'required type="password" maxlength="256" autocomplete="current-password"')}
<button>${t(words.logIn)}</button>
</form>
${providerLink(page, provider)}<p><a href="${page.basePath}/join">${t(words.join)}</a></p>`,
  )
}

export function invitationPage(
  page: DoorPage,
  person?: { name: string; login: string },
  provider?: { name: string; secret: string },
): string {
  const t = say(page.language)
  const form = person
    ? `<p>${escapeHtml(person.name)}</p>
<form method="post" action="${page.path}">
<input type="hidden" name="login" autocomplete="username" value="${escapeHtml(person.login)}">
${field('password', t(words.newPassword), undefined, 'required type="password" minlength="12" maxlength="256" autocomplete="new-password"')}
<button>${t(words.setPassword)}</button>
</form>`
    : ''
  return frame(page, t(words.welcome), `${form}\n${person ? providerLink(page, provider?.name, provider?.secret) : ''}`)
}

/** Who comes by a login service and has no seat: the class is all that is to be said. */
export function providerJoinPage(page: DoorPage, name: string): string {
  const t = say(page.language)
  return frame(
    page,
    t(words.join),
    `<p>${escapeHtml(name)}</p>
<p>${t(words.codeOnly)}</p>
<form method="post" action="${page.basePath}/oidc/join">
${field('code', t(words.code), undefined, 'required maxlength="40" autocapitalize="characters" autocomplete="off" spellcheck="false"')}
${field('student', t(words.student), undefined, 'maxlength="64" autocomplete="off"')}
<button>${t(words.joinNow)}</button>
</form>`,
  )
}

/** Who has a seat in several classes. */
export function chooseSeatPage(page: DoorPage, seats: readonly { learner: string; title: string }[]): string {
  const t = say(page.language)
  const buttons = seats.map(
    ({ learner, title }) => `<button name="seat" value="${escapeHtml(learner)}">${escapeHtml(title)}</button>`,
  )
  return frame(
    page,
    t(words.choose),
    `<form method="post" action="${page.basePath}/oidc/choose">
${buttons.join('\n')}
</form>
<p><a href="${page.basePath}/oidc/join">${t(words.join)}</a></p>`,
  )
}

function providerLink({ basePath, language }: DoorPage, provider: string | undefined, invitation?: string): string {
  if (provider === undefined) return ''
  const query = invitation === undefined ? '' : `?invitation=${encodeURIComponent(invitation)}`
  const label = `${words.by[language]}${language === 'en' ? ' ' : ''}${provider}`
  return `<p><a class="button" href="${basePath}/oidc/begin${query}">${escapeHtml(label)}</a></p>\n`
}

function say(language: Language) {
  return (text: Text) => escapeHtml(text[language])
}

function field(name: string, label: string, value: string | undefined, rest: string): string {
  const type = rest.includes('type=') ? '' : 'type="text" '
  return `<label for="${name}">${label}</label>
<input id="${name}" name="${name}" ${type}value="${escapeHtml(value ?? '')}" ${rest}>`
}

const style = `
:root { color-scheme: light dark; background: Canvas; color: CanvasText; font: 1.0625rem/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 8vh auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.125rem; margin-top: 2.5rem }
label { display: block; margin: 1rem 0 .25rem }
input { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem; border: 1px solid GrayText; border-radius: .375rem; background: Field; color: FieldText }
button, .button { display: inline-block; margin-top: 1rem; font: inherit; padding: .5rem 1.25rem; border: 1px solid; border-radius: .375rem; background: ButtonFace; color: ButtonText; text-decoration: none; cursor: pointer }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px }
.refused { border-inline-start: .25rem solid; padding-inline-start: .75rem }
.phrase { font: 1.25rem/1.6 ui-monospace, monospace; border: 1px solid GrayText; border-radius: .375rem; padding: .75rem; user-select: all }
`

function frame({ language, path, refused }: DoorPage, title: string, body: string): string {
  const [other, name] = language === 'en' ? ['zh', '中文'] : ['en', 'English']
  const alert =
    refused === undefined ? '' : `<p class="refused" role="alert">${escapeHtml(refusals[refused][language])}</p>\n`
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><link rel="icon" href="data:,"><title>${title} · vethlab</title><style>${style}</style></head>
<body>
<main>
<h1>${title}</h1>
${alert}${body}
</main>
<footer><p><a href="${escapeHtml(path)}?language=${other}" lang="${other}">${name}</a></p></footer>
</body>
</html>
`
}
