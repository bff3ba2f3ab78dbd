/** Tags that Markdown has marks for. */
const marks: Record<string, string> = { b: '**', strong: '**', i: '*', em: '*', code: '`', kbd: '`', tt: '`' }
/** Tags that only arrange what is in them. */
const silent =
  /^(?:p|div|span|center|font|u|small|big|sup|sub|mark|section|article|ul|ol|blockquote|summary|details|pre|table|thead|tbody|tr|td|th)$/
/** Tags that show something which a page of ours can't. */
const shown: Record<string, string> = {
  iframe: 'a page within the page',
  video: 'a film',
  audio: 'a sound',
  script: 'a script of the page',
  style: 'styles of the page',
  object: 'an object of the page',
  svg: 'a drawing in HTML',
}

/**
 * HTML within Markdown, which our pages don't have, as Markdown; what stands between backticks stays. Words in pointed brackets that are
 * no HTML, such as `<container>`, stay as well. Pure.
 * @returns the text, and what could not be kept, in words
 */
export function plainHtml(text: string): { text: string; lost: string[] } {
  const lost: string[] = []
  const parts = text.split(/(`+[^`]*`+)/)
  const plain = parts.map((part, at) => (at % 2 === 1 ? part : convert(part, lost))).join('')
  return { text: plain, lost }
}

function convert(text: string, lost: string[]): string {
  return text
    .replace(/<a\s[^>]*href\s*=\s*["']?([^"'\s>]+)["']?[^>]*>([\s\S]*?)<\/a>/gi, (_, href: string, label: string) => {
      return `[${label}](${href})`
    })
    .replace(/<img\s([^>]*)>/gi, (_, attributes: string) => {
      const alt = /alt\s*=\s*["']([^"']*)["']/i.exec(attributes)?.[1] ?? ''
      lost.push(`an image${alt === '' ? '' : `, "${alt}"`}`)
      return alt
    })
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, (_, alt: string) => {
      lost.push(`an image${alt === '' ? '' : `, "${alt}"`}`)
      return alt
    })
    .replace(/<(\/?)([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?\/?>/g, (whole, end: string, tag: string) => {
      const name = tag.toLowerCase()
      if (Object.hasOwn(marks, name)) return marks[name]!
      if (name === 'br') return '  \n'
      if (name === 'hr') return '\n\n***\n\n'
      if (name === 'li') return end === '' ? '\n- ' : ''
      if (/^h[1-6]$/.test(name)) return end === '' ? '\n\n### ' : '\n\n'
      if (silent.test(name)) return ''
      if (Object.hasOwn(shown, name)) {
        if (end === '') lost.push(shown[name]!)
        return ''
      }
      return whole
    })
    .replace(/&(lt|gt|amp|quot|nbsp|#39);/g, (_, name: string) => entities[name]!)
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', nbsp: ' ', '#39': "'" }
