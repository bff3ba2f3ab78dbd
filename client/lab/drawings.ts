/** Diagrams of our labs, drawn already; a page of theirs needs no Mermaid. By their names, `NAME-WIDTHxHEIGHT.svg`. */
const files = import.meta.glob<string>('./drawings/*.svg', {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
})

export interface Drawing {
  url: string
  /** In CSS pixels, where there is room for all of it. */
  width: number
  height: number
}

const drawings = new Map(
  Object.entries(files).flatMap(([path, url]): [string, Drawing][] => {
    const [, name, width, height] = /([0-9a-f]+)-(\d+)x(\d+)\.svg$/.exec(path) ?? []
    return name === undefined ? [] : [[name, { url, width: Number(width), height: Number(height) }]]
  }),
)

/** The drawing of a name that the server gave a diagram; undefined for those of other labs. */
export function drawingNamed(name: string): Drawing | undefined {
  return drawings.get(name)
}

/** Its SVG, which takes its colours from the page. @throws Error where it does not come */
export async function loadDrawing({ url }: Drawing): Promise<string> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  return await response.text()
}
