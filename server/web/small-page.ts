import { escapeHtml } from '../wording/escape-html.js'
import type { Language, Text } from '../wording/text.js'

/** A page for what goes wrong before there is an app to say it; it says no more than it must. */
export function smallPage(
  status: number,
  say: Text,
  { again = false, home, join }: { again?: boolean; home?: string | undefined; join?: string | undefined } = {},
): string {
  // Strict cookies don't come along when another site leads here; the second time it is our own page that leads.
  const refresh = again ? '<meta http-equiv="refresh" content="0">' : ''
  return `<!doctype html>
<html lang="en" style="background: Canvas; color: CanvasText">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">${refresh}<title>${status}</title></head>
<body style="font: 1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem">
<main>
<h1 style="font: inherit">${escapeHtml(say.en)}</h1>
<p lang="zh">${escapeHtml(say.zh)}</p>
${join === undefined ? '' : `<p>${linkTo(join, 'en', 'Join a class')} · ${linkTo(join, 'zh', '加入课堂')}</p>\n`}${home === undefined ? '' : `<p>${linkTo(home, 'en', 'All labs')} · ${linkTo(home, 'zh', '全部实验')}</p>\n`}</main>
</body>
</html>
`
}

function linkTo(address: string, language: Language, words: string): string {
  return `<a href="${address}" lang="${language}">${words}</a>`
}

export const says = {
  unknown: {
    en: 'This page opens with the full address that was printed when the server started.',
    zh: '请使用服务器启动时显示的完整地址打开本页。',
  },
  previewUnknown: {
    en: 'This address has ended, or lacks its token. Open the port from the lab once more.',
    zh: '该地址已失效或缺少令牌，请从实验页面重新打开该端口。',
  },
  misdirected: {
    en: 'This server does not answer to that name.',
    zh: '本服务器不以该名称提供服务。',
  },
  foreign: {
    en: 'This request comes from another page, and is refused.',
    zh: '该请求来自其他页面，已被拒绝。',
  },
  missing: {
    en: 'There is no such page.',
    zh: '没有这个页面。',
  },
  tooMany: {
    en: 'Too many requests. Wait a minute.',
    zh: '请求过多，请稍等一分钟。',
  },
  method: {
    en: 'This address can only be read.',
    zh: '该地址只能读取。',
  },
  behind: {
    en: "The database can't be reached right now. Load the page again in a moment.",
    zh: '目前连不上数据库，请稍后重新加载页面。',
  },
  form: {
    en: 'This form can not be taken. Load the page again.',
    zh: '无法处理这个表单，请重新加载页面。',
  },
  failed: {
    en: 'The server made a mistake. Load the page again.',
    zh: '服务器出现错误，请重新加载页面。',
  },
} satisfies Record<string, Text>
